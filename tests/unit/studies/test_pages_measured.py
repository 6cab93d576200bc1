"""Measuring pages: one made to move, to load late and to break a rule is seen doing so; a calm one is not."""

from __future__ import annotations

import gzip
import os
import shutil

import pytest

from journey.errors import JourneyError
from journey.paths import Paths
from journey.studies.pages_measured import NUMBER, WORD, chromium, measure_pages

CHROMIUM = os.environ.get("CHROMIUM") or "/usr/bin/chromium"
needs_chromium = pytest.mark.skipif(not shutil.which(CHROMIUM), reason="needs Chromium")

HEAD = '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{} \u2013 Site</title></head>'
CALM = HEAD.format("Calm") + (
    "<body><main><h1>Ten words</h1><p>Of 1,200 visits 3.5% bought, for \u20ac12 each, in 2026-11 or so.</p>"
    "<details><summary>More</summary><p>This is folded 99 away</p></details><svg><text>7 8 9</text></svg>"
    "</main></body></html>"
)
RESTLESS = HEAD.format("Restless") + (
    '<body><main><h1>A</h1><div id="late"></div><p style="height:300px">Below</p><img src="dot.svg">'
    '<div style="height:3000px"></div><p id="end">End</p></main><script>'
    "setTimeout(() => { document.getElementById('late').style.height = '200px'; }, 300);"
    "new IntersectionObserver(([seen]) => { if (seen.isIntersecting) fetch('figure.json'); })"
    ".observe(document.getElementById('end'));</script></body></html>"
)
DOT = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/></svg>'
FIGURE = '{"x": "' + "abc" * 4000 + '"}'


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    paths = Paths(tmp_path_factory.mktemp("project"))
    (paths.site / "chapters").mkdir(parents=True)
    (paths.site / "index.html").write_text(CALM, encoding="utf-8")
    for name, text in (("restless.html", RESTLESS), ("dot.svg", DOT), ("figure.json", FIGURE)):
        (paths.site / "chapters" / name).write_text(text, encoding="utf-8")
    found = measure_pages(paths)
    assert (found["commit"], found["changed"]) == ("", False)
    return {page["page"]: page for page in found["pages"]}


@needs_chromium
def test_a_calm_page_is_still_light_and_counted_as_it_reads(measured):
    page = measured["index.html"]
    views = {(view["size"], view["scheme"]) for view in page["views"]}
    assert views == {(size, scheme) for size in ("desktop", "phone") for scheme in ("light", "dark")}
    size = len(gzip.compress(CALM.encode(), 9, mtime=0))
    for view in page["views"]:
        assert (view["before"], view["after"], view["shift"], view["violations"]) == (size, size, 0, 0)
        assert view["paint"] > 0
    # Ten, words, Of, visits, bought, for, each, in, or, so, More; 1,200, 3.5, 12; a date is no number.
    assert (page["title"], page["words"], page["numbers"]) == ("Calm", 11, 3)


@needs_chromium
def test_what_moves_breaks_a_rule_or_loads_late_is_seen(measured):
    figure = len(gzip.compress(FIGURE.encode(), 9, mtime=0))
    for view in measured["chapters/restless.html"]["views"]:
        assert view["shift"] > 0.05
        assert view["violations"] >= 1
        assert view["after"] - view["before"] == figure


def test_words_and_numbers_are_told_apart():
    text = "The A/B test\u2019s 95% interval: \u22120.19 to 2,890, \u20ac5 in Q3."
    assert NUMBER.findall(text) == ["95", "\u22120.19", "2,890", "\u20ac5"]
    assert WORD.findall("don\u2019t stop") == ["don\u2019t", "stop"]


def test_what_is_missing_is_said_in_one_sentence(tmp_path, monkeypatch):
    with pytest.raises(JourneyError, match="run `journey render`, then measure"):
        measure_pages(Paths(tmp_path))
    monkeypatch.setenv("CHROMIUM", str(tmp_path / "none"))
    with pytest.raises(JourneyError, match="install it, or set CHROMIUM"), chromium():
        pass
