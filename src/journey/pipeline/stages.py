"""The stages of the build, in order. What each rests on is read from the code that it runs."""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Callable, Collection, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from journey.errors import JourneyError
from journey.files import write_json
from journey.paths import Paths
from journey.pipeline import pages, work
from journey.pipeline.inputs import Inputs, chapters
from journey.pipeline.stage import Report, Stage
from journey.pipeline.state import OUTLETS

WORK = "journey.pipeline.work"
#: The chapter that takes longest is begun first: the others find room beside it.
LONGEST = "sparse"
#: What a chapter makes besides its own folder of results, and others read.
BESIDES = {
    "prediction": (
        "data/results/metrics/",
        "data/results/models/",
        "data/results/predictions/conversion_predictions.csv",
    ),
    "uplift": ("data/results/predictions/uplift_scores.csv",),
}


def stages(paths: Paths, *, store: str = "simulated") -> list[Stage]:
    """All stages of a store.

    Parameters
    ----------
    store
        `simulated` builds everything; another store builds only its warehouse.

    Raises
    ------
    JourneyError
        For an unknown store.
    """
    if store == "simulated":
        return [simulation(paths), warehouse(paths, store), *findings(paths), *for_pages(paths)]
    from journey.stores.adapters import STORES

    if store not in STORES:
        raise JourneyError(f"unknown store {store!r}; stores are {', '.join(STORES)}")
    return [mapping(paths, store), warehouse(paths, store)]


def seen(*roots: str, reads: Iterable[Path] = ()) -> Callable[[Inputs], dict[str, str]]:
    """Inputs: what definitions can see, and files that they are handed."""
    return lambda inputs: inputs.of(inputs.code.sight(*roots)) | inputs.files(reads)


def does(function: Callable[..., object], *arguments: object) -> Callable[[Report, Inputs], object]:
    """What a stage does: call a function with its arguments and the progress report."""
    return lambda report, inputs: function(*arguments, report)


def step(
    name: str,
    title: str,
    call: partial[Any],
    makes: tuple[str, ...] = (),
    *,
    inputs: Callable[[Inputs], dict[str, str]] | None = None,
    apart: bool = True,
    **more: Any,
) -> Stage:
    """A stage that makes one call and reports no progress; by itself it rests on what the call can see."""
    rests = inputs or seen(f"{WORK}:{call.func.__name__}")
    return Stage(name, title, lambda *_: call(), rests, makes, apart=call if apart else None, **more)


def simulation(paths: Paths) -> Stage:
    """The simulated shop, from its settings."""
    settings = paths.raw / "shop.json"
    return Stage(
        "simulate",
        "Simulate the shop",
        does(work.simulate_shop, paths, settings),
        seen(f"{WORK}:simulate_shop", reads=[settings]),
        makes=("data/raw/simulated/",),
        apart=partial(work.simulate_shop, paths, settings),
    )


def mapping(paths: Paths, store: str) -> Stage:
    """A store of real data, mapped."""
    return Stage(
        "store",
        f"Map {store} to the canonical schema",
        does(work.map_store, paths, store),
        lambda inputs: seen(f"{WORK}:map_store")(inputs) | inputs.data(store),
        makes=(f"data/raw/{store}/",),
    )


def warehouse(paths: Paths, store: str) -> Stage:
    """The warehouse of a store; a changed model puts only what reads it in doubt."""
    return Stage(
        "warehouse",
        "Clean the events and build the warehouse",
        does(work.fill_warehouse, paths, store),
        seen(f"{WORK}:fill_warehouse"),
        makes=("table ",),
        spreads=partial(descends, paths.sql),
    )


def findings(paths: Paths) -> list[Stage]:
    """One stage a chapter, and the ledger that joins them."""
    found = [
        step(
            chapter,
            f"Findings: {chapter}",
            partial(work.collect, paths, chapter),
            (f"data/results/{chapter}/", *BESIDES.get(chapter, ())),
            inputs=seen("journey.findings.desk:lay_out", f"journey.findings.{chapter}.collect:collect"),
        )
        for chapter in sorted(chapters(), key=lambda name: (name != LONGEST, name))
    ]
    parts = [paths.results / each.name / "numbers.json" for each in found]
    return [*found, joined(paths, parts, ("numbers.json",), spreads=of_chapter)]


