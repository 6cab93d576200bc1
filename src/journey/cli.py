"""The `journey` command: obtain data, build results, check them, render the site."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Annotated

import typer
import yaml
from rich.console import Console

from journey import __version__
from journey.ending import Stopped, stop, unwritten
from journey.errors import JourneyError
from journey.paths import Paths, project

app = typer.Typer(
    name="journey",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="""Purchase prediction and customer journeys: from raw events to a website.

The usual path is `journey render`, which does everything. The single steps:

\b
  simulate or fetch   obtain the data
  build               clean it, build the warehouse, compute all results
  numbers             compute the numbers ledger
  check               verify data, warehouse, ledger and pages
  render              make the website and the PDF

Every step skips what is up to date and can be interrupted and run again.""",
)
console = Console(stderr=True)

LEAST_SIGNAL, INTERRUPTED = 128, 130

Store = Annotated[str, typer.Option(help="Which store: simulated, retailrocket, or an imported one by name.")]


def here() -> Paths:
    """The project that a command works on.

    Raises
    ------
    JourneyError
        When there is none: nothing is made where none was.
    """
    paths = project()
    if not (paths.root / "_quarto.yml").is_file():
        named = os.environ.get("JOURNEY_ROOT")
        where = f"JOURNEY_ROOT, {named!r}," if named else f"{Path.cwd()}"
        raise JourneyError(f"{where} is no checkout of the project: change to one, or set JOURNEY_ROOT to it")
    return paths


def show_version(wanted: bool) -> None:
    """Print the version and end by `typer.Exit`, when asked to."""  # noqa: DOC501
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


@app.callback(invoke_without_command=True)
def common(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=show_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Print the help when no command is named; what the command says of itself stands at `app`."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


@app.command()
def simulate(
    users: Annotated[int, typer.Option(help="Number of users.")] = 10_000,
    items: Annotated[int, typer.Option(help="Number of items.")] = 1_000,
    days: Annotated[int, typer.Option(help="Number of days.")] = 90,
    seed: Annotated[int, typer.Option(help="Random seed: the same seed gives the same bytes.")] = 7,
    dirt: Annotated[float, typer.Option(help="Multiple of the default dirt rates; 0 is clean.")] = 1.0,
) -> None:
    """Make the simulated shop under data/raw/simulated, with its truth.

    Example: journey simulate --users 50000 --seed 11
    """
    from journey.pipeline.lock import alone
    from journey.pipeline.run import build as run_build

    parameters = {"users": users, "items": items, "days": days, "seed": seed, "dirt": dirt}
    with alone(here(), console):
        run_build(here(), ["simulate"], parameters=parameters, console=console)


@app.command()
def fetch(
    names: Annotated[list[str] | None, typer.Argument(help="Data sets; all of them when omitted.")] = None,
    only_list: Annotated[bool, typer.Option("--list", help="Print the names and fetch nothing.")] = False,
) -> None:
    """Obtain and verify real data sets; their list is data/datasets.toml.

    Files found under the folder JOURNEY_DATA_DIR are verified and used where they are; the others are
    downloaded to data/raw/NAME. A wrong checksum or total is an error.

    Example: journey fetch online_shoppers cdnow
    """
    from journey.stores.catalog import load_catalog
    from journey.stores.fetch import fetch as fetch_datasets

    if only_list:
        for name in load_catalog(here().datasets):
            typer.echo(name)
        return
    source = os.environ.get("JOURNEY_DATA_DIR")
    for result in fetch_datasets(names, root=here(), source=Path(source) if source else None):
        console.print(str(result), highlight=False)


@app.command("import")
def import_log(
    events: Annotated[str, typer.Argument(help="A file, a folder, or a pattern in quotation marks.")],
    map_file: Annotated[
        str, typer.Option("--map", help="The map of the log: a file, or the name of a preset.")
    ] = "shop.toml",
    name: Annotated[str, typer.Option(help="What the store is called.")] = "mine",
    propose: Annotated[
        bool,
        typer.Option("--propose", help="Write a first map from the log, or continue one; import nothing."),
    ] = False,
) -> None:
    """Bring a shop's own event log in: CSV, gzip CSV, NDJSON or Parquet, with a map of its columns.

    \b
    journey import events.csv --propose                     writes or continues shop.toml: correct it
    journey import events.csv --map shop.toml --name mine   writes data/stores/mine
    journey render --store mine                             writes _site-mine
    """
    from journey.pipeline.lock import alone
    from journey.stores.imported import import_shop, propose_map

    if propose:
        target = Path(map_file)
        for line in propose_map(events, target):
            console.print(line, highlight=False, markup=False, soft_wrap=True)
        console.print(f"Written: {target}. Correct it, then run the same without --propose.", highlight=False)
        return
    with alone(here(), console):
        done = import_shop(events, map_file, name, here())
    console.print(str(done), highlight=False, markup=False, soft_wrap=True)


@app.command()
def build(
    stage: Annotated[list[str] | None, typer.Argument(help="Stages; all of them when omitted.")] = None,
    store: Store = "simulated",
    engine: Annotated[str, typer.Option(help="What cleans the events: duckdb or spark.")] = "duckdb",
    master: Annotated[str, typer.Option(help="Where Spark runs, as Spark names it.")] = "local[*]",
) -> None:
    """Bring data, warehouse and results up to date; skips what has not changed.

    Example: journey build warehouse --engine spark --master local[4]
    """
    from journey.pipeline.lock import alone
    from journey.pipeline.run import build as run_build
    from journey.pipeline.shop import shop_build, shop_paths
    from journey.pipeline.work import use_engine
    from journey.stores.adapters import STORES

    use_engine(engine, master)
    with alone(here(), console):
        if store in STORES:
            ran = run_build(here(), stage or None, store=store, console=console)
        else:
            shop = shop_build(shop_paths(here(), store))
            ran = shop.run(stage or [each.name for each in shop.stages], console)
    console.print(f"Built: {', '.join(ran)}." if ran else "Everything is up to date.", highlight=False)


@app.command()
def numbers(
    find: Annotated[str, typer.Argument(help="Show only ids that contain this text.")] = "",
    readme: Annotated[bool, typer.Option("--readme", help="Write the figures of README.md again.")] = False,
    approve: Annotated[
        bool, typer.Option("--approve", help="Show what differs from data/approved and approve it.")
    ] = False,
) -> None:
    """Compute the numbers ledger and list it: id, value, interval, sample size, source."""
    from journey.pipeline.lock import alone
    from journey.pipeline.run import build as run_build
    from journey.report.ledger import Numbers

    paths = here()
    with alone(paths, console):
        run_build(paths, ["numbers"], console=console)
    if readme:
        from journey.report.checks import update_readme

        changed = update_readme(paths.root / "README.md", Numbers(paths.numbers))
        console.print(f"README.md: {changed} figures changed.", highlight=False)
        return
    if approve:
        from journey.paths import approved
        from journey.report.approved import approve as renew
        from journey.report.approved import difference_table, unapproved

        ledger = Numbers(paths.numbers)
        if found := unapproved(ledger, approved(paths)):
            typer.echo(difference_table(found))
        typer.echo(renew(ledger, approved(paths)))
        return
    for number in Numbers(paths.numbers):
        if find in number.id:
            interval = f"  [{number.interval}]" if number.interval else ""
            size = f"  n={number.n:,}" if number.n is not None else ""
            typer.echo(f"{number.id:<44} {number.text}{interval}{size}  {number.source}")


@app.command()
def brief(
    site: Annotated[str, typer.Option(help="The site's address, to make chapters links.")] = "",
) -> None:
    """Print the author's kit: lines for a résumé and answers for an interview, with the ledger's figures.

    Example: journey brief > brief.md
    """
    from journey.pipeline.lock import alone
    from journey.pipeline.pages import page_files
    from journey.pipeline.run import build as run_build
    from journey.report.brief import write_brief
    from journey.report.ledger import Numbers

    paths = here()
    with alone(paths, console):
        run_build(paths, ["numbers"], console=console)
    title = yaml.safe_load((paths.root / "_quarto.yml").read_text(encoding="utf-8"))["website"]["title"]
    address = site.rstrip("/") + "/" if site else ""
    typer.echo(write_brief(Numbers(paths.numbers), title, len(page_files(paths)), address))


@app.command()
def check(store: Store = "simulated") -> None:
    """Verify the store, the warehouse, the ledger and the numbers that pages and README use."""
    from journey.pipeline.check import check_project
    from journey.pipeline.shop import check_shop, shop_paths

    lines = check_project(here()) if store == "simulated" else check_shop(shop_paths(here(), store))
    for line in lines:
        console.print(line, highlight=False)


@app.command()
def render(
    page: Annotated[list[Path] | None, typer.Argument(help="Pages; the whole site when omitted.")] = None,
    engine: Annotated[str, typer.Option(help="auto, quarto or press.")] = "auto",
    store: Store = "simulated",
) -> None:
    """Make the website in _site/, by Quarto where it is installed, else by the offline renderer.

    An imported store's report goes to _site-NAME/, always as a whole.
    """  # noqa: DOC501 (the command's help)
    from journey.pipeline.lock import alone
    from journey.pipeline.render import render_site
    from journey.pipeline.shop import render_shop, shop_paths

    if store != "simulated" and page:
        raise JourneyError("the report of an imported store is rendered as a whole; leave the pages out")
    with alone(here(), console):
        if store == "simulated":
            site = render_site(here(), page or [], engine, console)
        else:
            site = render_shop(shop_paths(here(), store), engine, console)
    console.print(f"The site is in {site}", highlight=False)


@app.command()
def study(
    names: Annotated[list[str] | None, typer.Argument(help="Studies to compute again.")] = None,
    only_list: Annotated[bool, typer.Option("--list", help="List all studies and compute nothing.")] = False,
    changed: Annotated[bool, typer.Option("--changed", help="Those whose code has changed since.")] = False,
    part: Annotated[bool, typer.Option("--part", help="Only a part, to see that new code agrees.")] = False,
) -> None:
    """Compute committed results of data/evidence/ again; files change only where results or code did.

    Name studies, or use --changed or --list. Example: journey study coupon_bias drift_twins
    """  # noqa: DOC501 (the command's help)
    from journey.studies import running
    from journey.studies.registry import check_study, known

    paths = here()
    if only_list:
        for line in running.listed(paths):
            typer.echo(line)
        return
    chosen = [known(name).name for name in names or []]
    for name, why_not in running.changed(paths) if changed else ():
        if why_not:
            console.print(f"Left out: {why_not}", highlight=False, markup=False)
        else:
            chosen.append(name)
    if not chosen and not changed:
        raise JourneyError("name a study, or use --changed or --list")
    if part:
        for name in chosen:
            console.print(f"{name}: {check_study(name, paths)} agree.", highlight=False, markup=False)
        return
    console.print(f"Studies: {', '.join(chosen) or 'none; all are current'}.", highlight=False)
    for number, (name, seconds) in enumerate(running.run_studies(chosen, paths), 1):
        told = f"{number} of {len(set(chosen))}: {name}, {seconds:.0f} s"
        console.print(told, highlight=False, markup=False)


@app.command()
def preview(
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port on this machine.")] = 4200,
) -> None:
    """Serve _site/ on this machine and render a page again when its source changes."""
    from journey.pipeline.preview import serve

    serve(here(), port, console)


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="Address; 0.0.0.0 lets others in.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port.")] = 8000,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Processes.")] = 1,
    decision: Annotated[
        str, typer.Option(help="session_start, after_3_events or first_cart.")
    ] = "after_3_events",
    models: Annotated[
        Path | None, typer.Option(help="Folder of the models; data/results/models when omitted.")
    ] = None,
) -> None:
    """Answer with purchase probabilities over HTTP: /score, /health, /metrics. Needs the extra api.

    There is no log-in: leave it on this machine, or put something before it that has one.

    Example: journey serve --workers 2
    """
    from journey.service.serve import serve as run_service

    folder = models or here().results / "models"
    run_service(folder, decision, host=host, port=port, workers=workers)


@app.command()
def bench() -> None:
    """Measure speed: the SQL beside Polars, plain pandas and a bare scan of the same events."""
    from journey.bench import run_benchmarks

    run_benchmarks(here(), console)


def run(arguments: list[str]) -> int:
    """Run one command; status 0, 2 for bad input, 130 when interrupted; defects raise."""  # noqa: DOC501
    try:
        status = int(app(arguments, standalone_mode=False) or 0)
    except JourneyError as error:
        return refuse(str(error))
    except Stopped as error:
        status = int(error.code or 0)
    except (typer.Abort, KeyboardInterrupt):
        status = INTERRUPTED
    except OSError as error:
        if (sentence := unwritten(error)) is None:
            raise
        return refuse(sentence)
    except Exception as error:
        # Typer's own usage errors know how to present themselves; anything else is a defect.
        if hasattr(error, "format_message") and hasattr(error, "exit_code"):
            return refuse(error.format_message())
        raise
    # Typer turns an interrupt into a status of its own.
    if status > LEAST_SIGNAL:
        console.print("Interrupted. Run the same command again to go on from here.")
    return status


def refuse(sentence: str) -> int:
    """Say in one sentence what is wrong; return the status of bad input."""
    console.print(f"journey: {sentence}", style="red", highlight=False, markup=False, soft_wrap=True)
    return 2


def main() -> None:
    """Entry point of the `journey` command."""
    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), stop)
    sys.exit(run(sys.argv[1:]))
