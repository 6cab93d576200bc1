"""A site is left alone exactly when nothing of it, and nothing that it is made of, has changed."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from journey.paths import Paths
from journey.pipeline.inputs import Inputs
from journey.pipeline.rendered import as_it_was, besides, remember, site_files
from journey.pipeline.sight import Code

KEYS = {"index.qmd": "a", "about.qmd": "b"}


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    found = Paths(tmp_path)
    for name in ("_site/index.html", "_site/about.html", "src/press/html.py", "assets/fonts/text.woff2"):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(name, encoding="utf-8")
    remember(found, KEYS, {}, [], "rest")
    return found


def test_a_site_is_as_it_was_until_anything_changes(paths: Paths) -> None:
    assert as_it_was(paths, KEYS, site_files(paths), "rest")
    assert not as_it_was(paths, KEYS, site_files(paths), "other rest")
    assert not as_it_was(paths, KEYS | {"about.qmd": "c"}, site_files(paths), "rest")
    assert not as_it_was(paths, KEYS | {"new.qmd": "d"}, site_files(paths), "rest")


@pytest.mark.parametrize("name", ["index.html", "strange.html"])
def test_a_file_that_changed_or_came_is_seen(paths: Paths, name: str) -> None:
    (paths.site / name).write_text("another", encoding="utf-8")
    assert not as_it_was(paths, KEYS, site_files(paths), "rest")


def test_a_deleted_file_is_seen(paths: Paths) -> None:
    (paths.site / "about.html").unlink()
    assert not as_it_was(paths, KEYS, site_files(paths), "rest")


def test_one_page_rendered_alone_says_nothing_of_the_whole(paths: Paths) -> None:
    remember(paths, KEYS, site_files(paths), ["about.qmd"], "rest")
    assert not as_it_was(paths, KEYS, site_files(paths), "rest")


def test_the_renderer_assets_and_results_count(paths: Paths) -> None:
    def rest(renderer: str = "press", output: str = "1") -> str:
        state = SimpleNamespace(stages={"tools": {"outputs": {"data/results/tools/page/roi.json": output}}})
        inputs = Inputs(paths, Code(paths.root / "src"))
        return besides(SimpleNamespace(state=state, inputs=inputs), renderer)

    first = rest()
    assert rest() == first
    assert rest(renderer="quarto") != first
    assert rest(output="2") != first
    for file in (paths.root / "src/press/html.py", paths.root / "assets/fonts/text.woff2"):
        before = rest()
        file.write_text("another", encoding="utf-8")
        assert rest() != before
