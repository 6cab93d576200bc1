"""Findings of chapter 02: how the shop does, where sessions are lost, and what a fix is worth."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from journey.findings.desk import Desk, add_rows
from journey.inference.estimate import Estimate
from journey.metrics.anomalies import weekday_anomalies
from journey.metrics.bootstrap import BootstrapTotals, bootstrap_totals, segment_difference
from journey.metrics.drivers import DRIVERS, driver_tree, mix_and_rate
from journey.metrics.recount import recount
from journey.warehouse.query import query

SOURCE = "journey.findings.funnel.collect"
COUNTS = {
    "sessions": "All sessions of the shop",
    "bounced_sessions": "Sessions of one event",
    "cart_sessions": "Sessions with a cart",
    "checkout_sessions": "Sessions with a cart and a checkout",
    "buying_sessions": "Sessions that end in a purchase",
    "abandoned_carts": "Sessions with a cart and no purchase",
    "orders": "Orders",
    "revenue": "Net revenue of all orders",
}
TOTALS = "user_segment_totals"
#: Metric -> (numerator, denominator, unit, digits, what it is)
METRICS: dict[str, tuple[str, str, str, int, str]] = {
    "revenue_per_visitor": ("revenue", "visitors", "eur", 2, "Net revenue per visitor in 90 days"),
    "conversion_rate": ("buying_sessions", "sessions", "share", 2, "Sessions with a purchase"),
    "average_order_value": ("revenue", "orders", "eur", 2, "Net revenue per order"),
    "revenue_per_session": ("revenue", "sessions", "eur", 2, "Net revenue per session"),
    "bounce_rate": ("bounced_sessions", "sessions", "share", 1, "Sessions of one event"),
    "cart_rate": ("cart_sessions", "sessions", "share", 1, "Sessions that put something in the cart"),
    "checkout_rate": ("checkout_sessions", "cart_sessions", "share", 1, "Cart sessions that start checkout"),
    "purchase_rate": ("buying_sessions", "checkout_sessions", "share", 1, "Checkout sessions that buy"),
    "abandonment_rate": ("abandoned_carts", "cart_sessions", "share", 1, "Cart sessions that do not buy"),
    "sessions_per_visitor": ("sessions", "visitors", "ratio", 2, "Sessions per visitor in 90 days"),
    "orders_per_buying_session": ("orders", "buying_sessions", "ratio", 3, "Orders per buying session"),
}
#: Step that is lost -> (sessions before it, sessions after it, in words)
STEPS = {
    "cart": ("sessions", "cart_sessions", "Session to cart"),
    "checkout": ("cart_sessions", "checkout_sessions", "Cart to checkout"),
    "purchase": ("checkout_sessions", "buying_sessions", "Checkout to purchase"),
}
SEGMENTS = {"device": "Device", "channel": "Channel", "visitor": "Visitor"}
#: What mix and rate are made of, and the periods that are compared
MIXED, PERIODS = ("sessions", "buying_sessions"), ("before", "after")
REPLICATES, SEED = 2000, 2


def collect(desk: Desk) -> None:
    """Register the chapter's numbers and save its tables."""
    users = query(TOTALS, desk.warehouse)
    whole = by_user(users)
    add_metrics(desk, whole)
    add_drops(desk, users, whole)
    add_mix(desk, users)
    add_promotion(desk)
    add_agreement(desk, whole)
    desk.save("steps", query("funnel_steps", desk.warehouse))
    desk.save("hours", query("traffic_by_weekday_and_hour", desk.warehouse))


def by_user(rows: pd.DataFrame) -> BootstrapTotals:
    """User bootstrap of the counts in `rows`, one user being one draw."""
    sums = rows.groupby("user_id", sort=True)[list(COUNTS)].sum()
    columns = {name: sums[name].to_numpy() for name in COUNTS}
    return bootstrap_totals(columns | {"visitors": np.ones(len(sums))}, replicates=REPLICATES, seed=SEED)


def add_metrics(desk: Desk, whole: BootstrapTotals) -> None:
    """Totals, every metric with its interval, and the driver tree."""
    totals = {name: float(values[0]) for name, values in whole.totals.items()}
    common: dict[str, Any] = {"source": f"{SOURCE}:add_metrics", "query": TOTALS}
    for name, label in {"visitors": "Visitors with a session", **COUNTS}.items():
        unit = "eur" if name == "revenue" else "count"
        n = None if name in ("visitors", "sessions") else int(totals["sessions"])
        desk.ledger.add(f"funnel.{name}", totals[name], unit, n=n, label=label, **common)
    rows = []
    for name, (numerator, denominator, unit, digits, label) in METRICS.items():
        ratio = whole.ratio(numerator, denominator)
        number = desk.ledger.add(
            f"funnel.{name}",
            ratio,
            unit,
            method="percentile bootstrap over users",
            n=int(totals[denominator]),
            digits=digits,
            label=label,
            **common,
        )
        rows.append(
            {
                "metric": name.replace("_", " "),
                "definition": label,
                "value": number.text,
                "interval": number.interval,
                "n": int(totals[denominator]),
            }
        )
    desk.save("metrics", pd.DataFrame(rows))

    tree = driver_tree(totals)
    desk.save("drivers", pd.DataFrame({"driver": DRIVERS, "value": [tree.drivers[name] for name in DRIVERS]}))


