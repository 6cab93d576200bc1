"""Runs the cells and inline expressions of one page in one Jupyter kernel."""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path
from queue import Empty
from threading import Event
from typing import Any

import nbformat
from jupyter_client.kernelspec import NoSuchKernel
from jupyter_client.manager import KernelManager

from press.errors import PressError
from press.project import Meta
from press.source import Line, Page, Prose

ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
MARKUP = re.compile(r"([\\`*_{}\[\]<>|~^$@#])")
KEPT = {"stream", "display_data", "execute_result", "error"}
# IPC sockets need no port and no encryption; Windows has none.
TRANSPORT = "ipc" if os.name == "posix" else "tcp"
# Figure defaults of Quarto; the back end reads them when Matplotlib is first used.
SETUP = """
_c = get_ipython().config.InlineBackend
_c.figure_formats = {{{!r}}}
_c.rc = {{"figure.figsize": {}, "figure.dpi": 96, "savefig.dpi": 96}}
del _c
"""
FIGURES = {"html": ("retina", (7, 5)), "typst": ("svg", (5.5, 3.5))}

Output = dict[str, Any]
# What each part of a page computed: the outputs of a cell, the text of every expression of prose.
Results = list[list[Any]]


class Kernel:
    """A running kernel; use it as a context manager. Setting `stopped` ends whatever it runs."""

    def __init__(self, name: str, folder: str, working: Path, stopped: Event) -> None:
        self.stopped = stopped
        connection = f"{folder}/kernel.json"
        self.manager = KernelManager(kernel_name=name, transport=TRANSPORT, connection_file=connection)
        try:
            self.manager.start_kernel(cwd=str(working))
        except NoSuchKernel:
            raise PressError(f"there is no Jupyter kernel '{name}'; install ipykernel") from None
        self.client: Any = self.manager.blocking_client()

    def __enter__(self) -> Kernel:
        self.client.start_channels()
        try:
            self.client.wait_for_ready(timeout=120)
        except RuntimeError as error:
            self.__exit__()
            raise PressError(f"the Jupyter kernel did not start: {error}") from None
        return self

    def __exit__(self, *_: object) -> None:
        self.manager.shutdown_kernel(now=True)
        self.client.stop_channels()

    def run(
        self, code: str, place: Line, what: str, allowed: bool = False, counted: bool = False
    ) -> list[Output]:
        """The outputs of code; an exception is an error at `place` unless it is allowed.

        What is `counted` gets a number and stands in the history of the kernel.
        """
        options = {"allow_stdin": False, "stop_on_error": False, "store_history": counted}
        request = self.client.execute(code, **options)
        outputs: list[Output] = []
        while (message := self.answer(request, place, what))["content"].get("execution_state") != "idle":
            if message["header"]["msg_type"] not in KEPT:
                continue
            output = dict(nbformat.v4.output_from_msg(message))
            if output["output_type"] == "error" and not allowed:
                trace = ANSI.sub("", "\n".join(output["traceback"]))
                reason = f"{what} failed: {output['ename']}: {output['evalue']}"
                raise place.error(reason, f"\n{code}\n\n{trace}")
            if output["output_type"] == "stream" and outputs and outputs[-1].get("name") == output["name"]:
                outputs[-1]["text"] += output["text"]
            else:
                outputs.append(output)
        return outputs

    def answer(self, request: str, place: Line, what: str) -> Meta:
        """The next message that answers `request`."""
        while not self.stopped.is_set():
            try:
                message: Meta = self.client.get_iopub_msg(timeout=0.5)
            except Empty:
                if not self.manager.is_alive():
                    break
                continue
            if message["parent_header"].get("msg_id") == request:
                return message
        raise place.error(f"the kernel died in {what}")


def execute(page: Page, fmt: str, meta: Meta, stopped: Event) -> Results:
    """Run a page from top to bottom; `stopped` makes it end early.

    Raises
    ------
    PressError
        For a failing cell (with its code and traceback) or expression, and for a kernel that dies.
    """
    if not any(part.code for part in page.parts):
        return [[] for _ in page.parts]
    name = meta.get("jupyter", "python3")
    rooted = page.project.settings.get("execute-dir") == "project"
    working = page.project.root if rooted else page.file.parent
    results: Results = []
    with tempfile.TemporaryDirectory() as folder, Kernel(name, folder, working, stopped) as kernel:
        kernel.run(SETUP.format(*FIGURES[fmt]), Line("", page.file, 1), "set-up")
        for part in page.parts:
            if isinstance(part, Prose):
                runs = [kernel.run(code, line, f"inline code `{code}`") for code, line in part.code]
                results.append([_text(*run) for run in zip(runs, part.code, strict=True)])
            elif part.options["eval"]:
                what, allowed = f"cell {part.number}", part.options["error"]
                results.append(kernel.run(part.code, part.place, what, allowed, counted=True))
            else:
                results.append([])
    return results


def _text(outputs: list[Output], place: tuple[str, Line]) -> str:
    """A value as Quarto shows it: its Markdown when it offers any, else plain text, unquoted.

    Quarto strips the quotes of a text but leaves its escapes, so a text with any is refused.
    """
    values = [output["data"] for output in outputs if output["output_type"] == "execute_result"]
    data = values[0] if values else {}
    plain = data.get("text/plain", "")
    if len(plain) > 1 and plain[0] == plain[-1] and plain[0] in "'\"":
        plain = plain[1:-1]
        if "\\" in plain and "text/markdown" not in data:
            code, line = place
            raise line.error(f"inline code `{code}` gives a text with a backslash or line break")
    return str(data.get("text/markdown", MARKUP.sub(r"\\\1", plain)))
