"""What the reconciliation must say where the marts disagree with the events."""

from __future__ import annotations

import numpy as np
import pandas as pd
from support.query_expected_funnels import orders_reconciliation, with_disagreements
from support.query_recount import Shop, known_sum


def broken_reconciliation(shop: Shop, marts: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """The same with marts that disagree with the events, each added up as it is."""
    lines, orders, sessions = (marts[name] for name in ("order_lines", "orders", "sessions"))
    result = orders_reconciliation(shop)
    result["in_order_lines"] = [
        len(lines),
        lines["order_id"].nunique(),
        lines["quantity"].sum(),
        known_sum(lines.groupby("order_id")["net_revenue"]).sum(min_count=1),
    ]
    result["in_orders"] = [
        orders["n_lines"].sum(),
        len(orders),
        orders["quantity"].sum(),
        orders["net_revenue"].sum(min_count=1),
    ]
    known = sessions["revenue"].sum(skipna=False)
    result["in_sessions"] = [sessions["n_purchase_lines"].sum(), np.nan, np.nan, known]
    return with_disagreements(result)
