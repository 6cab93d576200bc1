"""Runs the cells and inline expressions of a page, through nbclient."""

from __future__ import annotations

import os
import re
import socket
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from subprocess import PIPE, Popen
from threading import Lock
from typing import Any

import nbformat
from jupyter_client.kernelspec import NoSuchKernel
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

from press import warm
from press.errors import PressError
from press.source import Code, Page

ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
MARKUP = re.compile(r"([\\`*_{}\[\]<>|~^$@#])")
# IPC sockets need no port and no encryption; Windows has none.
TRANSPORT = "ipc" if os.name == "posix" else "tcp"
# Python warns of forks beside threads, which numerical libraries start and renew, and the debugger of frozen
# modules.
SERVER = (sys.executable, "-P", "-W", "ignore", "-X", "frozen_modules=off", warm.__file__, "serve")


class Runner:
    """Executes pages, several at once; `stop` ends them all.

    Parameters
    ----------
    modules
        What to import once, before kernels are forked for the pages.
    """

    def __init__(self, modules: Sequence[str] = ()) -> None:
        self.stopped = False
        self.kernels: list[AsyncKernelManager] = []
        self.modules = modules
        self.starting = Lock()
        self.server: Popen[bytes] | None = None
        self.folder = tempfile.TemporaryDirectory(prefix="press-", ignore_cleanup_errors=True)

    def stop(self) -> None:
        """End every kernel; what waits for one sees that it died."""
        self.stopped = True
        for kernel in self.kernels:
            if process := getattr(kernel.provisioner, "process", None):
                process.terminate()

    def close(self) -> None:
        """End the process that forks kernels."""
        if self.server is not None:
            self.server.kill()
            self.server.communicate()
        self.folder.cleanup()

    def forked(self, command: list[str]) -> list[str]:
        """The command of a kernel that is forked; the given one where none of this Python can safely be."""
        if sys.platform != "linux" or command[1:3] != ["-m", "ipykernel_launcher"]:
            return command
        if command[0] not in {"python", "python3", sys.executable}:
            return command
        address = str(Path(self.folder.name) / "kernels")
        with self.starting:
            if self.server is None:
                with socket.socket(socket.AF_UNIX) as listener:
                    listener.bind(address)
                    listener.listen()
                    self.server = Popen(
                        [*SERVER, str(listener.fileno()), *self.modules],
                        pass_fds=[listener.fileno()],
                        stdin=PIPE,
                        start_new_session=True,
                    )
        return [sys.executable, "-I", "-S", warm.__file__, "wait", address, *command[3:]]

    def execute(self, page: Page) -> list[str]:
        """Run a page from top to bottom; the Markdown that takes the place of each piece of code.

        Raises
        ------
        PressError
            For code that fails (with its traceback), for a kernel that dies, and for a cell that shows more
            than printed text and Markdown.
        """
        if not page.code:
            return []
        name = page.project.config.get("jupyter", "python3")
        with tempfile.TemporaryDirectory() as folder:
            file = str(Path(folder) / "kernel.json")
            kernel = AsyncKernelManager(kernel_name=name, transport=TRANSPORT, connection_file=file)
            self.kernels.append(kernel)
            client = notebook(page, kernel)
            try:
                if spec := kernel.kernel_spec:
                    spec.argv = self.forked(spec.argv)
                with client.setup_kernel(cleanup_kc=True):
                    return [self.run(client, page, index) for index in range(len(page.code))]
            except (NoSuchKernel, RuntimeError) as error:
                message = f"the Jupyter kernel '{name}' does not start: {error}"
                raise PressError(message, page.project.file, "jupyter") from None
            finally:
                self.kernels.remove(kernel)

    def run(self, client: NotebookClient, page: Page, index: int) -> str:
        """The Markdown of one piece of code.

        Raises
        ------
        PressError
            When the code fails or shows more than it may, and when the kernel is lost.
        """  # noqa: DOC501 (a DeadKernelError does not leave it)
        code = page.code[index]
        what = f"inline code `{code.text}`" if code.inline else "this cell"
        try:
            if self.stopped:
                raise DeadKernelError
            cell = client.execute_cell(client.nb.cells[index], index, store_history=not code.inline)
        except CellExecutionError as error:
            detail = f"\n{code.text}\n\n{ANSI.sub('', error.traceback)}"
            raise page.error(f"{what} failed: {error.ename}: {error.evalue}", code.line, detail) from None
        except (DeadKernelError, CellTimeoutError):
            raise page.error(f"the kernel was lost in {what}", code.line) from None
        if code.inline:
            return _value(cell.outputs, page, code)
        return "".join(_printed(output, page, code) for output in cell.outputs) if code.shown else ""


def notebook(page: Page, kernel: AsyncKernelManager) -> NotebookClient:
    """The code of a page as a notebook that runs in a kernel."""
    rooted = "execute-dir" in page.project.settings
    return NotebookClient(
        nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code.text) for code in page.code]),
        km=kernel,
        resources={"metadata": {"path": str(page.project.root if rooted else page.file.parent)}},
        startup_timeout=120,
        # A busy machine may be slow, but no output may be lost.
        iopub_timeout=120,
        raise_on_iopub_timeout=True,
        shutdown_kernel="immediate",
    )


def _printed(output: dict[str, Any], page: Page, code: Code) -> str:
    """What a cell with `output: asis` adds to the page; warnings are left out."""
    if output["output_type"] == "stream":
        return str(output["text"]) if output["name"] == "stdout" else ""
    if "text/markdown" not in output["data"]:
        message = f"a value of type {next(iter(output['data']))} is outside the dialect; print Markdown"
        raise page.error(message, code.line)
    return f"\n{output['data']['text/markdown']}\n"


def _value(outputs: list[dict[str, Any]], page: Page, code: Code) -> str:
    """A value as Quarto shows it: its Markdown when it offers any, else plain text, unquoted.

    Quarto strips the quotes of a text but leaves its escapes, so a text with any is refused.
    """
    values = [output["data"] for output in outputs if output["output_type"] == "execute_result"]
    data = values[0] if values else {}
    plain = data.get("text/plain", "")
    if len(plain) > 1 and plain[0] == plain[-1] and plain[0] in "'\"":
        plain = plain[1:-1]
        if "\\" in plain and "text/markdown" not in data:
            message = f"inline code `{code.text}` gives a text with a backslash or line break"
            raise page.error(message, code.line)
    return str(data.get("text/markdown", MARKUP.sub(r"\\\1", plain)))
