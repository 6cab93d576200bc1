"""Findings on speed: what the SQL and its peers take for the sessions of shops of several sizes."""

from __future__ import annotations

from typing import Any

import pandas as pd

from journey.findings.desk import Desk
from journey.findings.scale.fits import add_fits
from journey.findings.scale.others import add_others
from journey.findings.scale.targets import add_targets
from journey.report.formats import format_number
from journey.studies.registry import kept
from journey.studies.scale.engines import MEMORY, PANDAS, POLARS, SCAN, SQL
from journey.studies.scale.study import COPIES, SAME, SESSIONS

#: Engine -> its name on the page, in the order of the table.
NAMES = {
    SCAN: "bare scan",
    POLARS: "Polars, sessions in memory",
    PANDAS: "pandas, sessions in memory",
    MEMORY: "SQL, sessions in memory",
    SAME: "SQL, the same, every event stored",
    SESSIONS: "SQL, with orders and customers, checked",
    SQL: "SQL, with all features, checked",
}
COSTLIEST = 4
BILLION, HOUR = 1_000_000_000, 3_600
#: Threads that Spark was given.
CORES = 2
SOURCE, DATASET = "journey.studies.scale.study:scale", "simulated shops"


def collect(desk: Desk) -> None:
    """Save the runs, and register what the page says of them."""
    found = kept("event_scaling", desk.paths).results
    runs = pd.DataFrame(found["runs"])
    runs = runs.assign(name=runs["engine"].map(NAMES)).sort_values(["events", "processor"])
    desk.save("runs", runs)
    sizes = sorted(runs["events"].unique())
    desk.save("ways", way_rows(runs, found["growth"]))
    compared = sizes[-1] if found["left_out"] else sizes[-2]
    add_models(desk, pd.DataFrame(found["models"]), compared)
    add_comparison(desk, runs[runs["events"] == compared].set_index("engine"))
    add_largest(desk, found, runs[runs["events"] == sizes[-1]].set_index("engine"))
    add_written(desk, pd.DataFrame(found["written"]))
    add_fits(desk)
    add_others(desk)
    most = COPIES * compared if found["left_out"] else sizes[-1]
    add_targets(desk, runs, pd.DataFrame(found["models"]), found["growth"], (int(compared), int(most)))
    add_cluster(desk, kept("spark_engine", desk.paths).results)


def way_rows(runs: pd.DataFrame, growth: dict[str, float]) -> pd.DataFrame:
    """One row an engine.

    Returns
    -------
    DataFrame
        `name`; processor seconds in a column a size, named by its events; `growth`; and of the largest size
        `seconds`, `memory`, `events_per_second`. Null where an engine did not finish.
    """
    processor = runs.pivot(index="engine", columns="events", values="processor").rename(columns=str)
    largest = runs[runs["events"] == runs["events"].max()].set_index("engine")
    rows = processor.join(largest[["seconds", "memory", "events_per_second"]]).reindex(list(NAMES))
    return rows.assign(growth=pd.Series(growth), name=pd.Series(NAMES)).reset_index(drop=True)


def add_comparison(desk: Desk, by: pd.DataFrame) -> None:
    """Ratios of processor time on the shop on which ways are compared."""
    _add(desk, "compared_events", int(by.loc[SQL, "events"]), "count", "Raw events of the shop compared on")
    processor = by["processor"]
    for name, ours, theirs, label in (
        ("to_polars", MEMORY, POLARS, "Sessions in SQL over sessions in Polars, both in memory"),
        ("to_polars_stored", SAME, POLARS, "Sessions in SQL, stored, over sessions in Polars"),
        ("to_pandas", SQL, PANDAS, "SQL with all features over sessions in pandas"),
        ("to_scan", SQL, SCAN, "SQL with all features over a bare scan"),
    ):
        _add(desk, name, float(processor[ours] / processor[theirs]), "ratio", f"{label}, processor time", 1)


