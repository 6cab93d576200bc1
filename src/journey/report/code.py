"""The package as its own sources show it: rooms, what each imports, and the functions that can be called."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pandas as pd

from journey.studies.lineage import walk

#: From the ground up, as the contracts of `make lint` hold them.
ROOMS = (
    "inference",
    "stores",
    "warehouse",
    "features",
    "metrics",
    "journeys",
    "models",
    "customers",
    "recommend",
    "sparse",
    "experiments",
    "causal",
    "uplift",
    "evaluation",
    "service",
    "studies",
    "published",
    "report",
    "findings",
    "pipeline",
)
#: Rooms whose functions are of use to others.
CALLABLE = ROOMS[: ROOMS.index("evaluation")]
PACKAGE = "journey"
#: A full stop that ends a sentence; those of "e.g." do not.
SENTENCE_END = re.compile(r"(?<!e\.g)(?<!i\.e)\. ")


def room_rows(package: Path) -> pd.DataFrame:
    """One row a room that exists: `room`, `holds`, `files`, `lines`, and the rooms it `imports`.

    Parameters
    ----------
    package
        Folder of the package.
    """
    rows = []
    for room in ROOMS:
        files = sorted((package / room).rglob("*.py"))
        if not files:
            continue
        imported = {name for file in files for name in _imports(_parsed(file))} - {room}
        rows.append(
            {
                "room": room,
                "holds": _first_sentence(_parsed(package / room / "__init__.py")),
                "files": len(files),
                "lines": sum(file.read_text(encoding="utf-8").count("\n") for file in files),
                "imports": ", ".join(name for name in ROOMS if name in imported) or "\u2013",
            }
        )
    return pd.DataFrame(rows)


def function_rows(package: Path, room: str) -> pd.DataFrame:
    """One row a public function of a room: `function` with its module, `arguments`, and what it `gives`."""
    rows = []
    for file in sorted((package / room).rglob("*.py")):
        if file.name.startswith("_"):
            continue
        module = ".".join(file.relative_to(package / room).with_suffix("").parts)
        for node in _parsed(file).body:
            if (
                isinstance(node, ast.FunctionDef)
                and not node.name.startswith("_")
                and ast.get_docstring(node)
            ):
                rows.append(
                    {
                        "function": f"{module}.{node.name}",
                        "arguments": ", ".join(_arguments(node.args)),
                        "gives": _first_sentence(node),
                    }
                )
    return pd.DataFrame(rows, columns=["function", "arguments", "gives"])


@cache
def _parsed(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


def _imports(tree: ast.Module) -> Iterator[str]:
    for node in walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        for name in names:
            parts = name.split(".")
            if parts[0] == PACKAGE and len(parts) > 1:
                yield parts[1]


def _arguments(arguments: ast.arguments) -> Iterator[str]:
    for argument in [*arguments.posonlyargs, *arguments.args]:
        yield argument.arg
    if arguments.vararg:
        yield f"*{arguments.vararg.arg}"
    for argument in arguments.kwonlyargs:
        yield argument.arg


def _first_sentence(node: ast.Module | ast.FunctionDef) -> str:
    first = (ast.get_docstring(node) or "").split("\n\n")[0].replace("\n", " ").replace("`", "")
    return SENTENCE_END.split(first)[0].rstrip(".")
