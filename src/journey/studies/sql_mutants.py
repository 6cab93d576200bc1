"""Small mistakes put into SQL, one at a time: what the tests of the queries and marts must notice.

A mutant is a statement in which one node of the syntax tree is another one: a sum is a mean, a bound is one
higher, a column is its neighbour. Such mistakes as a measure of tests: Tuya, Suárez-Cabal and de la
Riva, "Mutating database queries", Information and Software Technology 49 (2007).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import sqlglot
from sqlglot import exp

DIALECT = "duckdb"
#: Function -> the one put in its place.
SWAPPED: dict[type[exp.Expr], type[exp.Expr]] = {
    exp.Sum: exp.Avg,
    exp.Avg: exp.Sum,
    exp.Min: exp.Max,
    exp.Max: exp.Min,
    exp.Median: exp.Avg,
    exp.ArgMin: exp.ArgMax,
    exp.ArgMax: exp.ArgMin,
    exp.Lag: exp.Lead,
    exp.Lead: exp.Lag,
    exp.Floor: exp.Ceil,
    exp.Least: exp.Greatest,
    exp.Greatest: exp.Least,
    exp.LogicalOr: exp.LogicalAnd,
}
BOUNDS: dict[type[exp.Expr], type[exp.Expr]] = {
    exp.LT: exp.LTE,
    exp.LTE: exp.LT,
    exp.GT: exp.GTE,
    exp.GTE: exp.GT,
    exp.EQ: exp.NEQ,
    exp.NEQ: exp.EQ,
}
ARITHMETIC: dict[type[exp.Expr], type[exp.Expr]] = {
    exp.Add: exp.Sub,
    exp.Sub: exp.Add,
    exp.Mul: exp.Div,
    exp.Div: exp.Mul,
}
KINDS = ("function", "bound", "constant", "column", "join", "distinct", "order", "boolean", "arithmetic")


@dataclass(frozen=True)
class Mutant:
    """One mistake.

    `place` is the number of the changed node in its statement, `kind` one of `KINDS`, `before` and `after`
    the SQL of the node, `around` that of the column or clause it stands in, `within` the name of its common
    table expression, `sql` the whole statement.
    """

    place: int
    kind: str
    before: str
    after: str
    around: str
    within: str
    sql: str


def mutants(sql: str) -> Iterator[Iterator[Mutant]]:
    """Every mistake in one statement, in the order of its syntax tree.

    Each item gives alternatives: the first one that DuckDB accepts is the mutant (a column can only be
    swapped for one of a fitting type).
    """
    tree = sqlglot.parse_one(sql, dialect=DIALECT)
    for place, node in enumerate(list(tree.walk(bfs=False))):
        for kind, changes in _mistakes(node):
            yield (_made(tree, place, kind, node, change) for change in changes)


def rewritten(sql: str) -> str:
    """The statement without a mistake, written by the same hand as the mutants."""
    return sqlglot.parse_one(sql, dialect=DIALECT).sql(dialect=DIALECT)


Change = Callable[[exp.Expr], exp.Expr]


def _made(tree: exp.Expr, place: int, kind: str, node: exp.Expr, change: Change) -> Mutant:
    """One mutant; the tree is afterwards what it was."""
    owner = node.find_ancestor(exp.CTE)
    before = node.sql(dialect=DIALECT)
    wrong = change(node.copy())
    if node is not tree:
        node.replace(wrong)
    written, after = (wrong if node is tree else tree).sql(dialect=DIALECT), wrong.sql(dialect=DIALECT)
    if node is not tree:
        wrong.replace(node)
    around = _around(node).sql(dialect=DIALECT)
    return Mutant(place, kind, before, after, around, owner.alias if owner is not None else "", written)


def _around(node: exp.Expr) -> exp.Expr:
    """The column of a select, or its clause, in which a node stands."""
    while node.parent is not None and not isinstance(node.parent, exp.Select):
        node = node.parent
    return node


def _mistakes(node: exp.Expr) -> Iterator[tuple[str, list[Change]]]:
    """Kinds of mistakes that fit a node, each with its alternatives."""
    yield from _functions(node)
    if type(node) in BOUNDS and not _in_join(node):
        yield "bound", [_as(BOUNDS[type(node)])]
    if type(node) in ARITHMETIC:
        yield "arithmetic", [_as(ARITHMETIC[type(node)])]
    yield from _constants(node)
    if isinstance(node, exp.Column) and not _names_an_order(node) and (others := _neighbours(node)):
        yield "column", [_set(this=exp.to_identifier(name)) for name in others]
    yield from _joins(node)
    yield from _distincts(node)
    if isinstance(node, exp.Ordered):
        yield "order", [_set(desc=not node.args.get("desc"))]
    yield from _booleans(node)


def _functions(node: exp.Expr) -> Iterator[tuple[str, list[Change]]]:
    if type(node) in SWAPPED:
        yield "function", [_as(SWAPPED[type(node)])]
    if isinstance(node, exp.Sum):
        yield "function", [lambda twin: exp.Div(this=twin, expression=_number("2"))]
    if isinstance(node, exp.Abs | exp.Coalesce | exp.Round | exp.Nullif):
        yield "function", [lambda twin: twin.this]
    if isinstance(node, exp.Count) and not isinstance(node.this, exp.Star | exp.Distinct):
        yield "function", [_set(this=exp.Star())]


def _constants(node: exp.Expr) -> Iterator[tuple[str, list[Change]]]:
    if not isinstance(node, exp.Literal):
        return
    if isinstance(node.parent, exp.Interval) or not node.is_string:
        if isinstance(node.parent, exp.DataTypeParam):
            return
        yield "constant", [lambda twin: _number(_next(twin.this), twin.is_string)]
    elif not isinstance(node.parent, exp.Date | exp.Cast):
        others = [each for each in _texts(node) if each != node.this]
        after = others[0] if others else f"{node.this}x"
        yield "constant", [lambda twin: exp.Literal.string(after)]


def _next(number: str) -> str:
    """The number put in place of another: 31 for 30, 0.8 for 0.9, 5.5 for 5.0."""
    value = float(number)
    if "." not in number:
        return str(int(value) + 1) if value == int(value) else repr(value * 1.1)
    return repr(round(value - 0.1, 6)) if 0.1 < value < 1 else repr(value + 0.5)


def _texts(node: exp.Expr) -> list[str]:
    """Texts that are compared with the same thing, or else all texts of the statement."""
    root = node.root()
    holder = node.parent
    same = [
        each.expression.this
        for each in root.find_all(exp.EQ, exp.NEQ)
        if isinstance(holder, exp.EQ | exp.NEQ)
        and isinstance(each.expression, exp.Literal)
        and each.expression.is_string
        and isinstance(each.this, exp.Column)
        and isinstance(holder.this, exp.Column)
        and each.this.name == holder.this.name
    ]
    return list(dict.fromkeys(same))


def _neighbours(node: exp.Column) -> list[str]:
    """Other columns of the same table, or of the same select where no table is named, nearest name first."""
    select = node.find_ancestor(exp.Select)
    within = select.find_all(exp.Column) if select is not None else ()
    if node.table:
        within = (each for each in node.root().find_all(exp.Column) if each.table == node.table)
    names = sorted({each.name for each in within if each.table == node.table} - {node.name})
    after = [name for name in names if name > node.name]
    return [*after, *(name for name in names if name < node.name)][:8]


def _names_an_order(node: exp.Column) -> bool:
    """Whether a column stands in a grouping or an order, where another one rarely fits."""
    holder = node.find_ancestor(exp.Group, exp.Order, exp.Select, exp.Window)
    return isinstance(holder, exp.Group | exp.Order) or _in_join(node)


def _in_join(node: exp.Expr) -> bool:
    return isinstance(node.find_ancestor(exp.Join, exp.Select), exp.Join)


def _joins(node: exp.Expr) -> Iterator[tuple[str, list[Change]]]:
    if not isinstance(node, exp.Join) or node.args.get("kind") == "CROSS" or node.args.get("method"):
        return
    if node.args.get("kind") in ("SEMI", "ANTI"):
        other = {"SEMI": "ANTI", "ANTI": "SEMI"}[str(node.args["kind"])]
        yield "join", [_set(kind=other)]
    elif node.side:
        yield "join", [_set(side=None, kind="INNER")]
    else:
        yield "join", [_set(side="LEFT", kind=None)]


def _distincts(node: exp.Expr) -> Iterator[tuple[str, list[Change]]]:
    if isinstance(node, exp.Select) and node.args.get("distinct"):
        yield "distinct", [_set(distinct=None)]
    if isinstance(node, exp.Count) and isinstance(node.this, exp.Distinct):
        yield "distinct", [_set(this=node.this.expressions[0].copy())]
    if isinstance(node, exp.Union) and not node.args.get("distinct"):
        yield "distinct", [_set(distinct=True)]


def _booleans(node: exp.Expr) -> Iterator[tuple[str, list[Change]]]:
    if isinstance(node, exp.And | exp.Or) and not _in_join(node):
        yield "boolean", [_as(exp.Or if isinstance(node, exp.And) else exp.And)]
    if isinstance(node, exp.Not):
        yield "boolean", [lambda twin: twin.this]
    if isinstance(node, exp.Boolean):
        yield "boolean", [_set(this=not node.this)]
    if isinstance(node, exp.Filter):
        yield "boolean", [lambda twin: twin.this]
    if isinstance(node, exp.Select):
        for clause in ("where", "having", "qualify"):
            if node.args.get(clause):
                yield "boolean", [_set(**{clause: None})]


def _as(kind: type[exp.Expr]) -> Change:
    return lambda twin: kind(**twin.args)


def _set(**values: object) -> Change:
    def change(twin: exp.Expr) -> exp.Expr:
        for name, value in values.items():
            twin.set(name, value)
        return twin

    return change


def _number(text: str, is_string: bool = False) -> exp.Expr:
    return exp.Literal.string(text) if is_string else exp.Literal.number(text)
