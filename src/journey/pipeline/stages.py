"""The stages of the build: which files each reads and writes. `journey.pipeline.run` runs them."""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from journey.errors import JourneyError
from journey.files import write_json
from journey.paths import Paths
from journey.pipeline.stage import Report, Stage, code

#: chapter -> folders of the package whose change makes its findings out of date
CHAPTERS: dict[str, tuple[str, ...]] = {
    "audit": ("evaluation", "models/discrimination.py", "models/permutation.py"),
    "funnel": ("metrics",),
    "journeys": ("journeys", "evaluation"),
    "segments": ("customers", "evaluation", "inference", "metrics/bootstrap.py", "studies"),
    "prediction": ("models", "features", "evaluation", "studies"),
    "drift": ("models", "features", "studies"),
    "sparse": ("sparse", "evaluation", "studies", "features/load.py", "models/boosting.py", "recommend"),
    "recommend": ("recommend", "sparse", "models", "features/load.py", "evaluation"),
    "customer_value": ("customers", "models", "evaluation", "studies", "stores/simulator"),
    "experiments": ("experiments", "evaluation", "studies"),
    "causal": ("causal", "evaluation", "studies"),
    "uplift": ("uplift", "evaluation", "studies"),
    "agreement": (
        "published",
        "studies",
        "customers",
        "experiments",
        "journeys",
        "recommend",
        "causal",
        "uplift",
        "models",
    ),
    "seeds": ("pipeline/other_seeds.py",),
}

SIMULATOR = "src/journey/stores/simulator"
#: What makes a warehouse; a changed simulator may write other rows under the same manifest.
BUILDERS = tuple(f"src/journey/warehouse/{name}.py" for name in ("build", "raw", "models", "invariants"))


def simulate_store(paths: Paths, settings: Path) -> Callable[[Report], object]:
    """The stage that makes the simulated shop from the settings file."""

    def run(report: Report) -> object:
        from journey.stores.simulator import ShopParameters, simulate

        parameters = shop_parameters(json.loads(settings.read_text(encoding="utf-8")), ShopParameters)
        return simulate(paths.store("simulated"), parameters, report)

    return run


def shop_parameters(values: dict[str, Any], kind: type[Any]) -> Any:
    """Settings as simulator parameters; an unknown key is an error."""
    try:
        return kind(**values)
    except TypeError as error:
        raise JourneyError(f"the shop's settings have an unknown entry ({error}): remove it") from error


def build_store(paths: Paths, store: str) -> Callable[[Report], object]:
    """The stage that turns a store's raw files into its warehouse."""

    def run(report: Report) -> object:
        from journey.warehouse.build import build_warehouse

        summary = build_warehouse(paths.store(store), paths.warehouse(store), paths.sql, report)
        write_json(paths.processed / f"{store}.json", asdict(summary))
        return summary

    return run


def find(paths: Paths, chapter: str) -> Callable[[Report], object]:
    """The stage that turns results into one chapter's numbers and tables."""

    def run(report: Report) -> None:
        from journey.findings.desk import lay_out

        module = importlib.import_module(f"journey.findings.{chapter}.collect")
        lay_out(chapter, module.collect, paths)

    return run


def gather(paths: Paths, parts: list[Path]) -> Callable[[Report], object]:
    """The stage that joins the chapters' ledgers."""

    def run(report: Report) -> object:
        from journey.report.ledger import merge

        return merge(parts, paths.numbers)

    return run


def measure(target: Path) -> object:
    """Time every query of the library; seconds differ from run to run, so they are no part of the ledger."""
    from journey.warehouse.query_timings import measure_timings

    return measure_timings(target)


def vendor(paths: Paths, target: Path) -> Callable[[Report], object]:
    """The stage that puts plotly.js, as its own wheel ships it, beside the site's scripts."""

    def run(report: Report) -> None:
        from journey.report.vendor import copy_plotly

        copy_plotly(target)

    return run


def notebooks(paths: Paths, pages: tuple[Path, ...], depends: tuple[Path, ...]) -> Callable[[Report], object]:
    """The stage that writes each chapter as a notebook beside its page."""

    def run(report: Report) -> None:
        from journey.report.notebooks import write_notebooks

        kept = paths.processed / "notebooks"
        write_notebooks(paths.root, pages, depends=depends, kept=kept, report=report)

    return run


