"""A fit counts only where its result is ours; without the other libraries the study says what to install."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from journey.customers.bgnbd import fit_bgnbd
from journey.customers.summary import Summary
from journey.errors import JourneyError
from journey.paths import project
from journey.studies.customer_value.recovery import simulate
from journey.studies.fit_speed import study
from journey.studies.fit_speed.ways import COUNTS, LIFETIMES, MONEY, NAMES, OWN, SAMPLER


@pytest.fixture(scope="module")
def summary() -> Summary:
    return simulate(COUNTS, 2000, np.random.default_rng(3))


@pytest.fixture
def folder(summary: Summary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    study.write_histories(summary, tmp_path / "histories.npz")
    monkeypatch.setattr(study, "REPEATS", dict.fromkeys((OWN, LIFETIMES, SAMPLER), 2))
    return tmp_path


def test_a_process_of_its_own_fits_the_same_histories(summary: Summary, folder: Path) -> None:
    one = study.measure(sys.executable, OWN, COUNTS, folder)
    fit = fit_bgnbd(summary).fit
    assert list(one["values"].values()) == pytest.approx(fit.values)
    assert one["log_likelihood"] == pytest.approx(fit.log_likelihood, abs=1e-9)
    assert len(one["seconds"]) == len(one["processor"]) == 2
    assert min(one["processor"]) > 0
    row = study.row_of(OWN, COUNTS, {(OWN, COUNTS): one})
    assert (row["apart"], row["repeats"], row["stopped"]) == (0.0, 2, False)


def test_a_way_without_its_library_says_so(folder: Path) -> None:
    with pytest.raises(JourneyError, match=r"pymc-marketing did not fit Gamma-Gamma; it said: .*No module"):
        study.measure(sys.executable, SAMPLER, MONEY, folder)


def test_a_fit_that_takes_too_long_is_a_lower_bound(folder: Path) -> None:
    one = study.measure(sys.executable, OWN, MONEY, folder, limit=0.05)
    row = study.row_of(SAMPLER, MONEY, {(SAMPLER, MONEY): one, (OWN, MONEY): {}})
    assert (row["stopped"], row["seconds"], row["apart"]) == (True, 0.05, None)


@pytest.mark.parametrize(
    ("way", "value", "said"),
    [(LIFETIMES, -1.00001, "in log-likelihood"), (SAMPLER, None, "standard errors"), (LIFETIMES, np.nan, "")],
)
def test_another_result_is_refused(way: str, value: float | None, said: str) -> None:
    names = NAMES[MONEY]
    ours = {"log_likelihood": -1.0, "values": dict.fromkeys(names, 2.0), "more": {"errors": [0.5] * 3}}
    one = ours | {"log_likelihood": value, "values": dict.fromkeys(names, 2.0) | {"q": 2.6}}
    with pytest.raises(JourneyError, match=f"fits Gamma-Gamma .* {said} ?away from ours; no time is shown"):
        study.check(way, MONEY, one, ours)
    assert study.check(SAMPLER, MONEY, ours | {"log_likelihood": None}, ours) == 0
    assert study.check(LIFETIMES, MONEY, ours, ours) == 0


@pytest.mark.parametrize("named", ["", sys.executable, "/no/such/python"])
def test_what_to_install_is_said(named: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(study.VARIABLE, named)
    with pytest.raises(JourneyError, match=r"lifetimes==0\.11\.3 pymc-marketing==.*, then set JOURNEY_PEERS"):
        study.peers()


def test_the_kept_run_meets_its_target() -> None:
    """Both fits 20 times as fast as lifetimes and 200 times as fast as the sampler, to the same maximum."""
    kept = json.loads((project().evidence / "cdnow_fit_speed.json").read_text(encoding="utf-8"))["results"]
    rows = {(row["way"], row["model"]): row for row in kept["fits"]}
    assert kept["customers"] == 23_570
    assert len(rows) == len(study.REPEATS) * len(NAMES)
    used = {way: sum(rows[way, model]["processor"] for model in NAMES) for way in study.REPEATS}
    for way, least in ((LIFETIMES, 20), (SAMPLER, 200)):
        assert kept["times"][way] == pytest.approx(used[way] / used[OWN], abs=0.1)
        assert kept["times"][way] >= least
    for model in NAMES:
        assert abs(rows[LIFETIMES, model]["log_likelihood"] - rows[OWN, model]["log_likelihood"]) <= 1e-6
