"""Scores, names and migrations: equal customers are treated equally, whatever the order of rows."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from journey.customers.rfm import (
    GONE,
    RULES,
    SEGMENTS,
    History,
    fifths,
    migration,
    name_customers,
    order_history,
)
from journey.errors import JourneyError

VALUES = st.lists(st.integers(-5, 5), min_size=1, max_size=60)


def history(rows: list[tuple[int, int, float]]) -> History:
    """Customers 0, 1, ... of (days since, orders, money)."""
    days, orders, money = (np.array(column) for column in zip(*rows, strict=True))
    return History(np.arange(len(rows)), days, orders, money.astype(float))


def test_distinct_values_fall_into_even_fifths():
    assert fifths(np.arange(10)).tolist() == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]
    # The mean rank of the six ones is 3.5 of 10: the second fifth, for all of them.
    assert fifths([1, 1, 1, 1, 1, 1, 2, 3, 4, 5]).tolist() == [2] * 6 + [4, 4, 5, 5]
    assert fifths([7]).tolist() == [5]


@given(VALUES)
def test_equal_values_have_equal_scores_in_their_order(values):
    scores = fifths(values)
    assert scores.min() >= 1
    assert scores.max() <= 5
    table = pd.DataFrame({"value": values, "score": scores})
    assert (table.groupby("value")["score"].nunique() == 1).all()
    assert table.sort_values("value")["score"].is_monotonic_increasing


@given(VALUES, st.randoms())
def test_the_order_of_rows_does_not_matter(values, random):
    order = list(range(len(values)))
    random.shuffle(order)
    assert fifths(np.array(values)[order]).tolist() == fifths(values)[order].tolist()


@given(VALUES)
def test_own_limits_are_the_limits_of_the_values_themselves(values):
    assert fifths(values, values).tolist() == fifths(values).tolist()


def test_limits_of_others_stay():
    assert fifths([-100, 0, 100], np.arange(10)).tolist() == [1, 1, 5]


def test_every_rule_names_somebody_and_everybody_has_a_name():
    rng = np.random.default_rng(5)
    rows = [(int(d), int(o), float(m)) for d, o, m in zip(
        rng.integers(1, 300, 2000), rng.geometric(0.35, 2000), rng.gamma(1, 100, 2000), strict=True
    )]  # fmt: skip
    mine = history(rows)
    names = name_customers(mine)
    assert set(names) == set(SEGMENTS) == set(RULES)
    once = mine.orders == 1
    assert once[np.isin(names, ["New", "Lost"])].all()
    assert mine.days_since[names == "New"].max() < mine.days_since[names == "Lost"].min()
    assert not once[names == "Hibernating"].any()


def test_customers_who_all_did_the_same_have_one_name():
    assert len(set(name_customers(history([(9, 1, 5.0)] * 40)))) == 1
    assert len(set(name_customers(history([(9, 1, 5.0)])))) == 1


def test_a_window_counts_days_with_an_order():
    orders = pd.DataFrame(
        {
            "customer": [8, 8, 9, 9],
            "day": pd.to_datetime(["2020-01-01", "2020-01-05", "2020-01-05", "2020-01-09"]),
            "pence": [100, 250, 30, 999],
        }
    )
    found = order_history(orders, pd.Timestamp("2020-01-01"), pd.Timestamp("2020-01-09"))
    assert found.customer.tolist() == [8, 9]
    assert found.days_since.tolist() == [4, 4]
    assert found.orders.tolist() == [2, 1]
    assert found.money.tolist() == [350, 30]
    with pytest.raises(JourneyError, match="no order from 2021"):
        order_history(orders, pd.Timestamp("2021-01-01"), pd.Timestamp("2021-02-01"))


def test_migration_counts_everybody_once():
    before = History(np.array([1, 2, 3]), np.ones(3, int), np.ones(3, int), np.ones(3))
    after = History(np.array([2, 3, 4, 5]), np.ones(4, int), np.ones(4, int), np.ones(4))
    table = migration(
        before, np.array(["New", "Lost", "Lost"]), after, np.array(["Lost", "Lost", "New", "New"])
    )
    assert table.to_numpy().sum() == 5
    assert table.loc["New", GONE] == 1
    assert table.loc["Lost", "Lost"] == 2
    assert table.loc[GONE, "New"] == 2
    assert list(table.index) == [*SEGMENTS, GONE]


@pytest.mark.parametrize("values", [[], [1.0, np.nan]])
def test_values_that_cannot_be_scored(values):
    with pytest.raises(JourneyError, match="finite values"):
        fifths(values)
