"""Puts a page together again: prose with its inline results, cells as the Markdown of code and outputs."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from press import dialect
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
            writer = CellWriter(part, fmt, meta, files, link)
            indent = part.place.text[: -len(part.place.text.lstrip())]
            lines = writer.lines(results.outputs.get(part.number, []))
            texts.append("\n".join(indent + line if line else "" for line in lines))
    return "\n\n".join(texts)


def filled(prose: Prose, inline: Iterator[str]) -> str:
    """Prose with the next inline results in place of its expressions."""
    return "\n".join(INLINE.sub(lambda found: found[1] + next(inline), line.text) for line in prose.lines)


def fenced(text: str, attributes: str = "") -> list[str]:
    """A code or raw block whose fence is longer than any run of backticks in it."""
    ticks = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", text)), default=0))
    return ["", f"{ticks} {{{attributes}}}" if attributes else ticks, *text.split("\n"), ticks, ""]


def div(attributes: str, lines: list[str]) -> list[str]:
    """A fenced div."""
    return ["", f"::: {{{attributes}}}", *lines, ":::", ""]


class CellWriter:
    """Markdown of one cell: folded code, outputs, and the float around them when it has a label."""

    def __init__(self, cell: Cell, fmt: str, meta: Meta, files: Path, link: str) -> None:
        self.cell = cell
        self.fmt = fmt
        self.files = files
        self.link = link
        folding: Meta = {key: meta[key] for key in ("code-fold", "code-summary") if key in meta}
        self.options: Meta = {**folding, **meta.get("execute", {}), **cell.options}
        self.asis = self.options.get("output") == "asis"
        kind = dialect.kind(cell.label)
        self.floats = kind if kind in dialect.FLOATS else ""

    def lines(self, outputs: list[Output]) -> list[str]:
        """The cell's Markdown; nothing when it is not included."""
        if not self.options.get("include", True):
            return []
        shown = self.code() if self.options.get("echo", True) else []
        results: list[str] = []
        if self.options.get("output", True):
            for index, output in enumerate(outputs, 1):
                results += self.output(output, index)
            results = self.floated(results)
        if not (shown or results) or (self.asis and not shown):
            return results
        name = f"#{'cell-' if self.floats else ''}{self.cell.label} " if self.cell.label else ""
        classes = "".join(f" .{name}" for name in " ".join(as_list(self.options.get("classes"))).split())
        return div(f"{name}.cell{classes} execution_count={self.cell.number}", [*shown, *results])

    def code(self) -> list[str]:
        """The code, inside `details` when it is folded."""
        block = fenced(self.cell.code, ".python .cell-code")
        fold = self.options.get("code-fold", False)
        if self.fmt != "html" or not fold:
            return block
        name = escape(str(self.options.get("code-summary", "Code")))
        opened = " open" if fold == "show" else ""
        summary = f'<details class="code-fold"{opened}>\n<summary>{name}</summary>'
        return [*fenced(summary, "=html"), *block, *fenced("</details>", "=html")]

    def output(self, output: Output, index: int) -> list[str]:
        """One output, in the div that tells its kind unless the cell says `asis`."""
        kind = output["output_type"]
        if kind == "stream":
            kind, text = output["name"], output["text"].rstrip("\n")
            if kind == "stderr" and not self.options.get("warning", True):
                return []
            body = ["", text, ""] if self.asis and kind == "stdout" else fenced(text)
        elif kind == "error":
            body = fenced(ANSI.sub("", f"{output['ename']}: {output['evalue']}"))
        else:
            kind, body = "display", self.value(output["data"], output.get("metadata", {}), index)
        plain = not body or (self.asis and kind in {"stdout", "display"})
        return body if plain else div(f".cell-output .cell-output-{kind}", body)

    def value(self, data: dict[str, str], metadata: Meta, index: int) -> list[str]:
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
        attributes = []
        if alternatives := as_list(self.options.get("fig-alt")):
            text = str(alternatives[min(index, len(alternatives)) - 1])
            quoted = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ")
            attributes.append(f'fig-alt="{quoted}"')
        attributes += [f"{side}={size[side]}" for side in ("width", "height") if side in size]
        caption = self.options.get("fig-cap", "") if self.floats != "fig" else ""
        tail = f"{{{' '.join(attributes)}}}" if attributes else ""
        return f"![{caption}]({self.link}/{name}){tail}"

    def floated(self, lines: list[str]) -> list[str]:
        """The outputs as a numbered figure or table, when the label says so."""
        columns = f' layout-ncol="{self.options["layout-ncol"]}"' if "layout-ncol" in self.options else ""
        if self.floats:
            caption = str(self.options.get(f"{self.floats}-cap", ""))
            return div(f"#{self.cell.label}{columns}", [*lines, "", caption])
        return div(columns.strip(), lines) if columns and lines else lines


def notebook(page: Page, results: Results) -> str:
    """The page as a Jupyter notebook: prose with its inline results, cells with their options and outputs.

    Outputs printed for pandoc (`output: asis`) are left out: a notebook would show their markup.
    """
    inline = iter(results.inline)
    cells = [new_markdown_cell(f"# {page.front.get('title', page.path)}")]
    for part in page.parts:
        if isinstance(part, Cell):
            outputs = [] if part.options.get("output") == "asis" else results.outputs.get(part.number, [])
            nodes = [nbformat.from_dict(output) for output in outputs]
            cells.append(new_code_cell(part.source, execution_count=part.number, outputs=nodes))
        elif text := filled(part, inline).strip():
            cells.append(new_markdown_cell(text))
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number}"
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    return str(nbformat.writes(new_notebook(cells=cells, metadata=metadata)))
