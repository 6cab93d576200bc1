"""What describes a visitor: columns of `visitor_behaviour`, their scale, and words for little and much."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

#: column -> what it is called in tables and figures
FEATURES = {
    "visits": "Visits",
    "events_per_visit": "Events a visit",
    "search_share": "Share of searches",
    "variety": "Different items a view",
    "carts_per_visit": "Items into the cart a visit",
    "seconds_between": "Seconds between events",
    "coupon_share": "Visits with a coupon",
    "mobile_share": "Visits by phone",
    "purchase_share": "Visits that buy",
    "price_level": "Price level of items viewed",
}
#: column -> what a segment is called that has little or much of it
WORDS = {
    "visits": ("rare visits", "many visits"),
    "events_per_visit": ("short visits", "long visits"),
    "search_share": ("browsing", "searching"),
    "variety": ("second looks", "many different items"),
    "carts_per_visit": ("empty carts", "full carts"),
    "seconds_between": ("fast clicks", "slow clicks"),
    "coupon_share": ("no coupons", "coupons"),
    "mobile_share": ("on desktop", "on the phone"),
    "purchase_share": ("no purchases", "buying"),
    "price_level": ("low prices", "high prices"),
}
# Counts and times are skewed: a few heavy users would otherwise be segments of their own.
_SCALES: dict[str, Callable[[pd.Series], pd.Series]] = {
    "visits": np.log,
    "events_per_visit": np.log,
    "seconds_between": np.log1p,
    "carts_per_visit": np.sqrt,
}


def described(visitors: pd.DataFrame) -> np.ndarray:
    """Behaviour of each visitor, (visitors, features), before standardising.

    Who viewed nothing with a price counts as of the usual price level; without prices all are 0.
    """
    table = visitors.assign(price_level=visitors["price_level"].astype(float).fillna(0.0))
    columns = [_SCALES.get(name, lambda values: values)(table[name].astype(float)) for name in FEATURES]
    return np.column_stack(columns)
