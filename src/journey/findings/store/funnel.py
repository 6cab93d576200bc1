"""Where visitors drop out: metrics with intervals, the funnel of the steps that exist, days and hours."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from journey.errors import JourneyError
from journey.findings.store.desk import METHOD, ShopDesk
from journey.findings.store.totals import drawn
from journey.metrics.anomalies import weekday_anomalies
from journey.metrics.recount import recount
from journey.stores.imported.sessions import OWN, RULE, STARTS
from journey.stores.imported.shopmap import DEFAULT_GAP
from journey.stores.schema import USERS

SOURCE = "findings.store.funnel"
TOTALS = "user_segment_totals"
COLUMNS = (
    "sessions",
    "bounced_sessions",
    "cart_sessions",
    "buying_sessions",
    "abandoned_carts",
    "orders",
    "revenue",
    "priced_orders",
    "priced_revenue",
)
#: metric -> (numerator, denominator, unit, digits, in words, what it needs)
METRICS = {
    "conversion_rate": ("buying_sessions", "sessions", "share", 2, "Visits that buy", ""),
    "buyers": ("orders", "users", "ratio", 3, "Orders per visitor", ""),
    "revenue_per_visitor": ("revenue", "users", "money", 2, "Net revenue per visitor", "has_revenue"),
    "average_order_value": (
        "priced_revenue",
        "priced_orders",
        "money",
        2,
        "Net revenue per order whose prices are known",
        "has_revenue",
    ),
    "sessions_per_visitor": ("sessions", "users", "ratio", 2, "Visits per visitor", ""),
    "bounce_rate": ("bounced_sessions", "sessions", "share", 1, "Visits of one event", ""),
    "cart_rate": (
        "cart_sessions",
        "sessions",
        "share",
        1,
        "Visits that put something in the cart",
        "has_carts",
    ),
    "abandonment_rate": (
        "abandoned_carts",
        "cart_sessions",
        "share",
        1,
        "Visits with a cart that do not buy",
        "has_carts",
    ),
}
LEAST_DAYS = 21
#: Countries that are shown, those with most visits.
MOST_COUNTRIES = 10
MOST_RECOUNTED = 5_000_000
ALONE = (
    "The log holds purchases alone: every visit buys, so there is no conversion and no funnel; record views"
    " of items, also of visitors who buy nothing."
)
NOTHING = (
    "Nobody buys in this log, so there is no conversion to speak of; map the event that means a purchase."
)


def collect(desk: ShopDesk) -> None:
    """Register the numbers of the funnel and save its tables."""
    users = desk.query(TOTALS, last_days=max(desk.days - desk.left_edge, 1))
    kinds = {kind for kind, rows in desk.imported["kinds"].items() if rows}
    if kinds == {"purchase"}:
        desk.absent("steps", ALONE)
        desk.absent("segments", ALONE)
    else:
        add_steps(desk)
        add_segments(desk, users)
    add_metrics(desk, users, alone=kinds == {"purchase"})
    add_days(desk)
    add_agreement(desk)


def add_metrics(desk: ShopDesk, users: pd.DataFrame, alone: bool) -> None:
    """Every metric that the log allows, with its interval."""
    known = desk.recorded
    users = with_prices(users, desk.query("orders_with_money"))
    whole = drawn(users.assign(revenue=users["revenue"].astype(float).fillna(0.0)), COLUMNS)
    rows = []
    for name, (above, below, unit, digits, label, need) in METRICS.items():
        if (need and not known[need]) or (alone and "revenue" not in above and name != "buyers"):
            continue
        try:
            value = whole.ratio(above, below)
        except JourneyError:
            continue
        unit = desk.money if unit == "money" else unit
        n = int(whole.totals[below][0])
        desk.add(
            name, value, unit, label, f"{SOURCE}:add_metrics", asked=TOTALS, method=METHOD, n=n, digits=digits
        )
        bounds = f"{desk.text(value.low, unit, digits)} to {desk.text(value.high, unit, digits)}"
        rows.append({"metric": label, "value": desk.text(value, unit, digits), "interval": bounds, "n": n})
    desk.save("metrics", pd.DataFrame(rows)) if rows else desk.absent("metrics", NOTHING)
    for name, label in (("sessions", "Visits"), ("buying_sessions", "Visits that buy"), ("orders", "Orders")):
        desk.add(name, float(whole.totals[name][0]), "count", label, f"{SOURCE}:add_metrics", asked=TOTALS)
    if known["has_revenue"]:
        total = float(whole.totals["revenue"][0])
        desk.add(
            "revenue",
            total,
            desk.money,
            "Net revenue of all orders whose prices are known",
            f"{SOURCE}:add_metrics",
            asked=TOTALS,
        )
        orders, priced = (int(whole.totals[name][0]) for name in ("orders", "priced_orders"))
        if priced < orders:
            desk.absent(
                "unpriced",
                f"{orders - priced:,} of {orders:,} orders have a line without a price: revenue, also"
                " that of a visitor, is that of the others.",
            )
    if not known["has_revenue"]:
        desk.absent(
            "money",
            "The log has no prices, so there is no revenue; record the price paid for each line bought.",
        )


def with_prices(users: pd.DataFrame, orders: pd.DataFrame) -> pd.DataFrame:
    """Totals of users with `priced_orders` and `priced_revenue`, on the first row of each user."""
    money = orders.astype({"net_revenue": float}).groupby("user_id")["net_revenue"]
    first = ~users["user_id"].duplicated()
    return users.assign(
        priced_orders=users["user_id"].map(money.size()).where(first, 0).fillna(0),
        priced_revenue=users["user_id"].map(money.sum()).where(first, 0.0).fillna(0.0),
    )


def add_steps(desk: ShopDesk) -> None:
    """The funnel over the steps that the log has, and who buys without taking all of them."""
    steps = desk.query("funnel_steps")
    desk.save("steps", steps)
    last = steps.iloc[-1]
    desk.add(
        "all_steps",
        float(last["sessions"]),
        "count",
        "Visits that buy after every step",
        f"{SOURCE}:add_steps",
        asked="funnel_steps",
    )
    desk.add(
        "without_a_step",
        float(last["bought_without"]),
        "count",
        "Visits that buy without taking every step in order",
        f"{SOURCE}:add_steps",
        asked="funnel_steps",
    )
    lost = steps.dropna(subset=["step_rate"])
    if len(steps) < 3 or lost.empty:
        desk.absent(
            "worst",
            "With one step before the purchase there is no step to repair first; record carts and checkouts.",
        )
        return
    # Most who never fill a cart only look; from the cart on, a lost visit is a lost buyer.
    after = lost[lost["step_number"] > 3] if (lost["step_number"] > 3).any() else lost
    worst = after.loc[after["sessions_lost"].idxmax()]
    before = int(worst["sessions"] + worst["sessions_lost"])
    desk.add(
        "worst_step",
        str(worst["step"]),
        "text",
        "Step before which most visits with a cart are lost",
        f"{SOURCE}:add_steps",
        asked="funnel_steps",
    )
    desk.add(
        "worst_lost",
        float(worst["sessions_lost"]),
        "count",
        "Visits lost there",
        f"{SOURCE}:add_steps",
        n=before,
        asked="funnel_steps",
    )
    desk.add(
        "worst_rate",
        float(worst["step_rate"]),
        "share",
        "Visits that take that step of those that could",
        f"{SOURCE}:add_steps",
        n=before,
        asked="funnel_steps",
    )


def add_segments(desk: ShopDesk, users: pd.DataFrame) -> None:
    """Conversion by device, channel, country and kind of visitor, with intervals."""
    rows = []
    for dimension in ("device", "channel"):
        if not desk.lacks(f"events.{dimension}"):
            for segment, part in users.groupby(dimension):
                rows.append(_segment(dimension, str(segment), part))
    if not desk.lacks("users.country"):
        known = pd.read_parquet(desk.paths.store(desk.store) / USERS.path, columns=["user_id", "country"])
        country = known.set_index("user_id")["country"]
        told = users.assign(country=users["user_id"].map(country).fillna("unknown"))
        visits = told.groupby("country")["sessions"].sum().sort_values(ascending=False, kind="stable")
        for segment in visits.index[:MOST_COUNTRIES]:
            rows.append(_segment("country", str(segment), told[told["country"] == segment]))
    # Before the left edge ends nobody can be known to be new.
    for segment, part in users[users["period"] == "after"].groupby("visitor"):
        rows.append(_segment("visitor", str(segment), part))
    table = pd.DataFrame([row for row in rows if row])
    if table.empty or (table["dimension"].nunique() == 1 and len(table) < 2):
        desk.absent(
            "segments",
            "There is no segment to compare; record the device and the channel of a visit, or the country of"
            " a user.",
        )
        return
    desk.save("segments", table)
    desk.add(
        "left_edge",
        float(desk.left_edge),
        "days",
        "Days at the head of the log in which nobody is counted as new",
        f"{SOURCE}:add_segments",
        digits=0,
    )


def _segment(dimension: str, segment: str, part: pd.DataFrame) -> dict[str, object]:
    sessions = int(part["sessions"].sum())
    if sessions < 30 or part["user_id"].nunique() < 10:
        return {}
    value = drawn(part, ("sessions", "buying_sessions")).ratio("buying_sessions", "sessions")
    return {
        "dimension": dimension,
        "segment": segment.replace("_", " "),
        "sessions": sessions,
        "conversion": value.value,
        "low": value.low,
        "high": value.high,
    }


def add_days(desk: ShopDesk) -> None:
    """Days that do not fit their weekday, and the hours of the week."""
    daily = desk.query("daily_metrics")
    if len(daily) < LEAST_DAYS + 2:
        desk.absent(
            "daily",
            f"The rhythm of the week needs {LEAST_DAYS + 2} days with visits; the log has {len(daily)}.",
        )
    else:
        # The first and last day are cut by the window.
        daily = daily.iloc[1:-1].reset_index(drop=True)
        weekday = pd.to_datetime(daily["day"]).dt.day_of_week.to_numpy()
        found = weekday_anomalies(daily["sessions"].to_numpy(), weekday)
        desk.save("daily", daily.assign(expected=found.expected, z=found.z, flagged=found.flagged))
        desk.add(
            "odd_days",
            float(found.flagged.sum()),
            "count",
            "Days whose number of visits does not fit their weekday",
            f"{SOURCE}:add_days",
            n=len(daily),
            asked="daily_metrics",
        )
    hours = desk.query("traffic_by_weekday_and_hour")
    if hours["hour_of_day"].nunique() < 2:
        desk.absent(
            "hours",
            "All times fall into one hour of the day: the log gives days without times; record the moment.",
        )
    else:
        desk.save("hours", hours)
        busiest = hours.groupby("hour_of_day")["sessions"].sum().idxmax()
        desk.add(
            "busy_hour",
            f"{busiest}:00",
            "text",
            "Hour of the day in which most visits begin",
            f"{SOURCE}:add_days",
            asked="traffic_by_weekday_and_hour",
        )


def recounted(events: pd.DataFrame, rule: int | str, home: Path) -> dict[str, float]:
    """Totals in pandas, by the rule of a session that the import's map has; `home` is the store's folder."""
    counted = events.assign(discount_pct=events["discount_pct"].astype(float).fillna(0.0))
    if rule != OWN:
        return recount(counted, pd.Timedelta(minutes=int(rule)))
    starts = pd.read_parquet(home / STARTS)
    return recount(counted, starts=starts.astype(counted[["user_id", "ts"]].dtypes.to_dict()))


def add_agreement(desk: ShopDesk) -> None:
    """The main counts a second time, in pandas from clean events with sessions of their own."""
    if desk.query("event_mix")["events"].sum() > MOST_RECOUNTED:
        desk.absent(
            "agreement",
            f"The log has more than {MOST_RECOUNTED:,} clean rows; counts are not made again in pandas.",
        )
        return
    events = desk.query("events_to_recount")
    again = recounted(events, desk.imported.get(RULE, DEFAULT_GAP), desk.paths.store(desk.store).parent)
    totals = desk.query("overall_metrics").iloc[0]
    pairs = {
        "Visits": ("sessions", "sessions"),
        "Visits that buy": ("converting_sessions", "buying_sessions"),
        "Orders": ("orders", "orders"),
        "Visitors": ("users", "visitors"),
    }
    if desk.recorded["has_revenue"] and pd.notna(totals["revenue"]):
        pairs["Net revenue"] = ("revenue", "revenue")
    table = pd.DataFrame(
        [
            {"metric": name, "sql": float(totals[ours]), "python": again[theirs]}
            for name, (ours, theirs) in pairs.items()
        ]
    )
    table["agree"] = (table["sql"] - table["python"]).abs() <= 1e-6 * table["sql"].abs()
    desk.save("agreement", table)
    desk.add(
        "agreeing",
        float(table["agree"].sum()),
        "count",
        "Counts on which SQL and pandas agree",
        f"{SOURCE}:add_agreement",
        n=len(table),
    )
    desk.add(
        "compared",
        float(len(table)),
        "count",
        "Counts made both in SQL and in pandas",
        f"{SOURCE}:add_agreement",
    )
