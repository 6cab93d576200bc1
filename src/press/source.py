"""A page's source: front matter, includes and shortcodes resolved, cells and prose told apart.

Every line keeps the file and the line it came from, so that any later complaint can name its place.
"""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from press import dialect, mapping
from press.errors import PressError
from press.project import Meta, Project, absolute, lookup

FENCE = re.compile(r"^(\s*)(`{3,}|~{3,})\s*(.*?)\s*$")
SHORTCODE = re.compile(r"(?<!\{)\{\{<\s*([\w-]+)\s*(.*?)\s*>\}\}")
INLINE = re.compile(r"(^|[^`])`\{(\w+)\}[ \t]([^`]+)`")
OPTION = re.compile(r"^#\s*\| ?(.*)$")
PAGE_BREAK = (
    '```{=html}\n<div style="page-break-after: always;"></div>\n```\n\n```{=typst}\n#pagebreak()\n```'
)


@dataclass(frozen=True)
class Line:
    """One line of text and where it stands."""

    text: str
    file: Path
    number: int


@dataclass(frozen=True)
class Prose:
    """Markdown between two cells."""

    lines: tuple[Line, ...]

    @property
    def text(self) -> str:
        """The Markdown."""
        return "\n".join(line.text for line in self.lines)

    def expressions(self) -> list[tuple[str, Line]]:
        """Inline code in order, with its place."""
        return [(found[3].strip(), line) for line in self.lines for found in INLINE.finditer(line.text)]


@dataclass(frozen=True)
class Cell:
    """An executable cell.

    `place` is its opening fence, `number` counts the cells of the page from 1, `source` is the code with
    the options above it.
    """

    code: str
    options: Meta
    place: Line
    number: int
    source: str = ""

    @property
    def label(self) -> str:
        """Its label, or the empty string."""
        return str(self.options.get("label", ""))


@dataclass(frozen=True)
class Page:
    """A page: `path` from the project's root, checked front matter, parts in order."""

    path: str
    file: Path
    front: Meta
    parts: tuple[Prose | Cell, ...]
    files: tuple[Path, ...] = field(default=())

    @property
    def stem(self) -> str:
        """Path without `.qmd`."""
        return self.path.removesuffix(".qmd")

    def error(self, message: str, near: str) -> PressError:
        """An error at the place where `near` first stands; at the top when the source does not have it."""
        prose = [line for part in self.parts if isinstance(part, Prose) for line in part.lines]
        cells = [part for part in self.parts if isinstance(part, Cell)]
        places = [line for line in prose if near in line.text]
        places += [cell.place for cell in cells if near in cell.source]
        line = places[0] if places else Line("", self.file, 1)
        return PressError(message, line.file, line.number)


def read(project: Project, path: str) -> Page:
    """Read a page.

    Raises
    ------
    PressError
        For unknown front matter, shortcodes, cell languages or cell options, and for missing includes.
    """
    file = project.root / path
    text = file.read_text("utf-8")
    front, body_start = _front_matter(text, file, project)
    body = text.splitlines()[body_start - 1 :]
    files: list[Path] = []
    lines = _lines(body, body_start, file, project, front, files, ())
    return Page(path, file, front, tuple(_parts(lines)), (file, *files))


def _front_matter(text: str, file: Path, project: Project) -> tuple[Meta, int]:
    found = re.match(r"---[ \t]*\n(.*?\n)?(---|\.\.\.)[ \t]*(\n|$)", text, re.DOTALL)
    if not found:
        return {}, 1
    front, lines = mapping.read(found[1] or "", file, 2)
    if not isinstance(front.get("format", {}), dict):
        front["format"] = {front["format"]: None}
    mapping.check(front, dialect.PAGE, file, lines, "front-matter key")
    if not isinstance(front.get("date", datetime.date.min), datetime.date):
        raise PressError("a date is written as YYYY-MM-DD, without quotes", file, lines[("date",)])
    return absolute(front, file.parent, project.root), found[0].count("\n") + 1


