"""Invoice lines: one kind each, every penny counted, cancellations matched to what was bought before."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journey.errors import JourneyError
from journey.stores.locate import locate
from journey.stores.online_retail import KINDS, customer_orders, known_at, load_invoices, reconcile


def invoices(*rows: tuple, start: str = "2010-03-01 10:00") -> pd.DataFrame:
    """Rows of (invoice, code, description, quantity, minutes, price, customer)."""
    names = ["InvoiceNo", "StockCode", "Description", "Quantity", "minute", "UnitPrice", "CustomerID"]
    frame = pd.DataFrame(rows, columns=names)
    frame["InvoiceDate"] = pd.Timestamp(start) + pd.to_timedelta(frame.pop("minute"), unit="min")
    frame["CustomerID"] = frame["CustomerID"].astype("Int64")
    return frame.assign(Country="France")


@pytest.mark.parametrize(
    ("row", "kind"),
    [
        (("1", "85123a", "HOLDER", 2, 0, 2.55, 7), "sale"),
        (("1", "85123A", "HOLDER", 2, 0, 2.55, None), "sale_no_customer"),
        (("C1", "85123A", "HOLDER", -2, 0, 2.55, 7), "cancellation_unmatched"),
        (("C1", "85123A", "HOLDER", -2, 0, 2.55, None), "cancellation_no_customer"),
        (("1", "85123A", "HOLDER", -2, 0, 2.55, 7), "correction"),
        (("C1", "85123A", "HOLDER", 2, 0, 2.55, 7), "correction"),
        (("1", "85123A", "damages", -2, 0, 0.0, None), "no_price"),
        (("1", "85123A", "HOLDER", 2, 0, -2.55, 7), "adjustment"),
        (("A5", "B", "Adjust bad debt", 1, 0, 11062.06, None), "adjustment"),
        (("1", "m", "Manual", 1, 0, 3.0, 7), "adjustment"),
        (("1", "POST", "POSTAGE", 1, 0, 18.0, 7), "postage"),
        (("C1", "POST", "POSTAGE", -1, 0, 18.0, 7), "postage"),
        (("1", "23444", "Next Day Carriage", 1, 0, 15.0, 7), "postage"),
        (("1", "23099", "FRENCH CARRIAGE LANTERN", 1, 0, 15.0, 7), "sale"),
        (("1", "23574", "PACKING CHARGE", 1, 0, 5.0, 7), "fee"),
        (("1", "20847", "ZINC HEART LATTICE CHARGER LARGE", 1, 0, 5.0, 7), "sale"),
        (("C1", "D", "Discount", -1, 0, 5.0, 7), "discount"),
        (("C1", "S", "SAMPLES", -1, 0, 5.0, None), "sample"),
        (("1", "gift_0001_20", "Dotcomgiftshop Gift Voucher £20.00", 1, 0, 20.0, None), "voucher"),
        (("1", "TEST001", "This is a test product.", 1, 0, 4.5, 7), "test"),
        (("1", "PADS", "PADS TO MATCH ALL CUSHIONS", 1, 0, 1.5, 7), "other_code"),
    ],
)
def test_each_line_gets_its_kind(row, kind):
    assert load_invoices(invoices(row))["kind"].tolist() == [kind]


def test_a_cancellation_takes_back_the_latest_purchase_at_its_price_and_then_a_dearer_one():
    lines = load_invoices(
        invoices(
            ("1", "11111", "CUP", 10, 0, 2.00, 7),
            ("2", "11111", "CUP", 4, 10, 2.00, 7),
            ("3", "11111", "CUP", 5, 20, 3.00, 7),
            ("C4", "11111", "CUP", -16, 30, 2.00, 7),
            ("5", "11111", "CUP", 9, 40, 2.00, 7),
            ("6", "11111", "CUP", 9, 0, 2.00, 8),
        )
    )
    assert lines["cancelled"].tolist() == [10, 4, 2, 16, 0, 0]
    assert lines["net_pence"].tolist() == [0, 0, 1500 - 400, 0, 1800, 1800]
    assert lines["kind"][3] == "cancellation_matched"
    orders = customer_orders(lines)
    assert orders[["customer", "pence", "units"]].to_numpy().tolist() == [[7, 2900, 12], [8, 1800, 9]]


def test_what_is_taken_back_at_a_higher_price_or_before_it_is_bought_is_not_matched():
    lines = load_invoices(
        invoices(
            ("C1", "11111", "CUP", -1, 0, 2.00, 7),
            ("2", "11111", "CUP", 4, 10, 2.00, 7),
            ("C3", "11111", "CUP", -1, 20, 2.50, 7),
            ("C4", "11111", "CUP", -6, 20, 2.00, 7),
        )
    )
    assert lines["kind"].tolist()[0::2] == ["cancellation_unmatched"] * 2
    assert lines["kind"][3] == "cancellation_partly"
    assert lines["net_pence"].tolist() == [0, 0, 0, 0]
    assert customer_orders(lines).empty


LINE = st.tuples(
    st.sampled_from(["1", "2", "C3", "C4"]),
    st.sampled_from(["11111", "22222", "POST", "M"]),
    st.just("CUP"),
    st.integers(-9, 9),
    st.integers(0, 5),
    st.sampled_from([0.0, 0.001, 0.29, 1.15, 2.0, -4.0]),
    st.sampled_from([7, 8, None]),
)


@settings(deadline=None, max_examples=60)
@given(st.lists(LINE, min_size=1, max_size=30))
def test_kinds_add_up_and_matches_balance_to_the_penny(rows):
    lines = load_invoices(invoices(*rows))
    found = reconcile(lines)
    assert found.kinds["lines"].sum() == found.lines == len(rows)
    assert found.kinds["pence"].sum() == found.pence == lines["pence"].sum()
    assert abs(found.exact_pence - found.pence) <= len(rows) / 2
    sales, cancels = lines["kind"] == "sale", lines["kind"].astype(str).str.startswith("cancellation")
    assert lines.loc[sales, "cancelled"].sum() == lines.loc[cancels, "cancelled"].sum()
    assert (lines["cancelled"] <= lines["quantity"].abs()).all()
    matched = lines["kind"] == "cancellation_matched"
    partly = lines["kind"] == "cancellation_partly"
    assert -lines.loc[matched, "pence"].sum() <= found.refunded_pence
    assert found.refunded_pence <= -lines.loc[matched | partly, "pence"].sum()


@settings(deadline=None, max_examples=60)
@given(st.lists(LINE, min_size=1, max_size=30))
def test_what_was_known_does_not_change_when_the_future_is_deleted(rows):
    raw = invoices(*rows).sort_values("InvoiceDate", kind="stable")
    cut = raw["InvoiceDate"].iloc[-1]
    if (raw["InvoiceDate"] == raw["InvoiceDate"].iloc[0]).all():
        return
    early = load_invoices(raw, until=cut)
    other = load_invoices(raw[raw["InvoiceDate"] < cut])
    pd.testing.assert_frame_equal(early, other)
    pd.testing.assert_frame_equal(known_at(load_invoices(raw), cut), early)
    whole = load_invoices(raw).iloc[: len(early)]
    assert (whole["kind"].to_numpy() == early["kind"].to_numpy()).all()
    assert (whole["cancelled"] >= early["cancelled"]).all()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda d: d.drop(columns="UnitPrice"), "lacks column UnitPrice"),
        (lambda d: d.iloc[:0], "has no rows"),
        (lambda d: d.assign(Quantity="many"), "Quantity has 'many', which is no number"),
        (lambda d: d.assign(Quantity=1.5), "Quantity is not whole"),
        (lambda d: d.assign(InvoiceDate="soon"), "which is no time"),
        (lambda d: d.assign(StockCode=None), "StockCode is empty in 1 of 1"),
        (lambda d: d.assign(UnitPrice=np.inf), "UnitPrice is not finite"),
    ],
)
def test_bad_invoices_are_one_sentence(change, words):
    with pytest.raises(JourneyError, match=words):
        load_invoices(change(invoices(("1", "11111", "CUP", 1, 0, 2.0, 7))))


def test_files_of_another_year_are_read(tmp_path):
    raw = invoices(("1", "11111", "CUP", 1, 0, 2.0, 7), ("2", "11111", "CUP", 1, 9, 2.0, None))
    raw.to_csv(tmp_path / "year.csv", index=False)
    raw.to_parquet(tmp_path / "year.parquet")
    expected = load_invoices(raw)
    for name in ("year.csv", "year.parquet"):
        pd.testing.assert_frame_equal(load_invoices(tmp_path / name), expected)
    (tmp_path / "broken.parquet").write_bytes(b"PAR1")
    for name in ("broken.parquet", "absent.csv"):
        with pytest.raises(JourneyError, match=name):
            load_invoices(tmp_path / name)
    with pytest.raises(JourneyError, match="no line before"):
        load_invoices(raw, until="2000-01-01")


@pytest.mark.data
@pytest.mark.skipif(locate("online_retail") is None, reason="Online Retail is absent")
def test_the_file_reconciles_to_its_published_totals():
    # Lines, cancellations, lines without a customer, duplicates and the two bad debts as others count them.
    lines = load_invoices()
    found = reconcile(lines)
    assert (found.lines, found.pence) == (541_909, 974_774_793)
    assert found.exact_pence == pytest.approx(974_774_793.4, abs=1e-3)
    marks = found.marks.set_index("mark")["lines"]
    assert marks["cancellation"] == 9_288
    assert marks["no_customer"] == 135_080
    assert marks["duplicate"] == 5_268
    assert marks["negative_price"] == 2
    assert lines.loc[lines["price"] < 0, "description"].unique().tolist() == ["Adjust bad debt"]
    assert found.kinds["lines"].sum() == 541_909
    assert found.kinds["pence"].sum() == 974_774_793
    net = lines["net_pence"].sum()
    sold = found.kinds.set_index("kind")["pence"]
    assert net == sold["sale"] - found.refunded_pence
    assert customer_orders(lines)["pence"].sum() == net
    assert set(lines["kind"].unique()) <= set(KINDS)
