"""Features as arrays: order, errors, alignment at scoring time, and the leaks beside them."""

from __future__ import annotations

from datetime import datetime, timedelta

import duckdb
import numpy as np
import pandas as pd
import pytest
from support.features_shops import Event, Shop, warehouse

from journey.errors import JourneyError
from journey.features import DECISIONS, FEATURES, FeatureFrame, align, load_features
from journey.features.leaks import LEAKS, load_leaks

NOON = datetime(2025, 3, 10, 12, 0)
STEPS = ("view", "search", "add_to_cart", "checkout", "purchase")


def shop() -> Shop:
    """Three users with the same four sessions: the first and the third end in an order."""
    rows = []
    for visit, length in enumerate((5, 2, 5, 4)):
        for user in (3, 1, 2):
            for step in range(length):
                ts = NOON + timedelta(days=visit, minutes=step)
                rows.append(Event(len(rows) + 1, ts, user, device="desktop").typed(STEPS[step], 1, 12.5))
    return Shop(tuple(rows), {1: ("books", 4.0)}, {1: (NOON, "DE", "25-34")})


@pytest.fixture(scope="module")
def built() -> duckdb.DuckDBPyConnection:
    return warehouse(shop())


@pytest.fixture(scope="module")
def start(built: duckdb.DuckDBPyConnection) -> FeatureFrame:
    return load_features(built, "session_start")


class TestLoading:
    def test_shapes_and_types(self, built: duckdb.DuckDBPyConnection) -> None:
        for decision, rows in zip(DECISIONS, (12, 9, 9), strict=True):
            frame = load_features(built, decision)
            assert frame.matrix.shape == (rows, len(FEATURES)) == (len(frame), len(frame.names))
            assert frame.matrix.dtype == np.float64
            assert np.isfinite(frame.matrix).all()
            assert (frame.label.dtype, frame.decision) == (np.bool_, decision)
            assert frame.decided_at.dtype == np.dtype("datetime64[us]")
            assert list(frame.slices) == ["device", "channel", "country", "is_new_user"]

    def test_rows_are_in_order_of_time_then_session(self, start: FeatureFrame) -> None:
        order = np.lexsort((start.session_id, start.decided_at))
        assert order.tolist() == list(range(12))
        assert start.user_id.tolist() == [1, 2, 3] * 4

    def test_labels_and_money(self, start: FeatureFrame) -> None:
        assert start.label.tolist() == [True] * 3 + [False] * 3 + [True] * 3 + [False] * 3
        assert start.revenue_after.tolist() == [12.5 * label for label in start.label]

    def test_slices_belong_to_the_rows(self, start: FeatureFrame) -> None:
        assert start.slices["is_new_user"].tolist() == [True] * 3 + [False] * 9
        assert start.slices["country"].tolist() == ["DE", "unknown", "unknown"] * 4
        assert set(start.slices["device"]) == {"desktop"}

    def test_columns_may_be_chosen(self, built: duckdb.DuckDBPyConnection, start: FeatureFrame) -> None:
        frame = load_features(built, "session_start", ("hour", "orders_before"))
        assert frame.names == ("hour", "orders_before")
        assert np.array_equal(frame.matrix, start.select(("hour", "orders_before")).matrix)
        assert start.column("orders_before").tolist() == [0] * 3 + [1] * 6 + [2] * 3

    def test_rows_may_be_taken_by_mask_or_place(self, start: FeatureFrame) -> None:
        by_mask, by_place = start.take(start.label), start.take(np.flatnonzero(start.label))
        assert (
            by_mask.session_id.tolist()
            == by_place.session_id.tolist()
            == start.session_id[start.label].tolist()
        )
        assert by_mask.slices.equals(by_place.slices)
        assert list(by_mask.slices.index) == list(range(6))
        assert np.array_equal(by_mask.matrix, start.matrix[start.label])

    def test_unknown_names(self, built: duckdb.DuckDBPyConnection, start: FeatureFrame) -> None:
        with pytest.raises(JourneyError, match="unknown decision 'checkout'; decisions are session_start"):
            load_features(built, "checkout")
        with pytest.raises(JourneyError, match=r"'persona': not among the \d+ features of the catalogue"):
            load_features(built, "first_cart", ("hour", "persona"))
        with pytest.raises(JourneyError, match="feature 'hour' is asked for twice"):
            start.select(("hour", "weekday", "hour"))

    def test_a_warehouse_without_features(self) -> None:
        with pytest.raises(JourneyError, match=r"marts.features_all is missing .* `journey build warehouse`"):
            load_features(duckdb.connect(), "session_start")

    def test_a_warehouse_of_an_older_catalogue(self, built: duckdb.DuckDBPyConnection) -> None:
        old = duckdb.connect()
        old.execute("create schema marts")
        old.register("rows", built.sql("select * exclude (hour) from marts.features_all").to_arrow_table())
        old.execute("create table marts.features_all as select * from rows")
        with pytest.raises(JourneyError, match=r"lacks a column of the catalogue .*hour"):
            load_features(old, "session_start")
        old.execute("alter table marts.features_all add column hour integer")
        with pytest.raises(
            JourneyError, match=r"features_all.hour: 12 of 12 values are null for session_start"
        ):
            load_features(old, "session_start")


