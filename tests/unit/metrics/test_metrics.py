"""Ratio metrics, driver tree, decomposition and anomalies, each where the answer is known."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from journey.errors import JourneyError
from journey.metrics.anomalies import weekday_anomalies
from journey.metrics.bootstrap import bootstrap_totals, bundled_totals, segment_difference
from journey.metrics.drivers import driver_tree, mix_and_rate
from journey.metrics.recount import recount


def users(rng, n=400):
    """Sessions and buying sessions of users whose conversion differs: mean 0.1."""
    sessions = 1 + rng.poisson(3, n)
    return rng.binomial(sessions, rng.beta(1, 9, n)), sessions


def test_bootstrap_over_users_covers_the_true_ratio_where_wilson_does_not():
    rng, runs, truth = np.random.default_rng(3), 400, 0.1
    covered = wilson = 0
    for run in range(runs):
        buys, sessions = users(rng)
        drawn = bootstrap_totals({"buys": buys, "sessions": sessions}, replicates=400, seed=run)
        ratio = drawn.ratio("buys", "sessions")
        covered += ratio.low <= truth <= ratio.high
        n, p, z = sessions.sum(), ratio.value, 1.96
        centre = (p + z**2 / (2 * n)) / (1 + z**2 / n)
        half = z / (1 + z**2 / n) * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
        wilson += centre - half <= truth <= centre + half
    assert covered / runs == pytest.approx(0.95, abs=0.035)
    assert wilson < covered


def test_totals_are_exact_and_seeded():
    columns = {"buys": [1, 0, 2], "sessions": [4, 3, 5]}
    first, second = bootstrap_totals(columns, seed=1), bootstrap_totals(columns, seed=1)
    assert first.ratio("buys", "sessions") == second.ratio("buys", "sessions")
    assert first.ratio("buys", "sessions").value == 0.25
    assert first.estimate(lambda t: t["sessions"]).value == 12


def buying(totals):
    return totals["buys"] / totals["sessions"]


def test_the_difference_of_segments_sees_that_their_users_are_the_same():
    buys, sessions = users(np.random.default_rng(6), 2000)
    one = {"buys": buys, "sessions": sessions}
    # The same users in both segments: the difference is known, however uncertain each value is.
    same = segment_difference(one, one, (buying, buying), seed=1)
    assert (same.value, same.low, same.high) == (0.0, 0.0, 0.0)
    half = np.arange(2000) < 1000
    first, second = ({name: np.where(part, one[name], 0) for name in one} for part in (half, ~half))
    apart = segment_difference(first, second, (buying, buying), seed=1, replicates=4000)
    errors = []
    for part in (half, ~half):
        b, s = buys[part], sessions[part]
        errors.append(np.std(b - b.sum() / s.sum() * s) * np.sqrt(len(s)) / s.sum())
    assert apart.value == pytest.approx(
        buys[half].sum() / sessions[half].sum()
        - buying({"buys": buys[~half].sum(), "sessions": sessions[~half].sum()})
    )
    assert (apart.high - apart.low) / (2 * 1.96) == pytest.approx(np.hypot(*errors), rel=0.06)


def test_bundles_of_users_leave_totals_as_they_are_and_intervals_as_wide():
    buys, sessions = users(np.random.default_rng(5), 4000)
    columns = {"buys": buys, "sessions": sessions}
    alone = bootstrap_totals(columns, replicates=4000, seed=1)
    bundled = bundled_totals(columns, bundles=1000, replicates=4000, seed=1)
    assert (alone.n_users, bundled.n_users) == (4000, pytest.approx(982, abs=12))
    one, other = (drawn.ratio("buys", "sessions") for drawn in (alone, bundled))
    assert other.value == pytest.approx(one.value)
    assert other.high - other.low == pytest.approx(one.high - one.low, rel=0.1)
    few = bundled_totals(columns, bundles=4000, replicates=4000, seed=1)
    assert few.ratio("buys", "sessions") == one


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"a": [], "b": []}, "at least one user"),
        ({"a": [1], "b": [1, 2]}, "one length"),
        ({"a": [0, 0], "b": [0, 0]}, "no b in this segment"),
        ({"a": [np.nan, 0], "b": [1, 1]}, "not finite"),
    ],
)
def test_impossible_ratios_are_refused(columns, message):
    with pytest.raises(JourneyError, match=message):
        bootstrap_totals(columns).ratio("a", "b")


counts = st.lists(st.integers(1, 1000), min_size=6, max_size=6)


def totals(numbers):
    names = ("visitors", "sessions", "cart_sessions", "checkout_sessions", "buying_sessions", "orders")
    return dict(zip(names, numbers, strict=True)) | {"revenue": 37.5 * numbers[-1]}


@given(counts)
def test_the_product_of_the_drivers_is_the_north_star(numbers):
    tree = driver_tree(totals(numbers))
    assert tree.product == pytest.approx(tree.revenue_per_visitor, rel=1e-12)


def test_an_empty_step_is_named():
    with pytest.raises(JourneyError, match="checkout_sessions"):
        driver_tree(totals([5, 4, 3, 0, 0, 0]))


def test_simpson_is_all_mix_when_rates_stand_still():
    change = mix_and_rate(np.array([900, 100]), np.array([90, 2]), np.array([500, 500]), np.array([50, 10]))
    assert change.change < 0
    assert change.rate == pytest.approx(0, abs=1e-15)
    assert change.mix == pytest.approx(change.change)


def test_only_the_odd_weekend_is_flagged():
    rng = np.random.default_rng(0)
    weekdays = np.arange(84) % 7
    values = (100 + 20 * weekdays) * np.exp(rng.normal(0, 0.05, 84))
    values[[40, 41]] *= 2
    assert np.flatnonzero(weekday_anomalies(values, weekdays).flagged).tolist() == [40, 41]
    with pytest.raises(JourneyError, match="1 days have no value"):
        weekday_anomalies([1, 0], [0, 1])


def test_a_day_among_equal_days_is_odd():
    # The median deviation is 0, so the spread is that of Iglewicz and Hoaglin (1993): 1.2533 times the mean
    # absolute deviation, here of one day in 28.
    values = np.full(28, 100)
    values[9] = 10_000
    found = weekday_anomalies(values, np.arange(28) % 7)
    assert np.flatnonzero(found.flagged).tolist() == [9]
    assert found.z[9] == pytest.approx(28 / np.sqrt(np.pi / 2))
    assert not weekday_anomalies(np.full(28, 100), np.arange(28) % 7).flagged.any()


def test_recount_by_hand():
    start = pd.Timestamp("2025-01-06 10:00")
    rows = [  # minutes, user, type, quantity, price, discount
        (0, 1, "view", 1, 10.0, 0),
        (30, 1, "add_to_cart", 1, 10.0, 0),  # a gap of exactly 30 minutes stays in the session
        (61, 1, "view", 1, 10.0, 0),  # 31 minutes: a new session, of one event
        (0, 2, "add_to_cart", 2, 10.0, 10),
        (1, 2, "checkout", 1, None, 10),
        (2, 2, "purchase", 2, 10.0, 10),
        (2, 2, "purchase", 1, 5.0, None),  # no discount is recorded: none was given
    ]
    events = pd.DataFrame(
        [
            {
                "event_id": i,
                "ts": start + pd.Timedelta(minutes=minutes),
                "user_id": user,
                "event_type": kind,
                "quantity": quantity,
                "unit_price": price,
                "discount_pct": discount,
            }
            for i, (minutes, user, kind, quantity, price, discount) in enumerate(rows)
        ]
    )
    by_hand = {
        "events": 7,
        "visitors": 2,
        "sessions": 3,
        "cart_sessions": 2,
        "checkout_sessions": 1,
        "buying_sessions": 1,
        "orders": 1,
        "revenue": pytest.approx(23),
        "bounced_sessions": 1,
        "abandoned_carts": 1,
    }
    # Every count, these and others, is also held against SQL (`user_segment_totals`).
    counted = recount(events.sample(frac=1, random_state=0))
    assert {name: counted[name] for name in by_hand} == by_hand
