from __future__ import annotations

import shutil
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest

import press
from press import html, pandoc, source
from press.project import load

DEMO = Path(__file__).parent / "demo"
VOID = {"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"}
CONFIG = """\
project:
  type: website
website:
  title: Small
format:
  html: default
press:
  depends: [data.txt]
"""


class Element:
    def __init__(self, tag: str, attributes: dict[str, str]) -> None:
        self.tag = tag
        self.attributes = attributes
        self.children: list[Element | str] = []

    @property
    def classes(self) -> list[str]:
        return self.attributes.get("class", "").split()

    @property
    def text(self) -> str:
        return " ".join("".join(c if isinstance(c, str) else f" {c.text} " for c in self.children).split())

    def all(self, tag: str = "", cls: str = "", id: str = "") -> list[Element]:
        found = []
        for child in self.children:
            if isinstance(child, Element):
                fits = (not tag or child.tag == tag) and (not cls or cls in child.classes)
                if fits and (not id or child.attributes.get("id") == id):
                    found.append(child)
                found += child.all(tag, cls, id)
        return found

    def one(self, tag: str = "", cls: str = "", id: str = "") -> Element:
        found = self.all(tag, cls, id)
        assert len(found) == 1, f"{len(found)} elements for {tag!r} .{cls} #{id}"
        return found[0]


class Parser(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.root = Element("", {})
        self.open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {key: value or "" for key, value in attrs})
        self.open[-1].children.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open[-1].children.append(Element(tag, {key: value or "" for key, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self.open[-1].tag == tag, f"</{tag}> closes <{self.open[-1].tag}>"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        self.open[-1].children.append(data)


def parse(text: str) -> Element:
    """The element tree; an unbalanced tag fails the test."""
    parser = Parser()
    parser.feed(text)
    parser.close()
    assert len(parser.open) == 1, f"<{parser.open[-1].tag}> is never closed"
    return parser.root


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo, rendered once."""
    root = tmp_path_factory.mktemp("press") / "demo"
    shutil.copytree(DEMO, root, ignore=shutil.ignore_patterns("_site", ".press", "numbers.json"))
    return press.render(root)


@pytest.fixture(scope="session")
def page(site: Path) -> Callable[[str], Element]:
    return lambda name: parse((site / name).read_text("utf-8"))


@pytest.fixture
def small(tmp_path: Path) -> Callable[..., Path]:
    """Make a small project from the text of its one page and more files; return its folder."""

    def make(text: str, config: str = CONFIG, **files: str) -> Path:
        (tmp_path / "_quarto.yml").write_text(config, "utf-8")
        (tmp_path / "index.qmd").write_text(text, "utf-8")
        for name, content in files.items():
            (tmp_path / name.replace("__", ".")).write_text(content, "utf-8")
        return tmp_path

    return make


@pytest.fixture
def convert(small: Callable[..., Path]) -> Callable[..., str]:
    """Markdown without code through the filters and pandoc, as HTML or Typst."""

    def run(markdown: str, fmt: str = "html", **meta: object) -> str:
        project = load(small(markdown))
        read = source.read(project, "index.qmd")
        text = "\n".join(
            line.text for part in read.parts if isinstance(part, source.Prose) for line in part.lines
        )
        document = html.filtered(read, text, fmt, meta)
        options = ["--section-divs", "--mathml"] if fmt == "html" else []
        return pandoc.write(document, read, meta, "-t", fmt, *options)

    return run
