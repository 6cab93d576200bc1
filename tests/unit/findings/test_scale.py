"""What the page says of speed follows from the kept measurement, with or without the largest shop."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pandas as pd
import pytest

from journey.findings.desk import Desk
from journey.findings.scale import collect as chapter
from journey.findings.scale import fits, others, targets
from journey.findings.scale.figures import growth
from journey.paths import Paths
from journey.studies.fit_speed.ways import LIFETIMES, NAMES, OWN, SAMPLER
from journey.studies.peer_speed import ways
from journey.studies.peer_speed.study import NODE, PAGES
from journey.studies.scale.engines import MEMORY, PANDAS, POLARS, SCAN, SQL
from journey.studies.scale.study import SAME, SESSIONS
from journey.studies.site_build import CHECKED, CLEAN, QUERY, UNCHANGED

#: Engine -> processor seconds of the smallest shop; every larger shop takes ten times as long.
TAKEN = {SCAN: 0.5, POLARS: 2.0, PANDAS: 4.0, MEMORY: 3.0, SAME: 5.0, SESSIONS: 6.0, SQL: 8.0}
EVENTS = (1000, 10_000, 100_000)


@dataclasses.dataclass(frozen=True)
class Kept:
    results: dict[str, object]


def measured(sizes: int, without: str = "") -> Kept:
    runs = [
        {
            "engine": engine,
            "events": events,
            "sessions": events // 10,
            "seconds": 10**place * seconds / 2,
            "processor": 10**place * seconds,
            "memory": 1.5,
            "events_per_second": 1,
        }
        for place, events in enumerate(EVENTS[:sizes])
        for engine, seconds in TAKEN.items()
        if (engine, place) != (without, sizes - 1)
    ]
    models = [
        {"events": 10_000, "model": model, "seconds": 1.0, "processor": processor}
        for model, processor in (("a", 1.0), ("staging.events", 6.0), ("c", 3.0))
    ]
    return Kept(
        {
            "runs": runs,
            "models": models,
            "written": [
                {"model": model, "processor": ours, "plain_processor": plain}
                for model, ours, plain in (("a", 1.0, 1.5), ("b", 1.0, 3.5))
            ],
            "growth": {engine: 1.0 for engine in TAKEN if engine != without},
            "customers": [{"what": "x", "seconds": 1.25}, {"what": "y", "seconds": 2.0}],
            "cores": 2,
            "load": 1.0,
            "left_out": sizes == 2,
        }
    )


#: Two shops on both engines, and trees of this machine, one worker and two.
CLUSTER = Kept(
    {
        "shops": [
            {"events": 1000, "tables": 31, "rows": 40, "duckdb": 1.0, "spark": 30.0},
            {"events": 1_000_000, "tables": 31, "rows": 400, "duckdb": 5.0, "spark": 18.0},
        ],
        "training": [
            {"workers": workers, "auc": auc, "most_apart": apart}
            for workers, auc, apart in ((0, 0.8, 0.0), (1, 0.8, 0.0), (2, 0.79, 0.05))
        ],
    }
)


BUILDS = {CLEAN: 200.0, UNCHANGED: 1.0, QUERY: 9.0, CHECKED: 500.0}
BUILT = Kept({"steps": [{"what": what, "seconds": seconds} for what, seconds in BUILDS.items()]})
SERVED = Kept({"scenarios": [{"name": "one_row", "p50_ms": 4.0, "requests_per_second": 1999.0}]})


def fitted(stopped: bool = False) -> Kept:
    taken = {OWN: (0.01, 0.0), LIFETIMES: (0.25, 2e-8), SAMPLER: (100.0, 0.25)}
    rows = [
        {
            "way": way,
            "model": model,
            "seconds": 2 * seconds,
            "processor": seconds,
            "repeats": 5,
            "stopped": stopped and (way, model) == (SAMPLER, "BG/NBD"),
            "apart": None if stopped and way == SAMPLER else apart,
            "more": {"chain": 2, "draw": 1000} if way == SAMPLER else {},
        }
        for way, (seconds, apart) in taken.items()
        for model in NAMES
    ]
    times = {LIFETIMES: 25.0, SAMPLER: 10_000.0}
    versions = {OWN: "1", LIFETIMES: "2", SAMPLER: "3"}
    return Kept(
        {"fits": rows, "times": times, "customers": 9, "limit": 600, "load": 1.0, "versions": versions}
    )


#: Comparison -> ways with their processor seconds, ours first.
TOOK = {
    ways.EXPERIMENT: {ways.OWN: 0.1, ways.TEA: 0.2, ways.TEA_ARROW: 0.1},
    ways.SINGLE_TESTS: {ways.OWN: 4.0, ways.GBSTATS: 1.0},
    ways.TREES: {ways.OWN: 1.0, ways.SKLIFT: 1.2},
    ways.SINGLE_SCORES: {NODE: 0.01, ways.BOOSTED: 1.0},
    ways.SCORES: {NODE: 1.0, ways.BOOSTED: 0.5},
    PAGES: {"press": 10.0, "nbconvert": 13.0},
}


def compared(without: tuple[str, ...] = ()) -> Kept:
    runs = [
        {
            "comparison": name,
            "way": way,
            "rows": 1000,
            "processor": seconds,
            "seconds": 2 * seconds,
            "repeats": 2,
            "apart": None if name == PAGES else 2e-9,
        }
        for name, took in TOOK.items()
        for way, seconds in took.items()
        if name not in without
    ]
    libraries = (ways.TEA, ways.GBSTATS, ways.SKLIFT, ways.BOOSTED, "nbconvert")
    return Kept(
        {
            "runs": runs,
            "versions": dict.fromkeys(libraries, "1.2"),
            "missing": [{"comparison": name, "why": "no Node"} for name in without],
            "pages": {"cells": 9, "numbers": 3},
            "load": 1.0,
        }
    )


def collected(tmp_path: Path, kept: Kept, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setattr(chapter, "kept", lambda name, *_: CLUSTER if name == "spark_engine" else kept)
    monkeypatch.setattr(fits, "kept", lambda *_: fitted())
    monkeypatch.setattr(others, "kept", lambda *_: compared())
    monkeypatch.setattr(targets, "kept", lambda name, *_: BUILT if name == "site_build" else SERVED)
    desk = Desk("scale", Paths(tmp_path))
    chapter.collect(desk)
    return desk


@pytest.mark.parametrize("sizes", [2, 3])
def test_ratios_are_those_of_the_second_size(
    sizes: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = collected(tmp_path, measured(sizes), monkeypatch)
    value = desk.ledger_value
    ratios = [value(f"scale.to_{name}") for name in ("polars", "polars_stored", "pandas", "scan")]
    assert ratios == [1.5, 2.5, 2.0, 16.0]
    assert (value("scale.written"), value("scale.written_times")) == (2, 2.5)
    assert list(pd.read_parquet(desk.folder / "written.parquet")["model"]) == ["b", "a"]
    assert value("scale.compared_events") == 10_000
    assert value("scale.most_events") == EVENTS[sizes - 1]
    assert value("scale.processor") == 8 * 10 ** (sizes - 1)
    assert value("scale.customers") == 3.25
    said = {number.id: number.text for number in desk.ledger}
    assert said["scale.costliest"] == "staging.events (60%), c (30%), a (10%)"
    assert ("left out" in said["scale.copies"]) == (sizes == 2)


def test_a_way_that_did_not_finish_keeps_its_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = collected(tmp_path, measured(3, without=PANDAS), monkeypatch)
    ways = pd.read_parquet(desk.folder / "ways.parquet").set_index("name")
    assert list(ways.index) == list(chapter.NAMES.values())
    slow = ways.loc[chapter.NAMES[PANDAS]]
    assert slow["10000"] == 40.0
    assert slow[["100000", "growth", "memory"]].isna().all()
    assert ways.drop(index=chapter.NAMES[PANDAS]).notna().all(axis=None)


def test_an_aim_is_met_at_its_bound_and_on_its_side(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = collected(tmp_path, measured(3), monkeypatch)
    rows = pd.read_parquet(desk.folder / "targets.parquet")
    found = dict(zip(targets.AIMS, rows.itertuples(), strict=True))
    assert {name for name, row in found.items() if row.met == "yes"} == {
        *("scan", "growth", "memory", "answer", "unchanged", "query")
    }
    assert (found["polars"].aim, found["polars"].reached) == ("0.80 times", "1.50 times")
    assert found["rate"].reached == "1,999"
    assert (found["site"].reached, found["checked"].reached) == ("200 s", "500 s")
    assert desk.ledger_value("scale.targets_met") == 6
    said = {number.id: number.text for number in desk.ledger}["scale.targets_why"]
    assert "2.50 times as long as Polars by the clock; 4% of that" in said


def test_what_was_not_measured_counts_as_not_met(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = collected(tmp_path, measured(2), monkeypatch)
    rows = pd.read_parquet(desk.folder / "targets.parquet")
    found = dict(zip(targets.AIMS, rows.itertuples(), strict=True))
    for name in ("polars_most", "seconds", "memory"):
        assert (found[name].reached, found[name].met) == ("not measured", "\u2013")


def test_the_figure_has_a_line_a_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = collected(tmp_path, measured(2), monkeypatch)
    figure = growth(pd.read_parquet(desk.folder / "runs.parquet"))
    assert [line.name for line in figure.data] == list(chapter.NAMES.values())
    assert [list(line.x) for line in figure.data] == [[1000, 10_000]] * 7
    assert list(figure.data[-1].y) == [8.0, 80.0]


def test_fits_are_summed_and_compared_with_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = collected(tmp_path, measured(2), monkeypatch)
    said = {number.id: number.text for number in desk.ledger}
    assert (said["scale.fit_own"], said["scale.fit_lifetimes"]) == ("20", "25")
    assert said["scale.fit_versions"] == "lifetimes 2 and pymc-marketing 3"
    assert said["scale.fit_apart"] == "2e-08"
    assert "2 × 1,000 draws" in said["scale.fit_ended"]
    rows = pd.read_parquet(desk.folder / "fits.parquet").set_index("name")
    assert list(rows["both"]) == pytest.approx([0.02, 0.5, 200.0])
    assert list(rows["clock"]) == pytest.approx([0.04, 1.0, 400.0])
    assert list(rows["times"]) == pytest.approx([1, 25, 10_000])


def test_a_sampler_that_was_stopped_is_a_lower_bound() -> None:
    assert fits.ended(fitted(stopped=True).results) == (
        "The sampler was stopped after 600 s at BG/NBD: its time is a lower bound."
    )


def test_what_a_billion_events_take_follows_from_the_larger_shop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    number = {each.id: each for each in collected(tmp_path, measured(3), monkeypatch).ledger}
    # A thousand times the events of the larger shop, on two threads.
    assert number["scale.spark_core_hours"].value == pytest.approx(1000 * 18 * 2 / 3600)
    assert number["scale.spark_ratio"].value == pytest.approx(18 / 5)
    assert number["scale.spark_rows"].value == 440
    assert number["scale.spark_training_alike"].text == "the very chances"


def test_peers_are_counted_by_who_takes_less(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = collected(tmp_path, measured(3), monkeypatch)
    said = {each.id.removeprefix("scale.peers_"): each.text for each in desk.ledger}
    assert [said[name] for name in ("all", "less", "alike", "more")] == ["6", "2", "2", "2"]
    assert (said["same"], said["apart"], said["pages"], said["cells"]) == ("1e-06", "2e-09", "1.3", "9")
    assert said["quicker"] == (
        "Less time than ours takes gbstats 1.2 for t tests with one call each (0.25 times our time)"
        " and XGBoost 1.2 for many scores, all in one call there (0.50 times our time)."
    )
    assert (
        "1,000 rows a second in Node; XGBoost in Python scores 1,000 one at a time and 2,000"
        in said["scorer"]
    )
    rows = pd.read_parquet(desk.folder / "peers.parquet")
    assert list(rows["peer"][:2]) == ["tea-tasting 1.2", "tea-tasting 1.2, Arrow"]
    assert list(rows["times"]) == pytest.approx([2.0, 1.0, 0.25, 1.2, 100.0, 0.5, 1.3])
    assert (rows["rows"].iloc[0], rows["rows"].iloc[-1]) == ("1,000 users", "1,000 chapters")


def test_a_machine_without_node_and_no_quicker_peer_are_said() -> None:
    found = compared(without=(ways.SINGLE_SCORES, ways.SCORES, ways.SINGLE_TESTS)).results
    assert others.scorer(found) == "The in-page scorer was not measured: Node is not installed there."
    rows = others.peer_rows(found)
    assert others.quicker(rows) == "No peer takes less."
    assert set(rows["comparison"]) == {ways.EXPERIMENT, ways.TREES, PAGES}
