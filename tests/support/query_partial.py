"""Shops for a reason each: what is not recorded, or not known, or there once only, or counted differently."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
from support.query_awkward import (
    DAY,
    MINUTE,
    START,
    Step,
    awkward_tables,
    session_rows,
    tables_of,
)
from support.query_shop import write_clean

#: Minutes of a session at which it views, carts, checks out and buys; None where it does not.
STEP_MINUTES = (
    (0.0, 15.0, 25.0, 30.0), (0.0, 16.0, 17.0, 18.0), (0.0, 1.0, 12.0, 13.0), (0.0, 1.0, 2.0, 8.0),
    (0.0, 4.0, 10.0, 15.0), (0.0, 1.0, 4.0, 5.0), (0.0, 3.0, 9.0, None), (0.0, 2.0, None, None),
    (0.0, None, 3.0, 4.0), (None, 0.0, 1.0, 2.0), (0.0, 1.0, None, 2.0), (1.0, 0.0, 2.0, 3.0),
    (0.0, None, None, None), (0.0, None, None, 5.0), (0.0, 5.0, 5.0, 5.0),
)  # fmt: skip
PRICED_FROM, SEEN_FROM = START + 21 * DAY, START + 10 * DAY
#: An item in no list, one without a price, one for nothing, one below a euro, and the dearest in no list.
UNLISTED, UNPRICED, FREE, CHEAP, ALSO_UNLISTED = 1, 2, 3, 5, 16


def build_unrecorded_shop(path: Path, *, steps: Sequence[str]) -> None:
    """Write a shop with steps at, before and after their limits, as a log that leaves some of them out."""
    rows: list[tuple[object, ...]] = []
    for user, minutes in enumerate(STEP_MINUTES, start=1):
        kinds = ("view", "add_to_cart", "checkout", "purchase")
        taken: list[Step] = [
            (minute, kind, None if kind == "checkout" else 4, 1)
            for minute, kind in zip(minutes, kinds, strict=True)
            if minute is not None and kind not in steps
        ]
        device, channel = ("mobile", "desktop")[user % 2], ("direct", "email")[user % 3 > 0]
        rows += session_rows(user % 5, START + user * DAY, taken, device, channel)
    write_clean(path, tables_of(rows))


def build_stalled_shop(path: Path) -> None:
    """Write a shop in which every step is taken, and none after the one ahead of it."""
    orders = [("add_to_cart", "view"), ("checkout", "view"), ("purchase", "view"), ("add_to_cart", "search")]
    sessions = []
    for user, kinds in enumerate(orders, start=1):
        steps: list[Step] = [
            (float(n), kind, None if kind in ("checkout", "search") else 1, 1) for n, kind in enumerate(kinds)
        ]
        sessions.append(session_rows(user, START, steps, kinds[1], "direct"))
    write_clean(path, tables_of(row for session in sessions for row in session))


def build_single_shop(path: Path) -> None:
    """Write a shop of one visitor, who takes every step, the first of them too late."""
    steps: list[Step] = [
        (0.0, "view", 4, 1), (20.0, "add_to_cart", 4, 1), (25.0, "checkout", None, 1),
        (26.0, "purchase", 4, 1),
    ]  # fmt: skip
    write_clean(path, tables_of(session_rows(7, START, steps, "mobile", "direct")))


def build_turning_shop(path: Path) -> None:
    """Write a shop that one channel leaves, one comes to and one stays with; each converts differently."""
    channels = {"leaving": (1, 1, 0), "staying": (0, 0), "coming": ()}, {"staying": (1,), "coming": (1, 0, 0)}
    user, rows = 0, []
    for day, side in zip((0, 40), channels, strict=True):
        for channel, visits in side.items():
            for bought in visits:
                user += 1
                steps: list[Step] = [(0.0, "view", 4, 1), *([(2.0, "purchase", 4, 1)] if bought else [])]
                rows += session_rows(user, START + day * DAY, steps, "mobile", channel)
    write_clean(path, tables_of(rows))


def build_weekends_shop(path: Path) -> None:
    """Write a shop of nine days and two weekends with an order on each; in the end, all buy."""
    basket: list[Step] = [(0.0, "view", 4, 1), (1.0, "purchase", 4, 1), (1.0, "purchase", 1, 1)]
    looks: list[Step] = [(0.0, "view", 4, 1)]
    rows: list[tuple[object, ...]] = []
    for user, day, steps in ((1, 5, basket), (2, 6, looks), (1, 11, looks), (1, 12, looks), (2, 13, basket)):
        rows += session_rows(user, START + day * DAY, steps, "mobile", "direct")
    tables = tables_of(rows)
    # Two lines of half a euro: an order of one.
    tables["events"]["unit_price"] = tables["events"]["unit_price"].where(
        tables["events"]["event_type"] != "purchase", 0.5
    )
    write_clean(path, tables)


def build_together_shop(path: Path) -> None:
    """Write a shop in which every visitor sees the same three products."""
    seen: list[Step] = [(float(item), "view", item, 1) for item in (1, 2, 3)]
    rows = [row for user in range(8) for row in session_rows(user, START, seen, "mobile", "direct")]
    write_clean(path, tables_of(rows))


def build_priced_later_shop(path: Path) -> None:
    """Write the shop at the limits before it recorded prices: of what is bought, of what is seen, of coupons.

    On no day are some orders known and others not. An order of the first weeks of which one line has a price
    is not known either.
    """
    tables = awkward_tables()
    events = _offers(tables["events"])
    bought = events["event_type"] == "purchase"
    of_one_order = events[bought].groupby(["user_id", "ts"])["item_id"]
    is_first = events["item_id"] == of_one_order.transform("min").reindex(events.index)
    has_more = (of_one_order.transform("size").reindex(events.index) > 1).fillna(False)
    early = events["ts"] < PRICED_FROM
    unknown = (bought & early & ~(is_first & has_more)) | (
        (events["event_type"] == "view") & (events["ts"] < SEEN_FROM)
    )
    events.loc[unknown, "unit_price"] = np.nan
    events.loc[bought & (events["user_id"] % 7 == 0), "discount_pct"] = np.nan
    write_clean(path, tables | {"events": events})


def _offers(events: pd.DataFrame) -> pd.DataFrame:
    """Add views whose offers differ within a session, by half a cent from the last one, and not at all."""
    rows = []
    offered = ((10.0, 12.0), (12.0, 12.0), (11.0, 13.0), (12.0, None), (0.0,), (0.005,), (None,), (5.0,))
    for day, offers in enumerate(offered):
        for place, price in enumerate(offers):
            at = SEEN_FROM + day * DAY + 600 * MINUTE + place * MINUTE
            rows.append((at, 3000, "view", 9, "tablet", "direct", 1, price, 0.0))
    names = [*("ts", "user_id", "event_type", "item_id", "device", "channel", "quantity", "unit_price")]
    added = pd.DataFrame(rows, columns=[*names, "discount_pct"]).assign(is_late=False, is_skewed=False)
    added["event_id"] = np.arange(len(added)) + int(events["event_id"].max()) + 1
    return pd.concat([events, added.astype({"item_id": "Int64"})[list(events.columns)]], ignore_index=True)


def build_unpriced_shop(path: Path) -> None:
    """Write the shop at the limits as one that records no price at all."""
    tables = awkward_tables()
    write_clean(path, tables | {"events": tables["events"].assign(unit_price=np.nan)})


def build_unlisted_shop(path: Path) -> None:
    """Write the shop at the limits with gaps in its list of items and in their prices."""
    tables = awkward_tables()
    items = tables["items"][~tables["items"]["item_id"].isin([UNLISTED, ALSO_UNLISTED])].copy()
    items["price"] = (
        items["item_id"]
        .map({UNPRICED: np.nan, FREE: 0.0, CHEAP: 0.5})
        .where(items["item_id"].isin([UNPRICED, FREE, CHEAP]), items["price"])
    )
    write_clean(path, tables | {"items": items})


def build_buyers_shop(path: Path, *, customers: int, seed: int) -> None:
    """Write a shop of repeat buyers only, who order as often, as lately and for as much as others do."""
    rng = np.random.default_rng(seed)
    rows: list[tuple[object, ...]] = []
    for user in range(1, customers + 1):
        orders = int(rng.choice([1, 2, 3, 4, 5], p=[0.2, 0.3, 0.2, 0.15, 0.15]))
        for day in rng.choice(12, orders, replace=False):
            units = int(rng.integers(1, 4))
            steps: list[Step] = [(0.0, "purchase", int(rng.integers(1, 4)), units)]
            rows += session_rows(user, START + int(day) * DAY + 600 * MINUTE, steps, "mobile", "direct")
    write_clean(path, tables_of(rows))


def build_changed_shop(path: Path, *, price: float | None, marts: dict[str, float | None]) -> None:
    """Write a shop of one order at a price; some marts hold another revenue, the others this one."""
    pattern = path.with_name("one order.pattern")
    if not pattern.is_file():
        write_clean(pattern, tables_of(session_rows(1, START, [(0.0, "purchase", 4, 1)], "mobile", "direct")))
    shutil.copy(pattern, path)
    with duckdb.connect(str(path)) as connection:
        connection.execute("update staging.events set unit_price = ?", [price])
        for mart in ("order_lines", "orders", "sessions"):
            money = "revenue" if mart == "sessions" else "net_revenue"
            connection.execute(f"update marts.{mart} set {money} = ?", [marts.get(mart, price)])


def build_miscounted_shop(path: Path) -> None:
    """Write the shop at the limits with lines, orders and sessions that were each counted differently."""
    write_clean(path, awkward_tables())
    with duckdb.connect(str(path)) as connection:
        connection.execute(
            "delete from marts.order_lines where order_id = (select max(order_id) from marts.orders)"
        )
        connection.execute("update marts.orders set n_lines = n_lines + 1, quantity = quantity + 2")
        first = "from marts.orders select order_id order by 1 limit 2"
        connection.execute(f"delete from marts.orders where order_id in ({first})")
        connection.execute("update marts.sessions set n_purchase_lines = n_purchase_lines + 3")


CARTS, CHECKOUTS = ("add_to_cart", "remove_from_cart"), ("checkout",)
UNRECORDED: dict[str, tuple[str, ...]] = {
    "every step": (),
    "no views": ("view",),
    "no carts": CARTS,
    "no checkouts": CHECKOUTS,
    "no views, no carts": ("view", *CARTS),
    "no carts, no checkouts": (*CARTS, *CHECKOUTS),
    "purchases only": ("view", "search", *CARTS, *CHECKOUTS),
}
#: Name -> price of the one order, and the revenue that marts hold instead of it.
CHANGED: dict[str, tuple[float | None, dict[str, float | None]]] = {
    "half a cent too little in order_lines": (0.005, {"order_lines": 0.0}),
    "half a cent too little in orders": (0.005, {"orders": 0.0}),
    "half a cent too little in sessions": (0.005, {"sessions": 0.0}),
    "orders further off than order_lines": (0.001, {"order_lines": 0.005, "orders": 0.009}),
    "sessions further off than order_lines": (0.001, {"order_lines": 0.005, "sessions": 0.009}),
    "revenue in events only": (1.0, dict.fromkeys(("order_lines", "orders", "sessions"))),
    "revenue in order_lines only": (None, {"order_lines": 1.0}),
    "revenue in orders only": (None, {"orders": 1.0}),
    "revenue in sessions only": (None, {"sessions": 1.0}),
    "revenue nowhere": (None, {}),
    "one euro": (1.0, {}),
    "nothing to pay": (0.0, {}),
}
BUILDERS = {
    **{name: partial(build_unrecorded_shop, steps=steps) for name, steps in UNRECORDED.items()},
    **{
        name: partial(build_changed_shop, price=price, marts=marts)
        for name, (price, marts) in CHANGED.items()
    },
    "broken counts": build_miscounted_shop,
    "stalled": build_stalled_shop,
    "single": build_single_shop,
    "turning": build_turning_shop,
    "weekends": build_weekends_shop,
    "together": build_together_shop,
    "priced later": build_priced_later_shop,
    "unpriced": build_unpriced_shop,
    "unlisted": build_unlisted_shop,
    "ten buyers": partial(build_buyers_shop, customers=10, seed=1),
    "buyers": partial(build_buyers_shop, customers=35, seed=2),
}

FUNNELS = {"cart_abandonment", "funnel_by_segment", "funnel_steps", "funnel_with_time_limits"}
#: What is recounted in each shop: what it was made for.
QUERIES: dict[str, set[str]] = {
    **dict.fromkeys(UNRECORDED, FUNNELS),
    **{name: {"orders_reconciliation"} for name in CHANGED},
    "one euro": {"top_products_by_category"},
    "nothing to pay": {"top_products_by_category"},
    "stalled": FUNNELS | {"user_segment_totals"},
    "single": FUNNELS
    | {
        "conversion_by_category",
        "conversion_by_price_bucket",
        "driver_tree",
        "exposure_covariates",
        "revenue_rollup",
        "simpson_decomposition",
    },
    "turning": {"simpson_decomposition"},
    "weekends": {
        "basket_affinity",
        "first_order_survival",
        "promotion_weekend",
        "visitor_behaviour",
    },
    "together": {"products_viewed_together"},
    "priced later": {
        "daily_metrics",
        "driver_tree",
        "experiment_users",
        "exposure_covariates",
        "orders_reconciliation",
        "price_as_of_view",
        "revenue_concentration",
        "running_revenue",
        "unusual_days",
        "value_percentiles",
        "visitor_behaviour",
    },
    "unpriced": {
        "experiment_sufficient_statistics",
        "exposure_covariates",
        "rfm_segments",
        "top_products",
        "top_products_by_category",
    },
    "unlisted": {
        "abandoned_cart_value",
        "conversion_by_category",
        "conversion_by_price_bucket",
        "products_viewed_together",
        "top_products",
        "visitor_behaviour",
    },
    "ten buyers": {"repeat_purchase_intervals", "revenue_concentration", "rfm_segments"},
    "buyers": {"repeat_purchase_intervals", "revenue_concentration", "rfm_segments"},
}
