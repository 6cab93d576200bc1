"""Which queries of the library can be said in PostgreSQL and in Spark SQL.

sqlglot translates each query and parses the result in the other dialect; what it cannot say there raises. It
also passes some things on in silence. Where the other dialect can say them in other words, `spark_words`
first; for the rest the outcome is checked (see `GAPS`). Whether a translation then returns the same values is
measured on the real systems (`journey.studies.sql_systems`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import sqlglot
from sqlglot import ErrorLevel, exp
from sqlglot.errors import SqlglotError

from journey.errors import JourneyError
from journey.warehouse.head import QuerySpec
from journey.warehouse.macros import expanded
from journey.warehouse.query import library

DIALECTS = {"postgres": "PostgreSQL", "spark": "Spark SQL"}
#: Date parts that have another name in Spark, which sqlglot does not translate inside `extract`.
SPARK_DATE_PARTS = {"isodow": "dayofweek_iso"}


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
    rows = []
    for spec in library():
        for dialect in DIALECTS:
            try:
                translate(spec, dialect)
            except JourneyError as error:
                rows.append(Portability(spec.name, dialect, False, str(error).partition(": ")[2]))
            else:
                rows.append(Portability(spec.name, dialect, True, ""))
    return rows


@lru_cache(maxsize=256)
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

    def filled(node: exp.Expr) -> exp.Expr:
        is_parameter = isinstance(node, exp.Placeholder | exp.Parameter)
        return exp.convert(defaults[node.name]) if is_parameter else node

    try:
        tree = expanded(sqlglot.parse_one(spec.sql, read="duckdb").transform(filled))
        tree = tree.transform(lambda node: spark_words(node, dialect))
        text = tree.sql(dialect=dialect, unsupported_level=ErrorLevel.RAISE, pretty=True)
        translated = sqlglot.parse_one(text, read=dialect)
    except SqlglotError as error:
        raise JourneyError(f"{origin}: {str(error).strip().splitlines()[0]}") from error
    for gap in GAPS:
        if dialect in gap.dialects and gap.found(translated):
            raise JourneyError(f"{origin}: {gap.reason}")
    return text


def spark_words(node: exp.Expr, dialect: str) -> exp.Expr:
    """A part of a statement in words that mean the same there, where sqlglot's own would not."""
    if isinstance(node, exp.DateDiff):
        return _boundaries_crossed(node)
    if dialect != "spark":
        return node
    if isinstance(node, exp.Extract) and node.name.lower() in SPARK_DATE_PARTS:
        node.set("this", exp.var(SPARK_DATE_PARTS[node.name.lower()]))
    elif isinstance(node, exp.Div | exp.Avg):
        # DuckDB divides and averages as doubles; Spark cuts a quotient of decimals after some digits.
        node.set("this", exp.cast(node.this, "double"))
    elif isinstance(node, exp.WithinGroup) and isinstance(node.this, exp.PercentileCont):
        return exp.Quantile(this=node.expression.expressions[0].this, quantile=node.this.this)
    return node


def _boundaries_crossed(node: exp.DateDiff) -> exp.Expr:
    """`date_diff` counts boundaries crossed; elsewhere elapsed time is rounded or cut off.

    Raises
    ------
    SqlglotError
        For a unit other than day and second.
    """
    later, earlier = node.this, node.expression
    unit = str(node.args["unit"]).lower()
    if unit == "day":
        return exp.DateDiff(
            this=exp.cast(later, "date"), expression=exp.cast(earlier, "date"), unit=exp.var("DAY")
        )
    if unit != "second":
        raise SqlglotError(f"date_diff of a {unit} is not adapted")
    seconds = [exp.Floor(this=exp.TimeToUnix(this=moment)) for moment in (later, earlier)]
    return exp.paren(exp.Sub(this=seconds[0], expression=seconds[1]))
