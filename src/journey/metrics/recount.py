"""The same metrics a second time, in pandas from clean events, without any of the marts."""

from __future__ import annotations

import numpy as np
import pandas as pd

SESSION_GAP = pd.Timedelta(minutes=30)


def recount(events: pd.DataFrame) -> dict[str, float]:
    """Count sessions, steps, orders and revenue from clean events alone.

    Parameters
    ----------
    events
        Clean events with `event_id, ts, user_id, event_type, item_id, quantity, unit_price, discount_pct`;
        any `session_id` is ignored and worked out again from the 30-minute gap.

    Returns
    -------
    dict
        `events, visitors, sessions, cart_sessions, checkout_sessions, buying_sessions, orders, revenue,
        bounced_sessions, abandoned_carts`.
    """
    ordered = events.sort_values(["user_id", "ts", "event_id"], kind="stable")
    gap = ordered["ts"].diff() > SESSION_GAP
    changed = ordered["user_id"].ne(ordered["user_id"].shift())
    session = (gap | changed).cumsum()

    def sessions_with(event_type: str) -> set[int]:
        return set(session[ordered["event_type"].eq(event_type)])

    carts, checkouts, buys = (sessions_with(step) for step in ("add_to_cart", "checkout", "purchase"))
    lines = ordered[ordered["event_type"].eq("purchase")]
    money = lines["quantity"] * lines["unit_price"] * (1 - lines["discount_pct"] / 100)
    sizes = session.value_counts()
    return {
        "events": float(len(ordered)),
        "visitors": float(ordered["user_id"].nunique()),
        "sessions": float(session.nunique()),
        "cart_sessions": float(len(carts)),
        "checkout_sessions": float(len(checkouts & carts)),
        "buying_sessions": float(len(buys)),
        "orders": float(len(lines.groupby(["user_id", "ts"]))),
        "revenue": float(np.sum(money)),
        "bounced_sessions": float((sizes == 1).sum()),
        "abandoned_carts": float(len(carts - buys)),
    }
