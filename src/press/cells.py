"""Puts a page together again: prose with its inline results, cells as the Markdown of code and outputs."""

from __future__ import annotations

import base64
import re
from html import escape
from pathlib import Path
from typing import Any

from press import dialect
from press.kernel import ANSI, Output, Results
from press.project import as_list
from press.source import INLINE, Cell, Page, Prose

IMAGES = {"image/svg+xml": "svg", "image/png": "png", "image/jpeg": "jpeg"}
PREFERENCE = {
    "html": ["text/html", "text/markdown", *IMAGES, "text/plain"],
    "typst": ["text/markdown", *IMAGES, "text/html", "text/plain"],
}
# What plotting calls return besides the plot; Quarto drops it too.
NOISE = re.compile(r"\[?<(matplotlib|seaborn|Axes|Figure|BarContainer|ggplot)")


def assemble(page: Page, results: Results, fmt: str, files: Path, link: str) -> str:
    """The whole page as pandoc Markdown for `html` or `typst`.

    Images are written into the folder `files`; `link` is its address as seen from the page.
    """
    texts = []
    for part, result in zip(page.parts, results, strict=True):
        if isinstance(part, Prose):
            texts.append(filled(part, result))
        else:
            indent = part.place.text[: -len(part.place.text.lstrip())]
            lines = CellWriter(part, fmt, files, link).lines(result)
            texts.append("\n".join(indent + line if line else "" for line in lines))
    return "\n\n".join(texts)


def filled(prose: Prose, results: list[str]) -> str:
    """Prose with the results of its expressions in their place."""
    inline = iter(results)
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

    def __init__(self, cell: Cell, fmt: str, files: Path, link: str) -> None:
        self.cell = cell
        self.options = cell.options
        self.fmt = fmt
        self.files = files
        self.link = link
        kind = dialect.kind(cell.label)
        self.floats = kind if kind in dialect.FLOATS else ""

    def lines(self, outputs: list[Output]) -> list[str]:
        """The cell's Markdown; nothing when it is not included."""
        if not self.options["include"]:
            return []
        shown = self.code() if self.options["echo"] else []
        results: list[str] = []
        if self.options["output"]:
            for index, output in enumerate(outputs, 1):
                results += self.output(output, index)
            results = self.floated(results)
        if not shown and (self.options["output"] == "asis" or not results):
            return results
        name = f"#{'cell-' if self.floats else ''}{self.cell.label} " if self.cell.label else ""
        classes = "".join(f" .{name}" for name in self.options.get("classes", "").split())
        return div(f"{name}.cell{classes} execution_count={self.cell.number}", [*shown, *results])

    def code(self) -> list[str]:
        """The code, inside `details` when it is folded."""
        block = fenced(self.cell.code, ".python .cell-code")
        if self.fmt != "html" or not self.options["code-fold"]:
            return block
        opened = " open" if self.options["code-fold"] == "show" else ""
        name = escape(str(self.options.get("code-summary", "Code")))
        summary = f'<details class="code-fold"{opened}>\n<summary>{name}</summary>'
        return [*fenced(summary, "=html"), *block, *fenced("</details>", "=html")]

    def output(self, output: Output, index: int) -> list[str]:
        """One output, in the div that tells its kind unless the cell says `asis`."""
        asis, kind = self.options["output"] == "asis", output["output_type"]
        if kind == "error":
            body = fenced(ANSI.sub("", f"{output['ename']}: {output['evalue']}"))
        elif kind == "stream":
            kind, text = output["name"], output["text"].rstrip("\n")
            body = ["", text, ""] if asis and kind == "stdout" else fenced(text)
        else:
            kind, body = "display", self.value(output["data"], output.get("metadata", {}), index)
        if kind == "stderr" and not self.options["warning"]:
            return []
        bare = not body or (asis and kind in {"stdout", "display"})
        return body if bare else div(f".cell-output .cell-output-{kind}", body)

    def value(self, data: dict[str, str], metadata: dict[str, Any], index: int) -> list[str]:
        """The best representation of a value for this format; an image is written beside the page."""
        mime = next((name for name in PREFERENCE[self.fmt] if name in data), "")
        if not mime or (mime == "text/plain" and NOISE.match(data[mime])):
            return []
        if mime == "text/markdown":
            return ["", data[mime], ""]
        if mime not in IMAGES:
            return fenced(data[mime].rstrip("\n"), "=html" if mime == "text/html" else "")
        name = f"{self.cell.label or f'cell-{self.cell.number}'}-output-{index}.{IMAGES[mime]}"
        self.files.mkdir(parents=True, exist_ok=True)
        raw = data[mime].encode() if mime == "image/svg+xml" else base64.b64decode(data[mime])
        (self.files / name).write_bytes(raw)
        attributes = []
        if alternatives := as_list(self.options.get("fig-alt")):
            text = str(alternatives[min(index, len(alternatives)) - 1])
            quoted = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ")
            attributes.append(f'fig-alt="{quoted}"')
        size = metadata.get(mime, {})
        attributes += [f"{side}={size[side]}" for side in ("width", "height") if side in size]
        caption = self.options.get("fig-cap", "") if self.floats != "fig" else ""
        return ["", f"![{caption}]({self.link}/{name}){{{' '.join(attributes)}}}", ""]

    def floated(self, lines: list[str]) -> list[str]:
        """The outputs as a numbered figure or table, when the label says so."""
        columns = f'layout-ncol="{self.options["layout-ncol"]}"' if "layout-ncol" in self.options else ""
        if self.floats:
            caption = str(self.options.get(f"{self.floats}-cap", ""))
            return div(f"#{self.cell.label} {columns}", [*lines, "", caption])
        return div(columns, lines) if columns and lines else lines
