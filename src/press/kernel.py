"""Runs the cells and inline expressions of one page in one Jupyter kernel."""

from __future__ import annotations

import json
import os
import re
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from jupyter_client.manager import KernelManager

from press.errors import PressError
from press.project import Meta, Project
from press.source import Cell, Page, Prose

ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
MARKUP = re.compile(r"([\\`*_{}\[\]<>|~^$@#])")
SETUP = """
try:
    _c = get_ipython().config.InlineBackend
    _c.figure_formats = {{{format!r}}}
    _c.rc = {{"figure.figsize": ({width}, {height}), "figure.dpi": {dpi}, "savefig.dpi": {dpi}}}
finally:
    del _c
"""

TRANSPORT = "ipc" if os.name == "posix" else "tcp"

Output = dict[str, Any]


@dataclass(frozen=True)
class Results:
    """What a page computed: the outputs of each cell by its number, the text of each inline expression."""

    outputs: dict[int, list[Output]]
    inline: list[str]


def execute(project: Project, page: Page, fmt: str, meta: Meta) -> Results:
    """Run a page from top to bottom.

    Returns
    -------
    Results
        Outputs as in a notebook file; inline results as Markdown.

    Raises
    ------
    PressError
        For a failing cell (with its code and traceback) or expression.
    """
    settings = meta.get("execute") or {}
    if not any(isinstance(part, Cell) or part.expressions() for part in page.parts):
        return Results({}, [])
    here = project.root if project.config["project"].get("execute-dir") == "project" else page.file.parent
    results = Results({}, [])
    with tempfile.TemporaryDirectory() as folder:
        info = Path(folder) / "execute-info.json"
        info.write_text(json.dumps(_information(page, fmt, meta)), "utf-8")
        environment = os.environ | {
            "QUARTO_PROJECT_ROOT": str(project.root),
            "QUARTO_DOCUMENT_PATH": str(page.file.parent),
            "QUARTO_DOCUMENT_FILE": page.file.name,
            "QUARTO_EXECUTE_INFO": str(info),
        }
        manager = KernelManager(
            kernel_name=meta.get("jupyter", "python3"),
            transport=TRANSPORT,
            connection_file=str(Path(folder) / "kernel.json"),
        )
        manager.start_kernel(cwd=str(here), env=environment)
        client = manager.blocking_client()
        try:
            client.start_channels()
            client.wait_for_ready(timeout=120)
            client.execute_interactive(_setup(fmt, meta), silent=True, store_history=False)
            for part in page.parts:
                if isinstance(part, Prose):
                    results.inline.extend(_inline(client, part))
                elif part.options.get("eval", settings.get("eval", True)):
                    allowed = part.options.get("error", settings.get("error", False))
                    results.outputs[part.number] = _cell(client, part, bool(allowed))
        finally:
            client.stop_channels()
            with suppress(Exception):
                manager.shutdown_kernel(now=True)
    return results


def _information(page: Page, fmt: str, meta: Meta) -> Meta:
    name = {"identifier": {"display-name": fmt, "target-format": fmt, "base-format": fmt}}
    execute = meta.get("execute") or {}
    return {"document-path": str(page.file), "format": name | {"execute": execute, "pandoc": {"to": fmt}}}


def _setup(fmt: str, meta: Meta) -> str:
    return SETUP.format(
        format=meta.get("fig-format", "svg" if fmt == "typst" else "retina"),
        width=meta.get("fig-width", 5.5 if fmt == "typst" else 7),
        height=meta.get("fig-height", 3.5 if fmt == "typst" else 5),
        dpi=meta.get("fig-dpi", 96),
    )


def _cell(client: Any, cell: Cell, allowed: bool) -> list[Output]:
    outputs: list[Output] = []

    def keep(message: dict[str, Any]) -> None:
        kind = message["header"]["msg_type"]
        if kind not in {"stream", "display_data", "execute_result", "error"}:
            return
        output = nbformat.v4.output_from_msg(message)
        last = outputs[-1] if outputs else {}
        if kind == "stream" and last.get("name") == output["name"]:
            last["text"] += output["text"]
        else:
            outputs.append(dict(output))

    client.execute_interactive(cell.code, output_hook=keep, allow_stdin=False, stop_on_error=False)
    failed = next((output for output in outputs if output["output_type"] == "error"), None)
    if failed and not allowed:
        trace = ANSI.sub("", "\n".join(failed["traceback"]))
        raise PressError(
            f"cell {cell.number} failed: {failed['ename']}: {failed['evalue']}",
            cell.place.file,
            cell.place.number,
            f"\n{cell.code}\n\n{trace}",
        )
    return outputs


def _inline(client: Any, prose: Prose) -> list[str]:
    expressions = prose.expressions()
    if not expressions:
        return []
    named = {str(index): code for index, (code, _) in enumerate(expressions)}
    reply = client.execute_interactive(
        "", user_expressions=named, store_history=False, output_hook=lambda _: None
    )
    texts = []
    for index, (code, line) in enumerate(expressions):
        result = reply["content"]["user_expressions"][str(index)]
        if result["status"] != "ok":
            reason = f"inline code `{code}` failed: {result['ename']}: {result['evalue']}"
            raise PressError(reason, line.file, line.number)
        texts.append(_text(result["data"]))
    return texts


def _text(data: dict[str, str]) -> str:
    """The value as Quarto shows it: HTML or Markdown when it offers them, else plain text, unquoted."""
    if "text/html" in data:
        return f"`{data['text/html']}`{{=html}}"
    if "text/markdown" in data:
        return data["text/markdown"]
    plain = data.get("text/plain", "")
    if len(plain) > 1 and plain[0] == plain[-1] and plain[0] in "'\"":
        plain = plain[1:-1]
    return MARKUP.sub(r"\\\1", plain)
