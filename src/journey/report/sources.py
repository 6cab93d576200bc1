"""Where in the sources the functions stand that made the numbers and the tables, for links on the pages."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

_MODULE = re.compile(r"journey(\.[a-z_0-9]+)+:[A-Za-z_]\w*(\.\w+)?")


def write_sources(root: Path, site: Path, environment: Mapping[str, str]) -> None:
    """Write `sources.json` into the site, for `assets/numbers.js`.

    It holds `code`, the address below which the sources of this build are shown (empty where the repository
    is not known), `functions` (`module:function` -> file and line), and `tables` (`chapter/name` of a result
    table -> the function that saves it).

    Raises
    ------
    OSError, ValueError, KeyError
        Where there is no ledger, or none that can be read.
    """
    entries = json.loads((root / "numbers.json").read_text(encoding="utf-8"))["numbers"]
    tables = saved_tables(root / "src" / "journey" / "findings")
    places = function_places(root / "src", {*(entry["source"] for entry in entries), *tables.values()})
    values = {"code": code_address(root, environment), "functions": places, "tables": tables}
    (site / "sources.json").write_text(json.dumps(values, sort_keys=True, indent=0), encoding="utf-8")


def code_address(root: Path, environment: Mapping[str, str]) -> str:
    """Where a file of this build is shown: by what the build wrote of the repository, or its environment."""
    try:
        about = json.loads((root / "data" / "results" / "about.json").read_text(encoding="utf-8"))
        repository = str(about.get("repository", ""))
    except (OSError, ValueError):
        named = environment.get("GITHUB_REPOSITORY", "")
        repository = f"{environment.get('GITHUB_SERVER_URL', 'https://github.com')}/{named}" if named else ""
    known = repository.startswith("https://")
    return f"{repository}/blob/{environment.get('GITHUB_SHA', 'HEAD')}/" if known else ""


def function_places(sources: Path, names: Iterable[str]) -> dict[str, str]:
    """Names as `module:name` -> file below the project's root and line; one without a place is left out.

    A name is a function, `Class.method` or a constant. What a package only passes on is found where it is
    defined.
    """
    places = {}
    trees: dict[Path, ast.Module] = {}
    for name in sorted(set(names)):
        module, _, inner = name.partition(":")
        if _MODULE.fullmatch(name) and (found := _place(sources, module, inner, trees)):
            file, line = found
            places[name] = f"{file.relative_to(sources.parent).as_posix()}#L{line}"
    return places


def saved_tables(findings: Path) -> dict[str, str]:
    """Result tables as `chapter/name` -> the function of the findings that saves them by a name in full."""
    tables = {}
    for file in sorted(findings.glob("*/**/*.py")):
        chapter = file.relative_to(findings).parts[0]
        module = ".".join(("journey", "findings", *file.relative_to(findings).with_suffix("").parts))
        for function in ast.parse(file.read_text(encoding="utf-8")).body:
            if isinstance(function, ast.FunctionDef):
                for name in _saves(function):
                    tables[f"{chapter}/{name}"] = f"{module}:{function.name}"
    return tables


def _saves(function: ast.FunctionDef) -> Iterator[str]:
    for call in ast.walk(function):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "save":
            first: Any = call.args[0] if call.args else None
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                yield first.value


def _place(sources: Path, module: str, name: str, trees: dict[Path, ast.Module]) -> tuple[Path, int] | None:
    folder = sources.joinpath(*module.split("."))
    file = folder / "__init__.py" if folder.is_dir() else folder.with_suffix(".py")
    if not file.is_file():
        return None
    if file not in trees:
        trees[file] = ast.parse(file.read_text(encoding="utf-8"))
    first, _, method = name.partition(".")
    for node in trees[file].body:
        if first in _defined(node):
            inner = [each for each in getattr(node, "body", []) if method and method in _defined(each)]
            return file, (inner[0] if inner else node).lineno
        if isinstance(node, ast.ImportFrom) and node.module and any(one.name == first for one in node.names):
            return _place(sources, node.module, name, trees)
    return None


def _defined(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return [node.name]
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    return [target.id for target in targets if isinstance(target, ast.Name)]
