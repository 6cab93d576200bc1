"""The appendix page of the query library: every query with its result, sentence, technique and time."""

from __future__ import annotations

import duckdb
import pandas as pd

from journey.paths import project
from journey.report.markup import escape, filter_box, markdown_text, raw_block
from journey.report.results import load_table
from journey.report.sqlcells import runnable, sql_block, workbench
from journey.report.sqlcolumns import with_intervals
from journey.report.sqlmeaning import meaning
from journey.report.sqlsystems import STUDY, SYSTEMS
from journey.report.tables import show_result, show_table
from journey.studies.registry import kept
from journey.warehouse.query import QuerySpec, library, query
from journey.warehouse.query_timings import Timing, load_timings

ROWS_SHOWN = 2
MEGABYTE = 1_000_000
#: What a page needs to compile WebAssembly is asked for by the element that runs it.
SCRIPT = '<script type="module" src="../../assets/tools/sql.js" data-policy="wasm-unsafe-eval"></script>'
LIVE = (
    "**Run and edit** runs a query in your browser, on the shop's own tables. The first run loads DuckDB "
    "({weight:.1f} MB) from this site, and each query the tables that it reads; nothing is sent anywhere."
)


def show_library(level: str) -> None:
    """Print every query of one level as a section of its own; call it in a cell with `output: asis`."""
    warehouse, timings, rows = workbench(), load_timings(), _systems()
    for spec in library():
        if spec.level == level:
            same = rows[rows["same"] & rows["name"].eq(spec.name)]
            _show(spec, warehouse, timings.get(spec.name), list(same["system"]))


def show_filter() -> None:
    """Print the box that filters the queries; it stays hidden until its script runs."""
    box = filter_box(
        items="section.sql-query",
        noun="queries",
        label="Filter the queries",
        placeholder="a word of a question, a technique or the SQL",
    )
    print(raw_block("html", box))


def show_live() -> None:
    """Print what makes the queries run in the page, and what it weighs; nothing where it is missing."""
    vendored = project().root / "assets" / "vendor"
    for program in vendored.glob("*/*.wasm.gz"):
        print(f"\n{LIVE.format(weight=program.stat().st_size / MEGABYTE)}\n{raw_block('html', SCRIPT)}")


def show_portability() -> None:
    """Print for each system how many queries return the same values there, and why others do not."""
    rows = _systems()
    summary = rows.groupby("system", as_index=False).agg(
        queries=("name", "size"), translated=("translated", "sum"), same=("same", "sum")
    )
    summary["share"] = summary["same"] / summary["queries"]
    show_table(
        summary,
        id="tbl-portability",
        caption="Queries that translate from DuckDB, and those that then returned the same values there",
        columns={
            "system": ("System", "text"),
            "queries": ("Queries", "integer"),
            "translated": ("Translated", "integer"),
            "same": ("Same values", "integer"),
            "share": ("Share of all", "percent:1"),
        },
    )
    print(f"\n::: {{.figure-source}}\n{kept(STUDY).label}\n:::\n")
    show_table(
        rows[~rows["same"]],
        id="tbl-not-portable",
        caption="Queries that do not say the same there, and why",
        columns={"name": ("Query", "text"), "system": ("System", "text"), "reason": ("Reason", "text")},
    )


def _systems() -> pd.DataFrame:
    """One row a query and system; asking for its cells would load a script that no other table here needs."""
    rows = load_table(project(), SYSTEMS)
    rows.attrs.clear()
    return rows


def _show(
    spec: QuerySpec, warehouse: duckdb.DuckDBPyConnection, timing: Timing | None, systems: list[str]
) -> None:
    frame = query(spec.name, warehouse)
    anchor = "sql-" + spec.name.replace("_", "-")
    print(f"\n### {markdown_text(spec.question)} {{#{anchor} .sql-query}}\n")
    print(f"{markdown_text(meaning(spec, frame))}\n")
    print(sql_block(runnable(spec.sql, dict(spec.parameters))))
    shown, columns = with_intervals(frame.head(ROWS_SHOWN))
    show_result(shown, caption=f"{spec.name}: {_extent(len(frame))}", columns=columns)
    print(raw_block("html", _facts(spec, timing, systems)))


def _extent(rows: int) -> str:
    if rows > ROWS_SHOWN:
        return f"the first {ROWS_SHOWN} of {rows:,} rows"
    return "one row" if rows == 1 else f"all {rows} rows"


def _facts(spec: QuerySpec, timing: Timing | None, systems: list[str]) -> str:
    """One paragraph: grain, technique, time, portability."""
    facts = [
        f"Grain: {spec.grain}",
        f"Technique: {spec.technique}",
        f"Time: {timing.seconds * 1000:,.0f} ms" if timing else "Time: not measured",
        f"Same values in {' and '.join(systems)}" if systems else "Runs on DuckDB only",
    ]
    return f'<p class="figure-source sql-facts">{escape(". ".join(facts))}.</p>'
