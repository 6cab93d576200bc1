"""What can be wrong with a log of one clock, counted: nothing here changes a row."""

from __future__ import annotations

from typing import Any

import duckdb

from journey.stores.canonical import number
from journey.stores.imported.shopmap import ShopMap
from journey.stores.imported.times import Moment, repeated_hours
from journey.stores.imported.write import canonical
from journey.stores.verify import quoted

#: Share of rows from which a habit of the clock is worth a sentence.
MARKED = 0.05
#: Share of the days that `event_date` and the like must give as the time does.
AGREE = 0.99


def clock_checks(
    connection: duckdb.DuckDBPyConnection, mapped: ShopMap, moment: Moment
) -> list[dict[str, Any]]:
    """Checks of the clock: `name`, `passed`, and in `words` what was found."""
    row = connection.execute(
        """select count(*), min(ts), max(ts),
            count(*) filter (where ts = date_trunc('day', ts)),
            count(*) filter (where ts = date_trunc('hour', ts)),
            count(*) filter (where ts = date_trunc('minute', ts)),
            count(*) filter (where ts = date_trunc('second', ts)),
            count(distinct ts::date)
        from rows where reason is null"""
    ).fetchone()
    assert row is not None
    rows, first, last, midnight, hour, minute, second, days = row
    span = (last.date() - first.date()).days + 1
    backwards = number(
        connection,
        "select count(*) from (select ts < lag(ts) over () as back from rows where reason is null)"
        " where back",
    )
    finest = next(
        (
            name
            for share, name in ((midnight, "day"), (hour, "hour"), (minute, "minute"), (second, "second"))
            if share == rows
        ),
        "less than a second",
    )
    quiet, busy = _night(connection)
    found = [
        (
            "Finest step of the clock",
            finest not in ("day", "hour"),
            f"{finest}; sessions need minutes or finer",
        ),
        (
            "Rows at exactly midnight",
            midnight <= MARKED * rows or finest == "day",
            f"{midnight:,} of {rows:,}; many would be days without a time of day",
        ),
        (
            "Days without a row",
            span - days == 0,
            f"{span - days:,} of {span:,} days from {first:%Y-%m-%d} to {last:%Y-%m-%d}",
        ),
        (
            "Rows earlier than the row before them in the file",
            backwards <= MARKED * rows,
            f"{backwards:,} of {rows:,}; order within one moment is that of the file",
        ),
        (
            "Quietest and busiest hour of the day",
            finest in ("day", "hour") or not 8 <= quiet <= 20,
            f"{quiet}:00 and {busy}:00 by the clock of {mapped.shop_zone}; a quiet noon would speak for"
            " another zone",
        ),
    ]
    folds = repeated_hours(first, last, mapped.shop_zone) if mapped.shop_zone != "UTC" else []
    if folds:
        within = " or ".join(f"(ts >= timestamp '{a}' and ts < timestamp '{b}')" for a, b in folds)
        rows_in = number(connection, f"select count(*) from rows where reason is null and ({within})")
        found.append(
            (
                "Hours that the clock shows twice",
                rows_in == 0,
                f"{rows_in:,} rows fall in one; their order is that of the clock",
            )
        )
    if "day" in mapped.columns:
        said = number(connection, "select count(*) from rows where reason is null and day_said = ts::date")
        found.append(
            (
                "Rows whose day is the one that the log gives",
                said >= AGREE * rows,
                f"{said:,} of {rows:,} by the clock of {mapped.shop_zone}",
            )
        )
    if "received" in mapped.columns:
        taken = number(connection, "select count(*) from rows where reason is null and by_receipt")
        found.append(
            (
                "Times that cannot be, for which the time of receipt stands in",
                taken <= MARKED * rows,
                f"{taken:,} of {rows:,}",
            )
        )
    if moment.offset:
        own = number(connection, "select count(*) from rows where reason is null and with_offset")
        found.append(
            ("Times with their own offset from UTC", True, f"{own:,} of {rows:,}; read by their own")
        )
    return [{"name": name, "passed": bool(passed), "words": words} for name, passed, words in found]


def unknown_words(connection: duckdb.DuckDBPyConnection, mapped: ShopMap) -> list[dict[str, Any]]:
    """Devices and channels that the log has and the map does not know, the ten most frequent of each."""
    found = []
    for part in ("device", "channel"):
        if part not in mapped.columns:
            continue
        known = ", ".join(quoted(word) for word in canonical(part, mapped))
        rows = connection.execute(
            f"""select {part}_text, count(*) from rows where reason is null and {part}_text is not null
                and lower({part}_text) not in ({known}) group by all order by 2 desc, 1 limit 10"""
        ).fetchall()
        found += [{"column": part, "text": text, "rows": rows_of} for text, rows_of in rows]
    return found


def partial_columns(connection: duckdb.DuckDBPyConnection, mapped: ShopMap) -> tuple[str, ...]:
    """Columns that the log has but not on every row: prices."""
    if not {"price", "list_price"} & {*mapped.columns}:
        return ()
    missing = number(
        connection,
        "select count(*) from events where unit_price is null"
        " and event_type in ('view', 'add_to_cart', 'remove_from_cart', 'purchase')",
    )
    return ("events.unit_price",) if missing else ()


def _night(connection: duckdb.DuckDBPyConnection) -> tuple[int, int]:
    """The hours of the day, 0 to 23, with fewest and most rows."""
    counts = dict(
        connection.execute("select hour(ts), count(*) from rows where reason is null group by 1").fetchall()
    )
    hours = [counts.get(hour, 0) for hour in range(24)]
    return hours.index(min(hours)), hours.index(max(hours))
