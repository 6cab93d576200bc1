"""A page's source: front matter, and text and code told apart. Whatever complains later can name a line."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

from press import dialect
from press.errors import PressError
from press.project import Meta, Project, as_list, formats

FRONT = re.compile(r"---[ \t]*\n(.*?\n)?(---|\.\.\.)[ \t]*(\n|$)", re.DOTALL)
FENCE = re.compile(r"\s*(`{3,}|~{3,})\s*(.*?)\s*")
CELL_FENCE = re.compile(r"(`{3,}|~{3,})\s*\{+[\w-]")
INLINE = re.compile(r"(?:^|(?<=[^`]))`\{(\w+)\}[ \t]([^`]+)`")
OPEN_INLINE = re.compile(r"(^|[^`])`\{\w+\}([ \t][^`]*)?$")
OPTION = re.compile(r"^#\s*\| ?(.*)$")


@dataclass(frozen=True)
class Code:
    """A cell or an inline expression, and the line on which it stands.

    `shown` says whether what a cell prints is part of the page.
    """

    text: str
    line: int
    inline: bool = False
    shown: bool = True


@dataclass(frozen=True)
class Page:
    """A page: `path` from the project's root, checked front matter, text and code in order."""

    project: Project
    path: str
    file: Path
    front: Meta
    parts: list[str | Code]

    @property
    def formats(self) -> dict[str, Meta]:
        """Its formats, which are HTML and perhaps Typst, with their options."""
        return formats(self.front)

    def metadata(self, fmt: str) -> Meta:
        """Everything that holds for the page in one format; the page wins over the project."""
        return {**(self.project.html if fmt == "html" else {}), **self.front, **self.formats.get(fmt, {})}

    @property
    def code(self) -> list[Code]:
        """Its cells and inline expressions, in order."""
        return [part for part in self.parts if isinstance(part, Code)]

    @property
    def partials(self) -> list[Path]:
        """Parts of a Typst template that it brings along."""
        return self.near(self.formats.get("typst", {}).get("template-partials"))

    def near(self, names: object) -> list[Path]:
        """Files that its front matter names, from its folder or with a slash from the project's root."""
        root = self.project.root
        return [root / it[1:] if it.startswith("/") else self.file.parent / it for it in as_list(names)]

    def markdown(self, results: Iterable[str]) -> str:
        """The page with the results of its code in their place."""
        ready = iter(results)
        return "".join(part if isinstance(part, str) else next(ready) for part in self.parts)

    def error(self, message: str, near: str | int, detail: str = "") -> PressError:
        """An error at a line, or where `near` first stands; at the top when the page does not have it."""
        return PressError(message, self.file, near, detail)


def read(project: Project, path: str) -> Page:
    """Read a page.

    Raises
    ------
    PressError
        For unknown front matter, a second metadata block, shortcodes, and for cells and inline code that
        are outside the dialect.
    """
    file = project.root / path
    text = file.read_text("utf-8")
    found = FRONT.match(text)
    front = dialect.read((found and found[1]) or "", file, dialect.PAGE, "front-matter key", 2)
    page = Page(project, path, file, front, [])
    if page.formats and "html" not in page.formats:
        raise page.error("a page without html is outside the dialect", "format")
    head = found[0].count("\n") if found else 0
    lines = enumerate(text.splitlines()[head:], head + 1)
    page.parts.extend(_parts(page, lines))
    return page


def _parts(page: Page, lines: Iterator[tuple[int, str]]) -> Iterator[str | Code]:
    """The text and the code of a page, line by line."""
    fence, before, block = "", "", 0
    for number, line in lines:
        if "{{<" in line:
            raise page.error("shortcodes are outside the dialect", number)
        found = FENCE.fullmatch(line)
        if fence:
            fence = "" if found and found[1].startswith(fence) and not found[2] else fence
            yield f"{line}\n"
        elif CELL_FENCE.search(line):
            yield from ("\n", _cell(page, number, line, lines), "\n")
        else:
            if block and line.strip():
                raise page.error("a second metadata block is outside the dialect", block)
            block = number if line.rstrip() == "---" and not before.strip() else 0
            fence = found[1] if found else ""
            yield from _inline(page, number, line)
        before = line


def _inline(page: Page, number: int, line: str) -> Iterator[str | Code]:
    """A line of prose."""
    start = 0
    for found in INLINE.finditer(line):
        if found[1] != "python":
            raise page.error(f"inline code in '{found[1]}' is outside the dialect", number)
        if line.startswith("`", found.end()):
            raise page.error("inline code must not touch another backtick", number)
        yield line[start : found.start()]
        yield Code(found[2].strip(), number, inline=True)
        start = found.end()
    if OPEN_INLINE.search(INLINE.sub("", line)):
        raise page.error("inline code must end on the line on which it starts", number)
    if "{#eq-" in line:
        raise page.error("numbered equations are outside the dialect", number)
    yield f"{line[start:]}\n"


def _cell(page: Page, number: int, opening: str, lines: Iterator[tuple[int, str]]) -> Code:
    """The cell that starts with the line `opening`; takes its lines."""
    if opening.rstrip() != "```{python}":
        message = "a cell starts with ```{python}, not indented, not quoted, and nothing follows"
        raise page.error(message, number)
    texts: list[str] = []
    for _, text in lines:
        closing = FENCE.fullmatch(text)
        if closing and closing[1][0] == "`" and not closing[2]:
            break
        texts.append(text)
    else:
        raise page.error("this cell is never closed", number)
    options = list(takewhile(OPTION.match, texts))
    yaml = "\n".join(OPTION.sub(r"\1", text) for text in options)
    given = dialect.read(yaml, page.file, dialect.CELL, "cell option", number + 1)
    shown = given.get("include", True)
    if shown and "output" not in given:
        raise page.error("a cell needs `include: false` or `output: asis`", number)
    execute = page.project.config.get("execute") or {}
    if shown and not {"echo", "warning"} <= execute.keys():
        raise page.error("cells need `execute: {echo: false, warning: false}` in _quarto.yml", number)
    return Code("\n".join(texts[len(options) :]).strip("\n"), number, shown=shown)
