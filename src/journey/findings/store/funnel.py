"""Where visitors drop out: metrics with intervals, the funnel of the steps that exist, days and hours."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from journey.errors import JourneyError
from journey.findings.desk import Row
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
    users = with_prices(users, desk.query("orders_with_money"))
    whole = drawn(users.assign(revenue=users["revenue"].astype(float).fillna(0.0)), COLUMNS)
    here, rows = f"{SOURCE}:add_metrics", []
    for name, (above, below, unit, digits, label, need) in METRICS.items():
        if (need and not desk.recorded[need]) or (alone and "revenue" not in above and name != "buyers"):
            continue
        try:
            value = whole.ratio(above, below)
        except JourneyError:
            continue
        unit = desk.money if unit == "money" else unit
        n = int(whole.totals[below][0])
        desk.add(name, value, unit, label, here, asked=TOTALS, method=METHOD, n=n, digits=digits)
        bounds = f"{desk.text(value.low, unit, digits)} to {desk.text(value.high, unit, digits)}"
        rows.append({"metric": label, "value": desk.text(value, unit, digits), "interval": bounds, "n": n})
    desk.save("metrics", pd.DataFrame(rows)) if rows else desk.absent("metrics", NOTHING)
    add_totals(desk, {name: float(values[0]) for name, values in whole.totals.items()})


def add_totals(desk: ShopDesk, totals: Mapping[str, float]) -> None:
    """Visits, orders and, where the log has prices, revenue."""
    labels = {"sessions": "Visits", "buying_sessions": "Visits that buy", "orders": "Orders"}
    rows: list[Row] = [(name, totals[name], "count", label) for name, label in labels.items()]
    priced = desk.recorded["has_revenue"]
    if priced:
        label = "Net revenue of all orders whose prices are known"
        rows.append(("revenue", totals["revenue"], desk.money, label))
    desk.add_rows(rows, f"{SOURCE}:add_totals", asked=TOTALS)
    unpriced = totals["orders"] - totals["priced_orders"]
    if not priced:
        desk.absent(
            "money",
            "The log has no prices, so there is no revenue; record the price paid for each line bought.",
        )
    elif unpriced > 0:
        desk.absent(
            "unpriced",
            f"{unpriced:,.0f} of {totals['orders']:,.0f} orders have a line without a price: revenue, also"
            " that of a visitor, is that of the others.",
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
    without = "Visits that buy without taking every step in order"
    rows: list[Row] = [
        ("all_steps", last["sessions"], "count", "Visits that buy after every step"),
        ("without_a_step", last["bought_without"], "count", without),
    ]
    lost = steps.dropna(subset=["step_rate"])
    if len(steps) < 3 or lost.empty:
        desk.absent(
            "worst",
            "With one step before the purchase there is no step to repair first; record carts and checkouts.",
        )
    else:
        rows += worst_step(lost)
    desk.add_rows(rows, f"{SOURCE}:add_steps", asked="funnel_steps")


def worst_step(lost: pd.DataFrame) -> list[Row]:
    """Numbers of the step before which most buyers are lost."""
    # Most who never fill a cart only look; from the cart on, a lost visit is a lost buyer.
    after = lost[lost["step_number"] > 3] if (lost["step_number"] > 3).any() else lost
    worst = after.loc[after["sessions_lost"].idxmax()]
    before = {"n": int(worst["sessions"] + worst["sessions_lost"])}
    label, which = (
        "Visits that take that step of those that could",
        "before which most visits with a cart are lost",
    )
    return [
        ("worst_step", str(worst["step"]), "text", f"Step {which}"),
        ("worst_lost", worst["sessions_lost"], "count", "Visits lost there", before),
        ("worst_rate", worst["step_rate"], "share", label, before),
    ]


def add_segments(desk: ShopDesk, users: pd.DataFrame) -> None:
    """Conversion by device, channel, country and kind of visitor, with intervals."""
    parts = [
        (dimension, segment, part)
        for dimension in ("device", "channel")
        if not desk.lacks(f"events.{dimension}")
        for segment, part in users.groupby(dimension)
    ]
    if not desk.lacks("users.country"):
        parts += [("country", *each) for each in by_country(desk, users)]
    # Before the left edge ends nobody can be known to be new.
    parts += [("visitor", *each) for each in users[users["period"] == "after"].groupby("visitor")]
    table = pd.DataFrame([row for each in parts if (row := _segment(*each))])
    if table.empty or (table["dimension"].nunique() == 1 and len(table) < 2):
        desk.absent(
            "segments",
            "There is no segment to compare; record the device and the channel of a visit, or the country of"
            " a user.",
        )
        return
    desk.save("segments", table)
    label = "Days at the head of the log in which nobody is counted as new"
    desk.add("left_edge", desk.left_edge, "days", label, f"{SOURCE}:add_segments", digits=0)


def by_country(desk: ShopDesk, users: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    """The users of each of the countries with most visits."""
    known = pd.read_parquet(desk.paths.store(desk.store) / USERS.path, columns=["user_id", "country"])
    country = known.set_index("user_id")["country"]
    told = users.assign(country=users["user_id"].map(country).fillna("unknown"))
    visits = told.groupby("country")["sessions"].sum().sort_values(ascending=False, kind="stable")
    return [(name, told[told["country"] == name]) for name in visits.index[:MOST_COUNTRIES]]


def _segment(dimension: str, segment: str, part: pd.DataFrame) -> dict[str, object]:
    sessions = int(part["sessions"].sum())
    if sessions < 30 or part["user_id"].nunique() < 10:
        return {}
    value = drawn(part, ("sessions", "buying_sessions")).ratio("buying_sessions", "sessions")
    return {
        "dimension": dimension,
        "segment": str(segment).replace("_", " "),
        "sessions": sessions,
        "conversion": value.value,
        "low": value.low,
        "high": value.high,
    }


def add_days(desk: ShopDesk) -> None:
    """Days that do not fit their weekday, and the hours of the week."""
    daily, here = desk.query("daily_metrics"), f"{SOURCE}:add_days"
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
        odd, label = found.flagged.sum(), "Days whose number of visits does not fit their weekday"
        desk.add("odd_days", odd, "count", label, here, n=len(daily), asked="daily_metrics")
    asked = "traffic_by_weekday_and_hour"
    hours = desk.query(asked)
    if hours["hour_of_day"].nunique() < 2:
        desk.absent(
            "hours",
            "All times fall into one hour of the day: the log gives days without times; record the moment.",
        )
    else:
        desk.save("hours", hours)
        busiest = hours.groupby("hour_of_day")["sessions"].sum().idxmax()
        label = "Hour of the day in which most visits begin"
        desk.add("busy_hour", f"{busiest}:00", "text", label, here, asked=asked)


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
    rows = [(name, float(totals[ours]), again[theirs]) for name, (ours, theirs) in pairs.items()]
    table = pd.DataFrame(rows, columns=["metric", "sql", "python"])
    table["agree"] = (table["sql"] - table["python"]).abs() <= 1e-6 * table["sql"].abs()
    desk.save("agreement", table)
    agree, here = table["agree"].sum(), f"{SOURCE}:add_agreement"
    desk.add("agreeing", agree, "count", "Counts on which SQL and pandas agree", here, n=len(table))
    desk.add("compared", len(table), "count", "Counts made both in SQL and in pandas", here)
