"""A page's source: front matter, includes and shortcodes resolved, cells and prose told apart.

Every line keeps the file and the line it came from, so that any later complaint can name its place.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from itertools import takewhile
from pathlib import Path
from typing import Any

from press import dialect
from press.errors import PressError
from press.project import Meta, Project, located

FRONT = re.compile(r"---[ \t]*\n(.*?\n)?(---|\.\.\.)[ \t]*(\n|$)", re.DOTALL)
FENCE = re.compile(r"\s*(`{3,}|~{3,})\s*(.*?)\s*")
LANGUAGE = re.compile(r"\{([\w-]+)")
INCLUDE = re.compile(r"\s*\{\{<\s*include\s+(\S+)\s*>\}\}\s*")
SHORTCODE = re.compile(r"(?<!\{)\{\{<\s*([\w-]+)\s*(.*?)\s*>\}\}")
INLINE = re.compile(r"(^|[^`])`\{(\w+)\}[ \t]([^`]+)`")
OPEN_INLINE = re.compile(r"(^|[^`])`\{\w+\}([ \t][^`]*)?$")
OPTION = re.compile(r"^#\s*\| ?(.*)$")
PAGE_BREAK = """
```{=html}
<div style="page-break-after: always;"></div>
```

```{=typst}
#pagebreak()
```
"""


@dataclass(frozen=True)
class Line:
    """One line of text and where it stands."""

    text: str
    file: Path
    number: int

    def error(self, message: str, detail: str = "") -> PressError:
        """An error at this place."""
        return PressError(message, self.file, self.number, detail)


@dataclass(frozen=True)
class Prose:
    """Markdown between two cells."""

    lines: list[Line]

    @property
    def code(self) -> list[tuple[str, Line]]:
        """Inline expressions in order, with their places."""
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
    source: str

    @property
    def label(self) -> str:
        """Its label, or the empty string."""
        return str(self.options.get("label", ""))


@dataclass(frozen=True)
class Page:
    """A page: `path` from the project's root, checked front matter, parts in order, files it is read from."""

    project: Project
    path: str
    file: Path
    front: Meta
    parts: list[Prose | Cell]
    files: list[Path]

    def metadata(self, fmt: str) -> Meta:
        """Everything that holds for the page in one format."""
        return self.project.metadata(self.front, fmt)

    def error(self, message: str, near: str) -> PressError:
        """An error at the place where `near` first stands; at the top when the page does not have it."""
        places = [line for part in self.parts if isinstance(part, Prose) for line in part.lines]
        places = [line for line in places if near in line.text]
        places += [part.place for part in self.parts if isinstance(part, Cell) and near in part.source]
        return places[0].error(message) if places else PressError(message, self.file, near)


def read(project: Project, path: str) -> Page:
    """Read a page.

    Raises
    ------
    PressError
        For unknown front matter, shortcodes, cell languages or cell options, and for missing includes.
    """
    file = project.root / path
    text = file.read_text("utf-8")
    found = FRONT.match(text)
    front = dialect.read((found and found[1]) or "", file, dialect.PAGE, "front-matter key", 2)
    front = located(front, file.parent, project.root)
    reader = _Reader(project, front)
    head = found[0].count("\n") if found else 0
    reader.take(file, text.splitlines()[head:], head + 1, ())
    if reader.cell:
        raise reader.cell[0].error("this cell is never closed")
    return Page(project, path, file, front, reader.parts, reader.files)


