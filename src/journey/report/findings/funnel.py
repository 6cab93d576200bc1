"""Findings of chapter 02: how the shop does, where sessions are lost, and what a fix is worth."""

from __future__ import annotations

import numpy as np
import pandas as pd

from journey.metrics.anomalies import weekday_anomalies
from journey.metrics.bootstrap import BootstrapTotals, Estimate, bootstrap_totals
from journey.metrics.drivers import DRIVERS, driver_tree, mix_and_rate
from journey.metrics.recount import recount
from journey.report.findings.desk import Desk
from journey.warehouse.query import query

SOURCE = "journey.report.findings.funnel"
COUNTS = (
    "sessions",
    "bounced_sessions",
    "cart_sessions",
    "checkout_sessions",
    "buying_sessions",
    "abandoned_carts",
    "orders",
    "revenue",
)
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
    users = query("user_segment_totals", desk.warehouse)
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
    for name in ("visitors", *COUNTS):
        unit = "eur" if name == "revenue" else "count"
        desk.ledger.add(
            f"funnel.{name}", totals[name], unit, source=f"{SOURCE}:add_metrics", query="user_segment_totals"
        )
    rows = []
    for name, (numerator, denominator, unit, digits, label) in METRICS.items():
        ratio = whole.ratio(numerator, denominator)
        number = desk.ledger.add(
            f"funnel.{name}",
            ratio.value,
            unit,
            low=ratio.low,
            high=ratio.high,
            method="percentile bootstrap over users",
            n=int(totals[denominator]),
            digits=digits,
            label=label,
            source=f"{SOURCE}:add_metrics",
            query="user_segment_totals",
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
        add_drop(
            desk, f"funnel.value_{row.step_id}", row, "Margin from winning back part of this step's losses"
        )
    # The first step loses most sessions everywhere, but most of those never meant to buy.
    # Devices only: each session has one, and a change of design is made for a device.
    late = drops[drops["step_id"].ne("cart") & drops["dimension"].eq("device")]
    top = late.loc[late["value"].idxmax()]
    add_drop(desk, "funnel.top_value", top, "Margin behind the costliest late drop of any segment")
    for name, text in (
        ("top_segment", str(top["segment"]).replace("_", " ")),
        ("top_step", str(top["step"]).lower()),
    ):
        desk.ledger.add(f"funnel.{name}", text, source=f"{SOURCE}:add_drops")
    for name, value in (("recoverable_share", share), ("gross_margin", margin)):
        desk.ledger.add(
            f"funnel.{name}", value, "share", digits=0, label="Assumption", source="assumptions.toml"
        )
    worst = drops[drops["dimension"].eq("device") & drops["step_id"].eq("checkout")].sort_values("rate")
    title = str(worst.iloc[0]["segment"]).capitalize()
    desk.ledger.add("funnel.worst_device_title", title, source=f"{SOURCE}:add_drops")
    for name, row in (("worst_device", worst.iloc[0]), ("best_device", worst.iloc[-1])):
        desk.ledger.add(f"funnel.{name}", str(row["segment"]), source=f"{SOURCE}:add_drops")
        for metric, digits, n in (("conversion", 2, row["sessions"]), ("rate", 1, row["reached"])):
            desk.ledger.add(
                f"funnel.{name}_{metric}",
                row[metric],
                "share",
                low=row[f"{metric}_low"],
                high=row[f"{metric}_high"],
                method="percentile bootstrap over users",
                n=n,
                digits=digits,
                source=f"{SOURCE}:add_drops",
            )
    late_overall = overall[overall["step_id"].ne("cart")]
    best = late_overall.loc[late_overall["value"].idxmax()]
    desk.ledger.add("funnel.top_overall_step", str(best["step"]).lower(), source=f"{SOURCE}:add_drops")
    add_drop(desk, "funnel.top_overall_value", best, "Margin behind the costliest late step")


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
        source=f"{SOURCE}:add_drops",
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

    def part(which: str) -> Estimate:
        def of(totals: dict[str, np.ndarray]) -> np.ndarray:
            a, b, c, d = (
                np.array([totals[f"{measure}/{channel}/{period}"] for channel in channels])
                for period in ("before", "after")
                for measure in ("sessions", "buying_sessions")
            )
            share0, share1, rate0, rate1 = a / a.sum(0), c / c.sum(0), b / a, d / c
            if which == "mix":
                return ((share1 - share0) * (rate0 + rate1) / 2).sum(0)
            if which == "rate":
                return ((rate1 - rate0) * (share0 + share1) / 2).sum(0)
            return d.sum(0) / c.sum(0) - b.sum(0) / a.sum(0)

        return drawn.estimate(of)  # type: ignore[arg-type]

    for name in ("change", "mix", "rate"):
        estimate = part(name)
        desk.ledger.add(
            f"funnel.late_{name}",
            getattr(change, name),
            "points",
            low=estimate.low,
            high=estimate.high,
            method="percentile bootstrap over users",
            n=int(n1.sum()),
            source="journey.metrics.drivers:mix_and_rate",
            query="user_segment_totals",
        )
    for name in ("before", "after"):
        desk.ledger.add(
            f"funnel.late_{name}",
            getattr(change, name),
            "share",
            digits=2,
            n=int((n0 if name == "before" else n1).sum()),
            source="journey.metrics.drivers:mix_and_rate",
            query="user_segment_totals",
        )
    rising = int((k1 / n1 > k0 / n0).sum())
    desk.ledger.add("funnel.channels_rising", rising, "count", source=f"{SOURCE}:add_mix", n=len(channels))
    desk.ledger.add("funnel.channels", len(channels), "count", source=f"{SOURCE}:add_mix")
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
    weekends = query("promotion_weekend", desk.warehouse)
    desk.save("weekends", weekends)
    top = weekends.iloc[0]
    flagged = days[found.flagged]
    desk.ledger.add(
        "funnel.odd_days", int(found.flagged.sum()), "count", n=len(daily), source=f"{SOURCE}:add_promotion"
    )
    weekend = pd.Timestamp(top["weekend"])
    hit = flagged.isin([weekend, weekend + pd.Timedelta(days=1)]).sum()
    desk.ledger.add("funnel.odd_days_in_promotion", int(hit), "count", source=f"{SOURCE}:add_promotion")
    desk.ledger.add("funnel.promotion_weekend", f"{weekend:%-d %B %Y}", source=f"{SOURCE}:add_promotion")
    for name in ("revenue_ratio", "sessions_ratio", "conversion_ratio", "order_value_ratio"):
        desk.ledger.add(
            f"funnel.promotion_{name}",
            top[name],
            "ratio",
            digits=2,
            source=f"{SOURCE}:add_promotion",
            query="promotion_weekend",
        )
    parts = {name: np.log(top[f"{name}_ratio"]) for name in ("sessions", "conversion", "order_value")}
    for name, part in parts.items():
        desk.ledger.add(
            f"funnel.promotion_{name}_part",
            part / sum(parts.values()),
            "share",
            digits=0,
            label="Share of the extra revenue, on the log scale",
            source=f"{SOURCE}:add_promotion",
            query="promotion_weekend",
        )


def add_agreement(desk: Desk, whole: BootstrapTotals) -> None:
    """Every count and metric twice: from the SQL marts, and in pandas from clean events."""
    events = desk.warehouse.execute(
        "select event_id, ts, user_id, event_type, quantity, unit_price, discount_pct from staging.events"
    ).df()
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
    for id, value in (("agreeing", int(table["agree"].sum())), ("compared", len(table))):
        desk.ledger.add(f"funnel.{id}", value, "count", source="journey.metrics.recount:recount")
