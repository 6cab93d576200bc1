"""Expressions that many queries share: one definition in `sql/macros/`, known to every connection.

Where a system knows no macros, `expanded` writes their bodies out.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import duckdb
import sqlglot
from sqlglot import exp

from journey.paths import project


def load_macros(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the macros known to a connection; they live in its memory, so a file may be read-only."""
    connection.execute("".join(macro_files()))


def macro_files() -> tuple[str, ...]:
    """Text of every file of `sql/macros/`, by name; each is a list of `create or replace temp macro`."""
    return _read(project().sql / "macros")


@lru_cache(maxsize=4)
def _read(folder: Path) -> tuple[str, ...]:
    return tuple(file.read_text(encoding="utf-8") for file in sorted(folder.glob("*.sql")))


def definitions_used(sql: str) -> str:
    """The definitions of the macros that a query calls, without their comments; empty when it calls none."""
    called = {name for name in _macros() if f"{name}(" in sql}
    lines = [line for text in macro_files() for line in text.splitlines() if not line.startswith("--")]
    statements = "\n".join(lines).split(";")
    used = [each.strip() for each in statements if any(f"macro {name}(" in each for name in called)]
    return ";\n".join([*used, ""])


def expanded(tree: exp.Expr) -> exp.Expr:
    """A statement with the body of each macro in place of its call."""
    return tree.transform(_expand)


def _expand(node: exp.Expr) -> exp.Expr:
    if not isinstance(node, exp.Anonymous) or node.name.lower() not in _macros():
        return node
    names, body = _macros()[node.name.lower()]
    values = dict(zip(names, node.expressions, strict=True))

    def filled(part: exp.Expr) -> exp.Expr:
        return exp.paren(values[part.name].copy()) if isinstance(part, exp.Column) else part

    return exp.paren(body.copy().transform(filled))


def _macros() -> dict[str, tuple[tuple[str, ...], exp.Expr]]:
    """Name of each macro, with the names of its arguments and its body."""
    return _parsed("".join(macro_files()))


@lru_cache(maxsize=4)
def _parsed(text: str) -> dict[str, tuple[tuple[str, ...], exp.Expr]]:
    found = {}
    for create in sqlglot.parse(text, read="duckdb"):
        if isinstance(create, exp.Create):
            arguments = tuple(argument.name for argument in create.this.expressions)
            found[create.this.this.name.lower()] = (arguments, create.expression)
    return found
