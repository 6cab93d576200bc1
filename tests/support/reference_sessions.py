"""The warehouse once more, in pandas, written from the contract and not from the SQL.

Cleaning, sessions, funnels, orders and customers. It is slow and plain on purpose: it exists to disagree
with the SQL when one of the two is wrong. The SQL and this file share no code and no intermediate result.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pyarrow.parquet as pq

GAP = pd.Timedelta(minutes=30)
KEY = ["user_id", "ts", "event_type", "item_id"]
STEPS = {
    "view": "viewed_at",
    "add_to_cart": "carted_at",
    "checkout": "checked_out_at",
    "purchase": "purchased_at",
}
FURTHEST = {"view": "view", "add_to_cart": "cart", "checkout": "checkout", "purchase": "purchase"}
KEYS = {
    "staging.users": ["user_id"],
    "staging.items": ["item_id"],
    "staging.exposures": ["user_id", "experiment"],
    "staging.bots": ["user_id"],
    "staging.events": ["event_id"],
    # A row and its exact copy differ only in which of them counts as the copy.
    "staging.events_flagged": ["event_id", "received_ts", "ts", "is_duplicate"],
    "marts.recorded": ["has_views"],
    "marts.sessions": ["session_id"],
    "marts.session_funnels": ["session_id"],
    "marts.order_lines": ["order_id", "line_number"],
    "marts.orders": ["order_id"],
    "marts.customers": ["user_id"],
}
MONEY = 1e-6


@dataclass(frozen=True)
class Reference:
    """Tables by the names and columns of the warehouse."""

    users: pd.DataFrame
    items: pd.DataFrame
    exposures: pd.DataFrame
    bots: pd.DataFrame
    events: pd.DataFrame
    events_flagged: pd.DataFrame
    removed: dict[str, int]
    recorded: pd.DataFrame
    sessions: pd.DataFrame
    session_funnels: pd.DataFrame
    order_lines: pd.DataFrame
    orders: pd.DataFrame
    customers: pd.DataFrame


def reference(store: Path) -> Reference:
    """Build everything from the raw files of a store."""
    raw = read_raw(store)
    users = pd.read_parquet(store / "users.parquet")
    items = pd.read_parquet(store / "items.parquet")
    exposures = pd.read_parquet(store / "exposures.parquet")
    flagged, robots = clean(raw)
    events = flagged[flagged["removal_reason"].isna()].reset_index(drop=True)
    removed = dict.fromkeys(("missing_user", "bot", "duplicate"), 0) | dict(
        flagged["removal_reason"].value_counts()
    )
    bots = robots["user_id"]
    users = users[~users["user_id"].isin(bots)]
    events = sessionize(events)
    sessions = session_table(events, users)
    lines = line_table(events, items)
    orders = order_table(events, lines)
    return Reference(
        users=users,
        items=items,
        exposures=exposures[~exposures["user_id"].isin(bots)],
        bots=robots,
        events=events,
        events_flagged=flagged,
        removed=removed,
        recorded=recorded_table(events),
        sessions=sessions,
        session_funnels=funnel_table(events),
        order_lines=lines,
        orders=orders,
        customers=customer_table(users, sessions, orders),
    )


def read_raw(store: Path) -> pd.DataFrame:
    """All partitions, with prices as numbers."""
    frames = []
    for path in sorted((store / "events").glob("day=*/events.parquet")):
        table = pq.ParquetFile(path).read()
        frame = table.to_pandas(integer_object_nulls=True)
        for column in ("user_id", "item_id"):
            frame[column] = pd.array(table[column].to_pylist(), dtype="Int64")
        prices = table["unit_price"].to_pylist()
        frame["is_retyped"] = [isinstance(price, str) for price in prices]
        frame["unit_price"] = [
            np.nan
            if price is None
            else float(price.removeprefix("EUR "))
            if isinstance(price, str)
            else price
            for price in prices
        ]
        frames.append(frame)
    return pd.concat(frames, ignore_index=True)


def clean(raw: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """All rows, repaired, with what was wrong with each and why it is removed, if so; and the bots."""
    rows = raw.sort_values(["received_ts", "event_id"], kind="stable").reset_index(drop=True)
    bots = find_bots(rows)
    first_received = rows.groupby(KEY, dropna=False)["received_ts"].transform("min")
    bought = rows["event_type"].eq("purchase")
    # Purchases that arrive together are lines of one order, if each has a number of its own.
    written_again = rows.duplicated([*KEY, "received_ts", "event_id"], keep="first")
    rows["is_duplicate"] = (rows.duplicated(KEY, keep="first") & ~bought) | (
        bought & (rows["received_ts"].gt(first_received) | written_again)
    )
    rows["is_missing_user"] = rows["user_id"].isna()
    rows["is_bot"] = rows["user_id"].isin(bots["user_id"]).astype(bool)
    reasons = {
        "missing_user": rows["is_missing_user"],
        "bot": rows["is_bot"],
        "duplicate": rows["is_duplicate"],
    }
    rows["removal_reason"] = None
    for reason, applies in reversed(reasons.items()):
        rows.loc[applies, "removal_reason"] = reason
    wait = rows["received_ts"] - rows["ts"]
    skewed = (wait < -pd.Timedelta(minutes=10)) | (wait > pd.Timedelta(hours=72))
    rows["is_late"] = (wait > pd.Timedelta(hours=1)) & ~skewed
    rows["is_skewed"] = skewed
    rows["is_negative_quantity"] = rows["quantity"] < 0
    rows["quantity"] = rows["quantity"].abs()
    rows["ts"] = rows["ts"].where(~skewed, rows["received_ts"] - normal_delay(wait))
    return rows, bots


def normal_delay(wait: pd.Series) -> pd.Timedelta:
    """Lower median, in whole milliseconds, of the waits of up to a minute."""
    normal = wait[(wait >= pd.Timedelta(0)) & (wait <= pd.Timedelta(minutes=1))]
    whole = np.sort(normal.dt.total_seconds().mul(1e6).round().astype("int64").to_numpy() // 1000)
    return pd.Timedelta(milliseconds=int(whole[(len(whole) - 1) // 2])) if len(whole) else pd.Timedelta(0)


def find_bots(rows: pd.DataFrame) -> pd.DataFrame:
    """Users of 50 rows or more, all views, that follow each other within 10 seconds in the median."""
    bots = []
    for user, own in rows[rows["user_id"].notna()].groupby("user_id"):
        if len(own) >= 50 and (own["event_type"] == "view").all():
            gaps = own["received_ts"].sort_values().diff().dt.total_seconds().dropna()
            if gaps.median() <= 10:
                bots.append((int(user), len(own), gaps.median()))
    return pd.DataFrame(bots, columns=["user_id", "n_rows", "median_gap_s"])


def sessionize(events: pd.DataFrame) -> pd.DataFrame:
    """Number sessions by user and start; a gap of exactly 30 minutes does not end one."""
    events = events.sort_values(["user_id", "ts", "event_id"], kind="stable").reset_index(drop=True)
    new_user = events["user_id"].ne(events["user_id"].shift())
    pause = events["ts"] - events["ts"].shift()
    events["session_id"] = (new_user.fillna(True) | (pause > GAP)).cumsum().astype("int64")
    start = events.groupby("session_id")["ts"].transform("min")
    return events.assign(is_session_start=events["ts"] == start)


def net_revenue(rows: pd.DataFrame) -> pd.Series:
    """Money of a line."""
    return rows["quantity"] * rows["unit_price"] * (1 - rows["discount_pct"].fillna(0.0) / 100)


def known_sum(values: pd.Series) -> float:
    """The sum, unknown when one of the values is."""
    return float(values.sum(skipna=False))


def recorded_table(events: pd.DataFrame) -> pd.DataFrame:
    """One row: what the store records at all. Where nothing was bought, no price is missing."""
    kinds, sold = set(events["event_type"]), events[events["event_type"] == "purchase"]
    known = {
        "has_views": "view" in kinds,
        "has_carts": "add_to_cart" in kinds,
        "has_checkouts": "checkout" in kinds,
        "has_revenue": sold.empty or not sold["unit_price"].isna().all(),
        "has_discounts": not events["discount_pct"].isna().all(),
    }
    return pd.DataFrame([known])


def session_table(events: pd.DataFrame, users: pd.DataFrame) -> pd.DataFrame:
    """One row per session."""
    groups = events.groupby("session_id")
    table = groups.agg(
        user_id=("user_id", "first"),
        session_start=("ts", "first"),
        session_end=("ts", "last"),
        device=("device", "first"),
        channel=("channel", "first"),
        n_events=("event_id", "size"),
        discount_pct=("discount_pct", "max"),
    )
    counted = {
        "n_views": "view",
        "n_searches": "search",
        "n_carts": "add_to_cart",
        "n_removes": "remove_from_cart",
        "n_checkouts": "checkout",
        "n_purchase_lines": "purchase",
    }
    for column, event_type in counted.items():
        table[column] = (events["event_type"] == event_type).groupby(events["session_id"]).sum()
    views = events[events["event_type"] == "view"].groupby("session_id")["item_id"].nunique()
    table["n_items_viewed"] = views.reindex(table.index, fill_value=0)
    bought = events[events["event_type"] == "purchase"]
    revenue = net_revenue(bought).groupby(bought["session_id"]).agg(known_sum)
    nothing = np.nan if len(bought) and bought["unit_price"].isna().all() else 0.0
    table["revenue"] = revenue.reindex(table.index, fill_value=nothing).astype(float)
    table["session_number"] = table.groupby("user_id").cumcount() + 1
    table["is_new_user"] = table["session_number"] == 1
    table["has_cart"] = table["n_carts"] > 0
    table["has_checkout"] = table["n_checkouts"] > 0
    table["converted"] = table["n_purchase_lines"] > 0
    table["duration_s"] = (table["session_end"] - table["session_start"]).dt.total_seconds()
    known = users.set_index("user_id")
    for column in ("country", "age_band"):
        table[column] = table["user_id"].astype("int64").map(known[column]).fillna("unknown")
    return table.reset_index()


def funnel_table(events: pd.DataFrame) -> pd.DataFrame:
    """Walk through the events in order of time; each looks whether it is the step its session waits for."""
    recorded = set(events["event_type"]) | {"purchase"}
    steps = [step for step in STEPS if step in recorded]
    bought = events[events["event_type"] == "purchase"].groupby("session_id")["ts"].min()
    reached: dict[int, dict[str, pd.Timestamp]] = {}
    # At one and the same moment the steps count in the order of the funnel.
    rank = events["event_type"].map({step: place for place, step in enumerate(STEPS)}).fillna(len(STEPS))
    ordered = events.assign(rank=rank).sort_values(["session_id", "ts", "rank"], kind="stable")
    for session_id, event_type, ts in zip(
        ordered["session_id"], ordered["event_type"], ordered["ts"], strict=True
    ):
        times = reached.setdefault(session_id, {})
        if len(times) < len(steps) and event_type == steps[len(times)]:
            times[event_type] = ts
    rows = [
        {
            "session_id": session_id,
            **{column: times.get(step) for step, column in STEPS.items()},
            "bought_at": bought.get(session_id),
            "furthest_step": FURTHEST[list(times)[-1]] if times else "visit",
        }
        for session_id, times in reached.items()
    ]
    return pd.DataFrame(rows, columns=["session_id", *STEPS.values(), "bought_at", "furthest_step"])


def line_table(events: pd.DataFrame, items: pd.DataFrame) -> pd.DataFrame:
    """One row per line of an order."""
    lines = events[events["event_type"] == "purchase"].copy()
    lines["order_id"] = lines.groupby(["user_id", "ts"])["event_id"].transform("min")
    lines["order_ts"] = lines["ts"]
    categories = lines["item_id"].astype("int64").map(items.set_index("item_id")["category"])
    lines["category"] = categories.fillna("unknown")
    lines["net_revenue"] = net_revenue(lines)
    lines = lines.sort_values(["order_id", "item_id", "event_id"])
    lines["line_number"] = lines.groupby("order_id").cumcount() + 1
    return lines[
        [
            "order_id",
            "line_number",
            "session_id",
            "user_id",
            "order_ts",
            "item_id",
            "category",
            "quantity",
            "unit_price",
            "discount_pct",
            "net_revenue",
        ]
    ]


def order_table(events: pd.DataFrame, lines: pd.DataFrame) -> pd.DataFrame:
    """One row per order."""
    gross = lines.assign(gross_revenue=lines["quantity"] * lines["unit_price"])
    orders = gross.groupby("order_id").agg(
        session_id=("session_id", "first"),
        user_id=("user_id", "first"),
        order_ts=("order_ts", "first"),
        n_lines=("item_id", "size"),
        quantity=("quantity", "sum"),
        gross_revenue=("gross_revenue", known_sum),
        net_revenue=("net_revenue", known_sum),
    )
    first = events[events["event_type"] == "purchase"].set_index("event_id")
    for column in ("device", "channel"):
        orders[column] = first[column].reindex(orders.index)
    return orders.reset_index()


def customer_table(users: pd.DataFrame, sessions: pd.DataFrame, orders: pd.DataFrame) -> pd.DataFrame:
    """One row per user, registered or only seen."""
    everyone = sorted(set(users["user_id"]) | set(sessions["user_id"].astype("int64")))
    table = users.set_index("user_id").reindex(everyone)
    for column in ("country", "age_band", "device_preference", "acquisition_channel"):
        table[column] = table[column].fillna("unknown")
    visits = sessions.groupby(sessions["user_id"].astype("int64"))
    table["first_seen"] = visits["session_start"].min().reindex(everyone)
    table["last_seen"] = visits["session_end"].max().reindex(everyone)
    table["n_sessions"] = visits.size().reindex(everyone, fill_value=0)
    bought = orders.groupby(orders["user_id"].astype("int64"))
    table["n_orders"] = bought.size().reindex(everyone, fill_value=0)
    nothing = np.nan if len(orders) and orders["net_revenue"].isna().all() else 0.0
    revenue = bought["net_revenue"].agg(known_sum)
    table["revenue"] = revenue.reindex(everyone, fill_value=nothing).astype(float)
    table["first_order_ts"] = bought["order_ts"].min().reindex(everyone)
    table["last_order_ts"] = bought["order_ts"].max().reindex(everyone)
    return table.reset_index(names="user_id")


def assert_agrees(expected: Reference, warehouse: duckdb.DuckDBPyConnection) -> None:
    """Fail on the first table of the warehouse that is not what the reference says.

    Everything must be equal, money to 1e-6 EUR per line: the SQL adds lines up as decimals of six places,
    pandas as doubles.
    """
    found = dict(
        warehouse.execute("select removal_reason, count(*) from staging.events_removed group by 1").fetchall()
    )
    assert {reason: found.get(reason, 0) for reason in expected.removed} == expected.removed
    for table in KEYS:
        assert_table_agrees(expected, warehouse, table)


def assert_table_agrees(expected: Reference, warehouse: duckdb.DuckDBPyConnection, table: str) -> None:
    """Fail when one table of the warehouse is not what the reference says."""
    key = KEYS[table]
    built = warehouse.execute(f"select * from {table}").df().sort_values(key, ignore_index=True)
    wanted = getattr(expected, table.split(".")[1]).sort_values(key, ignore_index=True)[list(built.columns)]
    wanted = wanted.astype(built.dtypes.to_dict())
    pd.testing.assert_frame_equal(wanted, built, atol=MONEY * max(len(built), 1), rtol=0.0, obj=table)
