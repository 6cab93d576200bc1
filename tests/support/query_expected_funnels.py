"""What the queries on the funnel, and on where its orders are kept, must return."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from support.query_recount import Shop

NAMES = {"view": "view", "add_to_cart": "add to cart", "checkout": "checkout", "purchase": "purchase"}
NUMBERS = {step: number for number, step in enumerate(NAMES, start=1)}
#: Minutes from the step before.
LIMITS = {"add_to_cart": 15, "checkout": 10, "purchase": 5}
REACHED = {"view": "viewed", "add_to_cart": "carted", "checkout": "checked_out", "purchase": "purchased"}


def funnel_steps(shop: Shop) -> pd.DataFrame:
    counts = pd.Series([len(shop.funnels), *shop.funnels.notna().sum()], dtype=float)
    without = [(shop.sessions["bought"] & taken.isna()).sum() for _, taken in shop.funnels.items()]
    return pd.DataFrame(
        {
            "step": ["visit", *(NAMES[step] for step in shop.steps)],
            "step_number": [1, *(NUMBERS[step] + 1 for step in shop.steps)],
            "sessions": counts,
            "step_rate": counts / counts.shift(),
            "overall_rate": counts / counts.iloc[0],
            "sessions_lost": -counts.diff(),
            "bought_without": [0, *without],
        }
    )


def funnel_with_time_limits(shop: Shop) -> pd.DataFrame:
    in_time = pd.Series(True, shop.funnels.index)
    rows, before = [], None
    for step in shop.steps:
        at = shop.funnels[step]
        # Where no step is recorded ahead of it, a step waits for nothing.
        waited = at - (at if before is None else shop.funnels[before])
        quick = waited <= pd.Timedelta(minutes=LIMITS.get(step, 0))
        late = (in_time & at.notna() & ~quick).sum()
        in_time &= quick
        rows.append((NAMES[step], NUMBERS[step], at.notna().sum(), in_time.sum(), late))
        before = step
    names = ["step", "step_number", "sessions", "sessions_in_time", "late_at_this_step"]
    result = pd.DataFrame(rows, columns=names)
    so_far = result["sessions_in_time"] + result["late_at_this_step"]
    return result.assign(
        in_time_share=(result["sessions_in_time"] / result["sessions"]).fillna(0),
        late_share=(result["late_at_this_step"] / so_far).fillna(0),
    )


def funnel_by_segment(shop: Shop) -> pd.DataFrame:
    reached = shop.funnels.notna().join(shop.sessions[["device", "channel", "visitor", "bought"]])
    reached["all"] = "all sessions"
    parts = []
    for dimension in ("device", "channel", "visitor", "all"):
        grouped = reached.groupby(dimension)
        part = pd.DataFrame({"sessions": grouped.size()})
        for step, name in REACHED.items():
            part[name] = grouped[step].sum() if step in shop.steps else np.nan
        part["bought_without_a_step"] = grouped["bought"].sum() - part["purchased"]
        parts.append(part.rename_axis("segment").reset_index().assign(dimension=dimension))
    result = pd.concat(parts, ignore_index=True)
    known = {name: result[name].where(result[name] > 0) for name in REACHED.values()}
    return result.assign(
        visit_to_view_rate=result["viewed"] / result["sessions"],
        view_to_cart_rate=result["carted"] / known["viewed"],
        cart_to_checkout_rate=result["checked_out"] / known["carted"],
        checkout_to_purchase_rate=result["purchased"] / known["checked_out"],
    )


def orders_reconciliation(shop: Shop) -> pd.DataFrame:
    totals = {
        "order lines": len(shop.lines),
        "orders": len(shop.orders),
        "units": shop.lines["quantity"].sum(),
        "revenue": shop.orders["revenue"].sum(min_count=1),
    }
    result = pd.DataFrame({"measure": list(totals), "in_events": list(totals.values())})
    revenue = shop.sessions["revenue"].sum(skipna=False)
    result["in_sessions"] = [shop.sessions["purchase"].sum(), np.nan, np.nan, revenue]
    return with_disagreements(
        result.assign(in_order_lines=result["in_events"], in_orders=result["in_events"])
    )


def with_disagreements(result: pd.DataFrame) -> pd.DataFrame:
    """Each measure with whether its counts are half a cent apart; sessions need not know what others do."""
    events, places = result["in_events"], ["in_order_lines", "in_orders", "in_sessions"]
    near = result[places].sub(events, axis=0).abs() < 0.005
    near["in_sessions"] |= result["in_sessions"].isna()
    nowhere = result[["in_events", *places]].isna().all(axis=1)
    return result.assign(disagreements=(~near.all(axis=1) & ~nowhere).astype(int))


FUNNELS: dict[str, Callable[[Shop], pd.DataFrame]] = {
    function.__name__: function
    for function in (funnel_steps, funnel_by_segment, funnel_with_time_limits, orders_reconciliation)
}