def write_settings(paths: Paths, parameters: dict[str, Any]) -> Path:
    """Keep the shop's settings as a file, so that a change of settings is a change of input."""
    settings = paths.raw / "shop.json"
    text_before = settings.read_text(encoding="utf-8") if settings.is_file() else None
    if parameters or text_before is None:
        wanted = json.dumps(parameters, sort_keys=True)
        if text_before is None or json.dumps(json.loads(text_before), sort_keys=True) != wanted:
            write_json(settings, parameters)
    return settings


def stages(paths: Paths, *, store: str = "simulated", parameters: dict[str, Any]) -> list[Stage]:
    """All stages in order. The last one needs all that the pages need.

    Parameters
    ----------
    store
        `simulated` builds everything; another store builds only its warehouse.
    parameters
        Settings of the simulated shop; those of the last run when empty.
    """
    root = paths.root
    manifest = paths.store(store) / "manifest.json"
    summary = paths.processed / f"{store}.json"
    sql = code(root, "sql/staging", "sql/marts")
    warehouse = Stage(
        "warehouse",
        "Clean the events and build the warehouse",
        build_store(paths, store),
        (manifest, *sql, *code(root, *BUILDERS, *((SIMULATOR,) if store == "simulated" else ()))),
        (paths.warehouse(store), summary),
    )
    if store != "simulated":
        from journey.stores.adapters import STORES, prepare_store
        from journey.stores.locate import locate

        if store not in STORES:
            raise JourneyError(f"unknown store {store!r}; stores are {', '.join(STORES)}")
        source = locate(store, root=paths)
        raw = Stage(
            "store",
            f"Map {store} to the canonical schema",
            lambda report: prepare_store(store, root=paths, progress=report),
            (*code(root, "src/journey/stores"), paths.datasets, *([source] if source else [])),
            (manifest,),
        )
        return [raw, warehouse]

    settings = write_settings(paths, parameters)
    graph = [
        Stage(
            "simulate",
            "Simulate the shop",
            simulate_store(paths, settings),
            (settings, *code(root, SIMULATOR)),
            (manifest,),
        ),
        warehouse,
    ]
    common = code(
        root, "src/journey/inference", "src/journey/report/ledger.py", "src/journey/report/formats.py"
    )
    parts: list[Path] = []
    for chapter, folders in CHAPTERS.items():
        part = paths.results / chapter / "numbers.json"
        parts.append(part)
        own = code(
            root,
            f"src/journey/findings/{chapter}",
            "src/journey/findings/desk.py",
            *(f"src/journey/{folder}" for folder in folders if (root / "src/journey" / folder).exists()),
        )
        evidence = tuple(sorted(paths.evidence.glob("*.json")))
        graph.append(
            Stage(
                chapter,
                f"Findings: {chapter}",
                find(paths, chapter),
                (summary, paths.assumptions, *common, *own, *code(root, "sql/analysis"), *evidence),
                (part,),
            )
        )
    # The summary reads the other chapters' numbers, so it comes after them.
    summary_part = paths.results / "summary" / "numbers.json"
    graph.append(
        Stage(
            "summary",
            "Findings: summary",
            find(paths, "summary"),
            (*parts, *common, *code(root, "src/journey/findings/summary/collect.py")),
            (summary_part,),
        )
    )
    parts.append(summary_part)
    graph.append(
        Stage("numbers", "Join the numbers ledger", gather(paths, parts), tuple(parts), (paths.numbers,))
    )
    timings = paths.results / "sql_timings.json"
    graph.append(
        Stage(
            "timings",
            "Time the query library",
            lambda report: measure(timings),
            (summary, *code(root, "sql/analysis")),
            (timings,),
        )
    )
    chapters = tuple(sorted(root.glob("chapters/**/*.qmd")))
    depends = (
        paths.numbers,
        paths.assumptions,
        timings,
        root / "references.bib",
        *sorted(paths.results.rglob("*.parquet")),
        *code(root, "src/journey", "sql/analysis"),
    )
    copies = tuple(page.with_suffix(".ipynb") for page in chapters)
    graph.append(
        Stage(
            "notebooks",
            "Write the chapters as notebooks",
            notebooks(paths, chapters, depends),
            (*chapters, *depends),
            copies,
        )
    )
    plotly = root / "assets" / "vendor" / "plotly.min.js"
    graph.append(
        Stage(
            "pages",
            "Put the plotting library beside the pages",
            vendor(paths, plotly),
            (*copies, paths.numbers, timings, *code(root, "src/journey/report/vendor.py")),
            (plotly,),
        )
    )
    return graph
