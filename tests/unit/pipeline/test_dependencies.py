"""What a change puts out of date: exactly what can see it.

Two oracles that know nothing of how `journey.pipeline.sight` reads code bound the answer. From above: what
the import graph of another tool reaches. From below: what really runs, watched while chapters are computed.
The long form (`--long`) goes through every module, query and data file; else a sample is drawn.
"""

from __future__ import annotations

import importlib
import random
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

import grimp
import pytest
import sqlglot
from sqlglot import exp
from support.visible import SmallProject, said_in, source

from journey.errors import JourneyError
from journey.findings.desk import lay_out
from journey.paths import Paths, project
from journey.pipeline.check import check_project
from journey.pipeline.inputs import chapters
from journey.pipeline.pages import notebook_code, notebook_page_inputs, page_code, page_files
from journey.pipeline.run import PACKAGE, rests_on
from journey.pipeline.sight import Code, Sight
from journey.report import notebooks
from journey.report.sqlcells import register_magics
from journey.studies.registry import STUDIES

IMPORTS = grimp.build_graph("journey")
#: Chapters that are computed while they are watched: those that take seconds, or all.
QUICK = ("audit", "funnel", "seeds", "summary")
LIBRARY = "chapters/appendix/sql-library.qmd"


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallProject]:
    with pytest.MonkeyPatch.context() as apart:
        apart.delenv("JOURNEY_DATA_DIR", raising=False)
        yield SmallProject(tmp_path_factory.mktemp("small") / "project")


def closure(*modules: str) -> set[str]:
    """Modules, and all that they import, lazily too."""
    return {*modules}.union(*(IMPORTS.find_upstream_modules(module) for module in modules))


def studies_of(chapter: str) -> set[str]:
    """Committed results whose names the chapter's own folder says."""
    own = {module for module in IMPORTS.modules if module.startswith(f"journey.findings.{chapter}")}
    return {name for name in STUDIES if said_in(own, name)}


def may_see(chapter: str) -> set[str]:
    """Modules of which a chapter can see something at most."""
    found = closure(f"journey.findings.{chapter}.collect", "journey.findings.desk")
    for name in studies_of(chapter):
        found |= study_modules(name) | {"journey.studies.registry"}
    return found


MODULES = sorted(IMPORTS.modules - {"journey"})
QUERIES = sorted(path.stem for path in (project().sql / "analysis").rglob("*.sql"))
MODELS = sorted(f"{path.parent.name}/{path.stem}" for path in project().sql.glob("[sm]*/*.sql"))
EVIDENCE = sorted(STUDIES)
ALL = [
    *(("module", each) for each in MODULES),
    *(("query", each) for each in QUERIES),
    *(("model", each) for each in MODELS),
    *(("evidence", each) for each in EVIDENCE),
]
SAMPLE = [
    each
    for kind in ("module", "query", "model", "evidence")
    for each in random.Random(7).sample([one for one in ALL if one[0] == kind], 3)
]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "change" in metafunc.fixturenames:
        drawn = ALL if metafunc.config.getoption("--long") else SAMPLE
        metafunc.parametrize("change", drawn, ids=[f"{kind} {name}" for kind, name in drawn])


def test_nothing_changed_is_up_to_date(small: SmallProject) -> None:
    assert small.stale() == set()


def test_exactly_what_can_see_a_change_goes_out_of_date(small: SmallProject, change: tuple[str, str]) -> None:
    kind, name = change
    stages = {stage.name for stage in small.build().stages}
    if kind == "module":
        of_code = direct(small, name)
        assert of_code & chapters() <= {chapter for chapter in chapters() if name in may_see(chapter)}
        return
    file = {
        "query": lambda: small.label(next(small.paths.sql.rglob(f"analysis/*/{name}.sql"))),
        "model": lambda: f"sql/{name}.sql",
        "evidence": lambda: f"data/evidence/{name}.json",
    }[kind]()
    with small.changed(file):
        stale = small.stale()
    if kind == "query":
        own = {chapter for chapter in chapters() if said_in(may_see(chapter), name)}
        assert stale & chapters() - rest_on(stale) <= own
        assert {"timings", "notebooks", LIBRARY} <= stale
    elif kind == "model":
        assert "warehouse" in stale
        made = name.replace("/", ".")
        assert stale & chapters() >= {each for each in chapters() if said_in_text(each, made)}
    else:
        told = {chapter for chapter in chapters() if name in studies_of(chapter)}
        published = {each for each in chapters() if said_in(may_see(each), name)}
        assert told <= stale
        assert stale & chapters() - rest_on(stale) <= told | published
        assert not stale & (stages - chapters() - {"numbers", "notebooks", "outlets"})