class _Reader:
    """Takes the lines of a page one by one, through its includes, and collects its parts."""

    def __init__(self, project: Project, front: Meta) -> None:
        self.project = project
        self.meta = project.metadata(front, "html")
        self.parts: list[Prose | Cell] = []
        self.files: list[Path] = []
        self.cell: list[Line] = []
        self.fence = ""

    def take(self, file: Path, texts: list[str], first: int, above: tuple[Path, ...]) -> None:
        """Take the lines of a file that starts at line `first`; executable cells are left as they are."""
        self.files.append(file)
        for number, text in enumerate(texts, first):
            line = Line(text, file, number)
            if self.cell:
                self.add(line)
            elif include := INCLUDE.fullmatch(text):
                name = include[1].strip("\"'")
                target = self.project.root / name[1:] if name.startswith("/") else file.parent / name
                if not target.is_file():
                    raise line.error(f"included file {name} does not exist")
                if target in (*above, file):
                    raise line.error(f"included file {name} would include itself")
                self.take(target, target.read_text("utf-8").splitlines(), 1, (*above, file))
            else:
                text = SHORTCODE.sub(partial(self.shortcode, line), text)
                for part in text.replace("{{{<", "{{<").replace(">}}}", ">}}").split("\n"):
                    self.add(Line(part, file, number))

    def shortcode(self, line: Line, code: re.Match[str]) -> str:
        """What takes the place of a shortcode within a line."""
        name, argument = code[1], code[2].strip("\"'")
        if name == "pagebreak":
            return PAGE_BREAK
        if name == "include":
            raise line.error("an include must stand on a line of its own")
        if name not in {"var", "meta"}:
            raise line.error(f"unknown shortcode '{name}'")
        value: Any = self.project.variables if name == "var" else self.meta
        for key in argument.split("."):
            value = value.get(key) if isinstance(value, dict) else None
        if value is None:
            raise line.error(f"{'_variables.yml' if name == 'var' else 'the metadata'} has no '{argument}'")
        if isinstance(value, (dict, list, bool)):
            raise line.error(f"'{argument}' is no text or number")
        return str(value)

    def add(self, line: Line) -> None:
        """Add a line to the cell that is open, or to the prose."""
        fence = FENCE.fullmatch(line.text)
        closes = bool(fence and self.fence and fence[1].startswith(self.fence) and not fence[2])
        if self.cell and closes:
            number = 1 + sum(isinstance(part, Cell) for part in self.parts)
            self.parts.append(_cell(self.cell, number, self.meta))
            self.cell = []
        elif self.cell:
            self.cell.append(line)
        elif fence and not self.fence and LANGUAGE.match(fence[2]):
            if not line.text.startswith("```{") or not line.text.rstrip().endswith("}"):
                raise line.error("a cell starts with ```{python}, not indented, and nothing follows")
            self.cell = [line]
        else:
            last = self.parts[-1] if self.parts else None
            if isinstance(last, Prose):
                last.lines.append(line)
            else:
                self.parts.append(Prose([line]))
            if not fence and not self.fence:
                _check_inline(line)
            elif fence and not self.fence and fence[2].startswith("{{"):
                raise line.error("a cell that is shown and not run is outside the dialect")
        if fence:
            self.fence = "" if closes else self.fence or fence[1]


def _check_inline(line: Line) -> None:
    """Inline code in a line of prose must be in a known language and end on the line."""
    for found in INLINE.finditer(line.text):
        if found[2] not in dialect.LANGUAGES:
            raise line.error(f"inline code in '{found[2]}' is outside the dialect")
    if OPEN_INLINE.search(INLINE.sub("", line.text)):
        raise line.error("inline code must end on the line on which it starts")


def _cell(lines: list[Line], number: int, meta: Meta) -> Cell:
    """The cell that starts with the fence `lines[0]`, with its options and those that hold for the page."""
    place, texts = lines[0], [line.text for line in lines[1:]]
    language = LANGUAGE.findall(place.text)[0]
    if place.text.strip() != f"```{{{language}}}":
        raise place.error("the options of a cell stand in its own lines, after #|")
    if language not in dialect.LANGUAGES:
        raise place.error(f"cells in '{language}' are outside the dialect")
    options = list(takewhile(lambda text: OPTION.match(text.strip()), texts))
    yaml = "\n".join(OPTION.sub(r"\1", text.strip()) for text in options)
    given = dialect.read(yaml, place.file, dialect.CELL, "cell option", place.number + 1)
    code = "\n".join(texts[len(options) :]).strip("\n")
    settled = {key: dialect.VALUES[key][0] for key in dialect.CELL if key in dialect.VALUES}
    settled |= {key: meta[key] for key in ("code-fold", "code-summary") if key in meta}
    cell = Cell(code, settled | meta.get("execute", {}) | given, place, number, "\n".join(texts))
    kind = dialect.kind(cell.label)
    if captions := [key for key in ("fig-cap", "tbl-cap") if not isinstance(given.get(key, ""), str)]:
        raise place.error(f"{captions[0]} must be one text; sub-captions are outside the dialect")
    if "tbl-cap" in given and kind != "tbl":
        raise place.error("tbl-cap needs a label that starts with tbl-")
    if kind in dialect.FOREIGN_REFERENCES:
        raise place.error(f"label '{cell.label}' is of a kind outside the dialect")
    return cell
