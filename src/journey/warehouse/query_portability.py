"""Which queries of the library say the same in PostgreSQL and in Spark SQL.

sqlglot translates each query and parses the result in the other dialect; what it cannot say there raises. It
also passes some things on in silence, so the outcome is checked for those too (see `GAPS`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import sqlglot
from sqlglot import ErrorLevel, exp
from sqlglot.errors import SqlglotError

from journey.errors import JourneyError
from journey.warehouse.query import library
from journey.warehouse.query_head import QuerySpec

DIALECTS = {"postgres": "PostgreSQL", "spark": "Spark SQL"}
#: Date parts that have another name there, which sqlglot does not translate inside `extract`.
DATE_PARTS = {("spark", "isodow"): "dayofweek_iso"}


@dataclass(frozen=True)
class Portability:
    """Whether one query translates to one dialect, and if not, why."""

    name: str
    dialect: str
    translated: bool
    reason: str


@dataclass(frozen=True)
class Gap:
    """Something sqlglot lets pass that a dialect does not have, or has with another meaning."""

    dialects: tuple[str, ...]
    found: Callable[[exp.Expr], bool]
    reason: str


def _mixes_interval_units(tree: exp.Expr) -> bool:
    frames = ([frame.args.get("start"), frame.args.get("end")] for frame in tree.find_all(exp.WindowSpec))
    units = ({str(bound.unit) for bound in frame if isinstance(bound, exp.Interval)} for frame in frames)
    return any(len(found) > 1 for found in units)


GAPS = (
    Gap(
        ("postgres", "spark"),
        lambda tree: any(join.method.upper() == "ASOF" for join in tree.find_all(exp.Join)),
        "there is no as-of join",
    ),
    Gap(
        ("spark",),
        lambda tree: tree.find(exp.ApproxQuantile) is not None,
        "percentile_cont becomes percentile_approx, which does not interpolate",
    ),
    Gap(("spark",), _mixes_interval_units, "a window frame cannot be bounded by intervals of two units"),
    Gap(
        ("postgres", "spark"),
        lambda tree: tree.find(exp.Anonymous) is not None,
        "a function is not known to the translator",
    ),
)


def portability() -> list[Portability]:
    """Translate every query of the library to every dialect.

    Returns
    -------
    list of Portability
        In the order of the library; both dialects of a query follow each other.
    """
    return list(_portability(library()))


@cache
def _portability(specs: tuple[QuerySpec, ...]) -> tuple[Portability, ...]:
    rows = []
    for spec in specs:
        for dialect in DIALECTS:
            try:
                translate(spec, dialect)
            except JourneyError as error:
                rows.append(Portability(spec.name, dialect, False, str(error).partition(": ")[2]))
            else:
                rows.append(Portability(spec.name, dialect, True, ""))
    return tuple(rows)


def translate(spec: QuerySpec, dialect: str) -> str:
    """Return the query in another dialect, its parameters replaced by their defaults.

    Parameters
    ----------
    spec
        A query of the library.
    dialect
        A key of `DIALECTS`.

    Raises
    ------
    JourneyError
        When the dialect cannot say it, or is not one of `DIALECTS`; the text after the first colon says why.
    """
    if dialect not in DIALECTS:
        raise JourneyError(f"dialect: {dialect!r} is not one of {', '.join(DIALECTS)}")
    origin = f"query {spec.name!r} in {DIALECTS[dialect]}"
    defaults = dict(spec.parameters)

    def adapted(node: exp.Expr) -> exp.Expr:
        if isinstance(node, exp.Placeholder | exp.Parameter):
            return exp.convert(defaults[node.name])
        if isinstance(node, exp.Extract) and (dialect, node.name.lower()) in DATE_PARTS:
            node.set("this", exp.var(DATE_PARTS[dialect, node.name.lower()]))
        return node

    try:
        tree = sqlglot.parse_one(spec.sql, read="duckdb").transform(adapted)
        text = tree.sql(dialect=dialect, unsupported_level=ErrorLevel.RAISE, pretty=True)
        translated = sqlglot.parse_one(text, read=dialect)
    except SqlglotError as error:
        raise JourneyError(f"{origin}: {str(error).strip().splitlines()[0]}") from error
    for gap in GAPS:
        if dialect in gap.dialects and gap.found(translated):
            raise JourneyError(f"{origin}: {gap.reason}")
    return text