def test_what_reads_the_shop_waits_for_it_where_there_is_none_yet(small: SmallProject) -> None:
    there = small.build().before
    raw = small.paths.store("simulated")
    aside = raw.rename(raw.with_name("aside"))
    try:
        bare = small.build().before
    finally:
        aside.rename(raw)
    for stage, before in there.items():
        assert ("simulate" in before) == ("simulate" in bare[stage]), stage


def direct(small: SmallProject, module: str) -> set[str]:
    """Stages whose own inputs a mutated module changes."""
    build = small.build(small.mutant(module))
    return {
        stage.name for stage in build.stages if build.state.changes(stage.name, rests_on(stage, build.inputs))
    }


def rest_on(stale: set[str]) -> set[str]:
    """The summary and the tools read other chapters, so they go with them."""
    found = {"summary", "decisions"} if stale & {"causal", "experiments", "funnel", "journeys"} else set()
    return found | ({"tools"} if stale & {"experiments", "prediction"} else set())


def study_modules(name: str) -> set[str]:
    return closure(*(root.partition(":")[0] for root in STUDIES[name].roots))


def said_in_text(chapter: str, table: str) -> bool:
    """Whether a chapter's own folder says a table in its SQL."""
    own = {module for module in IMPORTS.modules if module.startswith(f"journey.findings.{chapter}")}
    return any(re.search(rf"(from|join) {re.escape(table)}\b", source(module)) for module in own)


# ---- what must hold whatever the code is


def test_every_session_mobile_is_seen(small: SmallProject) -> None:
    """The wrong result that once counted as up to date: no number changed, and the check was green."""
    name = "sql/marts/sessions.sql"
    model = (small.paths.root / name).read_text(encoding="utf-8")
    [column] = [line for line in model.splitlines() if re.fullmatch(r"\s+.*\bdevice,", line)][-1:]
    before = small.build_warehouse()
    with small.changed(name, column, re.sub(r"\S.*,", "'mobile' as device,", column)):
        stale = small.stale()
        with pytest.raises(JourneyError, match=r"stage warehouse is out of date: sql/marts/sessions\.sql"):
            list(check_small(small))
        after = small.build_warehouse()
    assert {"warehouse", "funnel", "numbers", "chapters/02-metrics-and-funnel.qmd"} <= stale
    assert "agreement" not in stale
    assert after["marts.sessions"] != before["marts.sessions"]
    assert after["staging.events"] == before["staging.events"]
    small.build_warehouse()


def check_small(small: SmallProject) -> Iterator[str]:
    """The check of a project whose build is the small one's."""
    import journey.pipeline.check as check

    usual = check.plan
    check.plan = lambda paths: small.build()  # type: ignore[assignment]
    try:
        yield from check_project(small.paths)
    finally:
        check.plan = usual


def test_an_unused_query_concerns_the_page_of_the_library_alone(small: SmallProject) -> None:
    file = small.paths.sql / "analysis" / "basic" / "nobody_asks.sql"
    file.write_text("-- question: Who asks?\nselect count(*) as sessions from marts.sessions\n")
    try:
        # The page shows how long a query takes, is offered as a notebook, and loads tables that queries read.
        assert small.stale() == {LIBRARY, "timings", "notebooks", "page_tables"}
    finally:
        file.unlink()


