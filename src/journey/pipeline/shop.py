"""Build, render and check the report of an imported store, in folders of its own."""

from __future__ import annotations

import importlib
import json
import shutil
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from rich.console import Console

from journey.errors import JourneyError
from journey.files import replacing, write_text
from journey.findings.store import PARTS
from journey.paths import Paths, ShopPaths
from journey.pipeline import work
from journey.pipeline.run import PACKAGE, Build, build_of
from journey.pipeline.sight import digest
from journey.pipeline.stage import Stage
from journey.pipeline.stages import descends, does, joined, seen, step
from journey.pipeline.state import file_digest
from journey.report.checks import used_numbers
from journey.report.ledger import Numbers
from journey.stores.schema import USERS

#: The template of the site: a Quarto project beside the main one.
TEMPLATE = "shop"
NAME, TITLE = "NAME-OF-THE-STORE", "TITLE-OF-THE-STORE"


def shop_paths(paths: Paths, store: str) -> ShopPaths:
    """The folders of an imported store.

    Raises
    ------
    JourneyError
        When there is no such store.
    """
    from journey.stores.imported import read_report  # brings DuckDB, which no other store needs here

    found = ShopPaths(paths.root, store)
    read_report(found)
    return found


def shop_build(paths: ShopPaths) -> Build:
    """The build of an imported store as it is now."""
    return build_of(paths, paths.shop, shop_stages(paths))


def shop_stages(paths: ShopPaths) -> list[Stage]:
    """Warehouse, parts of the report, decisions that rest on them, and the ledger."""
    from journey.stores.imported.sessions import STARTS

    warehouse = Stage(
        "warehouse",
        "Clean the events and build the warehouse",
        does(work.fill_warehouse, paths, paths.shop),
        seen("journey.pipeline.work:fill_warehouse", reads=[paths.home / STARTS]),
        makes=("table ",),
        spreads=partial(descends, paths.sql),
    )
    ledgers = [paths.results / part / "numbers.json" for part in (*PARTS, "decisions")]
    absent = [ledger.with_name("absent.json") for ledger in ledgers]
    # Countries stand in the store's own table of users.
    more = {"funnel": [paths.store(paths.shop) / USERS.path]}
    parts = [part_stage(paths, part, [paths.report, *more.get(part, [])]) for part in PARTS]
    decisions = part_stage(paths, "decisions", [paths.report, *ledgers[:-1], *absent[:-1]])
    return [warehouse, *parts, decisions, joined(paths, ledgers)]


def part_stage(paths: ShopPaths, part: str, reads: Sequence[Path]) -> Stage:
    """One part of the report."""
    roots = "journey.findings.store.desk:lay_out_part", f"journey.findings.store.{part}:collect"
    makes = (f"{paths.results.relative_to(paths.root).as_posix()}/{part}/",)
    call = partial(collect_part, paths, part)
    return step(part, f"Findings: {part}", call, makes, inputs=seen(*roots, reads=reads))


def collect_part(paths: ShopPaths, part: str) -> None:
    """Turn the store's data into one part's numbers and tables."""
    from journey.findings.store.desk import lay_out_part

    lay_out_part(part, importlib.import_module(f"journey.findings.store.{part}").collect, paths)


def render_shop(paths: ShopPaths, engine: str, console: Console) -> Path:
    """Build what the pages need and render them into `_site-NAME`; return that folder."""
    from journey.pipeline.render import chosen_engine, run_press, run_quarto

    quarto = chosen_engine(engine)
    planned = shop_build(paths)
    planned.run([stage.name for stage in planned.stages], console)
    put_together(paths)
    project = Paths(paths.project)
    if quarto is None:
        run_press(project, [], page_keys(paths))
    else:
        run_quarto(quarto, project, [])
    with replacing(paths.site) as folder:
        shutil.copytree(project.site, folder)
    return paths.site


def page_keys(paths: ShopPaths) -> dict[str, str]:
    """For the renderer: page -> digest of what its code may read: all results of the store, and our code."""
    code = [file for room in ("report", "findings", "inference") for file in (PACKAGE / room).rglob("*.py")]
    files = sorted([*code, *paths.results.rglob("*.*"), paths.numbers, paths.report])
    whole = digest(file_digest(file) for file in files)
    return {page.relative_to(paths.project).as_posix(): whole for page in paths.project.rglob("*.qmd")}


def put_together(paths: ShopPaths) -> None:
    """The Quarto project of a store: the template's pages, the main project's looks, the store's numbers."""
    target, template = paths.project, paths.root / TEMPLATE
    title = paths.shop.replace("-", " ").replace("_", " ")
    for source in [*template.rglob("*.qmd"), template / "_quarto.yml"]:
        file = target / source.relative_to(template)
        text = source.read_text(encoding="utf-8").replace(NAME, paths.shop).replace(TITLE, title.capitalize())
        if not file.is_file() or file.read_text(encoding="utf-8") != text:
            write_text(file, text)
    for old in {*target.rglob("*.qmd")} - {
        target / each.relative_to(template) for each in template.rglob("*.qmd")
    }:
        old.unlink()
    copy_plotly(paths)
    assets = target / "assets"
    shutil.rmtree(assets, ignore_errors=True)
    shutil.copytree(paths.root / "assets", assets, ignore=shutil.ignore_patterns("pdf", "site.png", "duckdb"))
    shutil.copyfile(paths.numbers, target / "numbers.json")


def copy_plotly(paths: ShopPaths) -> None:
    """The plotting library beside the scripts, where the main site has not put it yet."""
    if not (paths.root / "assets" / "vendor" / "plotly.min.js").is_file():
        work.copy_plotly(paths)


def check_shop(paths: ShopPaths) -> Iterator[str]:
    """Yield one line per passed check of an imported store.

    Raises
    ------
    JourneyError
        At the first check that fails.
    """
    from journey.stores.schema import validate_store

    yield f"store {paths.shop}: {validate_store(paths.store(paths.shop))}"
    planned = shop_build(paths)
    for stage, reasons in planned.stale().items():
        raise JourneyError(
            f"stage {stage} is out of date: {reasons[0]} changed since it ran;"
            f" run `journey build --store {paths.shop}`"
        )
    yield f"build: {len(planned.stages)} stages are up to date"
    numbers = Numbers(paths.numbers)
    if foreign := [number.id for number in numbers if number.dataset != paths.shop]:
        raise JourneyError(
            f"number {foreign[0]} is not of this store; run `journey build --store {paths.shop}`"
        )
    yield f"ledger: {len(numbers):,} numbers, all of this store"
    if not (paths.site / "index.html").is_file():
        raise JourneyError(f"the site is not rendered yet: run `journey render --store {paths.shop}`")
    published = json.loads((paths.site / "numbers.json").read_text(encoding="utf-8"))
    if published != json.loads(paths.numbers.read_text(encoding="utf-8")):
        raise JourneyError(f"the site shows older numbers: run `journey render --store {paths.shop}`")
    known = {number.id for number in numbers}
    for page in (paths.root / TEMPLATE).rglob("*.qmd"):
        if unknown := sorted(used_numbers(page) - known):
            raise JourneyError(f"{page.name} uses number {unknown[0]!r}, which this store does not have")
    yield f"pages: rendered in {paths.site.name} from these numbers"
