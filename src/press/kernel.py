"""Runs the cells and inline expressions of one page in one Jupyter kernel."""

from __future__ import annotations

import json
import os
import re
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from queue import Empty
from typing import Any, ClassVar

import nbformat
from jupyter_client.kernelspec import NoSuchKernel
from jupyter_client.manager import KernelManager

from press.errors import PressError
from press.project import Meta, Project
from press.source import Cell, Page, Prose

ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
MARKUP = re.compile(r"([\\`*_{}\[\]<>|~^$@#])")
KEPT = {"stream", "display_data", "execute_result", "error"}
# IPC sockets need no port and no encryption; Windows has none.
TRANSPORT = "ipc" if os.name == "posix" else "tcp"
# Figure defaults of Quarto; the back end reads them when Matplotlib is first used.
SETUP = """
_c = get_ipython().config.InlineBackend
_c.figure_formats = {{{format!r}}}
_c.rc = {{"figure.figsize": ({width}, {height}), "figure.dpi": {dpi}, "savefig.dpi": {dpi}}}
del _c
"""

Output = dict[str, Any]


@dataclass(frozen=True)
class Results:
    """What a page computed: the outputs of each cell by its number, the text of each inline expression."""

    outputs: dict[int, list[Output]]
    inline: list[str]


class KernelDiedError(PressError):
    """The kernel process ended while it had work to do."""


class Kernel:
    """A running kernel; use it as a context manager."""

    running: ClassVar[set[Kernel]] = set()

    def __init__(self, name: str, folder: Path, working: Path, environment: dict[str, str]) -> None:
        connection = str(folder / "kernel.json")
        self.manager = KernelManager(kernel_name=name, transport=TRANSPORT, connection_file=connection)
        try:
            self.manager.start_kernel(cwd=str(working), env=os.environ | environment)
        except NoSuchKernel:
            raise PressError(f"there is no Jupyter kernel '{name}'; install ipykernel") from None
        self.client: Any = self.manager.blocking_client()

    def __enter__(self) -> Kernel:
        Kernel.running.add(self)
        self.client.start_channels()
        try:
            self.client.wait_for_ready(timeout=120)
        except RuntimeError as error:
            self.__exit__()
            raise KernelDiedError(f"the Jupyter kernel did not start: {error}") from None
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self.client.stop_channels()

    def stop(self) -> None:
        """Kill the process; whoever waits for it gets a KernelDiedError."""
        Kernel.running.discard(self)
        with suppress(Exception):
            self.manager.shutdown_kernel(now=True)

    def run(self, code: str, expressions: dict[str, str] | None = None) -> tuple[list[Output], Meta]:
        """Run code; return its outputs, and the results of `expressions` evaluated after it."""
        request = self.client.execute(
            code, user_expressions=expressions, allow_stdin=False, stop_on_error=False
        )
        outputs: list[Output] = []
        while (message := self._next(self.client.get_iopub_msg, request))["content"].get(
            "execution_state"
        ) != "idle":
            if message["header"]["msg_type"] in KEPT:
                _append(outputs, dict(nbformat.v4.output_from_msg(message)))
        reply = self._next(self.client.get_shell_msg, request)
        return outputs, reply["content"].get("user_expressions", {})

    def _next(self, receive: Any, request: str) -> Meta:
        """The next message that answers `request`."""
        while True:
            try:
                message: Meta = receive(timeout=1)
            except Empty:
                if not self.manager.is_alive():
                    raise KernelDiedError("the Jupyter kernel died") from None
                continue
            if message["parent_header"].get("msg_id") == request:
                return message


def _append(outputs: list[Output], output: Output) -> None:
    """Add an output; text on the same stream is joined."""
    if output["output_type"] == "stream" and outputs and outputs[-1].get("name") == output["name"]:
        outputs[-1]["text"] += output["text"]
    else:
        outputs.append(output)


