"""Replay of running experiments on made-up paths whose crossings are known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest

from journey.inference.intervals import wilson_interval
from journey.studies.asos import (
    RULES,
    clustered_share,
    incomplete_looks,
    sequential_replay,
    summarise_replay,
)

FIXED, OBRIEN, POCOCK, SEQUENCE = RULES


def _series(name: str, z: list[float], units: list[float] | None = None, metric: int = 1) -> pd.DataFrame:
    """Running statistics whose z statistic at look k is z[k]: unit variances, equal arms."""
    n = np.array(units if units is not None else 1000.0 * np.arange(1, len(z) + 1))
    return pd.DataFrame(
        {
            "experiment_id": name,
            "variant_id": 1,
            "metric_id": metric,
            "time_since_start": np.arange(1.0, len(z) + 1),
            "count_c": n,
            "count_t": n,
            "mean_c": 1.0,
            "mean_t": 1.0 + np.array(z) * np.sqrt(2 / n),
            "variance_c": 1.0,
            "variance_t": 1.0,
        }
    )


def test_rules_on_known_paths() -> None:
    """At 10 equal looks: z = 2.1 on day 3 fools the fixed test only; 6 on day 3 stops every rule."""
    looks = pd.concat(
        [
            _series("fooled", [0.5, 1.0, 2.1, 1.0, 0.5, 0.4, 0.3, 0.2, 0.1, 0.0]),
            _series("strong", [1.0, 2.0, 6.0, 6.0, 6.0, 6.0, 6.0, 6.0, 6.0, 6.0]),
            _series("quiet", [0.1] * 10),
        ]
    )
    replay = sequential_replay(looks)
    rows = replay.per_series.set_index("experiment_id")
    assert (replay.experiments, replay.series, replay.looks_used) == (3, 3, 30)
    assert rows.loc["fooled", f"{FIXED}: first day"] == 3
    for rule in (OBRIEN, POCOCK, SEQUENCE):
        assert pd.isna(rows.loc["fooled", f"{rule}: first day"])
        assert rows.loc["strong", f"{rule}: first day"] == 3
        assert rows.loc["strong", f"{rule}: at end"]
    assert rows.loc["strong", f"{FIXED}: first day"] == 2
    fixed, obrien, _, _ = replay.rules
    assert (fixed.ever, fixed.at_end, fixed.fooled, fixed.against_final_test) == (2, 1, 1, 1)
    assert fixed.days_saved == 7 + 8
    assert fixed.share_days_saved == pytest.approx(15 / 30)
    assert (obrien.ever, obrien.fooled, obrien.days_saved, obrien.median_days_saved) == (1, 0, 7, 7)
    assert fixed.share_fooled == pytest.approx(1 / 3)
    assert fixed.share_low < 1 / 3 < fixed.share_high


def test_unusable_looks_are_counted_not_hidden() -> None:
    looks = _series("a", [0.0, 1.0, 2.0, 3.0])
    looks.loc[1, "variance_t"] = np.nan
    looks.loc[0, ["count_c", "count_t"]] = 0
    short = _series("b", [1.0, 1.0])
    short["variance_c"] = np.nan
    replay = sequential_replay(pd.concat([looks, short]))
    assert (replay.looks_used, replay.looks_unusable, replay.series, replay.series_unusable) == (2, 4, 1, 1)


def test_a_look_with_fewer_users_than_before_is_left_out() -> None:
    # At day 3 the count falls below that of day 2; the statistic there would cross.
    looks = _series("a", [0.0, 1.0, 9.0, 1.0], units=[1000.0, 2000.0, 1500.0, 3000.0])
    looks.loc[1, "variance_c"] = np.nan
    replay = sequential_replay(pd.concat([looks, _series("b", [0.0, 1.0])], ignore_index=True))
    assert (replay.looks_used, replay.looks_unusable) == (4, 2)
    assert replay.rules[0].ever == 0
    assert incomplete_looks(looks.sample(frac=1.0, random_state=0)) == {
        "looks_without_variance": 1,
        "experiments_without_variance": 1,
        "looks_with_falling_counts": 1,
        "experiments_with_falling_counts": 1,
    }


def test_a_share_of_clustered_units_is_covered() -> None:
    # 78 clusters of five units whose chances differ: independent units would be far too sure.
    rng, runs, truth = np.random.default_rng(5), 400, 0.3
    covered = narrow = 0
    for _ in range(runs):
        sizes = rng.integers(2, 9, 78)
        hits = rng.binomial(sizes, rng.beta(0.9, 2.1, 78))
        low, high = clustered_share(hits.astype(float), sizes.astype(float))
        covered += low <= truth <= high
        low, high = wilson_interval(hits.sum(), sizes.sum())
        narrow += low <= truth <= high
    assert binomtest(covered, runs, 0.95).pvalue > 0.001
    assert narrow / runs < 0.9
    # Clusters that all agree are as much evidence as one unit each.
    assert clustered_share(np.zeros(10), np.full(10, 5.0)) == wilson_interval(0, 10)


def test_order_of_rows_does_not_matter() -> None:
    looks = pd.concat(
        [_series("a", [1.0, 2.5, 1.0]), _series("a", [2.0, 2.2, 2.4], metric=2)], ignore_index=True
    )
    shuffled = looks.sample(frac=1.0, random_state=3)
    one, two = sequential_replay(looks), sequential_replay(shuffled)
    pd.testing.assert_frame_equal(one.per_series, two.per_series)
    assert one.rules == two.rules


def test_looks_without_new_units_are_skipped_by_the_planned_rules() -> None:
    """Traffic that stops leaves looks that add no information; the last look is always one of the plan."""
    looks = _series("a", [1.0, 1.0, 1.0, 4.0], units=[1000.0, 2000.0, 2000.0, 2000.0])
    rows = sequential_replay(looks).per_series
    assert rows.loc[0, f"{OBRIEN}: first day"] == 4
    assert rows.loc[0, f"{FIXED}: first day"] == 4


def test_error_rates_on_simulated_aa_series() -> None:
    """2,000 A/A paths with 20 looks: the fixed test is fooled often, the others at most 5%."""
    rng = np.random.default_rng(11)
    paths, looks = 2000, 20
    increments = rng.normal(size=(paths, looks))
    z = np.cumsum(increments, axis=1) / np.sqrt(np.arange(1, looks + 1))
    n = np.tile(1000.0 * np.arange(1, looks + 1), paths)
    frame = pd.DataFrame(
        {
            "experiment_id": np.repeat(np.arange(paths), looks),
            "variant_id": 1,
            "metric_id": 1,
            "time_since_start": np.tile(np.arange(1.0, looks + 1), paths),
            "count_c": n,
            "count_t": n,
            "mean_c": 1.0,
            "mean_t": 1.0 + z.ravel() * np.sqrt(2 / n),
            "variance_c": 1.0,
            "variance_t": 1.0,
        }
    )
    replay = sequential_replay(frame)
    shares = {rule.rule: rule.ever / rule.series for rule in replay.rules}
    slack = 2 * (0.05 * 0.95 / paths) ** 0.5
    assert shares[FIXED] == pytest.approx(0.248, abs=0.03)
    for rule in (OBRIEN, POCOCK, SEQUENCE):
        assert shares[rule] <= 0.05 + slack
    half = summarise_replay(replay.per_series.head(paths // 2))
    assert half[0].series == paths // 2
