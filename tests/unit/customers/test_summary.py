"""Purchases by customer: days, not rows or calendar weeks; money by day on both sides of a cut; cohorts."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from journey.customers.cohorts import cohort_retention, pooled
from journey.customers.summary import day_number, follow, purchase_days, repeat_purchases, summarise
from journey.errors import JourneyError

ROWS = pd.DataFrame(
    [
        ("ann", "2024-01-01 10:00", 10.0),
        ("ann", "2024-01-01 18:00", 20.0),
        ("ann", "2024-01-08 09:00", 5.0),
        ("ann", "2024-01-08 21:00", 7.0),
        ("ann", "2024-01-20 09:00", 8.0),
        ("bob", "2024-01-03 09:00", 40.0),
        ("bob", "2024-02-10 09:00", 50.0),
        ("bob", "2024-02-10 10:00", 4.0),
        ("cat", "2024-02-20 09:00", 9.0),
    ],
    columns=["customer", "moment", "money"],
)
END = day_number("2024-01-31")


@pytest.fixture
def days():
    return purchase_days(ROWS["customer"], pd.to_datetime(ROWS["moment"]), ROWS["money"])


def test_purchases_of_a_day_are_one_and_their_money_is_summed(days):
    summary = summarise(days, END)
    assert summary.customer.tolist() == ["ann", "bob"]
    assert summary.frequency.tolist() == [2, 0]
    assert summary.recency.tolist() == [19, 0]
    assert summary.age.tolist() == [30, 28]
    assert summary.money[0] == pytest.approx((12 + 8) / 2)
    assert np.isnan(summary.money[1])


def test_days_and_money_after_the_cut_are_counted_the_same_way(days):
    summary = summarise(days, END)
    orders, money = follow(days, summary.customer, END, END + 30)
    assert orders.tolist() == [0, 1]
    assert money.tolist() == [0, 54]


def test_counting_by_rows_would_find_more_repeat_customers(days):
    """The trap of CDNOW: 946 customers by days, 959 by rows."""
    by_rows = ROWS[pd.to_datetime(ROWS["moment"]) < "2024-02-01"].groupby("customer").size()
    assert (by_rows > 1).sum() == 1
    one_day = purchase_days(["dan", "dan"], pd.to_datetime(["2024-01-01 09:00", "2024-01-01 12:00"]), [1, 2])
    assert summarise(one_day, END).frequency.tolist() == [0]


def test_nothing_after_the_end_is_known(days):
    early = purchase_days(
        *(ROWS[pd.to_datetime(ROWS["moment"]) < "2024-02-01"][name] for name in ROWS.columns)
    )
    one, two = summarise(days, END), summarise(early, END)
    for name in ("customer", "frequency", "recency", "age"):
        assert getattr(one, name).tolist() == getattr(two, name).tolist()


def test_repeat_purchases_leave_the_first_out(days):
    until = np.array([day_number(date) for date in ("2024-01-07", "2024-01-08", "2024-03-01")])
    assert repeat_purchases(days, until).tolist() == [0, 1, 3]


@pytest.mark.parametrize(
    ("customer", "moment", "money", "message"),
    [
        ([], [], [], "no purchases"),
        (["a"], ["2024-01-01", "2024-01-02"], [1], "1, 2 and 1"),
        (["a"], ["NaT"], [1], "1 of 1 purchases have no time"),
        (["a"], ["2024-01-01"], [np.inf], "1 no finite amount"),
    ],
)
def test_purchases_that_cannot_be(customer, moment, money, message):
    with pytest.raises(JourneyError, match=message):
        purchase_days(customer, np.array(moment, dtype="datetime64[D]"), money)


def test_an_end_before_everything(days):
    with pytest.raises(JourneyError, match="2020-01-01"):
        summarise(days, day_number("2020-01-01"))


class TestCohorts:
    def test_months_are_counted_by_hand(self, days):
        table = cohort_retention(days, day_number("2024-03-31"), "month")
        first = table[(table["cohort"] == "2024-01-01") & (table["age"] == 1)].iloc[0]
        assert (first["n"], first["bought"]) == (2, 1)
        assert table[table["cohort"] == "2024-02-01"]["n"].unique().tolist() == [1]
        assert 0 <= first["low"] < 0.5 < first["high"] <= 1

    def test_unfinished_periods_are_left_out(self, days):
        table = cohort_retention(days, day_number("2024-03-30"), "month")
        assert table["age"].max() == 1

    def test_weeks_start_on_monday(self):
        sunday_and_monday = purchase_days(
            ["a", "a", "b"],
            np.array(["2024-01-07", "2024-01-08", "2024-01-22"], dtype="datetime64[D]"),
            [1, 1, 1],
        )
        table = cohort_retention(sunday_and_monday, day_number("2024-01-28"), "week")
        assert table.iloc[0][["cohort", "age", "bought"]].tolist() == ["2024-01-01", 1, 1]

    def test_agrees_with_a_plain_recount(self):
        rng = np.random.default_rng(0)
        who = rng.integers(60, size=500)
        moment = np.datetime64("2024-01-01") + rng.integers(300, size=500)
        days = purchase_days(who, moment, np.ones(500))
        found = cohort_retention(days, day_number("2024-10-31"), "month")
        frame = pd.DataFrame({"who": who, "month": pd.to_datetime(moment).to_period("M")}).drop_duplicates()
        frame["born"] = frame.groupby("who")["month"].transform("min")
        for row in found.to_dict("records"):
            born = pd.Period(row["cohort"][:7], "M")
            inside = frame[frame["born"] == born]
            assert row["n"] == inside["who"].nunique()
            assert row["bought"] == (inside["month"] == born + row["age"]).sum()
        assert pooled(found)["n"].tolist() == sorted(pooled(found)["n"], reverse=True)

    def test_too_short(self, days):
        with pytest.raises(JourneyError, match="two full months"):
            cohort_retention(days, day_number("2024-02-10"), "month")
