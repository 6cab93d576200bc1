"""The models of `sql/` in Spark SQL: translated by sqlglot, with what it would get wrong put right.

Each rule says a part of a statement in words that mean the same in Spark. They hold for what the models use,
and rest on two settings of the session: times are UTC instants, and ANSI mode raises instead of giving null.
"""

from __future__ import annotations

from collections.abc import Callable

import sqlglot
from sqlglot import ErrorLevel, exp
from sqlglot.errors import SqlglotError

from journey.errors import JourneyError
from journey.warehouse.models import Model
from journey.warehouse.query_portability import spark_words

#: A whole number of up to 38 digits: Spark has no wider integer than 64 bits.
WIDE = "decimal(38, 0)"


def spark_select(model: Model) -> str:
    """Return the query behind a model in Spark SQL, without the `create` around it.

    Raises
    ------
    JourneyError
        When a part of it cannot be said in Spark.
    """
    create = sqlglot.parse_one(model.sql, read="duckdb")
    try:
        query = create.expression
        # A table of Spark has no order, so that sorting one before it is written is lost work.
        query.set("order", None)
        # From the leaves up, so that a rule finds its arguments in Spark's words.
        for node in reversed(list(query.walk())):
            if (said := _in_spark(node)) is not node:
                node.replace(said)
        return str(query.sql(dialect="spark", unsupported_level=ErrorLevel.RAISE, pretty=True))
    except SqlglotError as error:
        reason = str(error).strip().splitlines()[0]
        raise JourneyError(
            f"{model.name} ({model.path.name}) cannot be said in Spark SQL: {reason}"
        ) from error


def _in_spark(node: exp.Expr) -> exp.Expr:
    rule = RULES.get(type(node))
    return rule(node) if rule else spark_words(node, "spark")


def view_name(table: str) -> str:
    """Spark's temporary views know no schema: `staging.events` is `staging__events` there."""
    return table.replace(".", "__")


def _table(node: exp.Table) -> exp.Expr:
    return exp.to_table(view_name(f"{node.db}.{node.name}")) if node.db else node


def _call(name: str, *arguments: exp.Expr) -> exp.Expr:
    return exp.Anonymous(this=name, expressions=list(arguments))


def _named(node: exp.Expr) -> exp.Expr:
    """A function that sqlglot passes on under a name that Spark does not know.

    Raises
    ------
    SqlglotError
        When no rule knows the function.
    """
    name, given = node.name.lower(), node.expressions
    if name == "epoch_us":
        return _call("unix_micros", *given)
    if name == "hash":
        return _call("xxhash64", *given)
    if name == "error":
        return _call("raise_error", *given)
    if name == "to_milliseconds":
        seconds = exp.Div(this=exp.cast(given[0], "decimal(18, 6)"), expression=exp.Literal.number(1000))
        return _call("make_dt_interval", *[exp.Literal.number(0)] * 3, exp.cast(seconds, "decimal(18, 6)"))
    if name == "date_sub" and given[0].name == "microsecond":
        return exp.paren(_elapsed(given[2], given[1]))
    raise SqlglotError(f"the function {name} has no rule")


def _elapsed(later: exp.Expr, earlier: exp.Expr) -> exp.Expr:
    """Microseconds between two times."""
    return exp.Sub(this=_call("unix_micros", later.copy()), expression=_call("unix_micros", earlier.copy()))


def _seconds(node: exp.Expr) -> exp.Expr:
    """`epoch(later - earlier)`: Spark's own takes a time, not an interval.

    Raises
    ------
    SqlglotError
        For anything but a difference.
    """
    if not isinstance(node.this, exp.Sub):
        raise SqlglotError("epoch is only known of a difference")
    return exp.paren(
        exp.Div(
            this=exp.cast(exp.paren(_elapsed(node.this.this, node.this.expression)), "double"),
            expression=exp.Literal.number("1e6"),
        )
    )


def _days(node: exp.Cast) -> exp.Expr:
    """Rows of the days from one to another, without sqlglot's guards against steps of zero or back.

    Spark wants the generator bare, and its days are dates as they are.
    """
    inside = node.this
    if not isinstance(inside, exp.Explode) or not isinstance(inside.this, exp.GenerateSeries):
        return _cast(node)
    series = inside.this
    last = series.args["end"].this if series.args.get("is_end_exclusive") else series.args["end"]
    return exp.Explode(this=_call("sequence", series.args["start"].copy(), last.copy()))