def drop_value(
    before: str, after: str, share: float, margin: float
) -> Callable[[Mapping[str, np.ndarray]], np.ndarray]:
    """Gross margin from winning back `share` of the sessions lost between two steps.

    A session won back is assumed to go on as the others do from there.
    """

    def value(totals: Mapping[str, np.ndarray]) -> np.ndarray:
        won = share * (totals[before] - totals[after])
        return margin * won * totals["revenue"] / totals[after]

    return value


def add_drops(desk: Desk, users: pd.DataFrame, whole: BootstrapTotals) -> None:
    """Step rates by segment, and the money behind each step that is lost."""
    share, margin = desk.assumptions["funnel.recoverable_share"], desk.assumptions["shop.gross_margin"]
    records = lost_steps("all", "all sessions", whole, share, margin)
    for column in SEGMENTS:
        for segment, rows in users.groupby(column, sort=True):
            records += lost_steps(column, str(segment), by_user(rows), share, margin)
    drops = pd.DataFrame(records)
    desk.save("drops", drops)
    for _, row in drops[drops["dimension"].eq("all")].iterrows():
        label = f"Margin from winning back a share of the losses, {row['step'].lower()}"
        add_drop(desk, f"value_{row['step_id']}", row, label)
    add_costliest(desk, drops)
    add_runner_up(desk, users, drops, share, margin)
    add_devices(desk, drops)
    cost = desk.assumptions["funnel.repair_cost"]
    assumed = (
        ("recoverable_share", share, "share", "Share of a step's losses that can be won back (assumption)"),
        ("gross_margin", margin, "share", "Gross margin, share of net revenue (assumption)"),
        ("repair_cost", cost, "eur", "Cost of a repair, once (assumption)"),
    )
    add_rows(desk, assumed, digits=0, source="journey.assumptions:load_assumptions")


def lost_steps(
    dimension: str, segment: str, drawn: BootstrapTotals, share: float, margin: float
) -> list[dict[str, Any]]:
    """Of one segment, for each step: who is lost, and what it is worth to win back `share` of them."""
    conversion = interval_columns("conversion", drawn.ratio("buying_sessions", "sessions"))
    records = []
    for step, (before, after, label) in STEPS.items():
        gain = drawn.estimate(drop_value(before, after, share, margin))
        records.append(
            {
                "dimension": dimension,
                "segment": segment,
                "step": label,
                "step_id": step,
                "sessions": int(drawn.totals["sessions"][0]),
                "reached": int(drawn.totals[before][0]),
                "lost": int(drawn.totals[before][0] - drawn.totals[after][0]),
                **interval_columns("rate", drawn.ratio(after, before)),
                **interval_columns("value", gain),
                **conversion,
            }
        )
    return records


def add_costliest(desk: Desk, drops: pd.DataFrame) -> None:
    """The late step at which most money is lost, of all sessions and of any device."""
    # The first step loses most sessions everywhere, but most of those never meant to buy.
    late = drops[drops["step_id"].ne("cart")]
    # Devices only: each session has one, and a change of design is made for a device.
    parts = (late[late["dimension"].eq(dimension)] for dimension in ("all", "device"))
    whole, device = (part.loc[part["value"].idxmax()] for part in parts)
    label = "Margin from winning back a share of the losses, costliest late step"
    add_drop(desk, "top_overall_value", whole, label)
    add_drop(desk, "top_value", device, "Margin behind the costliest late drop of any device")
    overall, step, name = whole["step"].lower(), device["step"].lower(), device["segment"].replace("_", " ")
    rows = (
        ("top_overall_step", overall, "text", "Late step at which most margin is lost, all sessions"),
        ("top_step", step, "text", "Step of the costliest late drop of any device"),
        ("top_segment", name, "text", "Device with the costliest late drop"),
    )
    add_rows(desk, rows, source=f"{SOURCE}:add_costliest", query=TOTALS)


