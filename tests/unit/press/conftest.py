from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from support.press_site import CONFIG, Element, parse

import press
from press import html, pandoc, source
from press.filters import Filter
from press.project import load

DEMO = Path(__file__).parent / "demo"


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo, rendered once."""
    root = tmp_path_factory.mktemp("press") / "demo"
    shutil.copytree(DEMO, root, ignore=shutil.ignore_patterns("_site", ".press", "numbers.json"))
    subprocess.run([sys.executable, "prepare.py"], cwd=root, check=True)
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

    def run(markdown: str, fmt: str = "html") -> str:
        page = source.read(load(small(markdown)), "index.qmd")
        document = Filter(page, fmt).apply(pandoc.parse(page, page.markdown([]), []))
        document.content = html.sections(list(document.content)) if fmt == "html" else document.content
        return pandoc.write(page, document, fmt, *(["--mathml"] if fmt == "html" else []))

    return run
