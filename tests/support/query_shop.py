"""A tiny warehouse for the tests of the query library: hand-made staging tables, the project's own marts."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
from support.query_awkward import awkward_tables, short_tables

from journey.paths import project

START = pd.Timestamp("2026-01-01")
MARTS = ("recorded", "sessions", "order_lines", "orders", "session_funnels", "customers")
DIRT = ("duplicate", "late", "skewed", "bot", "missing_user", "negative_quantity", "retyped")


def build_shop(path: Path, *, users: int = 150, items: int = 24, days: int = 70, seed: int = 11) -> None:
    """Write a DuckDB file with every table of the contract; a few hundred sessions, fixed by `seed`."""
    rng = np.random.default_rng(seed)
    events = _events(rng, users, items, days)
    tables = {
        "events": events,
        "users": _users(rng, users),
        "items": _items(rng, items),
        "exposures": _exposures(rng, users),
    }
    write_shop(path, tables, _flagged(rng, events))


def build_awkward_shop(path: Path) -> None:
    """Write the shop at the limits; every kind of dirt has another count in it."""
    tables = awkward_tables()
    raw = tables["events"][["event_id", "ts", "user_id"]].copy()
    for place, kind in enumerate(DIRT):
        raw[f"is_{kind}"] = raw["event_id"] <= 3 * (place + 1)
    write_shop(path, tables, raw)


def build_idle_shop(path: Path) -> None:
    """Write the shop at the limits without a cart, a checkout or an order: shares of nothing."""
    tables = awkward_tables()
    looks = tables["events"]["event_type"].isin(["view", "search"])
    tables["events"] = tables["events"][looks].reset_index(drop=True)
    write_clean(path, tables)


def build_short_shop(path: Path) -> None:
    """Write the shop of one weekend, with no dirt at all."""
    write_clean(path, short_tables())


def build_broken_shop(path: Path, table: str) -> None:
    """Write the hand-made shop with a cent too much in one order line, order or session."""
    money = "revenue" if table == "sessions" else "net_revenue"
    build_shop(path)
    with duckdb.connect(str(path)) as connection:
        last = f"select max(rowid) from marts.{table}"
        connection.execute(f"update marts.{table} set {money} = {money} + 0.01 where rowid = ({last})")


def write_clean(path: Path, tables: dict[str, pd.DataFrame]) -> None:
    """Write a shop with no dirt at all."""
    raw = tables["events"][["event_id", "ts", "user_id"]].assign(**{f"is_{kind}": False for kind in DIRT})
    write_shop(path, tables, raw)


def write_shop(path: Path, tables: dict[str, pd.DataFrame], flagged: pd.DataFrame) -> None:
    """Write staging tables, number their sessions and make the marts."""
    tables = tables | {"events_flagged": flagged}
    with duckdb.connect(str(path)) as connection:
        connection.execute("create schema staging; create schema marts")
        for name, frame in tables.items():
            connection.register("frame", frame)
            connection.execute(f"create table staging.{name} as select * from frame")
            connection.unregister("frame")
        connection.execute("create table staging.session_starts as " + _SESSION_STARTS)
        connection.execute("create or replace table staging.events as " + _SESSIONIZED)
        for mart in MARTS:
            connection.execute((project().sql / "marts" / f"{mart}.sql").read_text(encoding="utf-8"))


_SESSION_STARTS = """
    select row_number() over (order by user_id, ts) as session_id, user_id, ts as session_start
    from (
        select user_id, ts, lag(ts) over (partition by user_id order by ts, event_id) as previous_ts
        from staging.events
    )
    where previous_ts is null or ts > previous_ts + interval '30 minutes'
"""

_SESSIONIZED = """
    select events.*, starts.session_id, events.ts = starts.session_start as is_session_start
    from staging.events as events
    asof join staging.session_starts as starts
        on events.user_id = starts.user_id and events.ts >= starts.session_start
