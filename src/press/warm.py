"""A process that has imported what pages need, and forks a kernel for each: most of a short page is imports.

It is run as a file, by its path: `serve` is that process, `wait` stands for a kernel where jupyter_client
starts one. A kernel ends with the process that stands for it, that one when its kernel has ended, and all of
them with the process that started them. For Linux: elsewhere libraries may not survive a fork.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import select
import signal
import socket
import sys
import threading
from pathlib import Path

#: What a kernel itself imports, in part only when it starts.
KERNEL = ("ipykernel.kernelapp", "ipykernel.debugger")


def serve(listener: socket.socket, modules: list[str]) -> None:
    """Import modules, then fork a kernel for every connection, until standard input is closed."""
    for module in (*KERNEL, *modules):
        # A page that needs what cannot be imported says so better.
        with contextlib.suppress(Exception):
            importlib.import_module(module)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    # 0 is standard input.
    while 0 not in select.select([listener.fileno(), 0], [], [])[0]:
        connection, _ = listener.accept()
        if os.fork() == 0:
            listener.close()
            run(connection)
        connection.close()


def run(connection: socket.socket) -> None:
    """Be the kernel that a connection asks for: in its folder, with its arguments."""
    from ipykernel.kernelapp import IPKernelApp

    folder, arguments = json.loads(connection.makefile().readline())
    os.chdir(folder)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    threading.Thread(target=lambda: connection.recv(1) or os._exit(1), daemon=True).start()
    IPKernelApp.launch_instance(argv=arguments, parent_handle=os.getppid())
    os._exit(0)


def wait(address: str, *arguments: str) -> None:
    """Ask for a kernel in this folder, and last as long as it does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(address)
        connection.sendall(f"{json.dumps([str(Path.cwd()), arguments])}\n".encode())
        connection.recv(1)


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve(socket.socket(fileno=int(sys.argv[2])), sys.argv[3:])
    else:
        wait(*sys.argv[2:])