def test_a_comment_or_a_docstring_concerns_nobody(small: SmallProject) -> None:
    code = small.mutant("journey.metrics.drivers")
    text = small.code.package.files["journey.metrics.drivers"]
    tree = importlib.import_module("ast").parse("# why\n" + text.replace('"""', '"""More. ', 1))
    code.package._modules["journey.metrics.drivers"] = type(code.package.module("journey.paths"))(
        "journey.metrics.drivers", tree
    )
    code.units = {key: unit for key, unit in code.units.items() if key[0] != "journey.metrics.drivers"}
    assert small.stale(code) == set()


def test_a_line_more_concerns_the_page_that_counts_lines(small: SmallProject) -> None:
    code = Code(PACKAGE)
    code.version = "of other files"
    assert small.stale(code) == {"chapters/appendix/code.qmd", "notebooks"}


def test_an_editors_lock_file_concerns_nobody(small: SmallProject) -> None:
    links = [
        small.paths.root / folder / name
        for folder, name in (
            ("chapters", ".#03-journeys.qmd"),
            ("sql/analysis/basic", ".#daily_metrics.sql"),
            ("sql/marts", ".#sessions.sql"),
            ("data/evidence", ".#coupon_bias.json"),
        )
    ]
    for link in links:
        link.symlink_to("somebody@a-machine.4711:1700000000")
    try:
        assert small.stale() == set()
    finally:
        for link in links:
            link.unlink()


@pytest.mark.parametrize("harm", ["cut", "edited", "gone"])
def test_harm_to_what_was_made_is_seen(small: SmallProject, harm: str) -> None:
    for label in ("data/raw/simulated/users.parquet", "data/results/funnel/drops.parquet", "numbers.json"):
        file = small.paths.root / label
        before = file.read_bytes()
        if harm == "gone":
            file.unlink()
        else:
            file.write_bytes(before[:-1] if harm == "cut" else before + b" ")
        stale = small.stale()
        file.write_bytes(before)
        maker = next(stage.name for stage in small.build().stages if label.startswith(stage.makes or ("-",)))
        assert maker in stale, label