class TestAlignment:
    NAMES = ("hour", "coupon_pct")

    def test_columns_are_put_in_the_order_of_the_model(self) -> None:
        frame = pd.DataFrame({"coupon_pct": [5.0, 0.0], "hour": [9, 23]})
        assert align(frame, self.NAMES).tolist() == [[9, 5], [23, 0]]
        assert align(frame.astype({"hour": "Int64"}), self.NAMES).dtype == np.float64
        assert align(frame.iloc[:0], self.NAMES).shape == (0, 2)

    @pytest.mark.parametrize(
        ("frame", "message"),
        [
            (pd.DataFrame({"hour": [1]}), r"1 of 2 features of the model are missing .*'coupon_pct'"),
            (
                pd.DataFrame({"hour": [1], "coupon_pct": [0.0], "a": [1], "b": [1], "c": [1], "d": [1]}),
                r"4 columns .* unknown to the model: 'a', 'b', 'c' and 1 more",
            ),
            (pd.DataFrame({"hour": ["noon"], "coupon_pct": [0.0]}), r"column 'hour' .* is \w+, not a number"),
            (
                pd.DataFrame({"hour": [1, 2], "coupon_pct": [0.0, np.nan]}),
                r"'coupon_pct': 1 of 2 rows to score are null or infinite",
            ),
            (
                pd.DataFrame({"hour": [1, 2], "coupon_pct": [np.inf, -np.inf]}),
                r"'coupon_pct': 2 of 2 rows to score are null or infinite",
            ),
            (
                pd.DataFrame({"hour": pd.array([1, None], "Int64"), "coupon_pct": [0.0, 0.0]}),
                r"'hour': 1 of 2 rows to score are null",
            ),
            (
                pd.DataFrame([[1, 2, 0.0]], columns=["hour", "hour", "coupon_pct"]),
                r"column 'hour' occurs twice among 3 columns",
            ),
        ],
    )
    def test_what_does_not_fit_is_said(self, frame: pd.DataFrame, message: str) -> None:
        with pytest.raises(JourneyError, match=message):
            align(frame, self.NAMES)


class TestLeaks:
    @pytest.mark.parametrize("decision", DECISIONS)
    def test_they_stand_beside_the_honest_features(
        self, built: duckdb.DuckDBPyConnection, decision: str
    ) -> None:
        honest, leaks = load_features(built, decision), load_leaks(built, decision)
        assert leaks.names == tuple(leak.name for leak in LEAKS)
        both = honest.beside(leaks)
        assert both.names == honest.names + leaks.names
        assert np.array_equal(both.column("session_events"), leaks.column("session_events"))
        assert np.array_equal(both.label, honest.label)

    def test_they_know_how_the_session_ends(self, built: duckdb.DuckDBPyConnection) -> None:
        leaks = load_leaks(built, "session_start")
        assert leaks.column("session_events").tolist() == [5] * 3 + [2] * 3 + [5] * 3 + [4] * 3
        assert leaks.column("session_duration_s").tolist() == [240] * 3 + [60] * 3 + [240] * 3 + [180] * 3
        assert leaks.column("session_has_checkout").tolist() == [1] * 3 + [0] * 3 + [1] * 6

    def test_the_rate_differs_from_the_honest_one_by_the_session(
        self, built: duckdb.DuckDBPyConnection, start: FeatureFrame
    ) -> None:
        earlier = start.column("orders_before")
        visits = start.column("sessions_before")
        faked = load_leaks(built, "session_start").column("conversion_rate_with_session")
        assert start.column("past_conversion_rate") == pytest.approx(
            (earlier + 0.5) / (visits + 10), abs=1e-6
        )
        assert faked == pytest.approx((earlier + start.label + 0.5) / (visits + 11), abs=1e-6)

    def test_frames_of_different_decisions_do_not_fit(self, built: duckdb.DuckDBPyConnection) -> None:
        with pytest.raises(JourneyError, match=r"different decisions \(12 and 9\)"):
            load_features(built, "session_start").beside(load_leaks(built, "first_cart"))
        with pytest.raises(JourneyError, match="is asked for twice"):
            load_leaks(built, "first_cart").beside(load_leaks(built, "first_cart"))
        with pytest.raises(JourneyError, match="the matrix is"):
            load_leaks(built, "first_cart").replaced(("one",), np.zeros((9, 2)))