def joined(paths: Paths, parts: Sequence[Path], makes: tuple[str, ...] = (), **more: Any) -> Stage:
    """The stage that joins ledgers to one."""
    call, inputs = partial(work.gather, paths, parts), seen(f"{WORK}:gather", reads=parts)
    return step("numbers", "Join the numbers ledger", call, makes, inputs=inputs, apart=False, **more)


def for_pages(paths: Paths) -> list[Stage]:
    """What pages need besides numbers and tables."""
    sources = pages.page_files(paths)
    told = ("data/results/about.json", "_quarto.yml", "CHANGELOG.md", "assets/favicon.svg")
    return [
        step(
            "about",
            "Find out where the report lives",
            partial(work.write_about, paths),
            ("data/results/about.json",),
            inputs=lambda inputs: seen(f"{WORK}:write_about")(inputs) | surroundings(paths),
            apart=False,
        ),
        step(
            "timings",
            "Time the query library",
            partial(work.time_queries, paths),
            ("data/results/sql_timings.json",),
            apart=False,
        ),
        Stage(
            "notebooks",
            "Write the chapters as notebooks",
            lambda report, inputs: work.write_notebooks(paths, pages.notebook_keys(inputs), report),
            pages.notebook_inputs,
        ),
        step(
            "outlets",
            "Write what others read of the site",
            partial(work.write_outlets, paths, sources),
            OUTLETS,
            inputs=seen(f"{WORK}:write_outlets", reads=[*(paths.root / name for name in told), *sources]),
            apart=False,
        ),
        step(
            "plotly",
            "Put the plotting library beside the pages",
            partial(work.copy_plotly, paths),
            ("assets/vendor/plotly.min.js",),
        ),
        step(
            "duckdb",
            "Put the database that runs in a page beside the pages",
            partial(work.copy_duckdb, paths),
            ("assets/vendor/duckdb/",),
        ),
        step(
            "page_tables",
            "Write the tables that the SQL library's page loads",
            partial(work.write_page_tables, paths),
            ("data/results/sql/",),
        ),
    ]


def surroundings(paths: Paths) -> dict[str, str]:
    """What the environment and git say about where the report lives."""
    from journey.report.about import VARIABLES, git_remote

    return {f"${name}": os.environ.get(name, "") for name in VARIABLES} | {
        "git remote": git_remote(paths.root)
    }


def descends(sql: Path, reasons: Collection[str], label: str) -> bool:
    """Whether what changed in a warehouse can change one of its tables: other than models, anything can."""
    from journey.warehouse.models import in_order, read_models

    folders = ("sql/staging/", "sql/marts/")
    if not all(reason.startswith(folders) for reason in reasons):
        return True
    changed = {reason.removeprefix("sql/").removesuffix(".sql").replace("/", ".") for reason in reasons}
    for model in in_order([*read_models(sql / "staging"), *read_models(sql / "marts")]):
        if changed & {*model.reads}:
            changed.add(model.name)
    asked = label.removeprefix("table ")
    return any(
        table.startswith(asked.rstrip("*")) if asked[-1] == "*" else table == asked for table in changed
    )


def of_chapter(reasons: Collection[str], label: str) -> bool:
    """Whether what changed in the ledger can change an entry: a chapter's ledger changes its own."""
    asked = label.removeprefix("numbers.json").strip().partition(".")[0]
    parts = {f"data/results/{name}/numbers.json": name for name in chapters()}
    return asked in ("", "all") or any(parts.get(reason, asked) == asked for reason in reasons)


def check_assumptions(file: Path) -> None:
    """Refuse, before anything runs, a file in which an assumption is a bare number.

    Raises
    ------
    JourneyError
        With the entry and the way to write it.
    """
    try:
        sections = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return  # whoever loads it says what is wrong
    for section, members in sections.items():
        entries = members if isinstance(members, dict) else {"": members}
        for key, entry in entries.items():
            if not isinstance(entry, dict):
                named = f"{section}.{key}".rstrip(".")
                raise JourneyError(
                    f"{file.name}: {named} is {entry!r}; write a table with value, low, high, unit and why"
                )


def write_settings(paths: Paths, parameters: dict[str, Any]) -> None:
    """Keep the shop's settings as a file, once they are known to be possible."""
    settings = paths.raw / "shop.json"
    if parameters:
        work.fit_for_a_report(parameters)
    if parameters or not settings.is_file():
        text = json.dumps(parameters, indent=2, sort_keys=True) + "\n"
        if not settings.is_file() or settings.read_text(encoding="utf-8") != text:
            write_json(settings, parameters)