def _cast(node: exp.Cast) -> exp.Expr:
    if node.to.this == exp.DataType.Type.INT128:
        return exp.cast(node.this, WIDE)
    return node


def _nth_smallest(node: exp.Expr) -> exp.Expr:
    """`min(x, n)[i]`; null when there are fewer values."""
    if not isinstance(node.this, exp.Min) or not node.this.args.get("count"):
        return node
    values = _call("sort_array", _call("collect_list", node.this.this.copy()))
    return _call("get", values, node.expressions[0].copy())


def _first_known(node: exp.Expr) -> exp.Expr:
    """`arg_min` passes over rows whose value is null; `min_by` does not."""
    key = exp.If(
        this=exp.Is(this=node.this.copy(), expression=exp.Not(this=exp.Null())),
        true=node.expression,
        false=exp.null(),
    )
    return _call("min_by", node.this, key)


def _latest_before(node: exp.Join) -> exp.Expr:
    """An as-of join: each row on the right holds from its own key on until the next one's.

    `a asof join b on a.k = b.k and b.t < a.t` finds the last `b` before; with the next `t` beside each row of
    `b` it is a plain join on two bounds.

    Raises
    ------
    SqlglotError
        For an as-of join with any other than one such bound, right < left.
    """
    if node.method.upper() != "ASOF":
        return node
    right = node.this.alias_or_name
    equal = [each for each in node.args["on"].flatten() if isinstance(each, exp.EQ)]
    bounds = [each for each in node.args["on"].flatten() if isinstance(each, exp.LT)]
    if len(bounds) != 1 or bounds[0].this.table != right:
        raise SqlglotError("an as-of join is only known with one bound, right < left")
    key, left = bounds[0].this, bounds[0].expression
    keys = ", ".join(
        side.name for each in equal for side in (each.this, each.expression) if side.table == right
    )
    following = f"lead({key.name}) over (partition by {keys} order by {key.name})"
    rows = sqlglot.parse_one(f"select *, {following} as next_key from {node.this.sql()}", read="duckdb")
    until = sqlglot.parse_one(
        f"({right}.next_key is null or {right}.next_key >= {left.sql()})", read="duckdb"
    )
    return exp.Join(
        this=exp.Subquery(this=rows, alias=exp.TableAlias(this=exp.to_identifier(right))),
        on=exp.and_(node.args["on"].copy(), until),
    )


def _by_place(node: exp.Expr) -> exp.Expr:
    """Both sides of a union by name have their columns in the same order; a test of each model holds it."""
    node.set("by_name", False)
    return node


def _plain(node: exp.Expr) -> exp.Expr:
    """Without `materialized`, which Spark does not know."""
    node.set("materialized", None)
    return node


def _rounded(node: exp.Round) -> exp.Expr:
    """DuckDB rounds a double after scaling it, Spark its shortest decimal; on a tie they differ."""
    scale = exp.Literal.number(f"1e{node.args['decimals'].name}")
    scaled = exp.Round(this=exp.Mul(this=exp.cast(node.this, "double"), expression=scale))
    return exp.paren(exp.Div(this=scaled, expression=scale.copy()))


def _ordered(node: exp.Expr) -> exp.Expr:
    """Spark numbers no rows without an order; where the model gives none, any will do."""
    if isinstance(node.this, exp.RowNumber) and not node.args.get("order"):
        node.set("order", exp.Order(expressions=[exp.Ordered(this=exp.null())]))
    return node


RULES: dict[type, Callable[..., exp.Expr]] = {
    exp.Anonymous: _named,
    exp.TimeToUnix: _seconds,
    exp.Cast: _days,
    exp.Bracket: _nth_smallest,
    exp.ArgMin: _first_known,
    exp.Join: _latest_before,
    exp.Union: _by_place,
    exp.CTE: _plain,
    exp.Table: _table,
    exp.Window: _ordered,
    exp.Round: _rounded,
}
