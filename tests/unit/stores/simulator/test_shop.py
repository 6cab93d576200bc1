"""The default shop keeps its word: layout, counts, conversion, sessions, orders, sample ratios."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest
from scipy.stats import chisquare
from support.simulated_store import open_store, rows, value

from journey.stores.schema import validate_store
from journey.stores.simulator import ShopParameters, simulate


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The default shop: 10,000 users, 90 days, seed 7, with dirt."""
    folder = tmp_path_factory.mktemp("default") / "simulated"
    simulate(folder, ShopParameters())
    return folder


@pytest.fixture(scope="module")
def db(shop: Path) -> duckdb.DuckDBPyConnection:
    return open_store(shop)


class TestLayout:
    def test_is_a_valid_store(self, shop: Path) -> None:
        summary = validate_store(shop)
        assert "10,000 users" in str(summary)

    def test_manifest_counts_what_is_there(self, shop: Path, db: duckdb.DuckDBPyConnection) -> None:
        manifest = json.loads((shop / "manifest.json").read_text())
        for table in ("users", "items", "exposures"):
            assert manifest["rows"][table] == value(db, f"select count(*) from {table}")
        assert manifest["rows"]["events"] == value(db, "select count(*) from raw")
        assert (manifest["first_day"], manifest["last_day"]) == ("2025-01-06", "2025-04-05")
        assert manifest["partitions"]["count"] == value(db, "select count(distinct day) from raw")

    def test_partition_is_the_day_of_arrival(self, db: duckdb.DuckDBPyConnection) -> None:
        assert value(db, "select count(*) from raw where received_ts::date <> day::date") == 0

    def test_event_and_arrival_identify_a_row(self, db: duckdb.DuckDBPyConnection) -> None:
        assert value(db, "select count(*) - count(distinct (event_id, received_ts)) from raw") == 0

    def test_truth_says_what_was_planted(self, shop: Path) -> None:
        planted = json.loads((shop / "truth" / "parameters.json").read_text())
        assert planted["promotion_days"] == ["2025-02-15", "2025-02-16"]
        assert planted["planted"]["personas"][0] == "Power Shopper"
        assert len(planted["planted"]["free_shipping"]) == 4


class TestClaims:
    """SPEC 2.1: about 313,000 events, 16,000-30,000 sessions, 5% (+-0.5) of sessions buy."""

    def test_events(self, db: duckdb.DuckDBPyConnection) -> None:
        raw, clean = value(db, "select count(*) from raw"), value(db, "select count(*) from true_events")
        assert abs(raw / 313_000 - 1) < 0.05
        assert abs(clean / 313_000 - 1) < 0.05

    def test_sessions(self, db: duckdb.DuckDBPyConnection) -> None:
        assert 16_000 <= value(db, "select count(*) from true_sessions") <= 30_000
        assert value(db, "select sum(n_events) from true_sessions") == value(
            db, "select count(*) from true_events"
        )

    def test_conversion(self, db: duckdb.DuckDBPyConnection) -> None:
        assert 0.045 <= value(db, "select avg(purchased::int) from true_sessions") <= 0.055

    def test_channel_mix_shift_is_a_simpson_paradox(self, db: duckdb.DuckDBPyConnection) -> None:
        """Last three weeks against the three before: no channel converts worse, all together do."""
        period = "case when start_ts >= date '2025-03-16' then 'after' else 'before' end"
        table = f"(select *, {period} as period from true_sessions where start_ts >= date '2025-02-23')"
        per_channel = rows(
            db,
            f"""
            select channel, avg(purchased::int) filter (period = 'after')
                - avg(purchased::int) filter (period = 'before') from {table} group by channel
            """,
        )
        assert len(per_channel) == 6
        assert all(change > 0 for _, change in per_channel)
        before, after = (
            value(db, f"select avg(purchased::int) from {table} where period = '{name}'")
            for name in ("before", "after")
        )
        assert after < before - 0.003


