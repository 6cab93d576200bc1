"""A small project in a folder of its own, and what of it goes out of date by one change."""

from __future__ import annotations

import ast
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

from journey.files import write_json
from journey.paths import Paths, project
from journey.pipeline.inputs import Inputs
from journey.pipeline.pages import page_code, page_files, page_inputs
from journey.pipeline.run import PACKAGE, Build, rests_on
from journey.pipeline.sight import Code, Walk
from journey.pipeline.stages import stages
from journey.pipeline.state import State
from journey.stores.simulator import ShopParameters, simulate
from journey.studies.lineage import Module
from journey.warehouse.build import build_warehouse
from journey.warehouse.contents import table_digests

SOURCES = ("sql", "chapters", "assets", "data/evidence")
FILES = (
    "_quarto.yml",
    "_variables.yml",
    "assumptions.toml",
    "data/datasets.toml",
    "index.qmd",
    "references.bib",
)
STORE = "simulated"


class SmallProject:
    """Sources as they are, a shop of 300 users, results that hold nothing; every stage recorded as run."""

    def __init__(self, root: Path) -> None:
        self.paths = Paths(root)
        self.code = Code(PACKAGE)
        here = project().root
        for folder in SOURCES:
            shutil.copytree(here / folder, root / folder, ignore=shutil.ignore_patterns("*.ipynb", "vendor"))
        for file in FILES:
            shutil.copy(here / file, root / file)
        self.paths.results.mkdir(parents=True)
        write_json(self.paths.raw / "shop.json", {"users": 300})
        simulate(self.paths.store(STORE), ShopParameters(users=300, days=30))
        self.build_warehouse()
        write_json(
            self.paths.numbers, {"numbers": [{"id": name, "value": 1} for name in self.named_numbers()]}
        )
        write_json(self.paths.results / "sql_timings.json", {})
        for label in self.labels():
            file = root / label
            if label.startswith("data/results/") and not file.is_file():
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(label)
        self.pages = self.page_inputs()
        self.build().state.save()
        for stage in self.build().stages:
            made = [file for file in root.rglob("*") if self.label(file).startswith(stage.makes or ("-",))]
            state = self.build().state
            state.record(stage.name, rests_on(stage, self.look()), [file for file in made if file.is_file()])

    def label(self, file: Path) -> str:
        return file.relative_to(self.paths.root).as_posix()

    def look(self, code: Code | None = None) -> Inputs:
        return Inputs(self.paths, code or self.code)

    def build(self, code: Code | None = None) -> Build:
        state = State(self.paths.processed / ".build.json", self.paths.root)
        return Build(stages(self.paths), state, lambda: self.look(code))

    def build_warehouse(self) -> dict[str, str]:
        """Build it and write down what its tables hold."""
        build_warehouse(self.paths.store(STORE), self.paths.warehouse(STORE), self.paths.sql)
        digests = table_digests(self.paths.warehouse(STORE))
        write_json(self.paths.processed / f"{STORE}.tables.json", digests)
        return digests

    def named_numbers(self) -> set[str]:
        chains = {
            chain for page in page_files(self.paths) for chain in Walk(self.code, [], page_code(page)).numbers
        }
        return {chain.removeprefix("n.") for chain in chains if chain.count(".") == 2}

    def labels(self) -> set[str]:
        found = {label for stage in self.build().stages for label in stage.inputs(self.look())}
        return found | {label for inputs in self.page_inputs().values() for label in inputs}

    def page_inputs(self, code: Code | None = None) -> dict[str, dict[str, str]]:
        inputs = self.look(code)
        return {self.label(page): page_inputs(inputs, page) for page in page_files(self.paths)}

    def stale(self, code: Code | None = None) -> set[str]:
        """Stages and pages that are out of date, or rest on one that is."""
        build = self.build(code)
        found = build.stale()
        now = self.page_inputs(code)
        return {*found} | {
            page
            for page, inputs in now.items()
            if inputs != self.pages[page] or any(build.doubtful(label, found) for label in inputs)
        }

    @contextmanager
    def changed(self, name: str, old: str = "", new: str = "\n") -> Iterator[None]:
        """A file with a text replaced, or with a line more; its old content comes back."""
        file = self.paths.root / name
        before = file.read_bytes()
        assert old.encode() in before, f"{name} has no {old!r}"
        file.write_bytes(before.replace(old.encode(), new.encode(), 1) if old else before + new.encode())
        try:
            yield
        finally:
            file.write_bytes(before)

    @cached_property
    def warm(self) -> Code:
        """The code with all units that the project reaches."""
        self.stale()
        return self.code

    def mutant(self, module: str) -> Code:
        """The code with every definition of one module changed."""
        whole, mutated = self.warm, Code.__new__(Code)
        mutated.__dict__.update(whole.__dict__, known={})
        package = object.__new__(type(whole.package))
        package.__dict__.update(whole.package.__dict__)
        tree = _Mutation().visit(ast.parse(whole.package.files[module]))
        package._modules = {**whole.package._modules, module: Module(module, ast.parse(ast.unparse(tree)))}
        mutated.package = package
        mutated.units = {key: unit for key, unit in whole.units.items() if key[0] != module}
        return mutated


class _Mutation(ast.NodeTransformer):
    """Another text for everything that is defined."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        node.body.append(ast.Pass())
        return node

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.ClassDef:
        self.generic_visit(node)
        node.body.append(ast.Pass())
        return node

    def visit_Assign(self, node: ast.Assign) -> ast.Assign:
        node.value = ast.Tuple([node.value, ast.Constant(1)], ast.Load())
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AnnAssign:
        if node.value is not None:
            node.value = ast.Tuple([node.value, ast.Constant(1)], ast.Load())
        return node


def said_in(modules: set[str], text: str) -> bool:
    """Whether a text stands in quotes in one of the modules."""
    return any(f'"{text}"' in source(module) for module in modules)


def source(module: str) -> str:
    """Source of a module of the package, by its name."""
    file = PACKAGE.parent / Path(*module.split("."))
    return (file / "__init__.py" if file.is_dir() else file.with_suffix(".py")).read_text(encoding="utf-8")


def entries(file: Path) -> int:
    """Entries of a JSON file."""
    return len(json.loads(file.read_text(encoding="utf-8")))