"""


def _users(rng: np.random.Generator, users: int) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "user_id": np.arange(1, users + 1),
            "signup_ts": START - pd.to_timedelta(rng.integers(1, 300, users), unit="D"),
            "country": rng.choice(["DE", "FR", "PL"], users),
            "age_band": rng.choice(["18-24", "25-34", "35-49"], users),
            "device_preference": rng.choice(["mobile", "desktop"], users),
            "acquisition_channel": rng.choice(["organic", "email"], users),
        }
    )


def _items(rng: np.random.Generator, items: int) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "item_id": np.arange(1, items + 1),
            "category": np.array(["books", "home", "sports", "toys"])[np.arange(items) % 4],
            "brand": rng.choice(["Aster", "O'Neil & <Sons>"], items),
            "price": np.round(rng.lognormal(3.2, 0.9, items), 2),
            "rating": np.round(rng.uniform(1, 5, items), 1),
        }
    )


def _exposures(rng: np.random.Generator, users: int) -> pd.DataFrame:
    frames = [
        pd.DataFrame(
            {
                "user_id": np.arange(1, users + 1),
                "experiment": experiment,
                "variant": np.where(rng.random(users) < share, "treatment", "control"),
                "ts": START + pd.to_timedelta(rng.integers(0, 60 * 86400, users), unit="s"),
            }
        )
        for experiment, share in (("free_shipping", 0.5), ("checkout_aa", 0.5), ("broken_banner", 0.3))
    ]
    crossed = frames[0].head(2).assign(variant=["control", "treatment"], user_id=1)
    return pd.concat([*frames, crossed], ignore_index=True)


def _flagged(rng: np.random.Generator, events: pd.DataFrame) -> pd.DataFrame:
    raw = events[["event_id", "ts", "user_id"]].copy()
    for place, kind in enumerate(DIRT):
        raw[f"is_{kind}"] = rng.random(len(raw)) < 0.002 * (place + 1)
    return raw


def _events(rng: np.random.Generator, users: int, items: int, days: int) -> pd.DataFrame:
    """Sessions of searches and views; some go on to a cart, a checkout and an order of one to three lines."""
    prices = _items(np.random.default_rng(0), items)["price"].to_numpy()
    rows: list[tuple[object, ...]] = []
    for user in range(1, users + 1):
        for _ in range(rng.geometric(0.3)):
            ts = START + pd.Timedelta(seconds=int(rng.integers(0, days * 86400)))
            device, channel = (
                rng.choice(["mobile", "desktop", "tablet"]),
                rng.choice(["direct", "email", "social"]),
            )
            discount = float(rng.choice([0.0, 0.0, 5.0, 15.0, 25.0]))
            steps = ["search"] if rng.random() < 0.3 else []
            steps += ["view"] * int(rng.integers(1, 7))
            seen: list[int] = []
            for step in steps:
                item = int(rng.integers(1, items + 1)) if step == "view" else None
                seen += [item] if item else []
                rows.append((ts, user, step, item, device, channel, 1, item and prices[item - 1], discount))
                ts += pd.Timedelta(seconds=int(rng.integers(5, 400)))
            if rng.random() < 0.5:
                lines = list(dict.fromkeys(seen))[: int(rng.integers(1, 4))]
                for item in lines:
                    units = int(rng.integers(1, 4))
                    rows.append(
                        (ts, user, "add_to_cart", item, device, channel, units, prices[item - 1], discount)
                    )
                    ts += pd.Timedelta(seconds=int(rng.integers(5, 900)))
                if rng.random() < 0.2:
                    rows.append(
                        (
                            ts,
                            user,
                            "remove_from_cart",
                            lines[0],
                            device,
                            channel,
                            1,
                            prices[lines[0] - 1],
                            discount,
                        )
                    )
                    ts += pd.Timedelta(seconds=30)
                if rng.random() < 0.6:
                    rows.append((ts, user, "checkout", None, device, channel, 1, None, discount))
                    ts += pd.Timedelta(seconds=int(rng.integers(5, 600)))
                    if rng.random() < 0.7:
                        for item in lines:
                            units = int(rng.integers(1, 4))
                            rows.append(
                                (
                                    ts,
                                    user,
                                    "purchase",
                                    item,
                                    device,
                                    channel,
                                    units,
                                    prices[item - 1],
                                    discount,
                                )
                            )
    names = ["ts", "user_id", "event_type", "item_id", "device", "channel", "quantity", "unit_price"]
    frame = pd.DataFrame(rows, columns=[*names, "discount_pct"]).sort_values(["ts", "user_id"], kind="stable")
    frame = frame.drop_duplicates(["user_id", "ts", "event_type", "item_id"]).reset_index(drop=True)
    frame.insert(0, "event_id", np.arange(1, len(frame) + 1))
    # Real clocks do not tick in whole seconds; what happens at one moment still does.
    frame["ts"] += pd.to_timedelta(frame.groupby(["user_id", "ts"]).ngroup() * 7_919 % 1_000, unit="ms")
    return frame.assign(item_id=frame["item_id"].astype("Int64"), is_late=False, is_skewed=False)
