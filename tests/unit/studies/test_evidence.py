"""Committed evidence: recomputed and compared where the data are, shown as committed where they are not."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from journey.errors import JourneyError
from journey.paths import Paths
from journey.studies import evidence as module
from journey.studies.evidence import check_part, disagreement, evidence, plain

LISTING = """
[shop]
title = "Shop"
home = "https://example.org"
url = "https://example.org/shop.csv"
licence = "CC0"
redistribution = true
folder = "shop"
citation = "A"
note = "B"
[[shop.files]]
path = "shop.csv"
format = "csv"
rows = 1
columns = [["id", "BIGINT", "number"]]
"""
RESULTS: dict[str, Any] = {
    "auc": 0.5,
    "n": 10,
    "by_arm": [{"arm": "a", "rate": 0.25}, {"arm": "b", "rate": 0.5}],
}


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Paths:
    monkeypatch.setenv("JOURNEY_ROOT", str(tmp_path))
    monkeypatch.delenv("JOURNEY_DATA_DIR", raising=False)
    monkeypatch.delenv("JOURNEY_EVIDENCE", raising=False)
    paths = Paths(tmp_path)
    paths.datasets.parent.mkdir(parents=True)
    paths.datasets.write_text(LISTING, encoding="utf-8")
    data = paths.raw / "shop" / "shop.csv"
    data.parent.mkdir(parents=True)
    data.write_text("id\n1\n")
    return paths


@pytest.fixture
def update(root: Paths, monkeypatch: pytest.MonkeyPatch) -> Callable[..., module.Evidence]:
    """Compute and commit, as `journey study` does."""

    def run(results: Any = RESULTS, **options: Any) -> module.Evidence:
        return evidence("auc", "shop", lambda: results, update=True, **options)

    return run


def remove_data(root: Paths) -> None:
    (root.raw / "shop" / "shop.csv").unlink()


def never() -> dict[str, Any]:
    raise AssertionError("must not be computed")


def committed(root: Paths) -> dict[str, Any]:
    return json.loads((root.evidence / "auc.json").read_text(encoding="utf-8"))


def test_update_writes_the_file(root: Paths, update: Callable[..., module.Evidence]) -> None:
    found = update()
    assert found.recomputed
    assert set(committed(root)) == {"name", "data_checksum", "code_version", "date", "seconds", "results"}
    assert committed(root)["results"] == RESULTS
    assert list(committed(root)["data_checksum"]) == ["shop"]


def test_present_data_are_recomputed_and_give_the_committed_digits(
    root: Paths, update: Callable[..., module.Evidence]
) -> None:
    update()
    before = (root.evidence / "auc.json").read_bytes()
    found = evidence("auc", "shop", lambda: {**RESULTS, "auc": 0.5 + 1e-9})
    assert found.recomputed
    assert found.results == RESULTS
    assert found.label == f"Computed from shop in this build; agrees with the results of {found.date}."
    assert (root.evidence / "auc.json").read_bytes() == before


def test_absent_data_give_the_committed_results(root: Paths, update: Callable[..., module.Evidence]) -> None:
    update()
    remove_data(root)
    found = evidence("auc", "shop", never)
    assert (found.recomputed, found.results, found.code_current) == (False, RESULTS, True)
    assert "not repeated in this build" in found.label


def test_disagreement_names_key_and_both_values(root: Paths, update: Callable[..., module.Evidence]) -> None:
    update()
    before = committed(root)
    changed = {**RESULTS, "by_arm": [{"arm": "a", "rate": 0.25}, {"arm": "b", "rate": 0.51}]}
    with pytest.raises(
        JourneyError,
        match=r"auc\.json: by_arm\.1\.rate was 0\.5 when committed and is now 0\.51 \(tolerance 1e-06\);",
    ):
        evidence("auc", "shop", lambda: changed)
    assert committed(root) == before


def test_committed_mode_never_computes(
    root: Paths, update: Callable[..., module.Evidence], monkeypatch: pytest.MonkeyPatch
) -> None:
    update()
    monkeypatch.setenv("JOURNEY_EVIDENCE", "committed")
    assert not evidence("auc", "shop", never).recomputed


def test_date_and_seconds_change_only_with_the_results(
    root: Paths, update: Callable[..., module.Evidence]
) -> None:
    update()
    old = {**committed(root), "date": "2020-01-01", "seconds": 12.0, "code_version": "before"}
    (root.evidence / "auc.json").write_text(json.dumps(old), encoding="utf-8")
    update({**RESULTS, "auc": 0.5 + 1e-9})
    kept = committed(root)
    assert (kept["date"], kept["seconds"], kept["results"]) == ("2020-01-01", 12.0, RESULTS)
    assert kept["code_version"] != "before"
    update({**RESULTS, "auc": 0.6})
    assert committed(root)["date"] != "2020-01-01"
    assert committed(root)["results"]["auc"] == 0.6


def test_changed_code_is_told_where_it_cannot_be_repeated(
    root: Paths, update: Callable[..., module.Evidence]
) -> None:
    update(version="one")
    remove_data(root)
    assert evidence("auc", "shop", never, version="one").code_current
    other = evidence("auc", "shop", never, version="two")
    assert not other.code_current
    assert other.label.endswith("The code has changed since.")


def test_long_simulation_is_computed_on_request_only(root: Paths) -> None:
    with pytest.raises(JourneyError, match=r"coverage\.json is missing and it is computed on request only"):
        evidence("coverage", None, never)
    evidence("coverage", None, lambda: {"covered": 0.95}, update=True)
    found = evidence("coverage", None, never)
    assert (found.recomputed, found.datasets, found.results) == (False, (), {"covered": 0.95})
    assert "a simulation" in found.label


def test_missing_evidence(root: Paths) -> None:
    with pytest.raises(JourneyError, match=r"auc\.json is missing: run `journey study auc`"):
        evidence("auc", "shop", lambda: RESULTS)
    remove_data(root)
    with pytest.raises(JourneyError, match=r"auc\.json is missing and the data \(shop\) are absent; restore"):
        evidence("auc", "shop", never)
    assert not root.evidence.exists()


def test_update_without_the_data(root: Paths, update: Callable[..., module.Evidence]) -> None:
    remove_data(root)
    with pytest.raises(JourneyError, match=r"auc needs its data \(shop\); run `journey fetch`"):
        update()


@pytest.mark.parametrize("value", ["yes", "committed:auc"])
def test_unknown_mode(root: Paths, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JOURNEY_EVIDENCE", value)
    with pytest.raises(JourneyError, match=f"JOURNEY_EVIDENCE is '{value}'; it may be unset or 'committed'"):
        evidence("auc", "shop", never)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"{", "is not valid JSON"),
        (b"\xff\xfe", "is not valid JSON"),
        (b"{}", "must hold code_version, data_ch"),
    ],
)
def test_broken_file(root: Paths, content: bytes, message: str) -> None:
    root.evidence.mkdir(parents=True)
    (root.evidence / "auc.json").write_bytes(content)
    with pytest.raises(JourneyError, match=rf"auc\.json {message}.*; restore it from the repository"):
        evidence("auc", "shop", lambda: RESULTS)


def test_failing_computation_writes_nothing(root: Paths, update: Callable[..., module.Evidence]) -> None:
    with pytest.raises(JourneyError, match=r"Evidence results\.lift is nan; give a finite number or None"):
        update({"lift": float("nan")})
    assert not root.evidence.exists() or not list(root.evidence.iterdir())


def test_plain_values() -> None:
    value = {"a": np.float64(0.5), "b": np.arange(2), "c": (1, None), 3: np.bool_(True)}
    assert plain(value) == {"a": 0.5, "b": [0, 1], "c": [1, None], "3": True}
    with pytest.raises(JourneyError, match=r"Evidence results\.a\.0 is of type set"):
        plain({"a": [{1}]})


@pytest.mark.parametrize(
    ("old", "new", "tolerance", "expected"),
    [
        ({"n": 10_000}, {"n": 10_001}, 0.01, "n was 10000 when committed and is now 10001"),
        ({"n": 10_000}, {"n": 10_001}, {"n": 0.01}, None),
        ({"x": 1e6}, {"x": 1e6 + 0.5}, 1e-6, None),
        ({"x": 0.0}, {"x": 2e-6}, 1e-6, "x was 0.0 when committed and is now 2e-06 (tolerance 1e-06)"),
        ({"x": 1.0, "y": {"z": 1.0}}, {"x": 1.0, "y": {"z": 1.2}}, {"y": 0.3}, None),
        ({"x_low": -8.0, "x_high": 0.5}, {"x_low": -8.0, "x_high": 0.6}, 0.02, None),
        (
            {"x_low": -8.0, "x_high": 0.5},
            {"x_low": -8.0, "x_high": 0.7},
            0.02,
            "x_high was 0.5 when committed and is now 0.7 (tolerance 0.02)",
        ),
        (
            {"x_high": 0.5},
            {"x_high": 0.6},
            0.02,
            "x_high was 0.5 when committed and is now 0.6 (tolerance 0.02)",
        ),
        ({"xy": 1.0}, {"xy": 1.2}, {"x": 0.3}, "xy was 1.0 when committed and is now 1.2 (tolerance 1e-06)"),
        ({"a": "red"}, {"a": "blue"}, 1.0, "a was 'red' when committed and is now 'blue'"),
        ({"a": True}, {"a": 1}, 1.0, None),
        ({"a": None}, {"a": 0.1}, 1.0, "a was None when committed and is now 0.1"),
        ({"a": 1}, {}, 1.0, "a was 1 when committed and is not computed any more"),
        ({"a": []}, {"a": [1]}, 1.0, "a was [] when committed and is not computed any more"),
        ({}, {"a": 1}, 1.0, " was {} when committed and is not computed any more"),
    ],
)
def test_disagreement(old: Any, new: Any, tolerance: Any, expected: str | None) -> None:
    assert disagreement(old, new, tolerance) == expected


FOLDS = {"folds": [0.1, 0.2, 0.3], "n": 3}


def check(results: dict[str, Any], version: str) -> None:
    check_part("auc", lambda: results, "two folds", version=version)


def test_a_part_that_agrees_makes_an_old_result_current(root, update, monkeypatch):
    update(FOLDS, version="one")
    check({"folds": [0.1, 0.2]}, "two")
    monkeypatch.setenv("JOURNEY_EVIDENCE", "committed")
    kept = evidence("auc", "shop", never, version="two")
    assert kept.code_current
    assert kept.results == FOLDS
    assert "by the current code two folds agree" in kept.label
    assert not evidence("auc", "shop", never, version="three").code_current


@pytest.mark.parametrize("part", [{"folds": [0.1, 0.25]}, {"more": 1}, {"folds": [0.1, 0.2, 0.3, 0.4]}])
def test_a_part_that_differs_is_an_error_and_changes_nothing(root, update, part):
    update(FOLDS, version="one")
    before = committed(root)
    with pytest.raises(JourneyError, match="journey study auc"):
        check(part, "two")
    assert committed(root) == before


def test_a_whole_result_drops_the_check_of_a_part(root, update):
    update(FOLDS, version="one")
    check({"folds": [0.1]}, "two")
    update(FOLDS, version="three")
    assert "checked" not in committed(root)
