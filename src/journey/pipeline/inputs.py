"""What a stage or a page rests on: the digest of everything outside the code that its code can see.

Content decides, never a file's time, and no path is absolute, so that a moved checkout is up to date.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import re
import sysconfig
from collections.abc import Iterable, Iterator
from fnmatch import fnmatch
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from journey.paths import Paths
from journey.pipeline.sight import TABLE, Code, Sight, digest

if TYPE_CHECKING:
    from journey.stores.catalog import Dataset

ABSENT = "absent"
LOCKED = re.compile(r"^([a-z0-9._-]+)==", re.MULTILINE)
SQL_FOLDERS = ("staging", "marts", "analysis", "macros")
WHOLE_TABLE = re.compile(r"(?:marts|staging)\.\w*")
RESULT = re.compile(r"\w+/\w+")
QUERY_BY_NAME, QUERIES = "journey.warehouse.query:find", "journey.warehouse.query:library"
BUILDER = "journey.warehouse.build:build_warehouse"
#: Findings read the shop's own warehouse, even those that build another store's.
DESK = "journey.findings.desk:Desk.warehouse"
KEPT = "journey.studies.registry:kept"
TABLE_OF_RESULTS = "journey.report.results:load_table"
LEDGER = "journey.report.ledger:Numbers"
STORE, EVIDENCE = "journey.paths:Paths.store", "journey.paths:Paths.evidence"
#: What counts lines and names of all code.
CODE = "journey.report.code:"
#: Files of the root that have a rule of their own, or that only say where the root is.
MARKERS = {"_quarto.yml", "assumptions.toml", "numbers.json"}
#: Files that chapter 05 writes for other tools, by their names.
FOR_TOOLS = {
    name: f"{folder}/{name}"
    for folder, names in (
        ("models", ("browser_scorer.json", "browser_scorer_check.json", "after_3_events_xgboost.json")),
        ("predictions", ("conversion_predictions.csv",)),
    )
    for name in names
}
#: Settings of the environment that decide what is computed.
VARIABLES = ("JOURNEY_EVIDENCE",)


class Inputs:
    """Digests of what lies outside the code, each taken once; `forget` after something was written."""

    def __init__(self, paths: Paths, code: Code, store: str = "simulated") -> None:
        self.paths = paths
        self.code = code
        self.store = store
        self._digests: dict[Path, str] = {}
        self._found: dict[tuple[int, bool], dict[str, str]] = {}

    def forget(self) -> None:
        """Files may have changed: take their digests again."""
        self._digests.clear()
        self._found.clear()
        for name in ("tables", "ledger", "sources"):
            self.__dict__.pop(name, None)

    def of(self, sight: Sight, *, page: bool = False) -> dict[str, str]:
        """Everything that the code of a sight can see, by label: `funnel.py` of the code, a file, a table.

        Parameters
        ----------
        page
            Whether it is a page, whose numbers are asked for one by one under the name `n`.
        """
        key = (id(sight), page)
        if key not in self._found:
            self._found[key] = self._all(sight, page)
        return dict(self._found[key])

    def _all(self, sight: Sight, page: bool) -> dict[str, str]:
        found = {f"code {module}": value for module, value in sight.code.items()}
        found["libraries"] = self.libraries
        if any(name.startswith(CODE) for name in sight.reached):
            found["package"] = self.code.version
        queries = self.queries(sight)
        tables = {name for name in sight.names if WHOLE_TABLE.fullmatch(name)}
        tables |= {name for query in queries for name in TABLE.findall(query.read_text(encoding="utf-8"))}
        found |= self.files(queries)
        if BUILDER not in sight.reached or DESK in sight.reached:
            found |= self.tables_of(tables)
        found |= self.files(self.named(sight))
        found |= self.numbers(sight.numbers) if page else self.files(self.ledgers(sight))
        if KEPT in sight.reached:
            for name in sorted(self.studies & sight.names):
                found |= self.study(name)
        return found

    def files(self, files: Iterable[Path]) -> dict[str, str]:
        """Digests of files, by their paths below the root."""
        return {self.label(file): self.digest(file) for file in files}

    def label(self, file: Path) -> str:
        """A file's path below the root."""
        return file.relative_to(self.paths.root).as_posix()

    def digest(self, file: Path) -> str:
        """Digest of a file's bytes."""
        if file not in self._digests:
            try:
                self._digests[file] = hashlib.sha256(file.read_bytes()).hexdigest()[:20]
            except OSError:
                return ABSENT
        return self._digests[file]

    def queries(self, sight: Sight) -> list[Path]:
        """Files of the query library: all, or those that are named."""
        files = self.sources["sql/analysis"]
        if QUERIES in sight.reached:
            return files
        return [file for file in files if file.stem in sight.names] if QUERY_BY_NAME in sight.reached else []

    def named(self, sight: Sight) -> Iterator[Path]:
        """Files that the code can name: settings, committed results, truth, results, sources by a pattern."""
        paths, names = self.paths, sight.names
        for attribute in ("assumptions", "datasets"):
            if f"journey.paths:Paths.{attribute}" in sight.reached:
                yield getattr(paths, attribute)
        if EVIDENCE in sight.reached:
            yield from (paths.evidence / f"{name}.json" for name in names & self.studies)
        if STORE in sight.reached:
            yield from self.store_files(names)
        if TABLE_OF_RESULTS in sight.reached:
            yield from (paths.results / f"{name}.parquet" for name in names if RESULT.fullmatch(name))
        yield from (paths.results / name for name in names & {"sql_timings.json", "about.json"})
        yield from (paths.results / kept for name, kept in FOR_TOOLS.items() if name in names)
        yield from self.patterns(sight)
        yield from (file for file in self.sources["."] if file.name in names - MARKERS)

    def patterns(self, sight: Sight) -> Iterator[Path]:
        """Sources that fit a pattern such as `*.ttf`; for SQL, in the folders that are named."""
        asked = {name.rpartition("/")[2] for name in sight.names if "*." in name}
        for folder, files in self.sources.items():
            sql = folder.startswith("sql/")
            if (sql and folder.removeprefix("sql/") not in sight.names) or folder == "sql/analysis":
                continue
            if folder == "data/evidence" and EVIDENCE not in sight.reached:
                continue
            yield from (file for file in files if any(fnmatch(file.name, pattern) for pattern in asked))

    def store_files(self, names: frozenset[str]) -> Iterator[Path]:
        """Files of the store whose names and folders are named; the days of the events by their pattern."""
        folder = self.paths.store(self.store)
        yield from (folder / name for name in names & {"truth", "manifest.json"})
        if not folder.is_dir():
            # What reads one of its tables waits for the store to be made.
            from journey.stores.schema import SCHEMA  # slow to import

            yield from (folder / f"{name}.parquet" for name in SCHEMA if {name, f"{name}.parquet"} & names)
        days = any(name.startswith("day=") for name in names)
        for file in folder.rglob("*.*"):
            above = file.relative_to(folder).parts[:-1]
            known = all(part in names or (days and "=" in part) for part in above)
            if known and {file.name, file.stem} & names:
                yield file

    def ledgers(self, sight: Sight) -> Iterator[Path]:
        """Ledgers of chapters that code reads by the chapter's name."""
        if LEDGER in sight.reached:
            yield from (self.paths.results / name / "numbers.json" for name in chapters() & sight.names)

    def numbers(self, chains: Iterable[str]) -> dict[str, str]:
        """Entries of the ledger that a page asks for: one, a chapter's, or all."""
        asked = [chain.removeprefix("n").removeprefix(".") for chain in chains]
        return {f"numbers.json {each or 'all'}": self.ledger.get(each, ABSENT) for each in asked}

    def tables_of(self, names: Iterable[str]) -> dict[str, str]:
        """Digests of tables of the warehouse; a name that ends in a dot stands for its whole schema."""
        found = {f"table {name}": self.tables.get(name, ABSENT) for name in names if name[-1] != "."}
        for schema in (name for name in names if name[-1] == "."):
            of_schema = (f"{name} {value}" for name, value in self.tables.items() if name.startswith(schema))
            found[f"table {schema}*"] = digest(of_schema)
        return found

    def study(self, name: str) -> dict[str, str]:
        """What a committed result, and its being current, rest on."""
        from journey.studies.registry import STUDIES

        study = STUDIES[name]
        sight = self.code.sight(*study.roots)
        sql = self.queries(sight)
        if BUILDER in sight.reached:
            sql = [*sql, *self.sources["sql/staging"], *self.sources["sql/marts"]]
        parts = [repr(study), str(sorted(sight.code.items())), *(self.digest(file) for file in sql)]
        found = {f"study {name}": digest(parts)}
        if study.in_build:
            found |= {f"${variable}": os.environ.get(variable, "") for variable in VARIABLES}
            for dataset in study.datasets:
                found |= self.data(dataset)
        return found

    def data(self, dataset: str) -> dict[str, str]:
        """The files of real data where they are found now."""
        from journey.stores.locate import find, source_folder

        source, entry = source_folder(), self.catalog[dataset]
        places = [find(entry, file.path, self.paths, source) for file in entry.files]
        return {f"data {dataset}": digest(self.digest(file) if file else ABSENT for file in places)}

    @cached_property
    def libraries(self) -> str:
        """Python and the installed releases of what the lock names."""
        lock = self.paths.root / "requirements.lock"
        locked = set(LOCKED.findall(lock.read_text(encoding="utf-8"))) if lock.is_file() else None
        installed = [
            folder.stem.lower().replace("_", "-")
            for folder in Path(sysconfig.get_path("purelib")).iterdir()
            if folder.suffix == ".dist-info"
        ]
        counted = [each for each in installed if locked is None or each.rpartition("-")[0] in locked]
        return digest([platform.python_version(), *sorted(counted)])

    @cached_property
    def sources(self) -> dict[str, list[Path]]:
        """Source files by their folder below the root; an editor's own files are none of them."""
        root = self.paths.root
        folders = ("chapters", "assets", "data/evidence", *(f"sql/{name}" for name in SQL_FOLDERS))
        found = {folder: sorted((root / folder).rglob("*.*")) for folder in folders}
        found["."] = sorted(root.glob("*.*"))
        return {
            folder: [file for file in files if file.name[0] != "." and file.is_file()]
            for folder, files in found.items()
        }

    @cached_property
    def tables(self) -> dict[str, str]:
        """Digest of every table of the warehouse."""
        return dict(read_json(self.paths.processed / f"{self.store}.tables.json"))

    @cached_property
    def ledger(self) -> dict[str, str]:
        """Digest of every entry of the ledger by its id, of every chapter's by its name, of all under ''."""
        entries = read_json(self.paths.numbers).get("numbers", [])
        texts = {each["id"]: json.dumps(each, sort_keys=True) for each in entries}
        groups: dict[str, list[str]] = {"": [*texts.values()]}
        for id, text in texts.items():
            groups.setdefault(id.partition(".")[0], []).append(text)
        return {name: digest(many) for name, many in groups.items()} | {
            id: digest([text]) for id, text in texts.items()
        }

    @cached_property
    def catalog(self) -> dict[str, Dataset]:
        """The list of real data sets."""
        from journey.stores.catalog import load_catalog

        return load_catalog(self.paths.datasets)

    @cached_property
    def studies(self) -> frozenset[str]:
        """Names of committed results."""
        from journey.studies.registry import STUDIES

        return frozenset(STUDIES)


def chapters() -> frozenset[str]:
    """Every chapter that has findings."""
    findings = Path(__file__).resolve().parents[1] / "findings"
    return frozenset(file.parent.name for file in findings.glob("*/collect.py"))


def read_json(file: Path) -> dict[str, Any]:
    """A file of JSON that can be made again; nothing when it is missing or damaged."""
    try:
        value = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}
