"""The tables of the query library as files that a page loads: Arrow streams, narrowed and compressed.

A page runs the queries by itself (`assets/tools/sql-engine.js`). Only the columns that the library names
travel: whole numbers in as few bytes as hold them, money as whole cents, times as whole seconds or parts of
one, texts by their place in a dictionary. Each table comes with the SQL that gives its columns the values and
types that they have in the warehouse.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa

from journey.errors import JourneyError
from journey.files import compressed, replacing
from journey.warehouse.macros import macro_files
from journey.warehouse.query import library

CATALOGUE = "tables.json"
#: Whole numbers by the bits that they take, smallest first.
WHOLE = ("tinyint", "smallint", "integer", "bigint")
#: Parts of a unit in which amounts may be whole numbers, and parts of a second in which times may.
PARTS_OF_A_UNIT, MICROSECONDS = (1, 100, 10_000), (1_000_000, 1_000, 1)


@dataclass(frozen=True)
class Column:
    """A column on its way: how it is `packed` in the warehouse, and `unpacked` where it arrives, as SQL."""

    name: str
    packed: str
    unpacked: str


def write_page_tables(connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Write every table that the library reads, and `tables.json`, which says how to load them.

    Parameters
    ----------
    connection
        The warehouse.
    folder
        Is replaced. `tables.json` holds `macros`, the definitions that queries call, and `tables`: name ->
        `columns`, the list of a SELECT that restores the warehouse's values from the file, and `rows`.

    Raises
    ------
    JourneyError
        When the library reads a table that the warehouse lacks.
    """
    tables = {}
    with replacing(folder) as temporary:
        temporary.mkdir()
        for name, words in sorted(_words().items()):
            kinds = _kinds(connection, name)
            columns = [_column(connection, name, each, kinds[each]) for each in kinds if each in words]
            rows = packed(connection, name, columns)
            # Compressed here and unpacked by the page: no server has to.
            (temporary / f"{name}.arrow.gz").write_bytes(compressed(stream(rows)))
            restored = ", ".join(f"{column.unpacked} as {column.name}" for column in columns)
            tables[name] = {"columns": restored, "rows": rows.num_rows}
        held = {"macros": "".join(macro_files()), "tables": tables}
        (temporary / CATALOGUE).write_text(json.dumps(held, separators=(",", ":")), encoding="utf-8")


def packed(connection: duckdb.DuckDBPyConnection, name: str, columns: list[Column]) -> pa.Table:
    """A table as it travels, its rows in the order of their values."""
    chosen = ", ".join(f"{column.packed} as {column.name}" for column in columns)
    table = connection.sql(f"select {chosen} from {name} order by all").to_arrow_table()
    arrays = [column.combine_chunks() for column in table.columns]
    return pa.table([_settled(array) for array in arrays], names=table.column_names)


def _settled(array: pa.Array) -> pa.Array:
    """The same values; texts as places in one dictionary, and below every null a zero in place of chance."""
    if pa.types.is_string(array.type):
        coded = array.dictionary_encode()
        return pa.DictionaryArray.from_arrays(_settled(coded.indices), coded.dictionary)
    if not array.null_count:
        return array
    zero = pa.scalar(0).cast(array.type)
    return pa.array(array.fill_null(zero).to_numpy(False), array.type, array.is_null().to_numpy(False))


def stream(table: pa.Table) -> bytes:
    """A table as a stream of Arrow's format for exchange between processes."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


def _words() -> dict[str, set[str]]:
    """Every table of the library, with all words of the queries that read it: its columns are among them."""
    found: dict[str, set[str]] = {}
    for spec in library():
        for table in spec.tables:
            found.setdefault(table, set()).update(re.findall(r"[a-z]\w*", spec.sql))
    return found


def _kinds(connection: duckdb.DuckDBPyConnection, table: str) -> dict[str, str]:
    """Columns of a table with their types, in its order.

    Raises
    ------
    JourneyError
        When the warehouse lacks the table.
    """
    try:
        rows = connection.execute(f"select column_name, column_type from (describe {table})").fetchall()
    except duckdb.Error as error:
        raise JourneyError(f"the library reads {table}, which the warehouse lacks; build it again") from error
    return dict(rows)


def _column(connection: duckdb.DuckDBPyConnection, table: str, name: str, kind: str) -> Column:
    """How a column travels."""

    def holds(condition: str) -> bool:
        rows = connection.execute(f"select coalesce(bool_and({condition}), true) from {table}").fetchall()
        return bool(rows[0][0])

    def whole(number: str, restored: str) -> Column:
        fits = next(
            each for each in WHOLE if holds(f"try_cast({number} as {each}) is not null or {name} is null")
        )
        return Column(name, f"({number})::{fits}", restored)

    if kind.endswith("INT") or kind == "INTEGER":
        return whole(name, f"{name}::{kind}")
    if kind == "DOUBLE":
        for parts in PARTS_OF_A_UNIT:
            if holds(f"round({name} * {parts}) / {parts} = {name}"):
                return whole(f"round({name} * {parts})", f"{name} / {parts}.0::double")
    if kind == "TIMESTAMP":
        step = next(each for each in MICROSECONDS if holds(f"epoch_us({name}) % {each} = 0"))
        return whole(f"epoch_us({name}) // {step}", f"make_timestamp({name}::bigint * {step})")
    return Column(name, name, f"{name}::{kind}")