class TestSessionsAndOrders:
    def test_every_session_starts_with_a_view_or_a_search(self, db: duckdb.DuckDBPyConnection) -> None:
        kinds = rows(
            db,
            """
            select distinct arg_min(event_type, event_id) from true_events join raw using (event_id)
            group by true_session_id
            """,
        )
        assert {kind for (kind,) in kinds} == {"view", "search"}

    def test_an_order_has_one_moment_and_follows_a_checkout(self, db: duckdb.DuckDBPyConnection) -> None:
        orders = """
            select true_session_id,
                count(distinct coalesce(true_ts, ts)) filter (event_type = 'purchase') as moments,
                count(*) filter (event_type = 'purchase') as lines,
                count(distinct item_id) filter (event_type = 'purchase') as items,
                min(event_id) filter (event_type = 'purchase')
                    > min(event_id) filter (event_type = 'checkout') as ok,
                sum(case event_type when 'add_to_cart' then 1 when 'remove_from_cart' then -1 else 0 end)
                    as in_cart
            from true_events join rows using (event_id) where not list_contains(kinds, 'duplicate')
            group by true_session_id
        """
        bought = rows(
            db,
            f"""
            select count(*), max(moments), bool_and(ok), bool_and(lines = items) from ({orders})
            where lines > 0
            """,
        )
        expected = value(db, "select count(*) from true_sessions where purchased")
        assert bought == [(expected, 1, True, True)]
        assert value(db, f"select count(*) from ({orders}) where lines > 0 and lines <> in_cart") == 0

    def test_discount_and_channel_hold_for_the_session(self, db: duckdb.DuckDBPyConnection) -> None:
        mixed = """
            select count(*) from (
                select true_session_id from true_events join raw using (event_id) group by all
                having count(distinct (discount_pct, channel, device)) > 1
            )
        """
        assert value(db, mixed) == 0

    def test_items_have_a_price_and_searches_have_none(self, db: duckdb.DuckDBPyConnection) -> None:
        wrong = """
            (item_id is null) <> (event_type in ('search', 'checkout'))
            or (unit_price is null and price_text is null) <> (item_id is null)
        """
        assert value(db, f"select count(*) from raw where {wrong}") == 0

    def test_no_item_is_seen_before_its_launch(self, db: duckdb.DuckDBPyConnection) -> None:
        early = """
            select count(*) from rows join true_items using (item_id)
            where coalesce(true_ts, ts)::date < date '2025-01-06' + launch_day::int
        """
        assert value(db, early) == 0
        assert value(db, "select count(*) from true_items where launch_day > 0") > 0

    def test_list_prices_hold_until_they_change_once(self, db: duckdb.DuckDBPyConnection) -> None:
        wrong = """
            select count(*) from (
                select item_id, any_value(reprice_day) as changes,
                    reprice_day >= 0 and coalesce(true_ts, ts) >= date '2025-01-06' + reprice_day::int
                        as after,
                    count(distinct coalesce(true_unit_price, unit_price)) as prices,
                    max(abs(coalesce(true_unit_price, unit_price) - price)) as difference
                from rows join true_items using (item_id) join items using (item_id)
                group by item_id, after
            ) where prices > 1 or (not after and difference > 0)
        """
        assert value(db, wrong) == 0
        assert value(db, "select avg((reprice_day >= 0)::int) from true_items") > 0.1

    def test_nobody_acts_before_signing_up(self, db: duckdb.DuckDBPyConnection) -> None:
        assert (
            value(
                db, "select count(*) from true_sessions join users using (user_id) where start_ts < signup_ts"
            )
            == 0
        )

    def test_the_probability_after_an_event_ends_in_the_outcome(self, db: duckdb.DuckDBPyConnection) -> None:
        last = rows(
            db,
            """
            select purchased, min(p), max(p) from (
                select true_session_id, arg_max(p_after, event_id) as p from true_events group by all
            ) join true_sessions using (true_session_id) group by all order by all
            """,
        )
        assert last[1] == (True, 1.0, 1.0)
        assert last[0][2] < 1.0


class TestExperiments:
    @pytest.mark.parametrize(
        ("experiment", "first_day"), [("free_shipping", 30), ("checkout_aa", 14), ("broken_banner", 20)]
    )
    def test_one_exposure_at_the_first_session(
        self, db: duckdb.DuckDBPyConnection, experiment: str, first_day: int
    ) -> None:
        firsts = f"""
            select user_id, min(start_ts) as ts from true_sessions
            where start_ts >= date '2025-01-06' + {first_day} group by all
        """
        logged = f"select user_id, ts from exposures where experiment = '{experiment}'"
        assert value(db, f"select count(*) from ({logged} except ({firsts}))") == 0
        missing = value(db, f"select count(*) from (({firsts}) except {logged})")
        assert (missing > 0) == (experiment == "broken_banner")

    def test_sample_ratios(self, db: duckdb.DuckDBPyConnection) -> None:
        counts: dict[str, list[int]] = {}
        for name, number in rows(
            db, "select experiment, count(*) from exposures group by experiment, variant order by all"
        ):
            counts.setdefault(name, []).append(number)
        assert chisquare(counts["free_shipping"]).pvalue > 0.01
        assert chisquare(counts["checkout_aa"]).pvalue > 0.01
        assert chisquare(counts["broken_banner"]).pvalue < 0.0005

    def test_the_banner_loses_short_mobile_sessions_of_the_treated(
        self, db: duckdb.DuckDBPyConnection
    ) -> None:
        lost = rows(
            db,
            """
            with firsts as (
                select user_id, arg_min(device, start_ts) as device, arg_min(n_events, start_ts) as n_events,
                    arg_min(purchased, start_ts) as purchased
                from true_sessions where start_ts >= date '2025-01-26' group by all
            )
            select distinct assigned_broken_banner, device, n_events <= 6, purchased
            from firsts join true_users using (user_id)
            anti join (from exposures where experiment = 'broken_banner') using (user_id)
            """,
        )
        assert lost == [("treatment", "mobile", True, False)]
