"""Cleaning, sessions and funnel as one would write them in pandas or Polars, and a bare scan of the files.

Each is one page, written for speed and not for review: raw files in, one row a session out, nothing stored.
They follow the rules of sql/staging and sql/marts to the row, because a peer that does less is no peer.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pyarrow.parquet as pq

from journey.stores.schema import EVENT_TYPES

#: Columns that the sessions need.
READ = [
    *("event_id", "ts", "received_ts", "user_id", "event_type", "item_id"),
    *("quantity", "unit_price", "discount_pct"),
]
KEY = ["user_id", "ts", "event_type", "item_id"]
#: Step of the funnel -> the event that reaches it, in order.
STEPS = {"view": "view", "cart": "add_to_cart", "checkout": "checkout", "purchase": "purchase"}
#: Column of the result -> the event that it counts.
COUNTS = {
    "n_views": "view",
    "n_carts": "add_to_cart",
    "n_checkouts": "checkout",
    "n_purchase_lines": "purchase",
}
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
    robots = events["user_id"].isin(_robots(events[known]))
    events = events[known & ~robots & ~_copies(events)].astype({"user_id": "int64"})
    events["ts"] = events["ts"].mask(skewed.loc[events.index], events["received_ts"] - delay)
    events = events.sort_values(["user_id", "ts", "event_id"])
    pause = events["ts"].diff() > pd.Timedelta(microseconds=LONGEST_GAP)
    events["session"] = (events["user_id"].ne(events["user_id"].shift()) | pause).cumsum()
    by_session = events.groupby("session", sort=False)
    table = by_session.agg(
        user_id=("user_id", "first"),
        session_start=("ts", "first"),
        session_end=("ts", "last"),
        n_events=("event_id", "size"),
    )
    reached = table["session_start"]
    table["furthest_step"] = "visit"
    for (step, kind), column in zip(STEPS.items(), COUNTS, strict=True):
        own = events[events["event_type"] == kind]
        table[column] = own.groupby("session").size().reindex(table.index, fill_value=0)
        reached = own[own["ts"] >= own["session"].map(reached)].groupby("session")["ts"].min()
        table.loc[reached.index, "furthest_step"] = step
    share = 1 - own["discount_pct"].fillna(0) / 100
    money = (own["quantity"].abs() * own["unit_price"] * share).groupby(own["session"]).sum()
    return table.assign(revenue=money.reindex(table.index, fill_value=0.0))


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


def polars_sessions(store: Path) -> pd.DataFrame:
    """Clean, sessionise and count in Polars."""
    pl = importlib.import_module("polars")
    events = pl.concat(_polars_parts(store, pl)).with_row_index("row").collect()
    wait = pl.col("wait")
    normal = events.lazy().filter(wait.is_between(0, MINUTE)).select((wait // 1000).quantile(0.5, "lower"))
    delay = pl.duration(milliseconds=normal.collect().item() or 0)
    skewed = (wait < EARLIEST) | (wait > LATEST)
    table = (
        events.lazy()
        .filter(pl.col("user_id").is_not_null())
        .join(_polars_copies(events, pl), on="row", how="anti")
        .join(_polars_robots(events, pl), on="user_id", how="anti")
        .with_columns(ts=pl.when(skewed).then(pl.col("received_ts") - delay).otherwise(pl.col("ts")))
        .drop("row", "wait", "received_ts", "item_id")
        .sort("user_id", "ts", "event_id")
        .with_columns(session=_polars_starts(pl).cum_sum())
        .collect()
    )
    return _polars_table(table, pl).to_pandas()


def _polars_parts(store: Path, pl: Any) -> list[Any]:
    price = pl.col("unit_price")
    wait = (pl.col("received_ts") - pl.col("ts")).dt.total_microseconds()
    return [
        pl.scan_parquet(files, hive_partitioning=False).select(
            *(name for name in READ if name not in ("event_type", "unit_price")),
            event_type=pl.col("event_type").cast(pl.Enum(EVENT_TYPES)),
            unit_price=price.str.strip_prefix("EUR ").cast(pl.Float64) if as_text else price,
            wait=wait,
        )
        for as_text, files in event_files(store).items()
        if files
    ]


def _polars_copies(events: Any, pl: Any) -> Any:
    """Rows that say again what another one said; hashes find the few that may."""
    bought = pl.col("event_type") == "purchase"
    few = events.filter(events.select(pl.struct(KEY).hash()).to_series().is_duplicated())
    others = (
        few.filter(~bought).sort("received_ts", "event_id").unique(KEY, keep="first", maintain_order=True)
    )
    lines = few.filter(bought).filter(pl.col("received_ts") == pl.col("received_ts").min().over(KEY))
    kept = pl.concat([others, lines.unique([*KEY, "event_id"])])
    return few.lazy().select("row").join(kept.lazy().select("row"), on="row", how="anti")


def _polars_robots(events: Any, pl: Any) -> Any:
    known = events.lazy().filter(pl.col("user_id").is_not_null())
    looks = known.group_by("user_id").agg(n=pl.len(), views=(pl.col("event_type") == "view").all())
    viewers = looks.filter((pl.col("n") >= 50) & pl.col("views"))
    gap = pl.col("received_ts").sort().diff().median()
    own = known.join(viewers, on="user_id", how="semi").group_by("user_id").agg(gap=gap)
    return own.filter(pl.col("gap") <= pl.duration(seconds=10))


def _polars_starts(pl: Any) -> Any:
    """Whether an event starts a session, in order of user and time."""
    user, ts = pl.col("user_id"), pl.col("ts")
    pause = (ts - ts.shift()) > pl.duration(microseconds=LONGEST_GAP)
    return (user.ne_missing(user.shift()) | pause).fill_null(True)


def _polars_table(events: Any, pl: Any) -> Any:
    kind, ts, own = pl.col("event_type"), pl.col("ts"), pl.col("quantity").abs() * pl.col("unit_price")
    money = own * (1 - pl.col("discount_pct").fill_null(0) / 100)
    counts = {column: (kind == event).sum() for column, event in COUNTS.items()}
    table = events.group_by("session").agg(
        pl.col("user_id").first(),
        session_start=ts.min(),
        session_end=ts.max(),
        n_events=pl.len(),
        revenue=money.filter(kind == "purchase").sum(),
        **counts,
    )
    reached = table.select("session", reached="session_start")
    table = table.with_columns(furthest_step=pl.lit("visit"))
    for step, event in STEPS.items():
        later = (
            events.filter(kind == event)
            .select("session", "ts")
            .join(reached, on="session")
            .filter(ts >= pl.col("reached"))
        )
        reached = later.group_by("session").agg(reached=ts.min())
        here = pl.col("session").is_in(reached["session"].implode())
        table = table.with_columns(
            furthest_step=pl.when(here).then(pl.lit(step)).otherwise(pl.col("furthest_step"))
        )
    return table
