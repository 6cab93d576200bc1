"""Drift: the index against hand calculation, chance against simulation, alarms with and without a shift."""

from __future__ import annotations

import json
from datetime import date

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest, ks_2samp

from journey.errors import JourneyError
from journey.evaluation.calendar import planted_calendar
from journey.features import FeatureFrame
from journey.models.drift import count_bins, look, scale, share_alpha
from journey.models.stability import (
    category_bins,
    detectable_share,
    largest_gap,
    numeric_bins,
    stability_index,
)
from journey.models.watch import (
    frozen_scores,
    log_looks,
    rolling_scores,
    short_features,
    user_features,
    watch_columns,
    week_of,
)
from journey.paths import project
from journey.report.results import load_table
from journey.stores.simulator import ShopParameters
from journey.studies.drift_twins import QuietShop, alarm_table, rotated_weeks
from journey.studies.registry import kept


def test_the_index_equals_hand_calculation():
    # (0.3 - 0.2) log(0.3 / 0.2) + 0 + (0.4 - 0.5) log(0.4 / 0.5)
    by_hand = 0.1 * np.log(1.5) + 0.1 * np.log(1.25)
    assert stability_index([20, 30, 50], [30, 30, 40], smoothing=0) == pytest.approx(by_hand, abs=1e-15)
    assert by_hand == pytest.approx(0.0628609, abs=1e-7)
    assert stability_index([2, 3, 5], [300, 300, 400], smoothing=0) == pytest.approx(by_hand, abs=1e-15)
    both = stability_index([[20, 30, 50], [1, 1, 1]], [[30, 30, 40], [1, 1, 1]], smoothing=0)
    assert both == pytest.approx([by_hand, 0])


def test_an_empty_bin_is_infinite_without_smoothing_and_finite_with_it():
    assert np.isinf(stability_index([10, 0], [0, 10], smoothing=0))
    # Shares of 10.5 / 11 and 0.5 / 11, exchanged.
    assert stability_index([10, 0], [0, 10]) == pytest.approx(2 * (10 / 11) * np.log(21))
    assert stability_index([10, 0, 5], [4, 0, 9]) == pytest.approx(float(stability_index([10, 5], [4, 9])))
    assert stability_index([7], [30]) == 0


def test_without_a_shift_the_mean_index_depends_on_the_sizes_as_published():
    # Yurdakul (2018): mean near (b - 1)(1/n + 1/m).
    rng = np.random.default_rng(1)
    shares, n, m = np.array([0.1, 0.2, 0.3, 0.4]), 2000, 500
    found = stability_index(rng.multinomial(n, shares, 4000), rng.multinomial(m, shares, 4000), smoothing=0)
    assert found.mean() == pytest.approx(3 * scale("psi", n, m), rel=0.05)


def test_the_gap_of_ordered_bins_is_the_kolmogorov_smirnov_distance():
    rng = np.random.default_rng(2)
    one, two = rng.integers(0, 8, 300), rng.integers(2, 9, 200)
    counts = [np.bincount(values, minlength=9) for values in (one, two)]
    assert largest_gap(*counts) == pytest.approx(ks_2samp(one, two).statistic, abs=1e-12)
    assert largest_gap([50, 50, 0], [50, 0, 50], ordered=False) == pytest.approx(0.5)


def test_bins_of_few_values_many_zeros_and_quantiles():
    few = numeric_bins("x", [0, 1, 1, 3])
    assert few([-1, 0, 1, 2, 3, 9]).tolist() == [0, 0, 1, 1, 2, 2]
    zeros = numeric_bins("x", np.r_[np.zeros(95), np.arange(1, 21)])
    assert (zeros([0, 1]) == [0, 1]).all(), "a zero that most rows share is a bin of its own"
    even = numeric_bins("x", np.arange(1000.0))
    assert len(even.edges) + 1 == 10
    assert np.bincount(even(np.arange(1000.0))).tolist() == pytest.approx([100] * 10, abs=1)