def execute(project: Project, page: Page, fmt: str, meta: Meta) -> Results:
    """Run a page from top to bottom.

    Returns
    -------
    Results
        Outputs as in a notebook file; inline results as Markdown.

    Raises
    ------
    PressError
        For a failing cell (with its code and traceback) or expression, and for a kernel that dies.
    """
    settings = meta.get("execute") or {}
    results = Results({}, [])
    if not any(isinstance(part, Cell) or part.expressions() for part in page.parts):
        return results
    rooted = project.config["project"].get("execute-dir") == "project"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        environment = _environment(project, page, fmt, meta, folder)
        working = project.root if rooted else page.file.parent
        with Kernel(meta.get("jupyter", "python3"), folder, working, environment) as kernel:
            kernel.run(_setup(fmt, meta))
            for part in page.parts:
                if isinstance(part, Prose):
                    results.inline.extend(_inline(kernel, part))
                elif part.options.get("eval", settings.get("eval", True)):
                    allowed = part.options.get("error", settings.get("error", False))
                    results.outputs[part.number] = _cell(kernel, part, bool(allowed))
    return results


def _environment(project: Project, page: Page, fmt: str, meta: Meta, folder: Path) -> dict[str, str]:
    """Environment variables by which code can tell page and format, as under Quarto."""
    names = {"display-name": fmt, "target-format": fmt, "base-format": fmt}
    execute = meta.get("execute") or {}
    described = {"identifier": names, "execute": execute, "pandoc": {"to": fmt}}
    info = folder / "execute-info.json"
    info.write_text(json.dumps({"document-path": str(page.file), "format": described}), "utf-8")
    return {
        "QUARTO_PROJECT_ROOT": str(project.root),
        "QUARTO_DOCUMENT_PATH": str(page.file.parent),
        "QUARTO_DOCUMENT_FILE": page.file.name,
        "QUARTO_EXECUTE_INFO": str(info),
    }


def _setup(fmt: str, meta: Meta) -> str:
    form, width, height = ("svg", 5.5, 3.5) if fmt == "typst" else ("retina", 7, 5)
    return SETUP.format(
        format=meta.get("fig-format", form),
        width=meta.get("fig-width", width),
        height=meta.get("fig-height", height),
        dpi=meta.get("fig-dpi", 96),
    )


def _cell(kernel: Kernel, cell: Cell, allowed: bool) -> list[Output]:
    place = (cell.place.file, cell.place.number)
    try:
        outputs, _ = kernel.run(cell.code)
    except KernelDiedError:
        raise KernelDiedError(f"the kernel died in cell {cell.number}", *place, cell.code) from None
    failed = next((output for output in outputs if output["output_type"] == "error"), None)
    if failed and not allowed:
        reason = f"cell {cell.number} failed: {failed['ename']}: {failed['evalue']}"
        trace = ANSI.sub("", "\n".join(failed["traceback"]))
        raise PressError(reason, *place, f"\n{cell.code}\n\n{trace}")
    return outputs


def _inline(kernel: Kernel, prose: Prose) -> list[str]:
    expressions = prose.expressions()
    named = {str(index): code for index, (code, _) in enumerate(expressions)}
    results = kernel.run("", named)[1] if named else {}
    texts = []
    for index, (code, line) in enumerate(expressions):
        result = results[str(index)]
        if result["status"] != "ok":
            reason = f"inline code `{code}` failed: {result['ename']}: {result['evalue']}"
            raise PressError(reason, line.file, line.number)
        texts.append(_text(result["data"]))
    return texts


def _text(data: dict[str, str]) -> str:
    """The value as Quarto shows it: its Markdown when it offers any, else plain text, unquoted."""
    if "text/markdown" in data:
        return data["text/markdown"]
    plain = data.get("text/plain", "")
    if len(plain) > 1 and plain[0] == plain[-1] and plain[0] in "'\"":
        plain = plain[1:-1]
    return MARKUP.sub(r"\\\1", plain)
