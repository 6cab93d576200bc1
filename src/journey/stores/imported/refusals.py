"""What an import refuses once a log is read, and where the first of the rows that it sets aside stand."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import duckdb

from journey.errors import JourneyError
from journey.stores.imported.shopmap import ShopMap
from journey.stores.imported.sources import Source, line_of
from journey.stores.imported.times import Moment
from journey.stores.schema import EVENT_TYPES

#: Of the rows that the map does not ignore, the share up to which bad times are set aside, not refused.
TOLERATED = 0.01


def refuse_unknown_events(connection: duckdb.DuckDBPyConnection, source: Source, mapped: ShopMap) -> None:
    """Refuse events that the map does not know.

    Raises
    ------
    JourneyError
        With the line of the first, and the commonest.
    """
    rows = connection.execute(
        "select unknown_event, count(*), min(rowid) from rows where unknown_event is not null"
        " group by unknown_event order by count(*) desc, unknown_event"
    ).fetchall()
    if not rows:
        return
    listed = ", ".join(f"{name!r} ({count:,})" for name, count, _ in rows[:5])
    more = f" and {len(rows) - 5} more" if len(rows) > 5 else ""
    raise JourneyError(
        f"{where(connection, source, rows[0][2])}, column {mapped.columns['event']}: the map does not know"
        f" the event {listed}{more}; list it under [events] as one of {', '.join(EVENT_TYPES)} or ignore,"
        ' or write other = "ignore"'
    )


def refuse_mixed_offsets(connection: duckdb.DuckDBPyConnection, source: Source, mapped: ShopMap) -> None:
    """Refuse times of which some bring an offset from UTC and others do not, where no zone is given.

    Raises
    ------
    JourneyError
        For such times.
    """
    row = connection.execute(
        "select count(*) filter (where with_offset), count(*) from rows where timed and readable"
    ).fetchone()
    assert row is not None
    if 0 < row[0] < row[1]:
        raise JourneyError(
            f"{source.files[0]}, column {mapped.columns['time']}: {row[0]:,} of {row[1]:,} times have an"
            " offset from UTC and the others have none; say under [time] in which zone those are:"
            " zone = 'Europe/Berlin'"
        )


def refuse_unreadable_times(
    connection: duckdb.DuckDBPyConnection, source: Source, mapped: ShopMap, moment: Moment
) -> None:
    """Refuse a log of whose times more than one in a hundred cannot be, as they are read.

    Raises
    ------
    JourneyError
        With the line of the first.
    """
    row = connection.execute(
        """select count(*) filter (where timed and reason = 'no_time'), count(*) filter (where timed),
            min(rowid) filter (where timed and reason = 'no_time'),
            count(*) filter (where reason = 'implausible_time'),
            min(rowid) filter (where reason = 'implausible_time'),
            count(*) filter (where reason = 'future'), min(rowid) filter (where reason = 'future')
        from rows where kind <> 'ignore'"""
    ).fetchone()
    assert row is not None
    unreadable, timed, at, early, early_at, future, future_at = row
    column, most = mapped.columns["time"], f"of {timed:,} rows"
    if unreadable > TOLERATED * timed:
        raise JourneyError(
            f"{where(connection, source, at)}, column {column}: {unreadable:,} {most} have a time that is not"
            f" written as {moment.words}; correct them, or say under [time] how they are written"
        )
    if early > TOLERATED * timed:
        raise JourneyError(
            f"{where(connection, source, early_at)}, column {column}: {early:,} {most} would lie before 1995"
            f" or after 2099 when read as {moment.words}; say under [time] which unit it is, or correct them"
        )
    if future > TOLERATED * timed:
        raise JourneyError(
            f"{where(connection, source, future_at)}, column {column}: {future:,} {most} lie in the future"
            f" when read as {moment.words}; correct them, or say under [time] how they are written"
        )


def refuse_unreadable_numbers(connection: duckdb.DuckDBPyConnection, source: Source, mapped: ShopMap) -> None:
    """Refuse a log of whose rows more than one in a hundred have a number that cannot be read.

    Raises
    ------
    JourneyError
        With the column and line of the first.
    """
    for role in ("quantity", "price", "list_price", "discount"):
        if role not in mapped.columns:
            continue
        row = connection.execute(
            f"""select count(*) filter (where isnan({role})), count({role}),
                min(rowid) filter (where isnan({role})) from rows where kind <> 'ignore'"""
        ).fetchone()
        assert row is not None
        unreadable, there, at = row
        if unreadable > TOLERATED * there:
            raise JourneyError(
                f"{where(connection, source, at)}, column {mapped.columns[role]}: {unreadable:,} of {there:,}"
                f" numbers cannot be read with a decimal {'comma' if mapped.decimal == ',' else 'point'};"
                " correct them, or say under [file] which it is: decimal = ',' or '.'"
            )


def examples(
    connection: duckdb.DuckDBPyConnection, source: Source, aside: Mapping[str, int]
) -> dict[str, tuple[str, str]]:
    """Reason -> file and line of its first row, and what stands there."""
    found = {}
    for reason in aside:
        row = connection.execute("select min(rowid) from rows where reason = ?", [reason]).fetchone()
        assert row is not None
        cells = connection.execute(
            "select columns(lambda c: c in ('ts', 'user_id', 'kind', 'item_id', 'quantity', 'price'))"
            " from rows where rowid = ?",
            [row[0]],
        ).fetchone()
        text = ", ".join("–" if cell is None else str(cell) for cell in cells or ())
        found[reason] = (where(connection, source, row[0]), text)
    return found


def where(connection: duckdb.DuckDBPyConnection, source: Source, rowid: int) -> str:
    """File and line of a row of `rows`."""
    file, first = source.files[0], 0
    if len(source.files) > 1:
        row = connection.execute(
            """with mine as (select filename from rows where rowid = $row)
            select filename, (select min(rowid) from rows where filename = (from mine)) from mine""",
            {"row": rowid},
        ).fetchone()
        assert row is not None
        file, first = Path(row[0]), int(row[1])
    if not source.by_line:
        return str(file)
    return f"{file}, {line_of(source, file, rowid - first + 1)}"
