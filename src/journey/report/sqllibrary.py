"""The appendix page of the query library: every query with its result, sentence, technique and time."""

from __future__ import annotations

import duckdb
import pandas as pd

from journey.report.markup import escape, filter_box, markdown_text, raw_block
from journey.report.sqlcells import runnable, sql_block, workbench
from journey.report.sqlcolumns import Format, result_columns
from journey.report.sqlmeaning import meaning
from journey.report.tables import show_table
from journey.warehouse.query import QuerySpec, library, query
from journey.warehouse.query_portability import DIALECTS, portability
from journey.warehouse.query_timings import Timing, load_timings

ROWS_SHOWN = 6


def show_library(level: str, connection: duckdb.DuckDBPyConnection | None = None) -> None:
    """Print every query of one level as a section of its own; call it in a cell with `output: asis`."""
    warehouse = connection or workbench()
    timings = load_timings()
    ported = translations()
    for spec in library():
        if spec.level == level:
            _show(spec, warehouse, timings.get(spec.name), ported[spec.name])


def show_filter() -> None:
    """Print the box that filters the queries; it stays hidden until its script runs."""
    box = filter_box(
        items="section.sql-query",
        noun="queries",
        label="Filter the queries",
        placeholder="a word of a question, a technique or the SQL",
    )
    print(raw_block("html", box))


def show_portability() -> None:
    """Print for each dialect how many queries translate, and each one that does not with the reason."""
    rows = pd.DataFrame([vars(row) for row in portability()])
    rows["system"] = rows["dialect"].map(DIALECTS)
    summary = rows.groupby("system", as_index=False)["translated"].agg(queries="size", translated="sum")
    summary["share"] = summary["translated"] / summary["queries"]
    show_table(
        summary,
        id="tbl-portability",
        caption="Queries that translate from DuckDB and parse in the other system",
        columns={
            "system": ("System", "text"),
            "queries": ("Queries", "integer"),
            "translated": ("Translated", "integer"),
            "share": ("Share", "percent:1"),
        },
    )
    show_table(
        rows[~rows["translated"]],
        id="tbl-not-portable",
        caption="Queries that do not translate, and why",
        columns={"name": ("Query", "text"), "system": ("System", "text"), "reason": ("Reason", "text")},
    )


def translations() -> dict[str, tuple[str, ...]]:
    """Systems a query translates to, by query."""
    found: dict[str, tuple[str, ...]] = {spec.name: () for spec in library()}
    for row in portability():
        if row.translated:
            found[row.name] += (DIALECTS[row.dialect],)
    return found


def _show(
    spec: QuerySpec, warehouse: duckdb.DuckDBPyConnection, timing: Timing | None, systems: tuple[str, ...]
) -> None:
    frame = query(spec.name, warehouse)
    anchor = "sql-" + spec.name.replace("_", "-")
    print(f"\n### {markdown_text(spec.question)} {{#{anchor} .sql-query}}\n")
    print(f"{markdown_text(meaning(spec, frame))}\n")
    print(sql_block(runnable(spec.sql, dict(spec.parameters))))
    columns: dict[str, tuple[str, Format]] = result_columns(frame)
    show_table(frame.head(ROWS_SHOWN), caption=f"{spec.name}: {_extent(len(frame))}", columns=columns)
    print(raw_block("html", _facts(spec, timing, systems)))


def _extent(rows: int) -> str:
    if rows > ROWS_SHOWN:
        return f"the first {ROWS_SHOWN} of {rows:,} rows"
    return "one row" if rows == 1 else f"all {rows} rows"


def _facts(spec: QuerySpec, timing: Timing | None, systems: tuple[str, ...]) -> str:
    """One paragraph: grain, technique, tables, time, portability."""
    facts = [
        f"Grain: {spec.grain}",
        f"Technique: {spec.technique}",
        f"Reads {', '.join(spec.tables)}",
        f"Time: {timing.seconds * 1000:,.0f} ms" if timing else "Time: not measured",
        f"Translates to {' and '.join(systems)}" if systems else "Runs on DuckDB only",
    ]
    return f'<p class="figure-source sql-facts">{escape(". ".join(facts))}.</p>'
