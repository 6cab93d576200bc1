"""Cleaning, sessions and funnel as one would write them in pandas, and a bare scan of the files.

A page written for speed and not for review: raw files in, every column of `marts.sessions` and
`marts.session_funnels` out, nothing stored. It follows the rules of sql/staging and sql/marts to the row,
because a peer that does less is no peer.
"""

from __future__ import annotations

from pathlib import Path

import duckdb
import pandas as pd
import pyarrow.parquet as pq

#: Columns that the sessions need.
READ = [
    *("event_id", "ts", "received_ts", "user_id", "event_type", "item_id"),
    *("device", "channel", "quantity", "unit_price", "discount_pct"),
]
KEY = ["user_id", "ts", "event_type", "item_id"]
#: Step of the funnel -> the event that reaches it, and the column of the time when, in order.
STEPS = {
    "view": ("view", "viewed_at"),
    "cart": ("add_to_cart", "carted_at"),
    "checkout": ("checkout", "checked_out_at"),
    "purchase": ("purchase", "purchased_at"),
}
#: Column of the result -> the event that it counts.
COUNTS = {
    "n_views": "view",
    "n_searches": "search",
    "n_carts": "add_to_cart",
    "n_removes": "remove_from_cart",
    "n_checkouts": "checkout",
    "n_purchase_lines": "purchase",
}
#: Column of the result -> the count that says so.
FLAGS = {"has_cart": "n_carts", "has_checkout": "n_checkouts", "converted": "n_purchase_lines"}
#: What the list of users says of them.
OF_USER = ["country", "age_band"]
MINUTE = 60_000_000
EARLIEST, LATEST, LONGEST_GAP = -10 * MINUTE, 72 * 60 * MINUTE, 30 * MINUTE


def event_files(store: Path) -> dict[bool, list[Path]]:
    """Files of the raw events, by whether their prices are text."""
    found: dict[bool, list[Path]] = {False: [], True: []}
    for file in sorted(store.glob("events/*/*.parquet")):
        found[pq.read_schema(file).field("unit_price").type == "string"].append(file)
    return found


def bare_scan(store: Path) -> None:
    """Read every column of every event and do nothing with it but look for the largest."""
    with duckdb.connect(config={"threads": 2}) as connection:
        connection.execute(
            "select max(event_id), max(ts), max(received_ts), max(user_id), max(event_type), max(item_id),"
            " max(device), max(channel), max(quantity), max(unit_price::varchar), max(discount_pct)"
            " from read_parquet($files, union_by_name = true)",
            {"files": f"{store}/events/*/*.parquet"},
        ).fetchall()


def pandas_sessions(store: Path) -> pd.DataFrame:
    """Clean, sessionise and count in plain pandas."""
    parts = []
    for as_text, files in event_files(store).items():
        for file in files:
            part = pd.read_parquet(file, columns=READ)
            if as_text:
                part["unit_price"] = pd.to_numeric(part["unit_price"].str.removeprefix("EUR "))
            parts.append(part)
    events = pd.concat(parts, ignore_index=True)
    wait = (events["received_ts"] - events["ts"]) // pd.Timedelta(microseconds=1)
    normal = wait[(wait >= 0) & (wait <= MINUTE)] // 1000
    delay = pd.to_timedelta(normal.quantile(0.5, interpolation="lower"), unit="ms")
    skewed = (wait < EARLIEST) | (wait > LATEST)
    known = events["user_id"].notna()
    robots = _robots(events[known])
    events = events[known & ~events["user_id"].isin(robots) & ~_copies(events)].astype({"user_id": "int64"})
    events["ts"] = events["ts"].mask(skewed.loc[events.index], events["received_ts"] - delay)
    events = events.sort_values(["user_id", "ts", "event_id"])
    pause = events["ts"].diff() > pd.Timedelta(microseconds=LONGEST_GAP)
    events["session"] = (events["user_id"].ne(events["user_id"].shift()) | pause).cumsum()
    table = _steps(events, _sessions(events))
    users = pd.read_parquet(store / "users.parquet", columns=["user_id", *OF_USER])
    table = table.merge(users[~users["user_id"].isin(robots)], on="user_id", how="left")
    return table.fillna(dict.fromkeys(OF_USER, "unknown"))


def _sessions(events: pd.DataFrame) -> pd.DataFrame:
    """One row a session, of events in order."""
    by_session = events.groupby("session", sort=False)
    table = by_session.agg(
        user_id=("user_id", "first"),
        session_start=("ts", "first"),
        session_end=("ts", "last"),
        n_events=("event_id", "size"),
        discount_pct=("discount_pct", "max"),
    )
    opening = events.loc[~events["session"].duplicated(), ["device", "channel"]]
    table[["device", "channel"]] = opening.set_index(table.index)
    for column, kind in COUNTS.items():
        own = events[events["event_type"] == kind]
        table[column] = own.groupby("session").size().reindex(table.index, fill_value=0)
    share = 1 - own["discount_pct"].fillna(0) / 100
    money = (own["quantity"].abs() * own["unit_price"] * share).groupby(own["session"]).sum()
    views = events.loc[events["event_type"] == "view", ["session", "item_id"]].dropna().drop_duplicates()
    table["n_items_viewed"] = views.groupby("session").size().reindex(table.index, fill_value=0)
    table["session_number"] = table.groupby("user_id").cumcount() + 1
    span = table["session_end"] - table["session_start"]
    return table.assign(
        revenue=money.reindex(table.index, fill_value=0.0),
        is_new_user=table["session_number"] == 1,
        duration_s=span / pd.Timedelta(seconds=1),
        **{flag: table[count] > 0 for flag, count in FLAGS.items()},
    )


def _steps(events: pd.DataFrame, table: pd.DataFrame) -> pd.DataFrame:
    """The sessions with the first time of each step not before the step ahead of it."""
    reached = table["session_start"]
    table["furthest_step"] = "visit"
    for step, (kind, column) in STEPS.items():
        own = events[events["event_type"] == kind]
        reached = own[own["ts"] >= own["session"].map(reached)].groupby("session")["ts"].min()
        table[column] = reached.reindex(table.index)
        table.loc[reached.index, "furthest_step"] = step
    table["bought_at"] = own.groupby("session")["ts"].min().reindex(table.index)
    return table


def _copies(events: pd.DataFrame) -> pd.Series:
    """Whether a row says again what another one said."""
    repeated = events[events.duplicated(KEY, keep=False)].sort_values(["received_ts", "event_id"])
    first = repeated.groupby(KEY, dropna=False)["received_ts"].transform("min")
    bought = repeated["event_type"] == "purchase"
    again = repeated.duplicated([*KEY, "received_ts", "event_id"]) | (repeated["received_ts"] > first)
    copies = again.where(bought, repeated.duplicated(KEY))
    return copies.reindex(events.index, fill_value=False)


def _robots(events: pd.DataFrame) -> pd.Index:
    """Who only views, 50 times or more, ten seconds apart in the median."""
    looks = events["event_type"].eq("view").groupby(events["user_id"]).agg(["size", "all"])
    viewers = events[events["user_id"].isin(looks.index[(looks["size"] >= 50) & looks["all"]])]
    gaps = viewers.sort_values("received_ts").groupby("user_id")["received_ts"].diff()
    median = gaps.groupby(viewers["user_id"]).median()
    return median.index[median <= pd.Timedelta(seconds=10)]