def test_missing_values_have_a_bin_of_their_own():
    numbers = numeric_bins("x", [1.0, 2.0, np.nan, 3.0])
    assert numbers == numeric_bins("x", [1.0, 2.0, 3.0])
    assert numbers([1.0, 3.0, 99.0, np.nan]).tolist() == [0, 2, 2, numbers.size - 1]
    text = category_bins("channel", np.array(["a", None, "b"], dtype=object))
    assert text.categories == ("a", "b")
    given = np.array(["a", "new", None, float("nan"), "None"], dtype=object)
    assert text(given).tolist() == [0, 2, 3, 3, 2]
    # A week in which a tenth goes missing is a shift, not a rise of the highest numbers.
    before, after = (np.where(np.arange(1000) < lost, np.nan, np.arange(1000.0)) for lost in (0, 100))
    bins = numeric_bins("x", before)
    one, two = (count_bins([bins], bins(each)[:, None]) for each in (before, after))
    assert two[-1] == 100
    assert two[-2] == one[-2]
    assert stability_index(one, two) > 0.1


def test_a_constant_has_bins_below_itself_and_above():
    bins = numeric_bins("x", [3.0, 3.0])
    assert bins([2.9, 3.0, 3.1]).tolist() == [0, 1, 2]


def test_unseen_categories_have_a_bin_of_their_own():
    bins = category_bins("channel", np.array(["b", "a", "b"]))
    assert bins(np.array(["a", "b", "new", "A", ""])).tolist() == [0, 1, 2, 2, 2]
    one = category_bins("channel", ["a"])
    same, other = count_bins([one], one(["a"] * 9)[:, None]), count_bins([one], one(["new"] * 9)[:, None])
    assert stability_index(same, same) == 0
    assert stability_index(same, other) > 1


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: numeric_bins("x", []), "x: bins need"),
        (lambda: numeric_bins("x", [1, np.inf]), "1 of 2 numbers are infinite"),
        (lambda: numeric_bins("x", [np.nan, np.nan]), "x: bins need a vector with at least one known value"),
        (lambda: category_bins("x", [None]), "0 known"),
        (lambda: numeric_bins("x", [1, 2], most=1), "at least 2"),
        (lambda: category_bins("x", []), "at least one known"),
        (lambda: stability_index([1, 2], [1, 2, 3]), "2 and 3 bins"),
        (lambda: stability_index([1, 2], [0, 0]), "no rows"),
        (lambda: detectable_share([5, 5], 0, 10, 99.0), "no share"),
    ],
)
def test_bad_samples_are_refused(call, message):
    with pytest.raises(JourneyError, match=message):
        call()


def test_the_detectable_share_reaches_the_limit_exactly():
    counts, rows = np.array([300.0, 500.0, 200.0]), 400
    share = detectable_share(counts, 2, rows, 0.05)
    later = np.array([0.375 * (1 - share), 0.625 * (1 - share), share]) * rows
    assert share > 0.2
    assert stability_index(counts, later) == pytest.approx(0.05, abs=1e-9)


def visits(seed, *, shift=0.0, weeks=9, people=900):
    """Users who come back and mostly do the same: rows of one user are far from independent."""
    rng = np.random.default_rng(seed)
    number = rng.gamma(0.9, 0.7, people)
    favourite, level = rng.integers(0, 5, people), rng.normal(size=people)
    come = rng.poisson(number[:, None], (people, weeks))
    user, week = (np.repeat(values.ravel(), come.ravel()) for values in np.indices(come.shape))
    own = rng.random(len(user)) < 0.9
    channel = np.where(own, favourite[user], rng.integers(0, 5, len(user)))
    channel = np.where((week >= 5) & (rng.random(len(user)) < shift), 0, channel)
    columns = {
        "channel": np.array(["direct", "email", "organic", "paid", "social"])[channel],
        "price": level[user] + 0.3 * rng.normal(size=len(user)),
        "flag": (level[user] > 1.2).astype(float),
        "count": rng.poisson(np.exp(level[user] / 2)).astype(float),
        "constant": np.ones(len(user)),
    }
    return columns, user, week