def add_models(desk: Desk, models: pd.DataFrame, events: int) -> None:
    """Every model of one size with its share of the time, and the costliest in words."""
    own = models[models["events"] == events].sort_values("processor", ascending=False)
    desk.save("models", own.assign(share=own["processor"] / own["processor"].sum()))
    most = own.nlargest(COSTLIEST, "processor")
    shares = most["processor"] / own["processor"].sum()
    named = [
        f"{name} ({format_number(share, 'share', 0)})"
        for name, share in zip(most["model"], shares, strict=True)
    ]
    _add(desk, "costliest", ", ".join(named), "text", "Models that take the most processor time")


def add_written(desk: Desk, written: pd.DataFrame) -> None:
    """What each way of writing a model gains over the plain one, the most gained first."""
    written = written.assign(gained=written["plain_processor"] - written["processor"])
    desk.save("written", written.sort_values("gained", ascending=False))
    times = float(written["plain_processor"].sum() / written["processor"].sum())
    _add(desk, "written", len(written), "count", "Models that were written in the plain way, too")
    _add(desk, "written_times", times, "ratio", "The plain ways over ours, processor time", 1)


def add_largest(desk: Desk, found: dict[str, Any], by: pd.DataFrame) -> None:
    """Time, memory and growth of the SQL on the largest shop, and how busy the machine was."""
    most = by.loc[SQL]
    _add(desk, "most_events", int(most["events"]), "count", "Raw events of the largest shop measured")
    _add(desk, "seconds", float(most["seconds"]), "seconds", "SQL with all features, largest shop, clock", 0)
    _add(desk, "processor", float(most["processor"]), "seconds", "The same, processor time", 0)
    _add(desk, "memory", float(most["memory"]), "ratio", "Peak memory of the same, GB", 1)
    _add(desk, "growth", found["growth"][SQL], "ratio", "Exponent of processor time over events", 2)
    customers = sum(each["seconds"] for each in found["customers"])
    _add(desk, "customers", customers, "seconds", "Customer segments and cohorts, largest shop, clock", 1)
    _add(desk, "cores", found["cores"], "count", "Cores of the machine that measured")
    _add(desk, "load", found["load"], "ratio", "Processes at work on that machine", 0)
    copies = (
        "Shops of 3 and 31 million events were left out this time, because the machine was busy."
        if found["left_out"]
        else f"The largest, of {format_number(most['events'], 'count')} events, holds another one ten times, "
        "every copy with users and events of its own."
    )
    _add(desk, "copies", copies, "text", "Whether the large shops were measured")


def add_cluster(desk: Desk, found: dict[str, Any]) -> None:
    """What Spark built from the same SQL, its pace, and what a billion events would take."""
    smaller, larger = found["shops"][0], found["shops"][-1]
    _add(desk, "spark_tables", smaller["tables"], "count", "Tables that Spark and DuckDB filled alike")
    _add(
        desk, "spark_rows", sum(each["rows"] for each in found["shops"]), "count", "Rows compared, all equal"
    )
    _add(desk, "spark_events", larger["events"], "count", "Raw events of the largest shop built on Spark")
    _add(desk, "spark_seconds", larger["spark"], "seconds", "All tables on Spark, clock", 0)
    _add(desk, "spark_duckdb_seconds", larger["duckdb"], "seconds", "The same tables on DuckDB, clock", 0)
    _add(desk, "spark_ratio", larger["spark"] / larger["duckdb"], "ratio", "Spark over DuckDB, clock", 1)
    hours = BILLION / larger["events"] * larger["spark"] * CORES / HOUR
    _add(desk, "spark_core_hours", hours, "ratio", "Hours of one core for a billion events at that rate", 0)
    alone, one, more = found["training"]
    apart = one["most_apart"]
    alike = (
        "the very chances" if apart == 0 else f"chances within {format_number(apart, 'ratio', 6)} of those"
    )
    _add(desk, "spark_training_alike", alike, "text", "What one worker gives, beside this machine")
    _add(
        desk,
        "spark_training_auc",
        alone["auc"],
        "ratio",
        "ROC-AUC of the trees of one machine, rows fitted",
        3,
    )
    _add(desk, "spark_training_auc_two", more["auc"], "ratio", "The same by two workers of Spark", 3)


def _add(desk: Desk, name: str, value: float | str, unit: str, label: str, digits: int | None = None) -> None:
    desk.ledger.add(f"scale.{name}", value, unit, digits=digits, label=label, source=SOURCE, dataset=DATASET)
