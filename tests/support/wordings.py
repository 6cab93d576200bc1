"""Everything in words on pages, in sentences: prose, headings, captions, titles and alternative texts."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

CELL = re.compile(r"^```\{python\}\n(.*?)^```$", re.MULTILINE | re.DOTALL)
RAW = re.compile(r"^(`{3,})\{=\w+\}\n.*?^\1$", re.MULTILINE | re.DOTALL)
END = re.compile(r"(?<=[.?!])\s+(?=[A-Z*`])")
NUMBER = re.compile(r"n\.(\w+)\.(\w+)")
CHOICE = re.compile(r"\b(say|side|zero|how_many|out_of)\(| if .* else ")
FRONT = re.compile(r"^(?:title|subtitle): \"?(.*?)\"?$")
SHOWN = {"title", "alt", "caption"}
SQL_CAPTION = re.compile(r'--caption "([^"]*)"')


@dataclass(frozen=True)
class Sentence:
    """A sentence of a page with what is computed in it as `{python} expression`; where it stands."""

    page: str
    kind: str
    text: str

    @property
    def numbers(self) -> list[str]:
        """Ids of the numbers of the ledger in it, in order."""
        return list(dict.fromkeys(".".join(parts) for parts in NUMBER.findall(self.text)))

    @property
    def computed(self) -> bool:
        """Whether anything in it is computed."""
        return "{python}" in self.text

    @property
    def chosen(self) -> bool:
        """Whether its words follow from numbers."""
        return CHOICE.search(self.text) is not None


def sentences(root: Path) -> Iterator[Sentence]:
    """Everything in words on all pages of the project."""
    for path in sorted([*root.glob("chapters/**/*.qmd"), *root.glob("*.qmd")]):
        text = path.read_text(encoding="utf-8")
        for line in RAW.sub("", CELL.sub("", text)).splitlines():
            front = FRONT.match(line)
            kind = "heading" if front or line.startswith("#") else "prose"
            for sentence in END.split(front[1] if front else line.lstrip("# ")):
                if sentence.strip():
                    yield Sentence(path.name, kind, re.sub(r" \{#[^}]*\}$", "", sentence))
        for cell in CELL.findall(text):
            yield from _captions(path.name, cell)


def _captions(page: str, cell: str) -> Iterator[Sentence]:
    if "\n%%sql" in cell:
        yield from (Sentence(page, "caption", caption) for caption in SQL_CAPTION.findall(cell))
        return
    for node in ast.walk(ast.parse(cell)):
        if isinstance(node, ast.keyword) and node.arg in SHOWN:
            for sentence in END.split(_source(node.value)):
                yield Sentence(page, str(node.arg), sentence)


def _source(value: ast.expr) -> str:
    """The text of a string expression, its computed parts as in prose."""
    if isinstance(value, ast.Constant):
        return str(value.value)
    if isinstance(value, ast.JoinedStr):
        return "".join(_source(part) for part in value.values)
    if isinstance(value, ast.FormattedValue):
        return f"`{{python}} {ast.unparse(value.value)}`"
    if isinstance(value, ast.BinOp):
        return _source(value.left) + _source(value.right)
    return f"`{{python}} {ast.unparse(value)}`"
