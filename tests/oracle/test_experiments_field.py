"""Published results of two real A/B tests, from the raw files; skipped where the data are absent.

The figures are in `journey.published.field`, where ours come from committed evidence.
"""

from __future__ import annotations

import os
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from journey.experiments import Proportion, difference, proportions, sample_ratio_test, two_proportions
from journey.published import compare, published
from journey.stores.datasets import load_asos, load_cookie_cats, load_landing_page
from journey.studies.asos import RULES, sequential_replay
from journey.studies.registry import kept

pytestmark = [
    pytest.mark.data,
    pytest.mark.skipif(
        not os.environ.get("JOURNEY_DATA_DIR"), reason="the real data are absent: JOURNEY_DATA_DIR is not set"
    ),
]


def _arm(frame: pd.DataFrame, rows: pd.Series, column: str) -> Proportion:
    return Proportion(int(rows.sum()), int(frame.loc[rows, column].sum()))


def agrees(id: str, *ours: float) -> None:
    """Every value within the tolerance of the published figure."""
    assert all(compare(replace(published(id), compute=lambda: ours)).met), (id, ours)


def test_landing_page() -> None:
    """Udacity's landing-page test: 290,584 users after dropping 3,893 mismatched rows and one duplicate."""
    raw = load_landing_page()
    mismatched = (raw["group"] == "treatment") != (raw["landing_page"] == "new_page")
    users = raw[~mismatched].drop_duplicates("user_id")
    agrees("landing_rows", mismatched.sum(), len(users))
    old, new = (_arm(users, users["landing_page"] == page, "converted") for page in ("old_page", "new_page"))
    effect = two_proportions(old, new)
    agrees("landing_rates", 100 * old.rate, 100 * new.rate)
    agrees("landing_test", effect.statistic, effect.p_value)
    for interval in ("newcombe", "wald"):
        limits = two_proportions(old, new, interval=interval)  # type: ignore[arg-type]
        agrees("landing_effect", 100 * effect.estimate, 100 * limits.low, 100 * limits.high)
    assert not sample_ratio_test([float(old.n), float(new.n)]).mismatch


def test_cookie_cats() -> None:
    """The gate at level 40: the sample-ratio check fails, so retention must not be the headline."""
    players = load_cookie_cats()
    gates = players["version"].value_counts()
    counts = [int(gates["gate_30"]), int(gates["gate_40"])]
    assert counts == [44_700, 45_489]
    check = sample_ratio_test(counts)
    agrees("cats_ratio", check.p_value)
    assert check.mismatch
    early, late = (
        _arm(players, players["version"] == gate, "retention_7") for gate in ("gate_30", "gate_40")
    )
    effect = two_proportions(early, late)
    agrees("cats_retention", 100 * effect.estimate)
    # One digit more than that source prints.
    assert 100 * effect.estimate == pytest.approx(-0.820, abs=5e-4)
    agrees("cats_p", effect.p_value)


def test_asos_replay_recounted_without_the_engine() -> None:
    """Crossings of the repeated fixed-horizon test, counted with a plain normal z."""
    looks = load_asos()
    replay = sequential_replay(looks)
    assert (replay.experiments, replay.series + replay.series_unusable) == (78, 396)
    enough = (looks["count_c"] >= 2) & (looks["count_t"] >= 2)
    series = looks.sort_values("time_since_start").groupby(["experiment_id", "variant_id", "metric_id"])
    for count in ("count_c", "count_t"):
        enough &= looks[count] >= series[count].cummax().reindex(looks.index)
    usable = enough & (looks["variance_c"] > 0) & (looks["variance_t"] > 0)
    assert replay.looks_unusable == int((~usable).sum())
    error = np.sqrt(looks["variance_c"] / looks["count_c"] + looks["variance_t"] / looks["count_t"])
    z = ((looks["mean_t"] - looks["mean_c"]) / error).abs()[usable]
    frame = looks[usable].assign(hit=z > 1.959964).sort_values("time_since_start")
    groups = frame.groupby(["experiment_id", "variant_id", "metric_id"])["hit"]
    fixed = replay.rules[0]
    assert fixed.rule == RULES[0]
    kept = groups.size() >= 2
    # Counts are in the hundred thousands, so t and z differ by less than one crossing.
    assert abs(fixed.ever - int((groups.any() & kept).sum())) <= 1
    assert abs(fixed.fooled - int((groups.any() & ~groups.last() & kept).sum())) <= 1


def test_asos_evidence_agrees() -> None:
    """The committed replay is what the code computes from the data."""
    found = kept("asos_peeking")
    assert found.recomputed
    rules = {rule["rule"]: rule for rule in found.results["all"]}
    assert set(rules) == set(RULES)
    assert all(rules[RULES[0]]["fooled"] > rules[name]["fooled"] for name in RULES[1:])


def test_wald_interval_of_retention_is_the_unpooled_difference() -> None:
    players = load_cookie_cats()
    early, late = (
        _arm(players, players["version"] == gate, "retention_7") for gate in ("gate_30", "gate_40")
    )
    generic = difference(proportions(early, late))
    wald = two_proportions(early, late, pooled=False, interval="wald")
    assert (generic.low, generic.high) == pytest.approx((wald.low, wald.high), rel=1e-12)
