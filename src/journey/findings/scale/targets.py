"""Findings on what was aimed at in speed, and what was reached."""

from __future__ import annotations

import math

import pandas as pd

from journey.findings.desk import Desk
from journey.report.formats import format_number
from journey.studies.registry import kept
from journey.studies.scale.engines import MEMORY, PANDAS, POLARS, SCAN, SQL
from journey.studies.scale.study import SAME
from journey.studies.site_build import CHECKED, CLEAN, QUERY, UNCHANGED

#: Events of the shop on which ways are compared, and of the largest.
Sizes = tuple[int, int]
SOURCE = "journey.studies.scale.study:scale"
#: Name of a figure -> what is aimed at, and how much at most, or at least where that is said.
AIMS = {
    "polars": ("Sessions and funnel in memory over Polars, {compared} events", 0.8, "times"),
    "pandas": ("All features over sessions in pandas, {compared} events", 0.5, "times"),
    "scan": ("All features over a bare scan, {compared} events", 20, "times"),
    "polars_most": ("Sessions and funnel in memory over Polars, {most} events", 0.8, "times"),
    "growth": ("Growth with the events, exponent", 1.05, ""),
    "seconds": ("All features of {most} events", 60, "s"),
    "memory": ("Memory of that", 4, "GB"),
    "answer": ("Scoring service: median answer, 8 at once", 5, "ms"),
    "rate": ("Scoring service: requests a second, at least", 2000, ""),
    "site": ("The whole site from a clean clone", 150, "s"),
    "unchanged": ("The same when nothing changed", 1, "s"),
    "query": ("The same after one query changed", 10, "s"),
    "checked": ("Site, lint and tests of a clean clone", 400, "s"),
}
AT_LEAST = ("rate",)
#: The model that stores every clean event with its session.
STORED = "staging.events"
#: Requests that wait for each other in the load test.
TOGETHER = "one_row"


def add_targets(
    desk: Desk, runs: pd.DataFrame, models: pd.DataFrame, growth: dict[str, float], sizes: Sizes
) -> None:
    """Save one row an aim, and register how many are reached and why others are not."""
    reached = by_clock(runs, sizes) | {"growth": growth[SQL]}
    reached |= of_service(kept("service_load", desk.paths).results["scenarios"])
    steps = pd.DataFrame(kept("site_build", desk.paths).results["steps"]).set_index("what")["seconds"]
    reached |= {"site": steps[CLEAN], "unchanged": steps[UNCHANGED], "query": steps[QUERY]}
    reached["checked"] = steps.get(CHECKED, math.nan)  # this very table is part of what is timed
    rows = target_rows(reached, {"compared": millions(sizes[0]), "most": millions(sizes[1])})
    desk.save("targets", rows)
    for name, value, unit, label in (
        ("targets", len(rows), "count", "Aims of speed and size"),
        ("targets_met", int(rows["met"].eq("yes").sum()), "count", "Of these, reached"),
        ("targets_why", why(runs, models, sizes), "text", "What storing costs the SQL, beside its peers"),
    ):
        desk.ledger.add(f"scale.{name}", value, unit, label=label, source=SOURCE, dataset="simulated shops")


def by_clock(runs: pd.DataFrame, sizes: Sizes) -> dict[str, float]:
    """What is aimed at by the clock, on both shops; NaN where it was not measured."""
    of = runs.pivot(index="engine", columns="events", values="seconds").reindex(columns=list(sizes))
    at, most = (of[size].reindex([SCAN, POLARS, PANDAS, MEMORY, SQL]) for size in sizes)
    memory = runs[(runs["engine"] == SQL) & (runs["events"] == sizes[1])]["memory"]
    return {
        "polars": at[MEMORY] / at[POLARS],
        "pandas": at[SQL] / at[PANDAS],
        "scan": at[SQL] / at[SCAN],
        "polars_most": most[MEMORY] / most[POLARS],
        "seconds": most[SQL],
        "memory": float(memory.sum() if len(memory) else math.nan),
    }


def why(runs: pd.DataFrame, models: pd.DataFrame, sizes: Sizes) -> str:
    """How the SQL stands beside Polars where it stores every event, and what share of that is storing."""
    took = runs.set_index(["engine", "events"])["seconds"]
    at = sizes[0]
    stored = models[(models["events"] == at) & (models["model"] == STORED)]["seconds"].sum()
    times = format_number(took[SAME, at] / took[POLARS, at], "ratio", 2)
    share = format_number(stored / took[SAME, at], "share", 0)
    return (
        f"Where the SQL stores what its peers let go, it takes {times} times as long as Polars by the clock; "
        f"{share} of that makes the table of clean events, which all later steps read."
    )


def of_service(scenarios: list[dict[str, float | str]]) -> dict[str, float]:
    """Median and requests a second of single rows in the load test."""
    found = next(each for each in scenarios if each["name"] == TOGETHER)
    return {"answer": float(found["p50_ms"]), "rate": float(found["requests_per_second"])}


def target_rows(reached: dict[str, float], named: dict[str, str]) -> pd.DataFrame:
    """One row an aim: `what`, `aim`, `reached` in words, and whether it is `met`."""
    rows = []
    for name, (what, aim, unit) in AIMS.items():
        value = reached[name]
        met = value >= aim if name in AT_LEAST else value <= aim
        known, digits = not math.isnan(value), 0 if value >= 100 else 1 if value >= 10 else 2
        rows.append(
            {
                "what": what.format(**named),
                "aim": f"{format_number(aim, 'ratio', 2 if aim % 1 else 0)} {unit}".strip(),
                "reached": f"{format_number(value, 'ratio', digits)} {unit}".strip()
                if known
                else "not measured",
                "met": ("yes" if met else "no") if known else "\u2013",
            }
        )
    return pd.DataFrame(rows)


def millions(events: float) -> str:
    """A number of events, rounded."""
    return f"{events / 1e6:.2g} million"
