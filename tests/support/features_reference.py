"""Every feature once more, in plain Python, one decision at a time, from the events known at it and no other.

Written from the catalogue and not from the SQL. It cannot leak: the events after the decision are taken away
before anything is computed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import log, nan

import duckdb
import numpy as np
import pandas as pd
from support.features_shops import KEY, KNOWN, NAMES, Event, Shop, features_of, sessions_of

DAY = timedelta(days=1)
#: ln and the mean log price of a category are rounded to 6 digits each, and so is the value itself
ROUNDING = 2.5e-6
#: What a decision knows besides features, and what becomes of it.
OUTCOMES = ["converted", "revenue_after"]
Row = dict[str, float]


@dataclass(frozen=True)
class Decision:
    """A decision and what is known at it: the user's earlier sessions, the own events, everybody's past."""

    decision: str
    at: datetime
    opening: Event
    own: list[Event]
    history: list[list[Event]]
    past: list[Event]
    converted: bool
    revenue_after: float

    @property
    def start(self) -> datetime:
        return self.opening.ts


def decisions_of(shop: Shop) -> list[Decision]:
    """All decisions of a shop, by user, session and position."""
    found = []
    sessions = sessions_of(shop.events)
    for session in sessions:
        kinds = [event.event_type for event in session]
        bought_at = kinds.index("purchase") + 1 if "purchase" in kinds else len(kinds) + 1
        places = {"session_start": 0}
        if len(session) >= 3:
            places["after_3_events"] = 3
        if "add_to_cart" in kinds:
            places["first_cart"] = kinds.index("add_to_cart") + 1
        for decision, place in places.items():
            if bought_at <= place:
                continue
            at = session[place - 1].ts if place else session[0].ts
            bought = [event for event in session[place:] if event.event_type == "purchase"]
            found.append(
                Decision(
                    decision=decision,
                    at=at,
                    opening=session[0],
                    own=session[:place],
                    history=[
                        s for s in sessions if s[0].user_id == session[0].user_id and s[-1].ts < session[0].ts
                    ],
                    past=[event for event in shop.events if event.ts < at and event not in session],
                    converted=bool(bought),
                    revenue_after=revenue(shop, bought),
                )
            )
    return found


def revenue(shop: Shop, bought: list[Event]) -> float:
    """Money of purchases; unknown (NaN) where a price is missing, or no purchase of the shop has one."""
    sold = [event.unit_price for event in shop.events if event.event_type == "purchase"]
    if (sold and all(price is None for price in sold)) or any(event.unit_price is None for event in bought):
        return nan
    return sum(e.quantity * (e.unit_price or 0.0) * (1 - (e.discount_pct or 0.0) / 100) for e in bought)


def reference_features(shop: Shop, decision: Decision) -> Row:
    """Values of all features of the catalogue."""
    prices = Prices(shop, [*decision.past, *decision.own])
    return {
        **recency(shop, decision),
        **frequency(decision),
        **intent(shop, decision, prices),
        **session(shop, decision, prices),
        **user_item(shop, decision, prices),
        **item(shop, decision, prices),
    }


class Prices:
    """Log prices of categories on the days before a day."""

    def __init__(self, shop: Shop, events: Sequence[Event]) -> None:
        self.shop, self.events = shop, events

    def position(self, event: Event, day: date) -> float | None:
        """Log price of an event's item above the category's mean over the views before `day`."""
        if event.item_id is None or not event.unit_price:
            return None
        category = category_of(self.shop, event.item_id)
        earlier = [
            log(e.unit_price)
            for e in self.events
            if e.event_type == "view" and e.item_id is not None and e.unit_price and e.ts.date() < day
            if category_of(self.shop, e.item_id) == category
        ]
        return log(event.unit_price) - sum(earlier) / len(earlier) if earlier else None

    def positions(self, session: Sequence[Event], start: datetime) -> list[float]:
        """Positions of the views of a session, where they are known."""
        found = [self.position(event, start.date()) for event in views(session)]
        return [position for position in found if position is not None]


def category_of(shop: Shop, item_id: int) -> str:
    return shop.items[item_id][0] if item_id in shop.items else "unknown"


def views(events: Iterable[Event]) -> list[Event]:
    return [event for event in events if event.event_type == "view"]


def of_type(events: Iterable[Event], *kinds: str) -> list[Event]:
    return [event for event in events if event.event_type in kinds]


def has(kind: str) -> Callable[[list[Event]], bool]:
    return lambda session: any(event.event_type == kind for event in session)


def is_abandoned(session: list[Event]) -> bool:
    return has("add_to_cart")(session) and not has("purchase")(session)


def steps(session: list[Event]) -> int:
    return sum(has(kind)(session) for kind in ("add_to_cart", "checkout", "purchase"))


def has_coupon(session: list[Event]) -> bool:
    return any((event.discount_pct or 0) > 0 for event in session)


def mean(values: Sequence[float], otherwise: float = 0.0) -> float:
    return sum(values) / len(values) if values else otherwise


def ratio(part: float, whole: float) -> float:
    return part / whole if whole else 0.0


def flat(sessions: Iterable[list[Event]]) -> list[Event]:
    return [event for session in sessions for event in session]


def recency(shop: Shop, d: Decision) -> Row:
    def since(moments: list[datetime], never: float = 365.0) -> float:
        return min((d.start - max(moments)) / DAY, 365.0) if moments else never

    events = flat(d.history)
    orders = [event.ts for event in of_type(events, "purchase")]
    left = [s[-1].ts for s in d.history if is_abandoned(s)]
    is_open = bool(left) and (not orders or max(left) > max(orders))
    observed = (d.start - d.history[0][0].ts) / DAY if d.history else 0.0
    signup = shop.users.get(d.opening.user_id, (None, "", ""))[0]
    return {
        "days_since_last_session": since([s[-1].ts for s in d.history]),
        "days_since_last_cart": since([event.ts for event in of_type(events, "add_to_cart")]),
        "days_since_last_order": since(orders),
        "days_since_abandoned_cart": since(left) if is_open else 365.0,
        "days_since_first_session": observed,
        "account_age_days": max((d.start - signup) / DAY, 0.0) if signup else observed,
        "days_per_session": min(observed / len(d.history), 365.0) if d.history else 365.0,
    }


def frequency(d: Decision) -> Row:
    def window(days: int) -> list[list[Event]]:
        return [s for s in d.history if s[0].ts >= d.start - days * DAY]

    def by(channel: str, days: int) -> int:
        return sum(s[0].channel == channel for s in window(days))

    def number(kind: str, sessions: list[list[Event]]) -> int:
        return sum(has(kind)(s) for s in sessions)

    return {
        "sessions_1d": len(window(1)),
        "sessions_7d": len(window(7)),
        "sessions_30d": len(window(30)),
        "sessions_before": len(d.history),
        "views_1d": len(views(flat(window(1)))),
        "views_7d": len(views(flat(window(7)))),
        "views_30d": len(views(flat(window(30)))),
        "views_before": len(views(flat(d.history))),
        "searches_30d": len(of_type(flat(window(30)), "search")),
        "carts_7d": number("add_to_cart", window(7)),
        "carts_30d": number("add_to_cart", window(30)),
        "orders_30d": number("purchase", window(30)),
        "orders_before": number("purchase", d.history),
        "email_visits_7d": by("email", 7),
        "email_visits_30d": by("email", 30),
        "organic_visits_7d": by("organic", 7),
        "organic_visits_30d": by("organic", 30),
        "social_visits_30d": by("social", 30),
        "paid_search_visits_30d": by("paid_search", 30),
    }


def intent(shop: Shop, d: Decision, prices: Prices) -> Row:
    def rate(kind: str, prior: float) -> float:
        return (sum(has(kind)(s) for s in d.history) + 10 * prior) / (len(d.history) + 10)

    def window(days: int) -> list[list[Event]]:
        return [s for s in d.history if s[0].ts >= d.start - days * DAY]

    events = flat(d.history)
    seen = views(events)
    by_category = Counter(category_of(shop, event.item_id) for event in seen if event.item_id is not None)
    seconds = sum((s[-1].ts - s[0].ts).total_seconds() for s in d.history)
    recent = [event.unit_price for event in views(flat(window(30))) if event.unit_price is not None]
    return {
        "past_conversion_rate": rate("purchase", 0.05),
        "past_cart_rate": rate("add_to_cart", 0.2),
        "past_checkout_rate": rate("checkout", 0.1),
        "abandoned_carts_7d": sum(is_abandoned(s) for s in window(7)),
        "abandoned_carts_30d": sum(is_abandoned(s) for s in window(30)),
        "search_share": ratio(len(of_type(events, "search")), len(events)),
        "views_per_session": ratio(len(seen), len(d.history)),
        "views_per_item": ratio(len(seen), sum(len({e.item_id for e in views(s)}) for s in d.history)),
        "seconds_per_event": ratio(seconds, len(events) - len(d.history)),
        "mean_price_viewed_30d": mean(recent),
        "usual_price_position": usual_price_position(d, prices),
        "coupon_share": ratio(sum(has_coupon(s) for s in d.history), len(d.history)),
        "social_share": ratio(sum(s[0].channel == "social" for s in d.history), len(d.history)),
        "furthest_step_before": max((steps(s) for s in d.history), default=0),
        "category_concentration": ratio(
            sum(count**2 for count in by_category.values()), sum(by_category.values()) ** 2
        ),
    }


def usual_price_position(d: Decision, prices: Prices) -> float:
    return mean([p for s in d.history for p in prices.positions(s, s[0].ts)])


def session(shop: Shop, d: Decision, prices: Prices) -> Row:
    offers = [
        moment
        for user, name, variant, moment in shop.exposures
        if (user, name, variant) == (d.opening.user_id, "free_shipping", "treatment")
    ]
    age_band = shop.users.get(d.opening.user_id, (None, "", ""))[2]
    digits = "".join(c for c in age_band[:2] if c.isdigit())
    channel, device = d.opening.channel, d.opening.device
    return {
        "hour": d.at.hour,
        "weekday": d.at.isoweekday(),
        "on_mobile": device == "mobile",
        "on_desktop": device == "desktop",
        **{
            f"from_{name}": channel == name
            for name in ("email", "organic", "paid_search", "social", "affiliate")
        },
        "age_from": int(digits or 0),
        "coupon_pct": d.opening.discount_pct or 0.0,
        "free_shipping_shown": any(moment <= d.at for moment in offers),
        "events_so_far": len(d.own),
        "views_so_far": len(views(d.own)),
        "searches_so_far": len(of_type(d.own, "search")),
        "carts_so_far": len(of_type(d.own, "add_to_cart")),
        "items_so_far": len({event.item_id for event in views(d.own)}),
        "seconds_so_far": (d.at - d.start).total_seconds(),
        "price_position_so_far": mean(prices.positions(d.own, d.start)),
    }


def focus_of(d: Decision) -> tuple[Event, datetime] | None:
    """The last item event so far, or of the latest earlier session with one; and the start of its session."""
    for events, start in ((d.own, d.start), *((s, s[0].ts) for s in reversed(d.history))):
        if met := of_type(events, "view", "add_to_cart"):
            return met[-1], start
    return None


def user_item(shop: Shop, d: Decision, prices: Prices) -> Row:
    focus = focus_of(d)
    if focus is None:
        met, same, position, own = [], [], None, 0
    else:
        event, start = focus
        assert event.item_id is not None
        category = category_of(shop, event.item_id)
        met = [e for e in flat(d.history) if e.item_id == event.item_id]
        same = [e for e in flat(d.history) if e.item_id and category_of(shop, e.item_id) == category]
        position = prices.position(event, start.date())
        own = sum(e.item_id == event.item_id for e in views(d.own))
    return {
        "item_views_before": len(views(met)),
        "item_carts_before": len(of_type(met, "add_to_cart")),
        "item_orders_before": len(of_type(met, "purchase")),
        "days_since_item_seen": min((d.start - max(e.ts for e in met)) / DAY, 365.0) if met else 365.0,
        "item_views_so_far": own,
        "category_affinity": ratio(len(views(same)), len(views(flat(d.history)))),
        "category_orders_before": len(of_type(same, "purchase")),
        "price_to_usual": 0.0 if position is None else position - usual_price_position(d, prices),
    }


def item(shop: Shop, d: Decision, prices: Prices) -> Row:
    today = d.at.date()

    def before(days: int, which: Callable[[Event], bool] = lambda _: True) -> list[Event]:
        first = today - days * DAY
        events = [e for e in (*d.past, *d.own) if e.item_id is not None and first <= e.ts.date() < today]
        return [event for event in events if which(event)]

    def rate(events: list[Event], kind: str, prior: float) -> float:
        return (len(of_type(events, kind)) + 100 * prior) / (len(views(events)) + 100)

    focus = focus_of(d)
    if focus is None:
        return {
            "item_view_share_7d": 0.0, "item_view_share_30d": 0.0, "item_cart_rate_30d": 0.03,
            "item_conversion_7d": 0.006, "item_conversion_30d": 0.006, "category_conversion_30d": 0.006,
            "item_price": 0.0, "item_price_position": 0.0, "item_rating": 3.0,
        }  # fmt: skip
    event, start = focus
    assert event.item_id is not None
    category = category_of(shop, event.item_id)
    of_item = [before(days, lambda e: e.item_id == event.item_id) for days in (7, 30)]
    of_category = before(30, lambda e: category_of(shop, e.item_id) == category)
    rating = shop.items[event.item_id][1] if event.item_id in shop.items else None
    return {
        "item_view_share_7d": 1000 * ratio(len(views(of_item[0])), len(views(before(7)))),
        "item_view_share_30d": 1000 * ratio(len(views(of_item[1])), len(views(before(30)))),
        "item_cart_rate_30d": rate(of_item[1], "add_to_cart", 0.03),
        "item_conversion_7d": rate(of_item[0], "purchase", 0.006),
        "item_conversion_30d": rate(of_item[1], "purchase", 0.006),
        "category_conversion_30d": rate(of_category, "purchase", 0.006),
        "item_price": round(event.unit_price or 0.0, 2),
        "item_price_position": prices.position(event, start.date()) or 0.0,
        "item_rating": 3.0 if rating is None else rating,
    }


def expected_features(shop: Shop) -> pd.DataFrame:
    """All decisions: features, what else they know and what became of them, in the order of their keys."""
    rows = []
    for d in decisions_of(shop):
        user = shop.users.get(d.opening.user_id, (None, "unknown", ""))
        known = {
            "decided_at": d.at,
            "position": len(d.own),
            "discount_pct": d.opening.discount_pct or 0.0,
            "device": d.opening.device,
            "channel": d.opening.channel,
            "country": user[1],
            "is_new_user": not d.history,
        }
        key = dict(zip(KEY, (d.opening.user_id, d.start, d.decision), strict=True))
        outcomes = dict(zip(OUTCOMES, (d.converted, d.revenue_after), strict=True))
        rows.append(key | known | outcomes | reference_features(shop, d))
    return pd.DataFrame(rows).set_index(KEY).sort_index()


def assert_features_agree(expected: pd.DataFrame, connection: duckdb.DuckDBPyConnection) -> None:
    """Fail where the decisions or features of a database are not the expected ones."""
    found = features_of(connection)
    assert list(found.index) == list(expected.index), "other decisions"
    assert sorted(found.columns) == sorted(set(expected.columns) - set(OUTCOMES))
    # Not "more than": a feature that is null is no nearer than any.
    wrong = ~((expected[NAMES].astype(float) - found[NAMES].astype(float)).abs() <= ROUNDING)
    assert not wrong.to_numpy().any(), wrong.columns[wrong.any()]
    for name in KNOWN:
        assert (found[name] == expected[name]).all(), name
    shared = connection.execute("from marts.features_all limit 0").df().columns.difference(NAMES)
    apart = " or ".join(f"features_all.{name} is distinct from decision_points.{name}" for name in shared)
    both = "marts.features_all join marts.decision_points using (decision_id)"
    assert connection.execute(f"select count(*) from {both} where {apart}").fetchone() == (0,)
    outcomes = connection.execute(
        f"select {', '.join([*KEY, *OUTCOMES])} from marts.decision_points order by all"
    ).df()
    assert (outcomes["converted"].to_numpy() == expected["converted"].to_numpy()).all()
    # Revenue that is unknown is unknown on both sides.
    np.testing.assert_allclose(
        outcomes["revenue_after"].to_numpy(float),
        expected["revenue_after"].to_numpy(float),
        rtol=0,
        atol=1e-5,
    )
