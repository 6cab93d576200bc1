"""Findings of chapter 02: how the shop does, where sessions are lost, and what a fix is worth."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from journey.findings.desk import Desk
from journey.inference.estimate import Estimate
from journey.metrics.anomalies import weekday_anomalies
from journey.metrics.bootstrap import BootstrapTotals, bootstrap_totals
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


def drop_value(before: str, after: str, share: float, margin: float) -> object:
    """Gross margin from winning back `share` of the sessions lost between two steps.

    A session won back is assumed to go on as the others do from there.
    """

    def value(totals: dict[str, np.ndarray]) -> np.ndarray:
        won = share * (totals[before] - totals[after])
        return margin * won * totals["revenue"] / totals[after]

    return value


def add_drops(desk: Desk, users: pd.DataFrame, whole: BootstrapTotals) -> None:
    """Step rates by segment, and the money behind each step that is lost."""
    share = desk.assumptions["funnel.recoverable_share"]
    margin = desk.assumptions["shop.gross_margin"]
    segments = [("all", "all sessions", whole)]
    for column in SEGMENTS:
        for segment, rows in users.groupby(column, sort=True):
            segments.append((column, str(segment), by_user(rows)))

    records = []
    for dimension, segment, drawn in segments:
        conversion = drawn.ratio("buying_sessions", "sessions")
        for step, (before, after, label) in STEPS.items():
            rate = drawn.ratio(after, before)
            gain = drawn.estimate(drop_value(before, after, share, margin))  # type: ignore[arg-type]
            records.append(
                {
                    "dimension": dimension,
                    "segment": segment,
                    "step": label,
                    "step_id": step,
                    "sessions": int(drawn.totals["sessions"][0]),
                    "reached": int(drawn.totals[before][0]),
                    "lost": int(drawn.totals[before][0] - drawn.totals[after][0]),
                    **interval_columns("rate", rate),
                    **interval_columns("value", gain),
                    **interval_columns("conversion", conversion),
                }
            )
    drops = pd.DataFrame(records)
    desk.save("drops", drops)

    overall = drops[drops["dimension"].eq("all")]
    for row in overall.itertuples():
        label = f"Margin from winning back a share of the losses, {row.step.lower()}"
        add_drop(desk, f"funnel.value_{row.step_id}", row, label)
    # The first step loses most sessions everywhere, but most of those never meant to buy.
    # Devices only: each session has one, and a change of design is made for a device.
    late = drops[drops["step_id"].ne("cart") & drops["dimension"].eq("device")]
    top = late.loc[late["value"].idxmax()]
    add_drop(desk, "funnel.top_value", top, "Margin behind the costliest late drop of any device")
    common: dict[str, Any] = {"source": f"{SOURCE}:add_drops", "query": TOTALS}
    segment, label = str(top["segment"]).replace("_", " "), "Device with the costliest late drop"
    desk.ledger.add("funnel.top_segment", segment, label=label, **common)
    label = "Step of the costliest late drop of any device"
    desk.ledger.add("funnel.top_step", str(top["step"]).lower(), label=label, **common)
    assumed: dict[str, Any] = {"digits": 0, "source": "journey.assumptions:load_assumptions"}
    for name, value, unit, label in (
        ("recoverable_share", share, "share", "Share of a step's losses that can be won back (assumption)"),
        ("gross_margin", margin, "share", "Gross margin, share of net revenue (assumption)"),
        ("repair_cost", desk.assumptions["funnel.repair_cost"], "eur", "Cost of a repair, once (assumption)"),
    ):
        desk.ledger.add(f"funnel.{name}", value, unit, label=label, **assumed)
    worst = drops[drops["dimension"].eq("device") & drops["step_id"].eq("checkout")].sort_values("rate")
    label = "Device whose carts reach the checkout {} often"
    for name, row, how in (("worst_device", worst.iloc[0], "least"), ("best_device", worst.iloc[-1], "most")):
        desk.ledger.add(f"funnel.{name}", str(row["segment"]), label=label.format(how), **common)
        desk.ledger.add(
            f"funnel.{name}_rate",
            row["rate"],
            "share",
            low=row["rate_low"],
            high=row["rate_high"],
            method="percentile bootstrap over users",
            n=row["reached"],
            digits=1,
            label=f"Carts that reach the checkout, {name.replace('_', ' ')} from cart to checkout",
            **common,
        )
    late_overall = overall[overall["step_id"].ne("cart")]
    best = late_overall.loc[late_overall["value"].idxmax()]
    label = "Late step at which most margin is lost, all sessions"
    desk.ledger.add("funnel.top_overall_step", str(best["step"]).lower(), label=label, **common)
    label = "Margin from winning back a share of the losses, costliest late step"
    add_drop(desk, "funnel.top_overall_value", best, label)


def add_drop(desk: Desk, id: str, row: object, label: str) -> None:
    """Register the money behind one lost step; `row` has value, its bounds and the sessions reached."""
    get = row.get if isinstance(row, pd.Series) else lambda name: getattr(row, name)
    desk.ledger.add(
        id,
        get("value"),
        "eur",
        low=get("value_low"),
        high=get("value_high"),
        method="percentile bootstrap over users, assumptions held fixed",
        n=get("reached"),
        label=label,
        source=f"{SOURCE}:drop_value",
        query=TOTALS,
    )


def interval_columns(name: str, estimate: Estimate) -> dict[str, float]:
    """An estimate as three columns."""
    return {name: estimate.value, f"{name}_low": estimate.low, f"{name}_high": estimate.high}


def add_mix(desk: Desk, users: pd.DataFrame) -> None:
    """Conversion before and in the last three weeks: who came, and how they behaved."""
    counts = (
        users.groupby(["channel", "period"])[["sessions", "buying_sessions"]]
        .sum()
        .unstack("period")
        .fillna(0)
    )
    n0, n1 = (counts["sessions", period].to_numpy() for period in ("before", "after"))
    k0, k1 = (counts["buying_sessions", period].to_numpy() for period in ("before", "after"))
    change = mix_and_rate(n0, k0, n1, k1)

    per_user = users.pivot_table(
        index="user_id",
        columns=["channel", "period"],
        values=["sessions", "buying_sessions"],
        aggfunc="sum",
        fill_value=0,
    )
    drawn = bootstrap_totals(
        {"/".join(key): per_user[key].to_numpy() for key in per_user.columns},
        replicates=REPLICATES,
        seed=SEED,
    )
    channels = list(counts.index)

    def change_of(part: str, totals: Mapping[str, np.ndarray]) -> np.ndarray:
        counted = (
            np.array([totals[f"{measure}/{channel}/{period}"] for channel in channels])
            for period in ("before", "after")
            for measure in ("sessions", "buying_sessions")
        )
        return np.asarray(getattr(mix_and_rate(*counted), part))

    common: dict[str, Any] = {"source": "journey.metrics.drivers:mix_and_rate", "query": TOTALS}
    n = int(n0.sum() + n1.sum())
    for name, label in (
        ("change", "Change of conversion in the last three weeks"),
        ("mix", "Change of conversion, last three weeks, by the mix of channels"),
        ("rate", "Change of conversion, last three weeks, within channels"),
    ):
        part = drawn.estimate(partial(change_of, name))
        method = "percentile bootstrap over users"
        desk.ledger.add(f"funnel.late_{name}", part, "points", method=method, n=n, label=label, **common)
    for name, sessions, when in (
        ("before", n0, "before the last three weeks"),
        ("after", n1, "last three weeks"),
    ):
        n, label = int(sessions.sum()), f"Sessions with a purchase, {when}"
        value = getattr(change, name)
        desk.ledger.add(f"funnel.late_{name}", value, "share", digits=2, n=n, label=label, **common)
    common["source"] = f"{SOURCE}:add_mix"
    rising, label = int((k1 / n1 > k0 / n0).sum()), "Channels that convert better in the last three weeks"
    desk.ledger.add("funnel.channels_rising", rising, "count", n=len(channels), label=label, **common)
    desk.ledger.add("funnel.channels", len(channels), "count", label="Channels that bring sessions", **common)
    desk.save(
        "mix",
        pd.DataFrame(
            {
                "channel": channels,
                "share_before": n0 / n0.sum(),
                "share_after": n1 / n1.sum(),
                "rate_before": k0 / n0,
                "rate_after": k1 / n1,
                "sessions_before": n0.astype(int),
                "sessions_after": n1.astype(int),
            }
        ),
    )


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
