"""Segments of invoices: another year goes through, what is kept adds up, nothing after a window is known."""

import json

import numpy as np
import pandas as pd
import pytest

from journey.customers.rfm import GONE, SEGMENTS
from journey.errors import JourneyError
from journey.paths import project
from journey.stores.online_retail import load_invoices
from journey.studies.retail_segments import between_halves, halfway, moved_windows, retail_segments


def another_year(days: int = 365, customers: int = 200, seed: int = 2) -> pd.DataFrame:
    """Invoices of other days, codes and customers than those of the file."""
    rng = np.random.default_rng(seed)
    rate = rng.gamma(0.8, 0.02, customers)
    rows = []
    for customer in range(customers):
        for day in np.flatnonzero(rng.random(days) < rate[customer]):
            number = 700_000 + len(rows)
            for item in rng.integers(30_000, 30_040, rng.integers(1, 4)):
                quantity, price = int(rng.integers(1, 12)), float(rng.integers(20, 900)) / 100
                rows.append((str(number), str(item), quantity, day, price, customer))
                if rng.random() < 0.05:
                    later = min(day + int(rng.integers(0, 60)), days - 1)
                    rows.append((f"C{number}", str(item), -quantity, later, price, customer))
        rows.append((f"{900_000 + customer}", "POST", 1, int(rng.integers(0, days)), 4.5, customer))
    for _ in range(100):
        rows.append(("800000", "30001", 1, int(rng.integers(0, days)), 2.5, None))
    frame = pd.DataFrame(
        rows, columns=["InvoiceNo", "StockCode", "Quantity", "day", "UnitPrice", "CustomerID"]
    )
    frame["InvoiceDate"] = pd.Timestamp("2017-02-01 09:00") + pd.to_timedelta(frame.pop("day"), unit="D")
    frame["CustomerID"] = frame["CustomerID"].astype("Int64")
    frame = frame.assign(Description="CUP", Country="Malta")
    return frame.sort_values("InvoiceDate", kind="stable", ignore_index=True)


@pytest.fixture(scope="module")
def raw() -> pd.DataFrame:
    return another_year()


@pytest.fixture(scope="module")
def found(raw: pd.DataFrame) -> dict:
    return retail_segments(raw)


def parts_add_up(result: dict) -> None:
    """What must hold for any year of invoices."""
    lines = result["lines"]
    assert sum(row["lines"] for row in lines["kinds"]) == lines["lines"]
    assert sum(row["pence"] for row in lines["kinds"]) == lines["pence"]
    assert sum(row["customers"] for row in result["segments"]) == result["customers"]
    assert sum(row["revenue_share"] for row in result["segments"]) == pytest.approx(1)
    for row in result["top"]:
        assert 0.1 <= row["value"] <= 1
        assert row.get("low", 0) <= row["value"] <= row.get("high", 1)
    usual = result["row_order"]
    assert usual["scored_1"] + usual["scored_higher"] == usual["one_order"]
    assert usual["scores_when_equal"] == 1
    halves = result["migration"]
    counts = np.array(halves["counts"])
    assert counts[:-1].sum() == halves["first_customers"]
    assert counts[:, :-1].sum() == halves["second_customers"]
    assert counts[-1, -1] == 0
    assert halves["segments"] == [*SEGMENTS, GONE]
    for row in result["months"]["moves"]:
        assert max(row["kept"], row["kept_fixed_limits"]) <= row["in_both"]
        assert row["kept"] + row["changed_idle"] <= row["in_both"]


def test_another_year_goes_through(found, raw):
    parts_add_up(found)
    assert found["lines"]["lines"] == len(raw)
    assert len(found["months"]["moves"]) >= 3


def test_it_is_the_same_twice_and_can_be_kept(found, raw):
    again = retail_segments(raw)
    assert json.dumps(again, default=float, allow_nan=False) == json.dumps(found, default=float)


def test_a_half_knows_nothing_of_the_other(raw):
    lines = load_invoices(raw)
    days = lines["moment"].dt.floor("D")
    first, end = days.min(), days.max() + pd.Timedelta(days=1)
    whole = between_halves(lines, first, end)
    middle = halfway(first, end)
    # Everything after the middle is cancelled: the first half must not notice.
    late = raw[raw["InvoiceDate"] < middle].copy()
    undone = late[(late["Quantity"] > 0) & late["CustomerID"].notna()].assign(
        InvoiceNo=lambda each: "C" + each["InvoiceNo"],
        Quantity=lambda each: -each["Quantity"],
        InvoiceDate=raw["InvoiceDate"].max(),
    )
    other = between_halves(load_invoices(pd.concat([raw, undone], ignore_index=True)), first, end)
    assert (
        np.array(other["counts"])[:-1].sum(axis=1).tolist()
        == np.array(whole["counts"])[:-1].sum(axis=1).tolist()
    )


def test_customers_who_do_the_same_every_month_keep_their_names():
    months = [f"{700_000 + month * 10 + customer}" for month in range(12) for customer in range(5)]
    frame = pd.DataFrame({"InvoiceNo": months})
    order = np.arange(len(frame))
    frame = frame.assign(
        StockCode="30001",
        Description="CUP",
        Quantity=1 + order % 5,
        InvoiceDate=pd.Timestamp("2016-01-01") + pd.to_timedelta(order // 5 * 30, unit="D"),
        UnitPrice=2.0,
        CustomerID=order % 5,
        Country="Malta",
    )
    lines = load_invoices(frame)
    found = moved_windows(lines, pd.Timestamp("2016-01-01"), pd.Timestamp("2016-12-01"))
    assert found["kept_share"] == found["kept_share_fixed_limits"] == 1


def test_too_few_days_are_one_sentence():
    with pytest.raises(JourneyError, match="too few to move a window"):
        retail_segments(another_year(days=60))


def test_the_committed_result_adds_up_and_meets_what_others_count():
    file = project().evidence / "online_retail_segments.json"
    kept = json.loads(file.read_text(encoding="utf-8"))["results"]
    parts_add_up(kept)
    assert (kept["row_order"]["customers"], kept["row_order"]["one_order"]) == (4_338, 1_493)
    assert kept["lines"]["lines"] == 541_909
    assert kept["lines"]["pence"] == 974_774_793
    marks = {row["mark"]: row["lines"] for row in kept["lines"]["marks"]}
    assert marks["cancellation"] == 9_288
    assert marks["no_customer"] == 135_080
    assert marks["duplicate"] == 5_268
    assert marks["negative_price"] == 2
