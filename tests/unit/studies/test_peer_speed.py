"""A time counts only where the answers are ours; what is missing is said; pages are held against pages."""

from __future__ import annotations

import importlib.util
import json
import os
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from support.twins import needs_node

from journey.errors import JourneyError
from journey.experiments import Sample, difference, means
from journey.paths import Paths, project
from journey.studies.peer_speed import experiment, learners, pages, scorer, study, ways
from journey.studies.peer_speed.study import COMPARISONS, NODE, PAGES, Comparison
from journey.studies.peer_speed.way import timed
from journey.uplift import xgboost_base

PEERS = {"tea_tasting": "bench", "sklift": "bench", "gbstats": "oracle"}
MODULES = {
    ways.TEA: "tea_tasting",
    ways.TEA_ARROW: "tea_tasting",
    ways.SKLIFT: "sklift",
    ways.GBSTATS: "gbstats",
}
SMALL = {ways.TESTS: 50, ways.SINGLE_TESTS: 50}


def small(comparison: Comparison) -> Comparison:
    return replace(comparison, rows=SMALL.get(comparison.name, 4000), repeats=2)


PYTHON = [small(each) for each in COMPARISONS if each.name != PAGES and NODE not in each.ways]


@pytest.mark.parametrize(
    ("comparison", "way"),
    [
        pytest.param(
            each,
            way,
            id=f"{each.name}, {way}",
            marks=pytest.mark.skipif(
                importlib.util.find_spec(MODULES[way]) is None, reason="needs the extra bench"
            ),
        )
        for each in PYTHON
        for way in each.ways[1:]
    ],
)
def test_a_peer_gives_our_answers(comparison: Comparison, way: str) -> None:
    ours = ways.WAYS[comparison.name][ways.OWN](comparison.rows)()
    theirs = ways.WAYS[comparison.name][way](comparison.rows)()
    assert study.check(comparison.name, way, theirs, ours) <= study.SAME


def test_a_process_of_its_own_gives_the_same_answers(tmp_path: Path) -> None:
    comparison = Comparison(ways.TESTS, 20, 3, (ways.OWN,))
    answers, told = study.measure(comparison, ways.OWN, Paths(tmp_path))
    assert answers == pytest.approx(ways.WAYS[ways.TESTS][ways.OWN](20)())
    assert len(told["seconds"]) == len(told["processor"]) == 3
    found = {"runs": [], "versions": {}}
    study.add_run(found, comparison, ways.OWN, told | {"seconds": [3.0, 1.0, 2.0]}, 0.0)
    assert found["runs"][0]["seconds"] == 1.0
    assert (found["runs"][0]["rows"], found["runs"][0]["repeats"]) == (20, 3)


def test_many_tests_in_one_call_are_those_of_single_calls() -> None:
    together, single = experiment.own_tests(30)(), experiment.own_single_tests(30)()
    assert together == pytest.approx(single, rel=1e-12)
    first = [arm[:, 0] for arm in (np.array(experiment.sums(30))[:, 0], np.array(experiment.sums(30))[:, 1])]
    effect = difference(means(*(Sample(*arm) for arm in first)))
    assert together[:, 0] == pytest.approx([effect.estimate, effect.low, effect.high])


def test_uplift_is_found_where_it_was_put() -> None:
    x, _, _ = learners.people(20_000)
    effect = learners.own_learner(20_000, "T", xgboost_base())()[0]
    assert np.corrcoef(x[:, 3], effect)[0, 1] > 0.7


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        (np.array([[1.0, 2.0], [1e-3, 2.0001e-3]]), "away from ours; no time is shown"),
        (np.array([[1.0, 2.0], [1e-3, np.nan]]), "away from ours; no time is shown"),
        (np.array([[1.0, 2.0]]), "gives other answers"),
    ],
)
def test_other_answers_are_refused(answers: np.ndarray, said: str) -> None:
    ours = np.array([[1.0, 2.0], [1e-3, 2e-3]])
    assert study.check("x", "peer", ours * (1 + 5e-7), ours) == pytest.approx(5e-7, rel=0.01)
    with pytest.raises(JourneyError, match=said):
        study.check("x", "peer", answers, ours)


def test_a_way_that_fails_says_so(tmp_path: Path) -> None:
    comparison = Comparison(ways.SCORES, 10, 1, (ways.BOOSTED,))
    with pytest.raises(
        JourneyError, match=r"xgboost-cpu did not do scores; it said: .*whatif\.json is missing"
    ):
        study.measure(comparison, ways.BOOSTED, Paths(tmp_path))


