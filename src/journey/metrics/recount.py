"""The same metrics a second time, in pandas from clean events, without any of the marts."""

from __future__ import annotations

import pandas as pd

SESSION_GAP = pd.Timedelta(minutes=30)
STEPS = ["add_to_cart", "checkout", "purchase"]


def session_counts(
    events: pd.DataFrame, gap: pd.Timedelta = SESSION_GAP, starts: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Count steps, orders and revenue of each session from clean events alone.

    Parameters
    ----------
    events
        Clean events with `event_id, ts, user_id, event_type, quantity, unit_price, discount_pct`; any
        `session_id` is ignored and worked out again.
    gap
        A session ends after more than this without an event.
    starts
        `user_id` and `ts` of the starts of sessions, in place of the gap: one begins with the first event at
        or after each.

    Returns
    -------
    DataFrame
        One row a session, in the order of user and time and numbered from 1; one column a count, which may be
        added up over any sessions.
    """
    ordered = events.sort_values(["user_id", "ts", "event_id"], kind="stable")
    began = ordered["ts"].diff() > gap
    if starts is not None:
        began = _last_start(ordered, starts).diff() != pd.Timedelta(0)
    changed = ordered["user_id"].ne(ordered["user_id"].shift())
    session = (began | changed).cumsum()
    sizes = session.value_counts(sort=False)
    steps = pd.crosstab(session, ordered["event_type"]).reindex(columns=STEPS, fill_value=0) > 0
    cart, checkout, buys = (steps[step] for step in STEPS)
    lines = ordered[ordered["event_type"].eq("purchase")].assign(session=session)
    money = (
        lines["quantity"] * lines["unit_price"] * (1 - lines["discount_pct"].astype(float).fillna(0) / 100)
    )
    counts = {
        "sessions": sizes > 0,
        "cart_sessions": cart,
        "checkout_sessions": cart & checkout,
        "buying_sessions": buys,
        "orders": lines.groupby("session")["ts"].nunique(),
        "revenue": money.groupby(lines["session"]).sum(),
        "bounced_sessions": sizes == 1,
        "abandoned_carts": cart & ~buys,
    }
    return pd.DataFrame(counts).fillna(0).astype(float)


def recount(
    events: pd.DataFrame, gap: pd.Timedelta = SESSION_GAP, starts: pd.DataFrame | None = None
) -> dict[str, float]:
    """Totals of `session_counts`, with the number of `events` and of `visitors`."""
    counts = session_counts(events, gap, starts)
    totals = {str(name): float(total) for name, total in counts.sum().items()}
    return {"events": float(len(events)), "visitors": float(events["user_id"].nunique()), **totals}


def _last_start(events: pd.DataFrame, starts: pd.DataFrame) -> pd.Series:
    """For each event, the last start of its user that is not after it."""
    at = starts.assign(start=starts["ts"]).sort_values("ts")
    placed = events[["user_id", "ts"]].assign(place=range(len(events))).sort_values("ts", kind="stable")
    found = pd.merge_asof(placed, at, on="ts", by="user_id").sort_values("place")
    return found["start"].set_axis(events.index)