def test_chance_is_covered_although_rows_of_a_user_resemble_each_other():
    """Single looks exceed their 5% in about 5%, and the whole watch rings in at most about 5%."""
    single, rang, runs = [], 0, 120
    for seed in range(runs):
        table = watch_columns(*visits(seed), draws=300, seed=seed).table
        moving = table[table["variable"] != "constant"]
        assert not table.loc[table["variable"] == "constant", "psi_rings"].any()
        single.append((moving["psi_p"] <= 0.05).mean())
        rang += bool(moving["psi_rings"].any())
    assert 0.03 < np.mean(single) < 0.07
    assert binomtest(rang, runs, 0.05).pvalue > 0.01, f"{rang} of {runs} ring"


def test_a_shift_rings_in_its_first_week_and_in_its_variable_only():
    log = watch_columns(*visits(3, shift=0.25), seed=1)
    rings = log.table[log.table["psi_rings"]]
    assert set(rings["variable"]) == {"channel"}
    assert rings["week"].tolist() == [5, 6, 7, 8]
    assert (log.table["psi_rings"] == (log.table["psi"] > log.table["psi_limit"])).all()
    assert not watch_columns(*visits(3), seed=1).table["psi_rings"].any()


def test_a_constant_that_changes_and_a_new_category_ring():
    columns, user, week = visits(4)
    late = week >= 8
    columns["constant"] = np.where(late & (np.arange(len(user)) % 20 == 0), 2.0, 1.0)
    columns["channel"] = np.where(late & (np.arange(len(user)) % 10 == 0), "affiliate", columns["channel"])
    rings = watch_columns(columns, user, week).table.query("psi_rings")
    assert set(zip(rings["variable"], rings["week"], strict=True)) == {("constant", 8), ("channel", 8)}


def test_the_same_seed_gives_the_same_log_and_another_nearly_so():
    one, two, other = (watch_columns(*visits(5), seed=seed).table for seed in (1, 1, 2))
    pd.testing.assert_frame_equal(one, two)
    assert one["psi_limit"].to_numpy() != pytest.approx(other["psi_limit"].to_numpy(), rel=1e-9)
    assert one["psi_limit"].to_numpy() == pytest.approx(other["psi_limit"].to_numpy(), rel=0.25)


def test_only_variables_watched_together_share_the_level():
    everything = watch_columns(*visits(8), seed=1)
    few = log_looks(everything.looks, names=["channel", "flag"])
    assert few.names == ("channel", "flag")
    both = everything.table[everything.table["variable"].isin(few.names)]
    assert (few.table["psi_limit"].to_numpy() < both["psi_limit"].to_numpy()).all()
    assert few.table["psi"].tolist() == both["psi"].tolist()


def test_the_level_of_one_look_is_exact_by_counting():
    """By the limit, just the accepted number of the 99 draws and the week itself lies above it."""
    columns, user, week = visits(9)
    bins = [category_bins("channel", columns["channel"])]
    codes = bins[0](columns["channel"])[:, None]
    seen = look(bins, codes, user, week, 8, draws=99, seed=3)
    for alpha, above in ((0.05, 5), (0.1, 10), (0.3, 30)):
        limit = seen.alarm_limit("psi", alpha)
        assert (seen.chance["psi"] > limit * (1 + 1e-9)).sum() == above - 1
    assert seen.alarm_limit("psi", 0.05, names=[]).tolist() == [np.inf]
    assert 1 - (1 - share_alpha(0.05, 8)) ** 8 == pytest.approx(0.05)


def test_bad_watches_are_refused():
    columns, user, week = visits(6)
    with pytest.raises(JourneyError, match="no week from number 5"):
        watch_columns(columns, user, np.minimum(week, 4))
    bins = [category_bins("channel", columns["channel"])]
    codes = bins[0](columns["channel"])[:, None]
    with pytest.raises(JourneyError, match="the reference has 1 week"):
        look(bins, codes, user, np.minimum(week, 1), 1)
    with pytest.raises(JourneyError, match="week 99 has no rows"):
        look(bins, codes, user, week, 99)
    with pytest.raises(JourneyError, match="as many users"):
        look(bins, codes, user[1:], week, 8)
    with pytest.raises(JourneyError, match="alpha"):
        share_alpha(1.0, 8)


