"""Moments in a log: found out how they are written, turned into the wall clock of the shop, and checked."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import duckdb

from journey.errors import JourneyError
from journey.stores.imported.shopmap import ShopMap
from journey.stores.verify import quoted

EARLIEST = datetime(1995, 1, 1)
#: A moment whose parts can be told apart.
AFTERNOON = datetime(2025, 1, 31, 16, 5, 9)
#: Rows at the head of a log from which the form of its times is told.
SAMPLE = 200_000
#: unit of a number -> how many of them make a second
UNITS = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}
#: The day from which spreadsheets count days, and that of 1970 by their count.
SPREADSHEET, OF_1970 = "excel", 25_569
#: A year of four digits comes first; 14/03/25 is not the year 14.
ISO = "regexp_matches(x, '^\\s*[0-9]{4}')"
PATTERNS = (
    "%d/%m/%Y %H:%M:%S",
    "%m/%d/%Y %H:%M:%S",
    "%d/%m/%Y %H:%M",
    "%m/%d/%Y %H:%M",
    "%d.%m.%Y %H:%M:%S",
    "%d.%m.%Y %H:%M",
    "%m/%d/%Y %I:%M:%S %p",
    "%m/%d/%Y %I:%M %p",
    "%d/%m/%Y %I:%M:%S %p",
    "%d/%m/%Y %I:%M %p",
    "%Y-%m-%d %I:%M:%S %p",
    "%Y-%m-%d %I:%M %p",
    "%d/%m/%y %H:%M:%S",
    "%m/%d/%y %H:%M:%S",
    "%d/%m/%y %H:%M",
    "%m/%d/%y %H:%M",
    "%d.%m.%y %H:%M:%S",
    "%d.%m.%y %H:%M",
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d.%m.%Y",
    "%Y%m%d%H%M%S",
    "%Y%m%d",
)
WORDS = {
    "iso": "ISO date and time",
    "s": "seconds since 1970",
    "ms": "milliseconds since 1970",
    "us": "microseconds since 1970",
    "ns": "nanoseconds since 1970",
    SPREADSHEET: "days as spreadsheets count them",
    "typed": "times of the file's own type",
}


@dataclass(frozen=True)
class Moment:
    """How a column of times is read.

    Attributes
    ----------
    form
        `iso`, `s`, `ms`, `us`, a pattern, or `typed` where the file says itself what it is.
    value
        SQL of the shop's wall clock; null where it cannot be read or lies outside 1995 to 2100.
    filled, readable
        SQL conditions: there is something, and it can be read (though it may be outside that range).
    offset
        SQL condition: the time brings an offset from UTC along; empty where none can.
    parsed
        SQL of what is costly in `value` and `readable`, which name it several times.
    marked
        SQL condition that `parsed` and `offset` name several times.
    """

    form: str
    value: str
    filled: str
    readable: str
    offset: str = ""
    parsed: str = "null"
    marked: str = "null"

    def named(self, part: str, column: str) -> Moment:
        """The same, read from a column that holds what the part `parsed` or `marked` gives."""
        sql = getattr(self, part)
        if sql == "null":
            return self
        names = ("value", "filled", "readable", "offset", "parsed")
        return replace(self, **{name: getattr(self, name).replace(sql, column) for name in names})

    @property
    def words(self) -> str:
        """The form in words."""
        return WORDS.get(self.form, self.form)

    @property
    def shown(self) -> str:
        """The form in words; a pattern by what it makes of a moment."""
        return f"written as {AFTERNOON.strftime(self.form)}" if "%" in self.form else self.words


def bounds(unit: str) -> tuple[int, int]:
    """Plausible range of a number of seconds, or parts of it, since 1970."""
    low, high = (int(at.replace(tzinfo=UTC).timestamp()) for at in (EARLIEST, datetime(2100, 1, 1)))
    return low * UNITS[unit], high * UNITS[unit]


def read_moment(
    connection: duckdb.DuckDBPyConnection, relation: str, column: str, kind: str, mapped: ShopMap, shown: str
) -> Moment:
    """Find out how `column` (SQL of type `kind`) of `relation` writes times, and how to read it.

    Raises
    ------
    JourneyError
        When most of the head of the log cannot be read as a time; `shown` names file and column.
    """
    zone, shop = mapped.zone or mapped.shop_zone, mapped.shop_zone
    if kind.startswith("TIMESTAMP WITH TIME ZONE"):
        return _typed(f"timezone({quoted(shop)}, {column})", column)
    if kind.startswith("TIMESTAMP") or kind == "DATE":
        return _typed(_moved(f"{column}::timestamp", zone, shop), column)
    text = column if kind == "VARCHAR" else f"{column}::varchar"
    connection.execute(f"set timezone = {quoted(zone)}")
    form = mapped.time_format
    if form == "auto":
        form = _detect(connection, relation, text, shown)
    if form in UNITS:
        return _number(text, form, shop)
    if form == SPREADSHEET:
        return _serial(text, zone, shop)
    if form != "iso":
        return _checked(form, _moved(f"try_strptime(trim({text}), {quoted(form)})", zone, shop), text)
    return _iso(connection, relation, text, mapped)


def repeated_hours(first: datetime, last: datetime, zone: str) -> list[tuple[datetime, datetime]]:
    """Stretches of a wall clock that are shown twice, when it is put back."""
    info, found = ZoneInfo(zone), []
    day = first.date() - timedelta(days=1)
    while day <= last.date() + timedelta(days=1):
        at = datetime.combine(day, datetime.min.time())
        before, after = (
            at.replace(tzinfo=info).utcoffset(),
            (at + timedelta(days=1)).replace(tzinfo=info).utcoffset(),
        )
        if before is not None and after is not None and after < before:
            quarter = timedelta(minutes=15)
            folds = [
                at + step * quarter
                for step in range(97)
                if (at + step * quarter).replace(tzinfo=info, fold=1).utcoffset()
                != (at + step * quarter).replace(tzinfo=info).utcoffset()
            ]
            if folds:
                found.append((folds[0], folds[-1] + quarter))
        day += timedelta(days=1)
    return found


def latest_moment() -> datetime:
    """What lies after it is in the future, whatever the zone."""
    return datetime.now(UTC).replace(tzinfo=None) + timedelta(days=1)


def trimmed(text: str) -> str:
    """SQL of a column of text without the spaces around it; null where nothing is left."""
    # Trimming is slow; plain characters that neither begin nor end with a space need none.
    plain = f"{text} >= '!' and not ends_with({text}, ' ') and strlen({text}) = length({text})"
    return f"case when {plain} then {text} else nullif(trim({text}), '') end"


def filled(read: str, text: str) -> str:
    """SQL: there is a `text` (SQL, null for none), of which `read` is what was understood."""
    # Only where nothing was understood the text is looked at.
    return f"case when ({read}) is not null then true else ({text}) is not null end"


def as_date(text: str) -> str:
    """SQL of a day written as 2025-01-31 or 20250131."""
    return f"coalesce(try_cast({text} as date), try_strptime({text}, '%Y%m%d')::date)"


def fitting_patterns(connection: duckdb.DuckDBPyConnection, relation: str, text: str) -> list[str]:
    """Patterns by which every filled time at the head of a log is one that can be."""
    limits = f"between timestamp '{EARLIEST}' and timestamp '{latest_moment():%Y-%m-%d %H:%M:%S}'"
    tests = ", ".join(
        f"count(*) filter (where try_strptime(trim(x), {quoted(pattern)}) {limits})"
        " = count(nullif(trim(x), ''))"
        for pattern in PATTERNS
    )
    row = connection.execute(
        f"select {tests} from (select {text} as x from {relation} limit {SAMPLE})"
    ).fetchone()
    assert row is not None
    return [pattern for pattern, fits in zip(PATTERNS, row, strict=True) if fits]


def _detect(connection: duckdb.DuckDBPyConnection, relation: str, text: str, shown: str) -> str:
    within = ", ".join(
        f"count(*) filter (where try_cast(x as double) between {low} and {high})"
        for low, high in map(bounds, UNITS)
    )
    serials = " and ".join(str(OF_1970 + limit // 86_400) for limit in bounds("s"))
    row = connection.execute(
        f"""select count(*), count(nullif(trim(x), '')), {within},
            count(try_cast({_spelled("x")} as timestamptz)) filter (where {ISO}),
            count(*) filter (where try_cast(replace(x, ',', '.') as double) between {serials}),
            min(x) filter (where not ({ISO} and try_cast({_spelled("x")} as timestamptz) is not null)
                and trim(x) <> '')
        from (select {text} as x from {relation} limit {SAMPLE})"""
    ).fetchone()
    assert row is not None
    rows, filled, *counts, iso, days, example = row
    best = max(range(len(UNITS)), key=lambda place: counts[place])
    if filled and 2 * counts[best] > filled:
        return list(UNITS)[best]
    if filled and 2 * iso > filled:
        return "iso"
    if filled and 2 * days > filled:
        return SPREADSHEET
    if not rows:
        raise JourneyError(f"{shown}: no rows below the names of the columns")
    if not filled:
        raise JourneyError(f"{shown}: no row has a time; check [columns] time")
    fits = fitting_patterns(connection, relation, text)
    if fits:
        offer = " or ".join(repr(pattern) for pattern in fits)
        raise JourneyError(
            f"{shown}: times such as {example!r} are not ISO; say under [time] which they are:"
            f" format = {offer}"
        )
    raise JourneyError(
        f"{shown}: {example!r} and most others are no time: neither ISO nor seconds, milliseconds,"
        " microseconds or nanoseconds since 1970; give [time] a pattern such as"
        " format = '%d/%m/%Y %H:%M', or name another column"
    )


def _iso(connection: duckdb.DuckDBPyConnection, relation: str, text: str, mapped: ShopMap) -> Moment:
    # In 19 characters there are seconds, as in 2025-01-31 10:00:00, or minutes with an offset, 10:00+02.
    long = f"length({text}) > 19 or (length({text}) > 16 and substr({text}, 17, 1) <> ':')"
    offset = f"(case when {long} then regexp_matches(substr({text}, 17), '[zZ+UG-]') else false end)"
    row = connection.execute(
        f"select count(*) filter (where {offset}) from (from {relation} limit {SAMPLE})"
    ).fetchone()
    zone, shop = mapped.zone or mapped.shop_zone, mapped.shop_zone
    slow = f"timezone({quoted(shop)}, try_cast({_spelled(text)} as timestamptz))"
    # The commonest spellings, 2025-01-31T10:00:00Z and 2025-01-31 10:00:00 UTC, need no look for an offset,
    # and in a shop of that zone no calendar of zones.
    ends = " or ".join(
        f"(strlen({text}) = {length} and ends_with({text}, {quoted(end)}))"
        for length, end in ((20, "Z"), (23, " UTC"))
    )
    utc = f"coalesce({ends}, false)"
    offset = f"(case when {utc} then true else {offset} end)"
    if shop == "UTC":
        slow = f"case when {utc} then try_cast({text} as timestamp) else {slow} end"
    if not (row and row[0]) and zone == shop:
        slow = f"case when {offset} then {slow} else try_cast({text} as timestamp) end"
    return replace(_checked("iso", slow, text, offset), marked=utc)


def _spelled(text: str) -> str:
    """An offset such as ` +0200` with a colon and without the space before it, as the database reads it."""
    pattern = quoted(r" *([+-][0-9]{2}):?([0-9]{2})$")
    return (
        f"(case when length({text}) > 20 then regexp_replace({text}, {pattern}, '\\1:\\2') else {text} end)"
    )


def _number(text: str, unit: str, shop: str) -> Moment:
    low, high = bounds(unit)
    number = f"try_cast({text} as double)" if unit == "s" else f"try_cast({text} as bigint)"
    micro = {
        "s": f"({number} * 1000000)::bigint",
        "ms": f"{number} * 1000",
        "us": number,
        "ns": f"{number} // 1000",
    }[unit]
    moved = _moved(f"make_timestamp({micro})", "UTC", shop)
    value = f"case when {number} between {low} and {high} then {moved} end"
    return Moment(unit, value, filled(number, trimmed(text)), f"try_cast({text} as double) is not null")


def _serial(text: str, zone: str, shop: str) -> Moment:
    """Days since the end of 1899 with the time of day as their fraction, by the clock of a zone."""
    days = f"try_cast(replace({text}, ',', '.') as double)"
    low, high = (OF_1970 + limit // 86_400 for limit in bounds("s"))
    # A fraction of a day is not exact; to the millisecond it is.
    micro = f"(round(({days} - {OF_1970}) * 86400000) * 1000)::bigint"
    value = (
        f"case when {days} between {low} and {high} then {_moved(f'make_timestamp({micro})', zone, shop)} end"
    )
    return Moment(SPREADSHEET, value, filled(days, trimmed(text)), f"{days} is not null")


def _checked(form: str, value: str, text: str, offset: str = "") -> Moment:
    return Moment(form, _inside(value), filled(value, trimmed(text)), f"({value}) is not null", offset, value)


def _typed(value: str, column: str) -> Moment:
    return Moment("typed", _inside(value), f"{column} is not null", f"{column} is not null")


def _inside(value: str) -> str:
    """A time, or null where it is outside the plausible range."""
    return f"case when ({value}) between timestamp '{EARLIEST}' and timestamp '2100-01-01' then ({value}) end"


def _moved(value: str, zone: str, shop: str) -> str:
    """A time without a zone, from the clock of one zone to that of another."""
    return value if zone == shop else f"timezone({quoted(shop)}, timezone({quoted(zone)}, {value}))"
