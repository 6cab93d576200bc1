"""The canonical tables as pandera schemas, for data frames."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from journey.stores.schema.tables import PRICE_TEXT, SCHEMA, ColumnSpec

if TYPE_CHECKING:
    import pandera.pandas

# TIMESTAMP has no entry: pandas keeps the resolution it was given, so the kind of the dtype is checked.
_PANDAS_TYPES = {"BIGINT": "Int64", "DOUBLE": "float64", "VARCHAR": "str"}


def pandera_schema(table: str, *, text_price: bool = False) -> pandera.pandas.DataFrameSchema:
    """Give the pandera schema of a canonical table.

    Parameters
    ----------
    table : str
        `users`, `items`, `events` or `exposures`.
    text_price : bool
        For `events`: `unit_price` is text, as in the partitions after the change of type.

    Returns
    -------
    pandera.pandas.DataFrameSchema
        Strict (no unknown column); it coerces integers to `Int64`, which keeps nulls.
    """
    return _build(table, text_price)


@cache
def _build(table: str, text_price: bool) -> pandera.pandas.DataFrameSchema:
    import pandera.pandas as pa

    spec = SCHEMA[table]
    columns = {}
    for column in spec.columns:
        kind = column.types[-1] if text_price else column.types[0]
        columns[column.name] = pa.Column(
            _PANDAS_TYPES.get(kind),
            checks=_checks(column, kind, pa),
            nullable=column.nullable,
            coerce=kind in _PANDAS_TYPES,
            description=column.description,
        )
    unique = None if table == "events" else list(spec.key)
    return pa.DataFrameSchema(columns, strict=True, unique=unique, name=table, description=spec.grain)


def _checks(column: ColumnSpec, kind: str, pa: Any) -> list[Any]:
    if kind == "TIMESTAMP":
        return [pa.Check(lambda series: series.dtype.kind == "M", error="not a timestamp")]
    if kind == "VARCHAR" and "DOUBLE" in column.types:
        return [
            pa.Check.str_matches(PRICE_TEXT),
            pa.Check(lambda series: ~series.str.contains("-", regex=False)),
        ]
    checks = []
    if column.allowed:
        checks.append(pa.Check.isin(column.allowed))
    if column.minimum is not None:
        checks.append(pa.Check.ge(column.minimum))
    if column.maximum is not None:
        checks.append(pa.Check.le(column.maximum))
    return checks
