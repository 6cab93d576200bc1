"""What the stages do. Everything slow to import is imported when a stage runs."""

from __future__ import annotations

import importlib
import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from journey.errors import JourneyError
from journey.files import write_json
from journey.paths import Paths
from journey.pipeline.stage import Report

#: Below 5,000 users a segment of the experiment may have no buyer; with 3,000, seed 9 is such a shop.
LEAST = {"users": 5_000, "items": 100}
#: Variable of the environment: where Spark runs, when it fills the warehouse.
SPARK = "JOURNEY_SPARK"
#: The drift monitor's chapter compares the shop with committed ones of as many days.
DAYS = 90


def simulate_shop(paths: Paths, settings: Path, report: Report | None = None) -> None:
    """Make the simulated shop from the settings file."""
    from journey.stores.simulator import simulate

    simulate(paths.store("simulated"), shop_parameters(settings), report)


def shop_parameters(settings: Path) -> Any:
    """The shop's settings as they are kept, checked.

    Raises
    ------
    JourneyError
        For a file that is not what `journey simulate` writes, and for settings that allow no report.
    """
    try:
        return fit_for_a_report(json.loads(settings.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise JourneyError(
            f"{settings}: no settings of a shop ({error}); delete the file, or run `journey simulate`"
        ) from error


def fit_for_a_report(settings: Mapping[str, Any]) -> Any:
    """Settings of a shop that is large enough for every chapter.

    Raises
    ------
    JourneyError
        For an impossible setting, one below `LEAST`, and another number of days.
    """
    from journey.stores.simulator import ShopParameters

    parameters = ShopParameters(**settings)
    for name, least in LEAST.items():
        value = getattr(parameters, name)
        if value < least:
            raise JourneyError(
                f"a shop of {value:,} {name} is too small for the report: some segments would have no "
                f"buyers to compare; give at least {least:,} {name}"
            )
    if parameters.days != DAYS:
        raise JourneyError(
            f"a shop of {parameters.days:,} days cannot be compared with the committed ones of {DAYS}; "
            f"give {DAYS} days"
        )
    return parameters


def map_store(paths: Paths, store: str, report: Report) -> None:
    """Map a store of real data to the canonical schema."""
    from journey.stores.adapters import prepare_store

    prepare_store(store, root=paths, progress=report)


def use_engine(engine: str, master: str) -> None:
    """Let DuckDB or Spark fill the warehouses that this process and its children build.

    Raises
    ------
    JourneyError
        For another engine.
    """
    if engine not in ("duckdb", "spark"):
        raise JourneyError(f"--engine {engine}: there are duckdb and spark")
    if engine == "spark":
        os.environ[SPARK] = master


def fill_warehouse(paths: Paths, store: str, report: Report) -> None:
    """Turn a store's raw files into its warehouse, and say what each table holds.

    On DuckDB, or on the Spark that the environment variable `JOURNEY_SPARK` names; both give the same rows.
    """
    from journey.warehouse.build import build_warehouse
    from journey.warehouse.contents import table_digests
    from journey.warehouse.session_rule import check_engine, models_for
    from journey.warehouse.spark_build import build_on_spark

    master = os.environ.get(SPARK)
    if master:
        check_engine(paths.store(store))
    with models_for(paths.store(store), paths.sql) as models:
        files = paths.store(store), paths.warehouse(store), models
        summary = build_on_spark(*files, report, master=master) if master else build_warehouse(*files, report)
    write_json(paths.processed / f"{store}.json", asdict(summary))
    write_json(paths.processed / f"{store}.tables.json", table_digests(paths.warehouse(store)))


def collect(paths: Paths, chapter: str) -> None:
    """Turn results into one chapter's numbers and tables."""
    from journey.findings.desk import lay_out

    lay_out(chapter, importlib.import_module(f"journey.findings.{chapter}.collect").collect, paths)


def gather(paths: Paths, parts: Sequence[Path]) -> None:
    """Join the chapters' ledgers."""
    from journey.report.ledger import merge

    merge(list(parts), paths.numbers)


def time_queries(paths: Paths) -> None:
    """Time the query library; seconds differ from run to run, so they are no part of the ledger."""
    from journey.warehouse.query_timings import measure_timings

    measure_timings(paths.results / "sql_timings.json")


def write_notebooks(paths: Paths, keys: dict[Path, str], report: Report) -> None:
    """Write each chapter as a notebook beside its page."""
    from journey.report.notebooks import write_notebooks as write

    write(paths.root, keys, kept=paths.processed / "notebooks", report=report)


def write_about(paths: Paths) -> None:
    """Write down who made the report and where it lives."""
    from journey.report.about import write_about as write

    write(paths)


def write_outlets(paths: Paths, pages: Sequence[Path]) -> None:
    """Write what search engines, feeds and language models read; draw the card and the icons."""
    import yaml

    from journey.findings.summary.figures import COUPON, coupon
    from journey.report.about import load_about
    from journey.report.ledger import Numbers
    from journey.report.outlets import draw_card, draw_icons, read_pages
    from journey.report.outlets import write_outlets as write

    about, linked = load_about(paths), read_pages(paths.root, pages)
    write(paths, about, linked)
    first = next(page for page in linked if page.path == "index.html")
    title = yaml.safe_load((paths.root / "_quarto.yml").read_text(encoding="utf-8"))["website"]["title"]
    summary = Numbers(paths.results / "summary" / "numbers.json").summary
    draw_card(paths, coupon(summary), COUPON, first.title, title, about.author)
    draw_icons(paths)


def copy_plotly(paths: Paths) -> None:
    """Put plotly.js beside the site's scripts."""
    from journey.report.vendor import copy_plotly as copy

    if missing := copy(paths.root / "assets" / "vendor" / "plotly.min.js"):
        print(f"Note: {missing}.", file=sys.stderr)


def copy_duckdb(paths: Paths) -> bool:
    """Put what runs SQL in a page beside the site's scripts; whether it could be had.

    Without it the SQL library is a page to read.
    """
    from journey.report.vendor import ARROW, DUCKDB, OutOfReachError, copy_packages

    try:
        copy_packages((DUCKDB, ARROW), paths.root / "assets" / "vendor" / "duckdb")
    except OutOfReachError as error:
        print(f"journey: {error}. The SQL library is built without its Run buttons.", file=sys.stderr)
        return False
    return True


def write_page_tables(paths: Paths) -> None:
    """Write the tables that the SQL library's page runs its queries on, and where else the queries run."""
    from journey.report.sqlsystems import write_systems
    from journey.warehouse.connect import connect
    from journey.warehouse.page_tables import write_page_tables as write

    with connect(paths.warehouse("simulated")) as warehouse:
        write(warehouse, paths.results / "sql" / "page")
    write_systems(paths)
