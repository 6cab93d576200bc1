"""The same metrics a second time, in pandas from clean events, without any of the marts."""

from __future__ import annotations

import pandas as pd

SESSION_GAP = pd.Timedelta(minutes=30)
STEPS = ["add_to_cart", "checkout", "purchase"]


def session_counts(events: pd.DataFrame) -> pd.DataFrame:
    """Count steps, orders and revenue of each session from clean events alone.

    Parameters
    ----------
    events
        Clean events with `event_id, ts, user_id, event_type, quantity, unit_price, discount_pct`; any
        `session_id` is ignored and worked out again from the 30-minute gap.

    Returns
    -------
    DataFrame
        One row a session, in the order of user and time and numbered from 1; one column a count, which may be
        added up over any sessions.
    """
    ordered = events.sort_values(["user_id", "ts", "event_id"], kind="stable")
    gap = ordered["ts"].diff() > SESSION_GAP
    changed = ordered["user_id"].ne(ordered["user_id"].shift())
    session = (gap | changed).cumsum()
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


def recount(events: pd.DataFrame) -> dict[str, float]:
    """Totals of `session_counts`, with the number of `events` and of `visitors`."""
    totals = {str(name): float(total) for name, total in session_counts(events).sum().items()}
    return {"events": float(len(events)), "visitors": float(events["user_id"].nunique()), **totals}