@pytest.mark.parametrize(
    ("absent", "said"),
    [("tea_tasting", r"pip install '\.\[bench\]'"), ("gbstats", r"requirements-test\.lock")],
)
def test_what_to_install_is_said(absent: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def find(name: str) -> object:
        return None if name == absent else name

    monkeypatch.setattr(importlib.util, "find_spec", find)
    monkeypatch.setattr(study, "find_spec", find)
    with pytest.raises(JourneyError, match=f"{absent}.*{said}"):
        study.needs()


def test_without_node_the_scorer_is_left_out(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(scorer, "node", lambda: None)
    monkeypatch.setattr(study, "needs", lambda: None)
    monkeypatch.setattr(study, "COMPARISONS", [each for each in COMPARISONS if NODE in each.ways])
    found = study.measure_peers(Paths(tmp_path))
    assert found["runs"] == []
    assert [each["comparison"] for each in found["missing"]] == [ways.SINGLE_SCORES, ways.SCORES]


@needs_node
def test_node_scores_as_xgboost_does() -> None:
    if not (project().results / "tools" / "page" / "whatif.json").is_file():
        pytest.skip("needs a build: make site")
    given = scorer.page_files(project())
    page, told = scorer.in_node(given, 2 * len(given["rows"]), 2)
    assert page.shape == (1, 2 * len(given["rows"]))
    assert len(told["seconds"]) == 2
    assert np.abs(page[0, : len(given["rows"])] - given["expected"]).max() < 1e-6
    for together in (True, False):
        theirs, _ = timed(scorer.boosted(given, 2 * len(given["rows"]), together=together), 1)
        assert study.check(ways.SCORES, ways.BOOSTED, theirs, page) <= study.SAME
    with pytest.raises(JourneyError, match="Node did not score; it said"):
        scorer.in_node(given | {"engine": "file:///no/such/engine.js"}, 10, 1)


def test_processes_below_count_and_a_failure_is_said(tmp_path: Path) -> None:
    burn = "import time; end = time.process_time() + 0.4\nwhile time.process_time() < end: pass"
    child = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {burn!r}])"
    taken = pages.measured([sys.executable, "-c", child], tmp_path, dict(os.environ))
    assert 0.25 <= taken["processor"] <= 3 * taken["seconds"]
    with pytest.raises(JourneyError, match="not rendered; it said: nothing works"):
        command = [sys.executable, "-c", "import sys; sys.exit('nothing works')"]
        pages.measured(command, tmp_path, dict(os.environ))


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Paths:
    """One chapter that shows one number, its ledger, and its notebook with a cell that the page lacks."""
    monkeypatch.setattr(pages, "CHAPTERS", ("one",))
    folder = tmp_path / "chapters"
    folder.mkdir()
    (folder / "one.qmd").write_text("`{python} n.a.days`\n\n```{python}\nx = 1\n```\n", encoding="utf-8")
    book = [{"cell_type": kind, "source": kind} for kind in ("code", "markdown", "code")]
    (folder / "one.ipynb").write_text(json.dumps({"cells": book}), encoding="utf-8")
    numbers = {"numbers": [{"id": "a.days", "text": "−20.5\u202fdays"}]}
    (tmp_path / "numbers.json").write_text(json.dumps(numbers), encoding="utf-8")
    return Paths(tmp_path)


def test_pages_are_held_against_each_other(written: Paths) -> None:
    theirs = "<p>−20.5&#8239;days</p><table><tr><td>a &amp; b</td><td>7</td><td>7</td></tr></table>"
    cells = "<td>more</td><td class='n'>7</td><td>7</td><td><i>a</i> &amp; b</td>"
    ours = f"<p><b>−\u206020.5\u202fdays</b></p>{cells}"
    assert pages.check_pages({"one": ours}, {"one": theirs}, written) == {"cells": 3, "numbers": 1}
    for wrong, said in (("<td class='n'>7</td>", "'7' is a cell"), ("20.5", "number a.days")):
        with pytest.raises(JourneyError, match=said):
            pages.check_pages({"one": ours.replace(wrong, "")}, {"one": theirs}, written)


def test_the_notebook_runs_what_the_page_runs(written: Paths, tmp_path: Path) -> None:
    folder = tmp_path / "made"
    folder.mkdir()
    command, _ = pages.as_notebooks(written, folder)
    assert command[-1] == "one.ipynb"
    kinds = [cell["cell_type"] for cell in json.loads((folder / "one.ipynb").read_text())["cells"]]
    assert kinds == ["code", "markdown"]
    (written.root / "chapters" / "one.ipynb").unlink()
    with pytest.raises(JourneyError, match=r"one\.ipynb is missing"):
        pages.as_notebooks(written, folder)


def test_every_comparison_was_kept_with_our_answers() -> None:
    kept = json.loads((project().evidence / "peer_speed.json").read_text(encoding="utf-8"))["results"]
    runs = {(run["comparison"], run["way"]): run for run in kept["runs"]}
    assert kept["missing"] == []
    assert list(runs) == [(each.name, way) for each in COMPARISONS for way in each.ways]
    assert all(run["processor"] > 0 for run in runs.values())
    assert max(run["apart"] for run in runs.values() if run["comparison"] != PAGES) <= study.SAME
    assert min(kept["pages"].values()) > 10