def add_runner_up(desk: Desk, users: pd.DataFrame, drops: pd.DataFrame, share: float, margin: float) -> None:
    """By how much the costliest late drop of a device exceeds that of the next device, on the same users."""
    late = drops[drops["step_id"].ne("cart") & drops["dimension"].eq("device")]
    best = late.sort_values("value", ascending=False).drop_duplicates("segment").head(2)
    everyone = np.unique(users["user_id"])
    of = {device: rows.groupby("user_id")[list(COUNTS)].sum() for device, rows in users.groupby("device")}
    one, other = (of[device].reindex(everyone, fill_value=0) for device in best["segment"])
    first, second = (drop_value(*STEPS[step][:2], share, margin) for step in best["step_id"])
    more = segment_difference(dict(one), dict(other), (first, second), replicates=REPLICATES, seed=SEED)
    method = "percentile bootstrap over users, same draws, assumptions held fixed"
    label = "Margin behind the costliest late drop less that of the next device"
    desk.ledger.add(
        "funnel.top_over_second",
        more,
        "eur",
        method=method,
        label=label,
        source="journey.metrics.bootstrap:segment_difference",
        query=TOTALS,
    )
    name, label = best["segment"].iloc[1].replace("_", " "), "Device with the next costliest late drop"
    desk.ledger.add(
        "funnel.second_segment", name, label=label, source=f"{SOURCE}:add_runner_up", query=TOTALS
    )


def add_devices(desk: Desk, drops: pd.DataFrame) -> None:
    """The devices whose carts reach the checkout least and most often."""
    carts = drops[drops["dimension"].eq("device") & drops["step_id"].eq("checkout")].sort_values("rate")
    for name, row, how in (("worst", carts.iloc[0], "least"), ("best", carts.iloc[-1], "most")):
        rate = Estimate(row["rate"], row["rate_low"], row["rate_high"])
        drawn = {"method": "percentile bootstrap over users", "n": row["reached"], "digits": 1}
        words = f"Device whose carts reach the checkout {how} often"
        label = f"Carts that reach the checkout, {name} device from cart to checkout"
        rows = (
            (f"{name}_device", row["segment"], "text", words),
            (f"{name}_device_rate", rate, "share", label, drawn),
        )
        add_rows(desk, rows, source=f"{SOURCE}:add_devices", query=TOTALS)


def add_drop(desk: Desk, name: str, row: pd.Series, label: str) -> None:
    """Register the money behind one lost step; `row` has value, its bounds and the sessions reached."""
    desk.ledger.add(
        f"funnel.{name}",
        Estimate(row["value"], row["value_low"], row["value_high"]),
        "eur",
        method="percentile bootstrap over users, assumptions held fixed",
        n=row["reached"],
        label=label,
        source=f"{SOURCE}:drop_value",
        query=TOTALS,
    )


def interval_columns(name: str, estimate: Estimate) -> dict[str, float]:
    """An estimate as three columns."""
    return {name: estimate.value, f"{name}_low": estimate.low, f"{name}_high": estimate.high}


def add_mix(desk: Desk, users: pd.DataFrame) -> None:
    """Conversion before and in the last three weeks: who came, and how they behaved."""
    counts = users.groupby(["channel", "period"])[list(MIXED)].sum().unstack("period").fillna(0)
    n0, n1, k0, k1 = (counts[measure, period].to_numpy() for measure in MIXED for period in PERIODS)
    channels = list(counts.index)
    change, parts, n = mix_and_rate(n0, k0, n1, k1), change_parts(users, channels), int(n0.sum() + n1.sum())
    common: dict[str, Any] = {"source": "journey.metrics.drivers:mix_and_rate", "query": TOTALS}
    for name, label in (
        ("change", "Change of conversion in the last three weeks"),
        ("mix", "Change of conversion, last three weeks, by the mix of channels"),
        ("rate", "Change of conversion, last three weeks, within channels"),
    ):
        part, method = parts[name], "percentile bootstrap over users"
        desk.ledger.add(f"funnel.late_{name}", part, "points", method=method, n=n, label=label, **common)
    for name, sessions, when in (
        ("before", n0, "before the last three weeks"),
        ("after", n1, "last three weeks"),
    ):
        n, label = int(sessions.sum()), f"Sessions with a purchase, {when}"
        value = getattr(change, name)
        desk.ledger.add(f"funnel.late_{name}", value, "share", digits=2, n=n, label=label, **common)
    table = {
        "channel": channels,
        "share_before": n0 / n0.sum(),
        "share_after": n1 / n1.sum(),
        "rate_before": k0 / n0,
        "rate_after": k1 / n1,
        "sessions_before": n0.astype(int),
        "sessions_after": n1.astype(int),
    }
    add_channels(desk, pd.DataFrame(table))


