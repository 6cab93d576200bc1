"""Decision points and features on hand-made shops with known numbers."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import pytest
from support.features_shops import Event, Shop, features_of, warehouse

from journey.errors import JourneyError

NOON = datetime(2025, 3, 10, 12, 0)
DAY = timedelta(days=1)
ITEMS = {1: ("books", 4.0), 2: ("books", 3.5), 3: ("toys", None)}


def at(
    minutes: float, event_type: str = "view", item: int = 1, price: float = 10.0, **values: object
) -> Event:
    """An event so many minutes after noon of March 10; event_id is the number of milliseconds."""
    moment = NOON + timedelta(minutes=minutes)
    number = round((moment - datetime(2025, 1, 1)).total_seconds() * 1000)
    return Event(number, moment, **values).typed(event_type, item, price)  # type: ignore[arg-type]


def days(number: float) -> float:
    """Minutes of so many days."""
    return number * 24 * 60


def decisions(*events: Event) -> list[tuple[object, ...]]:
    connection = warehouse(Shop(events, ITEMS, {}))
    return connection.execute(
        """select decision, position, converted, round(revenue_after, 6) from marts.decision_points
        order by session_id, position"""
    ).fetchall()


def last(*events: Event, decision: str = "session_start", **tables: object) -> dict[str, float]:
    """Features of the last session's decision."""
    shop = Shop(events, ITEMS, **({"users": {}} | tables))  # type: ignore[arg-type]
    rows = features_of(warehouse(shop)).reset_index()
    rows = rows[rows["decision"] == decision].sort_values("session_start")
    return rows.iloc[-1].to_dict()


class TestDecisionPoints:
    def test_a_session_that_buys(self) -> None:
        buys = [
            at(0),
            at(1, "search"),
            at(2),
            at(3, "add_to_cart"),
            at(4, "checkout"),
            at(5, "purchase", price=8.0),
        ]
        assert decisions(*buys) == [
            ("session_start", 0, True, 8.0),
            ("after_3_events", 3, True, 8.0),
            ("first_cart", 4, True, 8.0),
        ]

    def test_a_short_session_has_no_third_event(self) -> None:
        assert decisions(at(0), at(1)) == [("session_start", 0, False, 0.0)]

    def test_a_session_that_has_bought_is_out(self) -> None:
        bought = [at(0, "add_to_cart"), at(1, "checkout"), at(2, "purchase"), at(3), at(4, "add_to_cart")]
        assert [row[:2] for row in decisions(*bought)] == [("session_start", 0), ("first_cart", 1)]
        assert [row[:2] for row in decisions(at(0), at(1, "purchase"), at(2, "add_to_cart"))] == [
            ("session_start", 0)
        ]

    def test_a_purchase_right_after_the_third_event_is_still_ahead(self) -> None:
        assert decisions(at(0), at(1), at(2), at(3, "purchase"))[1] == ("after_3_events", 3, True, 10.0)

    def test_revenue_is_net_and_counts_units(self) -> None:
        order = at(1, "purchase", price=20.0, quantity=3, discount_pct=10.0)
        assert decisions(at(0), order) == [("session_start", 0, True, 54.0)]

    def test_equal_times_are_settled_by_event_id(self) -> None:
        same = [
            Event(3, NOON).typed("purchase"),
            Event(1, NOON),
            Event(2, NOON).typed("add_to_cart"),
            Event(4, NOON),
        ]
        assert [row[:2] for row in decisions(*same)] == [("session_start", 0), ("first_cart", 2)]

    def test_the_time_is_that_of_the_last_known_event(self) -> None:
        connection = warehouse(Shop((at(0), at(1, "search"), at(2.5), at(9, "add_to_cart")), ITEMS, {}))
        found = connection.execute(
            "select decided_at from marts.decision_points order by position"
        ).fetchall()
        assert [moment for (moment,) in found] == [NOON + timedelta(minutes=m) for m in (0, 2.5, 9)]

    def test_ids_are_unique(self) -> None:
        connection = warehouse(Shop((*[at(m, "add_to_cart") for m in range(4)], at(99)), ITEMS, {}))
        ids = connection.execute("select decision_id from marts.decision_points").fetchnumpy()["decision_id"]
        assert len(np.unique(ids)) == len(ids) == 4


