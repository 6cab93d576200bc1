"""What the reconciliation must say where the marts disagree with the events."""

from __future__ import annotations

import pandas as pd
from support.query_expected_intermediate import orders_reconciliation
from support.query_recount import Shop


def broken_reconciliation(shop: Shop, marts: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """The same with marts that disagree with the events, each added up as it is."""
    lines, orders, sessions = (marts[name] for name in ("order_lines", "orders", "sessions"))
    result = orders_reconciliation(shop)
    result["in_order_lines"] = [
        len(lines),
        lines["order_id"].nunique(),
        lines["quantity"].sum(),
        lines["net_revenue"].sum(),
    ]
    result["in_orders"] = [
        orders["n_lines"].sum(),
        len(orders),
        orders["quantity"].sum(),
        orders["net_revenue"].sum(),
    ]
    result["in_sessions"] = [sessions["n_purchase_lines"].sum(), None, None, sessions["revenue"].sum()]
    apart = result[["in_order_lines", "in_orders", "in_sessions"]].sub(result["in_events"], axis=0).abs()
    return result.assign(disagreements=(apart.max(axis=1) > 0.004).astype(int))
