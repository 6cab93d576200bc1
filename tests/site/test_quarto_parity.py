"""Quarto and press make the same report: headings, captions, numbers and table cells."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from reading import Document, read

pytestmark = pytest.mark.site

ROOT = Path(__file__).resolve().parents[2]
LEFT_BEHIND = shutil.ignore_patterns(".venv", ".git", ".press", ".quarto", "_site", "data", "__pycache__")
NUMBER = re.compile(r"[−€£$]?\d[\d,]*(?:\.\d+)?(?:%|\u202fpp)?")


def headings(page: Document) -> list[str]:
    return [heading.text for heading in page.content("h1", "h2", "h3", "h4") if heading.text]


def captions(page: Document) -> list[str]:
    return [caption.text.replace("\u00a0", " ") for caption in page.content("figcaption", "caption")]


def cells(page: Document) -> list[str]:
    return [cell.text for cell in page.content("th", "td")]


def numbers(page: Document) -> list[str]:
    prose = [block for block in page.content("p", "li") if not block.within("nav", "quarto-appendix")]
    return [number for block in prose for number in NUMBER.findall(block.text)]


@pytest.fixture(scope="module")
def by_quarto(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site as Quarto renders it from a copy of the project; the data is shared, not copied."""
    quarto = shutil.which("quarto")
    if quarto is None:
        pytest.skip("quarto is not on the path, so its rendering cannot be compared with press")
    copy = tmp_path_factory.mktemp("quarto") / "project"
    shutil.copytree(ROOT, copy, ignore=LEFT_BEHIND)
    (copy / "data").symlink_to(ROOT / "data", target_is_directory=True)
    environment = os.environ | {
        "QUARTO_PYTHON": sys.executable,
        "JOURNEY_ROOT": str(copy),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }
    run = subprocess.run(
        [quarto, "render", str(copy)], env=environment, capture_output=True, text=True, check=False
    )
    if run.returncode:
        pytest.fail(f"quarto render failed:\n{run.stderr[-3000:]}", pytrace=False)
    return copy / "_site"


@pytest.fixture(scope="module")
def by_press(tmp_path_factory: pytest.TempPathFactory, by_quarto: Path) -> Path:
    """The same copy as press renders it."""
    copy = tmp_path_factory.mktemp("press") / "project"
    shutil.copytree(by_quarto.parent, copy, ignore=shutil.ignore_patterns("_site", ".quarto"), symlinks=True)
    import press

    return press.render(copy, pre_render=False)


@pytest.mark.parametrize("part", [headings, captions, cells, numbers], ids=lambda part: part.__name__)
def test_quarto_and_press_agree(by_quarto: Path, by_press: Path, page_name: str, part):
    assert part(read(by_quarto / page_name)) == part(read(by_press / page_name))