def _lines(
    texts: list[str],
    first: int,
    file: Path,
    project: Project,
    front: Meta,
    files: list[Path],
    stack: tuple[Path, ...],
) -> list[Line]:
    """Lines with includes pasted in and shortcodes replaced; executable cells are left alone."""
    lines: list[Line] = []
    fence = cell = ""
    for number, text in enumerate(texts, first):
        opening = FENCE.match(text)
        if fence:
            if opening and opening[2].startswith(fence) and not opening[3]:
                fence = cell = ""
        elif opening:
            fence, cell = opening[2], "yes" if re.match(r"\{\w", opening[3]) else ""
        include = re.fullmatch(r"\s*\{\{<\s*include\s+(\S+)\s*>\}\}\s*", text)
        if include and not cell:
            target = _target(include[1].strip("\"'"), file, project)
            if not target.is_file() or target in (*stack, file):
                why = "would include itself" if target in (*stack, file) else "does not exist"
                raise PressError(f"included file {include[1]} {why}", file, number)
            files.append(target)
            inner = target.read_text("utf-8").splitlines()
            lines += _lines(inner, 1, target, project, front, files, (*stack, file))
            continue
        if not cell:
            text = SHORTCODE.sub(partial(_shortcode, project, front, file, number), text)
            text = text.replace("{{{<", "{{<").replace(">}}}", ">}}")
        lines += [Line(part, file, number) for part in text.split("\n")]
    return lines


def _target(name: str, file: Path, project: Project) -> Path:
    return project.root / name.lstrip("/") if name.startswith("/") else file.parent / name


def _shortcode(project: Project, front: Meta, file: Path, number: int, code: re.Match[str]) -> str:
    name, argument = code[1], code[2].strip("\"'")
    if name == "pagebreak":
        return f"\n{PAGE_BREAK}\n"
    if name not in dialect.SHORTCODES:
        raise PressError(f"unknown shortcode '{name}'", file, number)
    if name == "include":
        raise PressError("an include must stand on a line of its own", file, number)
    data = project.variables if name == "var" else project.metadata(front, "html")
    value = lookup(data, argument)
    if value is None:
        where = "_variables.yml" if name == "var" else "the metadata"
        raise PressError(f"{where} has no '{argument}'", file, number)
    return str(value)


def _parts(lines: list[Line]) -> list[Prose | Cell]:
    parts: list[Prose | Cell] = []
    prose: list[Line] = []
    fence, cells, index = "", 0, 0
    while index < len(lines):
        line = lines[index]
        opening = FENCE.match(line.text)
        language = opening and re.match(r"\{([\w-]+)", opening[3])
        if opening and language and not fence:
            closing = index + 1
            while closing < len(lines) and not re.match(rf"^\s*{opening[2]}`*\s*$", lines[closing].text):
                closing += 1
            if closing == len(lines):
                raise PressError("this cell is never closed", line.file, line.number)
            cells += 1
            parts += [Prose(tuple(prose))] if prose else []
            parts.append(_cell(language[1], lines[index + 1 : closing], line, cells))
            prose, index = [], closing + 1
            continue
        if opening:
            closes = fence and opening[2].startswith(fence) and not opening[3]
            fence = "" if closes else fence or opening[2]
        if not fence and (found := INLINE.search(line.text)) and found[2] not in dialect.LANGUAGES:
            raise PressError(f"inline code in '{found[2]}' is outside the dialect", line.file, line.number)
        prose.append(line)
        index += 1
    return [*parts, Prose(tuple(prose))] if prose else parts


def _cell(language: str, lines: list[Line], place: Line, number: int) -> Cell:
    if language not in dialect.LANGUAGES:
        raise PressError(f"cells in '{language}' are outside the dialect", place.file, place.number)
    count = 0
    while count < len(lines) and OPTION.match(lines[count].text.strip()):
        count += 1
    yaml = "\n".join(OPTION.sub(r"\1", line.text.strip()) for line in lines[:count])
    options, positions = mapping.read(yaml, place.file, place.number + 1)
    mapping.check(options, dialect.CELL, place.file, positions, "cell option")
    code = "\n".join(line.text for line in lines[count:]).strip("\n")
    cell = Cell(code, options, place, number, "\n".join(line.text for line in lines))
    prefix = cell.label.split("-")[0]
    if "tbl-cap" in options and prefix != "tbl":
        raise PressError("tbl-cap needs a label that starts with tbl-", place.file, place.number)
    if prefix in dialect.FOREIGN_REFERENCES:
        raise PressError(f"label '{cell.label}' is of a kind outside the dialect", place.file, place.number)
    return cell