class TestHistory:
    def test_a_window_holds_its_start_and_not_the_session_itself(self) -> None:
        exactly = [at(days(-7)), at(0)]
        assert last(*exactly)["sessions_7d"] == 1
        earlier = [at(days(-7) - 1e-3), at(0)]
        assert (last(*earlier)["sessions_7d"], last(*earlier)["sessions_30d"]) == (0, 1)

    def test_an_abandoned_cart_is_open_until_the_next_order(self) -> None:
        left = [at(days(-3)), at(days(-3) + 6, "add_to_cart")]
        ordered = [at(days(-1)), at(days(-1) + 1, "purchase")]
        found = last(*left, at(0))
        assert found["days_since_abandoned_cart"] == pytest.approx(3 - 6 / 1440, abs=1e-6)
        assert (found["abandoned_carts_7d"], found["days_since_last_order"]) == (1, 365)
        found = last(*left, *ordered, at(0))
        assert (found["days_since_abandoned_cart"], found["abandoned_carts_7d"]) == (365, 1)
        assert found["days_since_last_order"] == pytest.approx(1 - 1 / 1440, abs=1e-6)

    def test_past_rates_leave_the_session_out(self) -> None:
        bought = [at(days(-2)), at(days(-2) + 1, "add_to_cart"), at(days(-2) + 2, "purchase")]
        now = [at(0, "add_to_cart"), at(1, "purchase")]
        assert last(*bought, *now)["past_conversion_rate"] == pytest.approx(1.5 / 11, abs=1e-6)
        assert last(*now)["past_conversion_rate"] == 0.05

    def test_concentration_of_categories(self) -> None:
        seen = [at(days(-1) + n, item=item) for n, item in enumerate((1, 2, 3, 3))]
        assert last(*seen, at(0))["category_concentration"] == 0.5
        assert last(*seen[:2], at(0))["category_concentration"] == 1.0

    def test_channels_and_coupons_of_earlier_visits(self) -> None:
        visits = [
            at(days(-d), channel=c, discount_pct=p) for d, c, p in ((8, "email", 5.0), (2, "email", 0.0))
        ]
        found = last(*visits, at(0, channel="social"))
        assert (found["email_visits_7d"], found["email_visits_30d"], found["social_visits_30d"]) == (1, 2, 0)
        assert (found["coupon_share"], found["from_social"]) == (0.5, 1)

    def test_account_age_needs_a_sign_up_before_the_session(self) -> None:
        for signup, age in ((NOON - 10 * DAY, 10.0), (NOON + DAY, 0.0), (None, 2.0)):
            found = last(at(days(-2)), at(0), users={1: (signup, "DE", "35-44")})
            assert (found["account_age_days"], found["age_from"]) == (age, 35)


class TestItems:
    def test_the_item_of_a_new_session_is_the_last_one_before_it(self) -> None:
        before = [at(days(-2), item=2), at(days(-2) + 1, item=3, price=7.0), at(days(-1), "search")]
        found = last(*before, at(0, item=1))
        assert (found["item_price"], found["item_rating"], found["item_views_before"]) == (7.0, 3.0, 1)
        assert found["days_since_item_seen"] == pytest.approx(2 - 1 / 1440, abs=1e-6)
        assert found["category_affinity"] == 0.5

    def test_an_item_in_the_session_comes_first(self) -> None:
        events = [at(days(-2), item=2), at(0, item=3), at(1, item=1), at(2, item=1)]
        found = last(*events, decision="after_3_events")
        assert (found["item_rating"], found["item_views_before"], found["item_views_so_far"]) == (4.0, 0, 2)

    def test_popularity_ends_with_the_day_before(self) -> None:
        crowd = [at(days(-1) + n, item=1 + n % 2, user_id=7 + n) for n in range(4)]
        today = [at(-60 - n, item=1, user_id=20 + n) for n in range(3)]
        mine = [at(days(-9), item=1), at(0, item=1)]
        found = last(*[e for e in [*crowd, *today, *mine] if e.user_id != 1], *mine)
        assert found["item_view_share_7d"] == 500
        assert found["item_view_share_30d"] == 600
        assert found["item_conversion_7d"] == pytest.approx(0.6 / 102, abs=1e-6)

    def test_price_is_compared_with_the_category_on_earlier_days(self) -> None:
        others = [at(days(-1), item=2, price=20.0, user_id=5), at(-30, item=2, price=99.0, user_id=5)]
        found = last(*others, at(0, item=1, price=10.0), at(1), at(2), decision="after_3_events")
        assert found["item_price_position"] == pytest.approx(np.log(10 / 20), abs=1e-6)
        assert found["price_position_so_far"] == pytest.approx(np.log(10 / 20), abs=1e-6)

    def test_free_shipping_counts_from_its_exposure(self) -> None:
        offer = ((1, "free_shipping", "treatment", NOON + timedelta(minutes=1)),)
        events = [at(0), at(1), at(2)]
        assert last(*events, exposures=offer)["free_shipping_shown"] == 0
        assert last(*events, exposures=offer, decision="after_3_events")["free_shipping_shown"] == 1
        control = ((1, "free_shipping", "control", NOON),)
        assert last(*events, exposures=control)["free_shipping_shown"] == 0


def test_a_store_without_prices_ratings_searches_and_users() -> None:
    """As RetailRocket is: every feature is still a number."""
    rows = [
        Event(
            n,
            NOON + timedelta(hours=9 * n),
            1 + n % 2,
            ("view", "add_to_cart", "purchase")[n % 3],
            unit_price=None,
        )
        for n in range(40)
    ]
    rows = [Event(**(vars(row) | {"device": "unknown", "channel": "unknown"})) for row in rows]
    found = features_of(warehouse(Shop(tuple(rows), {}, {})))
    assert len(found) > 40
    assert found.drop(columns=["country"]).notna().all(axis=None)
    assert (found[["item_price", "mean_price_viewed_30d", "item_price_position"]] == 0).all(axis=None)


def test_an_empty_store_has_no_decision() -> None:
    assert features_of(warehouse(Shop((), {}, {}))).empty


def test_an_event_number_that_does_not_fit_is_named() -> None:
    with pytest.raises(JourneyError, match=r"event_id 1099511627776 .* between 0 and 2\^40"):
        warehouse(Shop((Event(2**40, NOON),), ITEMS, {}))