def decisions(seed=0, n=1800, days=63):
    """A frame whose label follows its first feature."""
    rng = np.random.default_rng(seed)
    matrix = rng.normal(size=(n, 3))
    order = np.sort(rng.integers(0, days * 24, n))
    return FeatureFrame(
        decision="after_3_events",
        names=("a", "b", "c"),
        matrix=matrix,
        label=rng.random(n) < 1 / (1 + np.exp(1.5 - 1.5 * matrix[:, 0])),
        revenue_after=np.zeros(n),
        decided_at=np.datetime64("2025-01-06", "us") + order.astype("timedelta64[h]"),
        user_id=rng.integers(0, 600, n),
        session_id=np.arange(n),
        decision_id=np.arange(n),
        slices=pd.DataFrame({"device": ["mobile"] * n}),
    )


def test_scores_of_a_week_know_nothing_of_it_or_later():
    frame = decisions()
    weeks = week_of(frame)
    assert weeks.min() == 0
    assert weeks.max() == 8
    changed = frame.label.copy()
    changed[weeks >= 7] = ~changed[weeks >= 7]
    other = type(frame)(**{**vars(frame), "label": changed})
    assert (frozen_scores(frame, weeks) == frozen_scores(other, weeks)).all()
    one, two = rolling_scores(frame, weeks), rolling_scores(other, weeks)
    assert list(one.columns) == [5, 6, 7, 8]
    later = weeks[weeks >= 5]
    for week in one.columns:
        assert one[week].isna().equals(pd.Series(later < week))
    assert one[[5, 6, 7]].equals(two[[5, 6, 7]])
    assert not one[8].equals(two[8])


def test_rows_a_frozen_model_learned_from_are_scored_by_models_of_other_users():
    frame = decisions()
    weeks = week_of(frame)
    person = frame.user_id[0]
    changed = frame.label.copy()
    changed[frame.user_id == person] = ~changed[frame.user_id == person]
    other = type(frame)(**{**vars(frame), "label": changed})
    mine = (frame.user_id == person) & (weeks < 5)
    assert mine.any()
    assert (frozen_scores(frame, weeks)[mine] == frozen_scores(other, weeks)[mine]).all()


def test_watched_features_have_short_windows():
    assert "sessions_before" not in short_features()
    assert "weekday" not in short_features()
    assert "item_price" in set(short_features()) - set(user_features())


def test_a_quiet_shop_differs_in_what_is_planted_only():
    loud, quiet = ShopParameters(seed=3), QuietShop(seed=3)
    assert quiet.as_dict() == loud.as_dict()
    assert (loud.drift_day, len(loud.promotion)) == (69, 2)
    assert (quiet.drift_day, quiet.promotion) == (quiet.days, ())


def test_the_planted_calendar_is_read_from_the_truth(tmp_path):
    with pytest.raises(JourneyError, match="no truth"):
        planted_calendar(tmp_path)
    folder = tmp_path / "truth"
    folder.mkdir()
    values = {
        "drift_from": "2025-03-16",
        "promotion_days": ["2025-02-15", "2025-02-16"],
        "planted": {"channels": ["direct", "social"], "drift_channel": [0.0, 2.0], "drift_intent": 0.1},
    }
    (folder / "parameters.json").write_text(json.dumps(values))
    found = planted_calendar(tmp_path)
    assert (found.drift_from, found.raised, found.intent) == (date(2025, 3, 16), ("social",), 0.1)
    (folder / "parameters.json").write_text("{}")
    with pytest.raises(JourneyError, match="does not tell the shift"):
        planted_calendar(tmp_path)


def test_moving_records_keeps_every_user_whole():
    _, user, week = visits(7)
    moved = rotated_weeks(user, week, np.random.default_rng(0))
    step = pd.Series((moved - week) % 9).groupby(user)
    assert (step.nunique() == 1).all()
    assert len(step.first().unique()) == 9
    assert (moved.min(), moved.max()) == (0, 8)


def test_committed_twins_are_of_this_code_and_of_this_shop():
    found = kept("drift_twins", project())
    table = load_table(project(), "drift/watched")
    alarms = alarm_table(found.results["shops"], "users", "psi")
    mine = alarms[(alarms["seed"] == 7) & (alarms["twin"] == "planted")]
    here = table[table["psi_rings"]]
    assert set(zip(mine["week"], mine["variable"], strict=True)) == set(
        zip(here["week"], here["variable"], strict=True)
    )