def change_parts(users: pd.DataFrame, channels: list[str]) -> dict[str, Estimate]:
    """The change of conversion, and what of it is mix and what rate, with one user as one draw."""
    per_user = users.pivot_table(
        index="user_id", columns=["channel", "period"], values=list(MIXED), aggfunc="sum", fill_value=0
    )
    columns = {"/".join(key): per_user[key].to_numpy() for key in per_user.columns}
    drawn = bootstrap_totals(columns, replicates=REPLICATES, seed=SEED)

    def change_of(part: str, totals: Mapping[str, np.ndarray]) -> np.ndarray:
        counted = (
            np.array([totals[f"{measure}/{channel}/{period}"] for channel in channels])
            for period in PERIODS
            for measure in MIXED
        )
        return np.asarray(getattr(mix_and_rate(*counted), part))

    return {part: drawn.estimate(partial(change_of, part)) for part in ("change", "mix", "rate")}


def add_channels(desk: Desk, table: pd.DataFrame) -> None:
    """Channels before and in the last three weeks, and how many convert better."""
    desk.save("mix", table)
    common: dict[str, Any] = {"source": f"{SOURCE}:add_channels", "query": TOTALS}
    rising, n = int((table["rate_after"] > table["rate_before"]).sum()), len(table)
    label = "Channels that convert better in the last three weeks"
    desk.ledger.add("funnel.channels_rising", rising, "count", n=n, label=label, **common)
    desk.ledger.add("funnel.channels", n, "count", label="Channels that bring sessions", **common)


def add_promotion(desk: Desk) -> None:
    """Days that do not fit their weekday, and what made the odd weekend."""
    daily = query("daily_metrics", desk.warehouse)
    # The first and last day are cut by the window.
    daily = daily.iloc[1:-1].reset_index(drop=True)
    days = pd.to_datetime(daily["day"])
    # Sessions, not revenue: a dozen orders a day vary too much to show a promotion.
    found = weekday_anomalies(daily["sessions"].to_numpy(), days.dt.day_of_week.to_numpy())
    daily = daily.assign(expected=found.expected, z=found.z, flagged=found.flagged)
    desk.save("daily", daily)
    top = query("promotion_weekend", desk.warehouse).iloc[0]
    flagged = days[found.flagged]
    odd, source = int(found.flagged.sum()), f"{SOURCE}:add_promotion"
    label = "Days whose number of sessions does not fit their weekday"
    desk.ledger.add(
        "funnel.odd_days", odd, "count", n=len(daily), label=label, source=source, query="daily_metrics"
    )
    weekend = pd.Timestamp(top["weekend"])
    hit = flagged.isin([weekend, weekend + pd.Timedelta(days=1)]).sum()
    label = "Odd days that fall on the promotion weekend"
    desk.ledger.add("funnel.odd_days_in_promotion", int(hit), "count", n=odd, label=label, source=source)
    common: dict[str, Any] = {"source": source, "query": "promotion_weekend"}
    label = "First day of the promotion weekend"
    desk.ledger.add("funnel.promotion_weekend", f"{weekend:%-d %B %Y}", label=label, **common)
    for name in ("revenue", "sessions", "conversion", "order_value"):
        label = f"{name.replace('_', ' ').capitalize()} of the promotion weekend over other weekends"
        value = top[f"{name}_ratio"]
        desk.ledger.add(f"funnel.promotion_{name}_ratio", value, "ratio", digits=2, label=label, **common)


def add_agreement(desk: Desk, whole: BootstrapTotals) -> None:
    """Every count and metric twice: from the SQL marts, and in pandas from clean events."""
    events = query("events_to_recount", desk.warehouse)
    again = recount(events)
    sql = {name: float(values[0]) for name, values in whole.totals.items()} | {"events": float(len(events))}
    for name, (numerator, denominator, *_) in METRICS.items():
        sql[name], again[name] = sql[numerator] / sql[denominator], again[numerator] / again[denominator]
    rows = []
    for name in again:
        difference = abs(sql[name] - again[name])
        # Counts must be equal; money may differ by the rounding of a sum of doubles to cents a user.
        tolerance = 1e-6 * abs(sql[name]) if "revenue" in name or "value" in name else 1e-12
        rows.append(
            {
                "metric": name.replace("_", " "),
                "sql": sql[name],
                "python": again[name],
                "difference": difference,
                "agree": difference <= tolerance,
            }
        )
    table = pd.DataFrame(rows)
    desk.save("agreement", table)
    agreeing, source = int(table["agree"].sum()), f"{SOURCE}:add_agreement"
    label = "Counts and metrics on which SQL and pandas agree"
    desk.ledger.add("funnel.agreeing", agreeing, "count", n=len(table), label=label, source=source)
    label = "Counts and metrics computed both in SQL and in pandas"
    desk.ledger.add("funnel.compared", len(table), "count", label=label, source=source)
