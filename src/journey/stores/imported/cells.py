"""Single cells of a log as SQL: text, ids and numbers. A cell is its SQL and its type in the file."""

from __future__ import annotations

from collections.abc import Mapping

import duckdb

from journey.errors import JourneyError
from journey.stores.imported.numerals import as_number, checked_sign, decimals, plain_number
from journey.stores.imported.times import filled, trimmed
from journey.stores.verify import quoted

WHOLE = ("BIGINT", "INTEGER", "UINTEGER", "SMALLINT")
#: What systems write where there is nothing.
NOTHING = (
    *("null", "NULL", "Null", "nan", "NaN", "none", "None", "undefined"),
    *("n/a", "N/A", "#N/A", "\\N", "(not set)", "-"),
)

Cell = tuple[str, str]


def text_of(cell: Cell) -> str:
    """SQL of the text of a cell without the spaces around it; null where nothing is left."""
    sql, kind = cell
    return trimmed(sql) if kind == "VARCHAR" else f"nullif(trim({sql}::varchar), '')"


def id_of(cell: Cell) -> str:
    """SQL of an id as text; null where the log only says that there is none."""
    if cell[1] != "VARCHAR":
        return text_of(cell)
    # A list of as many words would be a join of its own, on every row.
    whens = " ".join(f"when {quoted(word)} then null" for word in NOTHING)
    longest, text = max(map(len, NOTHING)), text_of(cell)
    return f"case when strlen({cell[0]}) > {longest} then {text} else case {text} {whens} else {text} end end"


def text_ids_of(
    connection: duckdb.DuckDBPyConnection, head: str, cells: Mapping[str, Cell]
) -> tuple[str, ...]:
    """Of user and item, those whose ids are not whole numbers, by the head of the log."""
    found = []
    for role in ("user", "item"):
        if role not in cells or cells[role][1] in WHOLE:
            continue
        row = connection.execute(
            "select bool_and(regexp_matches(x, '^(0|[1-9][0-9]{0,17})$')) from"
            f" (select {id_of(cells[role])} as x from {head}) where x is not null"
        ).fetchone()
        if row is None or row[0] is not True:
            found.append(role)
    return tuple(found)


def id_read(cell: Cell, *, text: bool) -> str:
    """SQL of an id as it is kept, as text or as a whole number."""
    return id_of(cell) if text else f"try_cast({cell[0]} as bigint)"


def id_columns(role: str, cell: Cell, *, text: bool) -> dict[str, str]:
    """Columns of an id: the id, whether there is one, and, of a number, whether it is another one as text.

    They rest on a column such as `user_read` with what `id_read` gives.
    """
    sql, kind = cell
    read = f"{role}_read"
    found = {f"{role}_id": read, f"has_{role}": f"{read} is not null"}
    if text:
        return found
    lost = f"{read} < 0"
    if kind == "VARCHAR":
        found[f"has_{role}"] = there = filled(read, id_of(cell))
        odd = f"{there} and ({read} is null or {read}::varchar <> {text_of(cell)})"
        lost = f"case when {read}::varchar = {sql} then {read} < 0 else {odd} or {read} < 0 end"
    return found | {f"{role}_lost": lost}


def number_of(
    connection: duckdb.DuckDBPyConnection, head: str, cell: Cell, decimal: str, shown: str
) -> tuple[str, str]:
    """SQL of a number, and of the part of it that reads plain numbers, which stands there several times.

    The decimal sign is the one that the map gives or the head of the log shows.

    Raises
    ------
    JourneyError
        For cells that are no numbers, and numbers whose decimal sign is in doubt.
    """
    sql, kind = cell
    if kind != "VARCHAR":
        return f"try_cast({sql} as double)", "null"
    text = text_of(cell)
    row = connection.execute(
        f"""select count(x), count(*) filter (where regexp_matches(x, '[0-9]')),
            min(x) filter (where not regexp_matches(x, '[0-9]'))
        from (select {id_of(cell)} as x from {head})"""
    ).fetchone()
    assert row is not None
    there, digits, example = row
    if digits < there / 2:
        raise JourneyError(f"{shown}: {example!r} and most others are no numbers; name another column")
    sign = checked_sign(decimals(connection, head, text), decimal, shown)
    return as_number(sql, sign), plain_number(sql, sign)