def test_real_data_that_come_or_change_are_seen(
    small: SmallProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JOURNEY_DATA_DIR", str(tmp_path))
    assert small.stale() == set()
    folder = small.look().catalog["cookie_cats"]
    file = tmp_path / folder.folders[0] / folder.files[0].path
    file.parent.mkdir(parents=True)
    file.write_text("userid\n1\n")
    assert {"experiments"} <= small.stale()
    assert not small.stale() & {"audit", "causal", "uplift"}


# ---- what really runs


#: Every file that Python opens; a hook cannot be taken off again, so there is one.
OPENED: list[str] = []
sys.addaudithook(lambda event, given: OPENED.append(str(given[0])) if event == "open" else None)


class Watch:
    """Functions of the package that run, the statements that DuckDB is given, the files that are opened."""

    def __init__(self) -> None:
        self.ran: set[str] = set()
        self.statements: list[str] = []
        OPENED.clear()

    @staticmethod
    def opened(root: Path) -> set[str]:
        """Files below a root that were opened; the SQL has a test of its own."""
        inside = {Path(name).relative_to(root).as_posix() for name in OPENED if name.startswith(f"{root}/")}
        return {name for name in inside if not name.startswith("sql/")}

    def profile(self, frame: FrameType, event: str, argument: object) -> None:
        if event == "call" and frame.f_code.co_filename.startswith(str(PACKAGE)):
            place = Path(frame.f_code.co_filename).relative_to(PACKAGE.parent).with_suffix("")
            module = ".".join(place.parts).removesuffix(".__init__")
            outer = frame.f_code.co_qualname.partition(".<locals>")[0]
            self.ran.add(f"{module}:{outer}")
        elif event == "c_call" and getattr(argument, "__name__", "") in ("execute", "sql"):
            local = {**frame.f_locals}
            self.statements += [value for value in local.values() if isinstance(value, str)]

    def missed(self, sight: Sight) -> set[str]:
        """Functions that ran and are not seen: neither by themselves nor with their class."""
        seen = set(sight.reached) | {each.rpartition(".")[0] for each in sight.reached}
        # The version of a committed result follows the rules of `lineage`; its outcome is an input itself.
        apart = (
            "journey.studies.lineage:",
            "journey.studies.registry:",
            "journey.studies.study:",
            "journey.warehouse.query:library",
        )
        return {
            each
            for each in self.ran
            if not each.startswith(apart) and "<" not in each.partition(":")[2]
            if each not in seen and each.rpartition(".")[0] not in seen
        }


@pytest.mark.parametrize("chapter", sorted(chapters()))
def test_nothing_runs_or_is_read_that_is_not_seen(
    small: SmallProject,
    chapter: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> None:
    if chapter not in QUICK and not request.config.getoption("--long"):
        pytest.skip("takes long: --long")
    monkeypatch.setenv("JOURNEY_EVIDENCE", "committed")
    root = tmp_path / "project"
    (root / "data").mkdir(parents=True)
    for name in ("sql", "assumptions.toml", "_quarto.yml", "references.bib"):
        (root / name).symlink_to(project().root / name)
    for name in ("raw", "processed", "evidence", "datasets.toml"):
        (root / "data" / name).symlink_to(project().root / "data" / name)
    for other in chapters() - {chapter}:
        (root / "data" / "results" / other).parent.mkdir(exist_ok=True)
        (root / "data" / "results" / other).symlink_to(project().results / other)
    watch = Watch()
    collect = importlib.import_module(f"journey.findings.{chapter}.collect").collect
    sys.setprofile(watch.profile)
    try:
        lay_out(chapter, collect, Paths(root))
    finally:
        sys.setprofile(None)

    stage = next(stage for stage in small.build().stages if stage.name == chapter)
    sight = small.warm.sight("journey.findings.desk:lay_out", f"journey.findings.{chapter}.collect:collect")
    assert watch.missed(sight) == set()
    assert len(watch.ran) > 15

    labels = set(stage.inputs(small.look()))
    assert tables(watch.statements) <= {label.removeprefix("table ") for label in labels}
    own = f"data/results/{chapter}/"
    assert {name for name in watch.opened(root) if not name.startswith((own, "data/results/."))} <= labels


PAGES = page_files(project())
#: Pages that are run while they are watched: those of one chapter, of the library's kind, or all.
FEW = ("01-data-audit", "reproducibility")


@pytest.mark.parametrize("page", PAGES, ids=[page.stem for page in PAGES])
def test_nothing_runs_on_a_page_that_is_not_seen(
    small: SmallProject, page: Path, request: pytest.FixtureRequest
) -> None:
    if page.stem not in FEW and not request.config.getoption("--long"):
        pytest.skip("takes long: --long")
    notebooks._shell()
    register_magics()
    # What runs while a module is loaded decides nothing that is not seen by name.
    for module in re.findall(r"^from (journey[\w.]+) import", page_code(page), re.MULTILINE):
        importlib.import_module(module)
    source = notebooks._read(project().root, page)
    watch = Watch()
    sys.setprofile(watch.profile)
    try:
        notebooks.run_page(source)
    finally:
        sys.setprofile(None)
    # What runs the page is none of what the page runs.
    watch.ran = {each for each in watch.ran if not each.startswith("journey.report.notebooks:")}
    # A notebook does more than its page.
    sight = small.warm.sight(page=notebook_code(page))
    assert watch.missed(sight) == set()
    assert len(watch.ran) > 5
    labels = {label.removeprefix("table ") for label in notebook_page_inputs(small.look(), page)}
    assert all(
        table in labels or f"{table.partition('.')[0]}.*" in labels for table in tables(watch.statements)
    )


def tables(statements: list[str]) -> set[str]:
    """Tables of the warehouse that statements read, as a parser of SQL finds them."""
    found = set()
    for statement in statements:
        if not re.search(r"\bfrom\b", statement):
            continue
        try:
            parsed = sqlglot.parse(statement, dialect="duckdb")
        except sqlglot.errors.SqlglotError:
            continue
        for table in (table for tree in parsed if tree for table in tree.find_all(exp.Table)):
            if table.db in ("marts", "staging"):
                found.add(f"{table.db}.{table.name}")
    return found
