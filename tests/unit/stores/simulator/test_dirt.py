"""The default shop is as dirty as it says, and the truth knows every dirty row."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
from scipy.stats import binom
from support.simulated_store import open_store, rows, value

from journey.stores.simulator import DirtRates, ShopParameters, simulate

NETWORK_SECONDS = 5.0


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The default shop: 10,000 users, 90 days, seed 7, with dirt."""
    folder = tmp_path_factory.mktemp("default") / "simulated"
    simulate(folder, ShopParameters())
    return folder


@pytest.fixture(scope="module")
def db(shop: Path) -> duckdb.DuckDBPyConnection:
    return open_store(shop)


class TestDirt:
    def test_rows_without_dirt_are_what_they_seem(self, db: duckdb.DuckDBPyConnection) -> None:
        clean = rows(
            db,
            """
            select min(epoch(received_ts - ts)), max(epoch(received_ts - ts)), min(quantity),
                count(*) filter (user_id is null),
                count(*) filter (price_text is not null), count(*) - count(distinct event_id)
            from rows where len(kinds) = 0
            """,
        )[0]
        assert clean[0] >= 0
        assert clean[1] <= NETWORK_SECONDS
        assert clean[2:] == (1, 0, 0, 0)

    @pytest.mark.parametrize(
        ("kind", "population", "rate"),
        [
            ("duplicate", "not list_contains(kinds, 'duplicate')", DirtRates().duplicate),
            ("late", "not list_contains(kinds, 'duplicate')", DirtRates().late),
            ("missing_user", "not list_contains(kinds, 'duplicate')", DirtRates().missing_user),
            (
                "negative_quantity",
                "event_type in ('add_to_cart', 'remove_from_cart', 'purchase')",
                DirtRates().negative_quantity,
            ),
        ],
    )
    def test_rates(self, db: duckdb.DuckDBPyConnection, kind: str, population: str, rate: float) -> None:
        """The number of dirty rows lies within the central 99.99% of the binomial."""
        found = value(
            db,
            f"select count(*) from rows where list_contains(kinds, '{kind}')"
            + ("" if kind == "duplicate" else f" and {population}"),
        )
        exposed = value(db, f"select count(*) from rows where {population}")
        low, high = binom.interval(0.9999, exposed, rate)
        assert low <= found <= high

    def test_skewed_sessions_and_bots(self, db: duckdb.DuckDBPyConnection) -> None:
        sessions, skewed = rows(
            db,
            """
            select count(distinct true_session_id),
                count(distinct true_session_id) filter (list_contains(kinds, 'skewed'))
            from true_events join rows using (event_id)
            """,
        )[0]
        low, high = binom.interval(0.9999, sessions, DirtRates().skewed)
        assert low <= skewed <= high
        low, high = binom.interval(0.9999, 10_000, DirtRates().bot)
        assert low <= value(db, "select count(*) from true_users where is_bot") <= high

    def test_late_rows(self, db: duckdb.DuckDBPyConnection) -> None:
        low, high = rows(
            db,
            """
            select min(epoch(received_ts - ts)) / 3600, max(epoch(received_ts - ts)) / 3600 from rows
            where list_contains(kinds, 'late') and not list_contains(kinds, 'duplicate')
            """,
        )[0]
        assert 6.0 <= low < 7.0
        assert 46.0 < high <= 47.0

    def test_skewed_rows(self, db: duckdb.DuckDBPyConnection) -> None:
        wrong = """
            select count(*) from rows where list_contains(kinds, 'skewed') and (
                not (ts > true_ts + interval 1 hour or ts <= true_ts - interval 4 day)
                or (not list_contains(kinds, 'duplicate') and received_ts - true_ts > interval 5 second)
                or list_contains(kinds, 'late'))
        """
        assert value(db, wrong) == 0
        years = rows(db, "select distinct year(ts) from rows where list_contains(kinds, 'skewed') order by 1")
        assert years[0] == (1970,)

    def test_duplicates_repeat_an_earlier_row(self, db: duckdb.DuckDBPyConnection) -> None:
        matched = """
            select count(*), count(*) filter (again.event_id = first.event_id)
            from rows as again join rows as first
                on again.user_id is not distinct from first.user_id and again.ts = first.ts
                and again.event_type = first.event_type and again.item_id is not distinct from first.item_id
                and again.quantity = first.quantity and again.received_ts > first.received_ts
            where list_contains(again.kinds, 'duplicate') and not list_contains(first.kinds, 'duplicate')
        """
        number, same_id = rows(db, matched)[0]
        assert number == value(db, "select count(*) from rows where list_contains(kinds, 'duplicate')")
        assert 0.65 < same_id / number < 0.75

    def test_bots_only_view_fast_and_long(self, db: duckdb.DuckDBPyConnection) -> None:
        assert rows(db, "select distinct event_type from rows where list_contains(kinds, 'bot')") == [
            ("view",)
        ]
        length, gap = rows(
            db,
            """
            select min(n), max(gap) from (
                select user_id, count(*) as n, median(gap) as gap from (
                    select user_id, epoch(ts - lag(ts) over (partition by user_id order by ts)) as gap
                    from rows where list_contains(kinds, 'bot') and not list_contains(kinds, 'duplicate')
                ) group by all)
            """,
        )[0]
        assert length >= 60
        assert gap < 2.0
        marked = "select count(*) from true_sessions join true_users using (user_id) where is_bot"
        assert value(db, marked) == 0

    def test_quantities_and_users_can_be_put_right(self, db: duckdb.DuckDBPyConnection) -> None:
        wrong = """
            select count(*) from rows where
                (list_contains(kinds, 'negative_quantity') and quantity <> -true_quantity)
                or (list_contains(kinds, 'missing_user') and (user_id is not null or true_user_id is null))
                or (quantity < 0 and not list_contains(kinds, 'negative_quantity'))
                or (user_id is null and not list_contains(kinds, 'missing_user'))
        """
        assert value(db, wrong) == 0

    def test_price_turns_to_text_on_one_day(self, db: duckdb.DuckDBPyConnection) -> None:
        first, last = rows(
            db,
            """
            select min(day) filter (price_text is not null), max(day) filter (unit_price is not null)
            from raw
            """,
        )[0]
        assert (str(first), str(last)) == ("2025-02-20", "2025-02-19")
        wrong = """
            select count(*) from rows where price_text is not null
                and (not list_contains(kinds, 'type_change')
                    or split_part(price_text, ' ', 2)::double <> true_unit_price)
        """
        assert value(db, wrong) == 0

    def test_some_rows_are_dirty_twice(self, db: duckdb.DuckDBPyConnection) -> None:
        assert value(db, "select count(*) from rows where len(kinds) >= 3") > 0
