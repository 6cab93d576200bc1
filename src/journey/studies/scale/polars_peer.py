"""Cleaning, sessions and funnel as one would write them in Polars: the same page as in pandas."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import pandas as pd

from journey.stores.schema import EVENT_TYPES
from journey.studies.scale.peers import (
    COUNTS,
    EARLIEST,
    FLAGS,
    KEY,
    LATEST,
    LONGEST_GAP,
    MINUTE,
    OF_USER,
    READ,
    STEPS,
    event_files,
)


def polars_sessions(store: Path) -> pd.DataFrame:
    """Clean, sessionise and count in Polars."""
    pl = importlib.import_module("polars")
    events = pl.concat(_parts(store, pl)).with_row_index("row").collect()
    wait = pl.col("wait")
    normal = events.lazy().filter(wait.is_between(0, MINUTE)).select((wait // 1000).quantile(0.5, "lower"))
    delay = pl.duration(milliseconds=normal.collect().item() or 0)
    skewed = (wait < EARLIEST) | (wait > LATEST)
    robots = _robots(events, pl).collect().lazy()
    clean = (
        events.lazy()
        .filter(pl.col("user_id").is_not_null())
        .join(_copies(events, pl), on="row", how="anti")
        .join(robots, on="user_id", how="anti")
        .with_columns(ts=pl.when(skewed).then(pl.col("received_ts") - delay).otherwise(pl.col("ts")))
        .drop("row", "wait", "received_ts")
        .sort("user_id", "ts", "event_id")
        .with_columns(session=_starts(pl).cum_sum())
        .collect()
    )
    users = pl.scan_parquet(store / "users.parquet").select("user_id", *OF_USER)
    table = _steps(clean, _sessions(clean, pl), pl).lazy()
    return (
        table.join(users.join(robots, on="user_id", how="anti"), on="user_id", how="left")
        .with_columns(pl.col(OF_USER).fill_null("unknown"))
        .collect()
        .to_pandas()
    )


def _parts(store: Path, pl: Any) -> list[Any]:
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


def _copies(events: Any, pl: Any) -> Any:
    """Rows that say again what another one said; hashes find the few that may."""
    bought = pl.col("event_type") == "purchase"
    few = events.filter(events.select(pl.struct(KEY).hash()).to_series().is_duplicated())
    others = (
        few.filter(~bought).sort("received_ts", "event_id").unique(KEY, keep="first", maintain_order=True)
    )
    lines = few.filter(bought).filter(pl.col("received_ts") == pl.col("received_ts").min().over(KEY))
    kept = pl.concat([others, lines.unique([*KEY, "event_id"])])
    return few.lazy().select("row").join(kept.lazy().select("row"), on="row", how="anti")


def _robots(events: Any, pl: Any) -> Any:
    known = events.lazy().filter(pl.col("user_id").is_not_null())
    looks = known.group_by("user_id").agg(n=pl.len(), views=(pl.col("event_type") == "view").all())
    viewers = looks.filter((pl.col("n") >= 50) & pl.col("views"))
    gap = pl.col("received_ts").sort().diff().median()
    own = known.join(viewers, on="user_id", how="semi").group_by("user_id").agg(gap=gap)
    return own.filter(pl.col("gap") <= pl.duration(seconds=10))


def _starts(pl: Any) -> Any:
    """Whether an event starts a session, in order of user and time."""
    user, ts = pl.col("user_id"), pl.col("ts")
    pause = (ts - ts.shift()) > pl.duration(microseconds=LONGEST_GAP)
    return (user.ne_missing(user.shift()) | pause).fill_null(True)


def _sessions(events: Any, pl: Any) -> Any:
    """One row a session, of events in order."""
    kind, ts, own = pl.col("event_type"), pl.col("ts"), pl.col("quantity").abs() * pl.col("unit_price")
    money = own * (1 - pl.col("discount_pct").fill_null(0) / 100)
    counts = {column: (kind == event).sum() for column, event in COUNTS.items()}
    item = pl.col("item_id").filter(kind == "view").drop_nulls()
    table = events.group_by("session", maintain_order=False).agg(
        pl.col("user_id", "device", "channel").first(),
        session_start=ts.min(),
        session_end=ts.max(),
        n_events=pl.len(),
        n_items_viewed=item.n_unique(),
        discount_pct=pl.col("discount_pct").max(),
        revenue=money.filter(kind == "purchase").sum(),
        bought_at=ts.filter(kind == "purchase").min(),
        **counts,
    )
    number = pl.int_range(1, pl.len() + 1).over("user_id")
    span = pl.col("session_end") - pl.col("session_start")
    return table.sort("session").with_columns(
        session_number=number,
        is_new_user=number == 1,
        duration_s=span.dt.total_microseconds() / 1e6,
        **{flag: pl.col(count) > 0 for flag, count in FLAGS.items()},
    )


def _steps(events: Any, table: Any, pl: Any) -> Any:
    """The sessions with the first time of each step not before the step ahead of it."""
    kind, ts = pl.col("event_type"), pl.col("ts")
    reached, furthest = table.select("session", reached="session_start"), pl.lit("visit")
    for step, (event, column) in STEPS.items():
        later = (
            events.filter(kind == event)
            .select("session", "ts")
            .join(reached, on="session")
            .filter(ts >= pl.col("reached"))
        )
        reached = later.group_by("session").agg(reached=ts.min())
        table = table.join(reached.rename({"reached": column}), on="session", how="left")
        furthest = pl.when(pl.col(column).is_not_null()).then(pl.lit(step)).otherwise(furthest)
    return table.with_columns(furthest_step=furthest)
