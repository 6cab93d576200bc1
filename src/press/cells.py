"""Puts a page together again: prose with its inline results, cells as the Markdown of code and outputs."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any

from press.kernel import ANSI, Output, Results
from press.project import Meta, as_list
from press.source import INLINE, Cell, Page, Prose

IMAGES = {"image/svg+xml": "svg", "image/png": "png", "image/jpeg": "jpeg"}
PREFERENCE = {
    "html": ["text/html", "text/markdown", *IMAGES, "text/plain"],
    "typst": ["text/markdown", *IMAGES, "text/html", "text/plain"],
}
# What plotting calls return besides the plot; Quarto drops it too.
NOISE = re.compile(r"\[?<(matplotlib|seaborn|Axes|Figure|BarContainer|ggplot)")


def assemble(page: Page, results: Results, fmt: str, meta: Meta, files: Path, link: str) -> str:
    """The whole page as pandoc Markdown.

    Parameters
    ----------
    fmt
        `html` or `typst`.
    files
        Folder for images; `link` is its address as seen from the page.
    """
    inline = iter(results.inline)
    texts = []
    for part in page.parts:
        if isinstance(part, Prose):
            texts.append(filled(part, inline))
        else:
            writer = CellWriter(part, results.outputs.get(part.number, []), fmt, meta, files, link)
            indent = re.match(r"\s*", part.place.text)
            prefix = indent[0] if indent else ""
            texts.append("\n".join(prefix + line if line else "" for line in writer.lines()))
    return "\n\n".join(texts)


def filled(prose: Prose, inline: Iterator[str]) -> str:
    """Prose with the next inline results in place of its expressions."""
    return "\n".join(INLINE.sub(lambda found: found[1] + next(inline), line.text) for line in prose.lines)


def fenced(text: str, attributes: str) -> list[str]:
    """A code or raw block whose fence is longer than any run of backticks in it."""
    ticks = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", text)), default=0))
    return ["", f"{ticks} {{{attributes}}}" if attributes else ticks, *text.split("\n"), ticks, ""]


def div(attributes: str, lines: list[str]) -> list[str]:
    """A fenced div."""
    return ["", f"::: {{{attributes}}}", *lines, ":::", ""]


class CellWriter:
    """Markdown of one cell: folded code, outputs, and the float around them when it has a label."""

    def __init__(
        self, cell: Cell, outputs: list[Output], fmt: str, meta: Meta, files: Path, link: str
    ) -> None:
        self.cell = cell
        self.outputs = outputs
        self.fmt = fmt
        self.files = files
        self.link = link
        self.options: Meta = {**meta.get("execute", {}), **cell.options}
        self.fold = self.options.get("code-fold", meta.get("code-fold", False))
        self.summary = self.options.get("code-summary", meta.get("code-summary", "Code"))
        self.kind = cell.label.split("-")[0] if "-" in cell.label else ""

    def lines(self) -> list[str]:
        """The cell's Markdown; nothing when it is not included."""
        if not self.options.get("include", True):
            return []
        shown = self.code() if self.options.get("echo", True) else []
        results = self.floated(self.results()) if self.options.get("output", True) is not False else []
        if self.options.get("output") == "asis" and not shown:
            return results
        identifier = (
            f"#{'cell-' if self.kind in {'fig', 'tbl'} else ''}{self.cell.label} " if self.cell.label else ""
        )
        classes = "".join(f" .{name}" for name in " ".join(as_list(self.options.get("classes"))).split())
        column = f" .column-{self.options['column']}" if "column" in self.options else ""
        attributes = f"{identifier}.cell{classes}{column} execution_count={self.cell.number}"
        return div(attributes, [*shown, *results]) if shown or results else []

    def code(self) -> list[str]:
        """The code, inside `details` when it is folded."""
        block = fenced(self.cell.code, ".python .cell-code")
        if self.fmt != "html" or not self.fold:
            return block
        opened = " open" if self.fold == "show" else ""
        summary = f'<details class="code-fold"{opened}>\n<summary>{escape(str(self.summary))}</summary>'
        return [*fenced(summary, "=html"), *block, *fenced("</details>", "=html")]

    def results(self) -> list[str]:
        """All outputs in order."""
        lines: list[str] = []
        for index, output in enumerate(self.outputs, 1):
            lines += self.output(output, index)
        return lines

    def output(self, output: Output, index: int) -> list[str]:
        """One output, in the div that tells its kind unless the cell says `asis`."""
        asis = self.options.get("output") == "asis"
        kind = output["output_type"]
        if kind == "stream":
            if output["name"] == "stderr" and not self.options.get("warning", True):
                return []
            text = output["text"].rstrip("\n")
            if asis and output["name"] == "stdout":
                return ["", text, ""]
            return div(f".cell-output .cell-output-{output['name']}", fenced(text, ""))
        if kind == "error":
            text = ANSI.sub("", f"{output['ename']}: {output['evalue']}")
            return div(".cell-output .cell-output-error", fenced(text, ""))
        body = self.data(output["data"], output.get("metadata", {}), index)
        return body if asis or not body else div(".cell-output .cell-output-display", body)

    def data(self, data: dict[str, str], metadata: Meta, index: int) -> list[str]:
        """The best representation of a value for this format."""
        mime = next((name for name in PREFERENCE[self.fmt] if name in data), "")
        if not mime or (mime == "text/plain" and NOISE.match(data[mime])):
            return []
        if mime in IMAGES:
            return ["", self.image(data[mime], mime, metadata.get(mime, {}), index), ""]
        if mime == "text/markdown":
            return ["", data[mime], ""]
        return fenced(data[mime].rstrip("\n"), "=html" if mime == "text/html" else "")

    def image(self, content: str, mime: str, size: Any, index: int) -> str:
        """Write an image beside the page and refer to it."""
        name = f"{self.cell.label or f'cell-{self.cell.number}'}-output-{index}.{IMAGES[mime]}"
        self.files.mkdir(parents=True, exist_ok=True)
        raw = content.encode() if mime == "image/svg+xml" else base64.b64decode(content)
        (self.files / name).write_bytes(raw)
        alternatives = as_list(self.options.get("fig-alt"))
        alternative = str(alternatives[min(index, len(alternatives)) - 1]) if alternatives else ""
        quoted = alternative.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ")
        attributes = [f'fig-alt="{quoted}"'] if quoted else []
        if isinstance(size, dict) and "width" in size:
            attributes += [f"width={size['width']}", f"height={size['height']}"]
        caption = self.options.get("fig-cap", "") if self.kind != "fig" else ""
        tail = f"{{{' '.join(attributes)}}}" if attributes else ""
        return f"![{caption}]({self.link}/{name}){tail}"

    def floated(self, lines: list[str]) -> list[str]:
        """The outputs as a numbered figure or table, when the label says so."""
        columns = f' layout-ncol="{self.options["layout-ncol"]}"' if "layout-ncol" in self.options else ""
        if self.kind in {"fig", "tbl"}:
            caption = str(self.options.get(f"{self.kind}-cap", ""))
            return div(f"#{self.cell.label}{columns}", [*lines, "", caption])
        return div(columns.strip(), lines) if columns and lines else lines
