"""Speed, measured: seconds, and ratios against plain pandas and a bare scan, all in one run.

Seconds depend on the machine; ratios of two measurements in the same run hardly do. Nothing here is a test.
"""

from __future__ import annotations

import gzip
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pandas as pd
from rich.console import Console
from rich.table import Table

from journey.paths import Paths

REPEATS = 3


@dataclass(frozen=True)
class Measurement:
    """One line of the report: median seconds (or kilobytes) against its limit."""

    what: str
    value: float
    unit: str
    limit: float | None
    note: str = ""


def median_seconds(work: Callable[[], object], repeats: int = REPEATS) -> float:
    """Median wall-clock seconds of `work`."""
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


def scan(store: Path) -> None:
    """Read every column of every event and do nothing with it but aggregate."""
    files = f"{store}/events/*/*.parquet"
    with duckdb.connect() as connection:
        connection.execute("set threads = 2")
        connection.execute(
            f"""select count(event_id), max(ts), max(received_ts), max(user_id), max(event_type),
            max(item_id), max(device), max(channel), max(quantity), max(unit_price::varchar),
            max(discount_pct) from read_parquet('{files}', union_by_name = true)"""
        ).fetchall()


def plain_pandas(store: Path) -> pd.DataFrame:
    """The main work of staging and marts in plain pandas: clean, sessionise, count steps and money."""
    parts = []
    for file in sorted(store.glob("events/*/*.parquet")):
        part = pd.read_parquet(file)
        if not pd.api.types.is_numeric_dtype(part["unit_price"]):
            part["unit_price"] = pd.to_numeric(part["unit_price"].str.removeprefix("EUR "))
        parts.append(part)
    events = pd.concat(parts, ignore_index=True).dropna(subset=["user_id"])
    skewed = (events["ts"] > events["received_ts"] + pd.Timedelta(minutes=10)) | (
        events["ts"] < events["received_ts"] - pd.Timedelta(hours=72)
    )
    events["ts"] = events["ts"].mask(skewed, events["received_ts"])
    events["quantity"] = events["quantity"].abs()
    events = events.sort_values("received_ts").drop_duplicates(["user_id", "ts", "event_type", "item_id"])
    views = events["event_type"].eq("view").groupby(events["user_id"]).transform("mean")
    size = events.groupby("user_id")["event_id"].transform("size")
    events = events[~((views == 1) & (size > 200))].sort_values(["user_id", "ts", "event_id"])
    new = events["user_id"].ne(events["user_id"].shift()) | (events["ts"].diff() > pd.Timedelta(minutes=30))
    events["session_id"] = new.cumsum()
    bought = events["event_type"].eq("purchase")
    events["money"] = (
        bought * events["quantity"] * events["unit_price"].fillna(0) * (1 - events["discount_pct"] / 100)
    )
    steps = pd.get_dummies(events["event_type"]).groupby(events["session_id"]).sum()
    times = events.groupby("session_id").agg(start=("ts", "min"), end=("ts", "max"), revenue=("money", "sum"))
    return times.join(steps)


def page_kilobytes(site: Path) -> float:
    """Compressed HTML, CSS and JavaScript of the heaviest page, before any plot is loaded."""
    shared = [*site.rglob("*.css"), *(path for path in site.rglob("*.js") if "vendor" not in path.parts)]
    shared = [path for path in shared if "pagefind" not in path.parts]
    common = sum(len(gzip.compress(path.read_bytes())) for path in shared)
    pages = [len(gzip.compress(path.read_bytes())) for path in site.rglob("*.html")]
    return (common + max(pages, default=0)) / 1000


def render_seconds(paths: Paths) -> tuple[float, float]:
    """Seconds to render when nothing changed, and after one chapter's prose changed, in a copy."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "project"
        ignored = shutil.ignore_patterns(".git", ".venv", "raw")
        shutil.copytree(paths.root, copy, ignore=ignored)
        (copy / "data" / "raw").symlink_to(paths.raw)
        command = [str(Path(sys.executable).parent / "journey"), "render"]
        environment = os.environ | {"JOURNEY_ROOT": str(copy)}

        def render() -> None:
            subprocess.run(command, cwd=copy, env=environment, check=True, capture_output=True)

        render()
        unchanged = median_seconds(render, 1)
        chapter = copy / "chapters" / "01-data-audit.qmd"
        chapter.write_text(chapter.read_text(encoding="utf-8") + "\nOne more sentence.\n", encoding="utf-8")
        return unchanged, median_seconds(render, 1)


def large_shop(paths: Paths) -> list[Measurement]:
    """A million users, about 31 million events: seconds to simulate and to build, and peak memory."""
    from journey.stores.simulator import ShopParameters, simulate
    from journey.warehouse.build import build_warehouse

    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder) / "shop"
        simulated = median_seconds(lambda: simulate(store, ShopParameters(users=1_000_000)), 1)
        scanned = median_seconds(lambda: scan(store), 1)
        built = median_seconds(lambda: build_warehouse(store, Path(folder) / "w.duckdb", paths.sql), 1)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    return [
        Measurement("simulate a million users", simulated, "s", None),
        Measurement("warehouse + features, 31 million events", built, "s", 120),
        Measurement("warehouse / bare scan, 31 million events", built / scanned, "ratio", None),
        Measurement("peak memory of this run", peak, "GB", 8),
    ]


def run_benchmarks(paths: Paths, console: Console, *, large: bool = False) -> list[Measurement]:
    """Measure, print and return every line; builds what is missing first.

    Parameters
    ----------
    large
        Also measure a million users; takes several minutes and about 10 GB of disk.
    """
    from journey.pipeline.run import build
    from journey.stores.simulator import ShopParameters, simulate
    from journey.warehouse.build import build_warehouse

    build(paths, console=console)
    store = paths.store("simulated")
    with tempfile.TemporaryDirectory() as folder:
        simulated = median_seconds(lambda: simulate(Path(folder) / "shop", ShopParameters()), 1)
        target = Path(folder) / "warehouse.duckdb"
        built = median_seconds(lambda: build_warehouse(store, target, paths.sql))
    scanned = median_seconds(lambda: scan(store))
    pandas = median_seconds(lambda: plain_pandas(store))
    unchanged, edited = render_seconds(paths)
    lines = [
        Measurement("simulate + warehouse + features, default shop", simulated + built, "s", 10),
        Measurement("warehouse + features alone", built, "s", None),
        Measurement("plain pandas, main part of the same work", pandas, "s", None),
        Measurement("bare scan of the raw events", scanned, "s", None),
        Measurement(
            "warehouse / plain pandas", built / pandas, "ratio", None, "below 1 is faster than pandas"
        ),
        Measurement("warehouse / bare scan", built / scanned, "ratio", None),
        Measurement("render, nothing changed", unchanged, "s", 20),
        Measurement("render after editing one chapter", edited, "s", 15),
        Measurement("heaviest page before plots, compressed", page_kilobytes(paths.site), "KB", 300),
        Measurement(
            "peak memory of this run", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000, "MB", None
        ),
    ]
    if large:
        lines += large_shop(paths)
    table = Table("measured", "value", "limit", "")
    for line in lines:
        limit = "" if line.limit is None else f"{line.limit:g} {line.unit}"
        table.add_row(line.what, f"{line.value:.2f} {line.unit}", limit, line.note)
    console.print(table)
    return lines
