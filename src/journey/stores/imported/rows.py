"""The rows of a log in one table: times, numbers and events as the map says, and why a row is set aside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb

from journey.errors import JourneyError
from journey.stores.canonical import number
from journey.stores.imported.cells import id_columns, id_of, id_read, number_of, text_ids_of, text_of
from journey.stores.imported.ga4 import flattened
from journey.stores.imported.refusals import (
    examples,
    refuse_mixed_offsets,
    refuse_unknown_events,
    refuse_unreadable_numbers,
    refuse_unreadable_times,
)
from journey.stores.imported.shopmap import ShopMap
from journey.stores.imported.sources import Source, ends_cut, reading_problem
from journey.stores.imported.times import SAMPLE, Moment, as_date, latest_moment, read_moment
from journey.stores.schema import ITEM_EVENT_TYPES
from journey.stores.verify import identifier, quoted

#: reason -> in words; a row counts for the first that applies
REASONS = {
    "superseded": "in an older export of the same day",
    "ignored": "an event that the map ignores",
    "no_event": "no event",
    "names": "the names of the columns once more",
    "no_time": "no time, or one that cannot be read",
    "implausible_time": "a time before 1995 or after 2099",
    "future": "a time in the future",
    "no_user": "no user",
    "no_item": "no item, although the event concerns one",
    "unreadable_number": "a price, quantity or discount that cannot be read",
    "negative_price": "a price below zero",
    "returned": "a quantity of zero or less: returned, or a correction",
    "outside_window": "outside the window that the map sets",
    "repeated_line": "the same line of an order once more",
}
DEVICES = {
    "mobile": "mobile, mobile web, mobile app, phone, smartphone, cell phone, android, ios, iphone, app, m",
    "desktop": "desktop, desktop web, computer, pc, web, windows, macintosh, mac, linux, d",
    "tablet": "tablet, ipad, t",
}
CHANNELS = {
    "direct": "direct, (direct), (none), none",
    "organic": "organic, organic search, seo, search",
    "paid_search": "paid_search, paid search, cpc, ppc, sem, paid, google ads, adwords",
    "email": "email, e-mail, mail, newsletter",
    "social": "social, organic social, paid social, facebook, instagram, tiktok, pinterest, twitter",
    "affiliate": "affiliate, affiliates, partner",
}
NUMBERS = ("quantity", "price", "list_price", "discount")
#: Rows that are more than a line of names or a total.
_TABLE = "(reason is null or reason not in ('no_event', 'names'))"
#: Table of the first rows of a log as they are written, from which the form of its cells is told.
HEAD = "head_of_log"


@dataclass(frozen=True)
class Read:
    """What reading found.

    Attributes
    ----------
    rows
        Rows of the files.
    moment
        How times are written.
    text_ids
        Of `user` and `item`, those that are text and go through a dictionary.
    cut_lines
        Last lines that end in the middle, by file; they are left out.
    examples
        Reason -> (file and line, what stands there) of its first row.
    aside
        Reason -> rows.
    """

    rows: int
    moment: Moment
    text_ids: tuple[str, ...]
    cut_lines: tuple[str, ...]
    examples: Mapping[str, tuple[str, str]]
    aside: Mapping[str, int]


def read_rows(connection: duckdb.DuckDBPyConnection, source: Source, mapped: ShopMap) -> Read:
    """Read a log into the table `rows`, in the order of its files, with the first reason to set a row aside.

    Raises
    ------
    JourneyError
        For a line that cannot be read, an event that the map does not know, and times of which more than
        one in a hundred cannot be read.
    """  # noqa: DOC501 (reading_problem makes a JourneyError)
    cells, relation = _cells(source, mapped)
    cut: tuple[str, ...] = ()
    try:
        moment, text_ids = _fill(connection, source, mapped, cells, relation)
    except duckdb.Error as error:
        tolerant = _tolerant(source, mapped)
        if tolerant is None:
            raise reading_problem(source, error) from None
        try:
            moment, text_ids = _fill(connection, source, mapped, cells, tolerant)
        except duckdb.Error:
            raise reading_problem(source, error) from None
        cut = _only_cut_lines(connection, source, error)
    total = number(connection, "select count(*) from rows")
    if total == 0:
        raise JourneyError(f"{source.shown}: no rows below the names of the columns")
    refuse_unknown_events(connection, source, mapped)
    if moment.offset and not mapped.zone:
        refuse_mixed_offsets(connection, source, mapped)
    refuse_unreadable_times(connection, source, mapped, moment)
    refuse_unreadable_numbers(connection, source, mapped)
    aside = dict(
        connection.execute(
            "select reason, count(*) from rows where reason is not null group by reason"
        ).fetchall()
    )
    return Read(total, moment, text_ids, cut, examples(connection, source, aside), aside)


def _cells(
    source: Source, mapped: ShopMap, *, tolerant: bool = False
) -> tuple[dict[str, tuple[str, str]], str]:
    """Role -> (SQL, type) of its cell, and the relation that they are read from.

    Cells are named by their role, so that no column of the log is taken for one of `rows`.
    """
    if mapped.layout == "ga4":
        found = {role: (identifier(role), "VARCHAR") for role in mapped.columns}
        read = flattened(source)
    else:
        found, tops = {}, []
        for role, column in mapped.columns.items():
            top, _, inner = column.partition(".") if source.kind == "json" else (column, "", "")
            tops.append(top)
            path = quoted("$." + inner)
            sql = f"json_extract_string({identifier(top)}, {path})" if inner else identifier(top)
            found[role] = (sql, source.types.get(top, "VARCHAR"))
        read = source.relation(tuple(dict.fromkeys(tops)), tolerant=tolerant)
    chosen = ", ".join(f"{sql} as cell_{role}" for role, (sql, _) in found.items())
    cells = {role: (f"cell_{role}", kind) for role, (_, kind) in found.items()}
    return cells, f"(select {chosen}, filename from {read})"


def _moment(
    connection: duckdb.DuckDBPyConnection,
    source: Source,
    mapped: ShopMap,
    cells: Mapping[str, tuple[str, str]],
    role: str,
) -> Moment:
    shown = f"{source.files[0]}, column {mapped.columns[role]}"
    return read_moment(connection, HEAD, *cells[role], mapped, shown)


def _fill(
    connection: duckdb.DuckDBPyConnection,
    source: Source,
    mapped: ShopMap,
    cells: Mapping[str, tuple[str, str]],
    relation: str,
    texts: tuple[str, ...] = (),
) -> tuple[Moment, tuple[str, ...]]:
    """Make `rows` in one pass over the log; an id that is no number after all makes it again."""
    connection.execute(
        f"create or replace temp table {HEAD} as from ({_head(source, mapped, relation)})"
        f" where not coalesce({_names(mapped)}, false)"
    )
    moment = _moment(connection, source, mapped, cells, "time")
    text_ids = tuple({*texts, *text_ids_of(connection, HEAD, cells)})
    layers, columns = _columns(connection, source, mapped, cells, moment, text_ids)
    # Projections of their own: what stands in a case is computed again wherever it is named.
    read = relation
    for layer in layers:
        read = f"(select *, {', '.join(f'{sql} as {name}' for name, sql in layer.items())} from {read})"
    connection.execute(
        "create or replace temp table rows as select * exclude (has_user, has_item, event_text),"
        " case when kind is null then event_text end as unknown_event,"
        f" {_reason(mapped)} as reason from (select {columns} from {read})"
    )
    connection.execute(f"drop table {HEAD}")
    wrong = [
        role
        for role in ("user", "item")
        if role in cells
        and role not in text_ids
        and number(connection, f"select count(*) from rows where {role}_lost and {_TABLE}")
    ]
    if wrong:
        return _fill(connection, source, mapped, cells, relation, (*text_ids, *wrong))
    return moment, tuple(sorted(text_ids))


def _head(source: Source, mapped: ShopMap, relation: str) -> str:
    """SQL of the first rows, of which some are from files of every form: a column may begin late."""
    forms = source.by_form() if mapped.layout == "rows" else [source]
    if len(forms) == 1:
        return f"from {relation} limit {SAMPLE}"
    most = max(SAMPLE // len(forms), 1000)
    # Rows that a first reading refuses are left to the reading of all.
    heads = (_cells(form, mapped, tolerant=source.kind == "csv")[1] for form in forms)
    return " union all ".join(f"(from {head} limit {most})" for head in heads)


def _tolerant(source: Source, mapped: ShopMap) -> str | None:
    if source.kind != "csv" or mapped.layout != "rows" or not any(ends_cut(file) for file in source.files):
        return None
    return _cells(source, mapped, tolerant=True)[1]


def _only_cut_lines(
    connection: duckdb.DuckDBPyConnection, source: Source, error: duckdb.Error
) -> tuple[str, ...]:
    """The files whose last line is cut.

    Raises
    ------
    JourneyError
        For any other bad line.
    """  # noqa: DOC501 (reading_problem makes a JourneyError)
    rows = connection.execute(
        "select file_path, line, line_byte_position, error_type from reject_errors"
        " join reject_scans using (scan_id, file_id) order by all"
    ).fetchall()
    found = []
    for path, line, position, kind in rows:
        file = Path(path)
        with file.open("rb") as stream:
            stream.seek(max(int(position or 0) - 1, 0))
            rest = stream.read(1 << 20)
        if str(kind) != "MISSING COLUMNS" or b"\n" in rest.rstrip(b"\r\n") or rest.endswith((b"\n", b"\r")):
            raise reading_problem(source, error)
        found.append(f"{file.name}, line {line}: {rest[:60].decode('utf-8', 'replace')!r}")
    return tuple(dict.fromkeys(found))


def _columns(
    connection: duckdb.DuckDBPyConnection,
    source: Source,
    mapped: ShopMap,
    cells: Mapping[str, tuple[str, str]],
    moment: Moment,
    text_ids: tuple[str, ...],
) -> tuple[list[dict[str, str]], str]:
    """The SELECT list of `rows`, and the layers of columns that it rests on."""
    marks, read = {"time_marked": moment.marked}, {}
    moment = moment.named("marked", "time_marked")
    read["time_parsed"] = moment.parsed
    moment = moment.named("parsed", "time_parsed")
    found = {"ts": moment.value, "timed": moment.filled, "readable": moment.readable}
    if len(source.files) > 1:
        found["filename"] = "filename"
    if "item" not in cells:
        found |= {"item_id": "null::bigint", "has_item": "false"}
    for role in ("user", "item"):
        if role in cells:
            read[f"{role}_read"] = id_read(cells[role], text=role in text_ids)
            found |= id_columns(role, cells[role], text=role in text_ids)
    if "event" in cells and not mapped.always:
        read["event_read"] = text_of(cells["event"])
    found |= _event(mapped)
    for role in NUMBERS:
        if role in cells:
            shown = f"{source.files[0]}, column {mapped.columns[role]}"
            whole, quick = number_of(connection, HEAD, cells[role], mapped.decimal, shown)
            read[f"{role}_read"] = quick
            found[role] = whole.replace(quick, f"{role}_read") if quick != "null" else whole
    for role in ("order", "category", "brand", "device", "channel", "country"):
        if role in cells:
            found[f"{role}_text"] = (id_of if role == "order" else text_of)(cells[role])
    if "session" in cells:
        # Sessions are only told apart within a user; the long names of most logs are not kept for that.
        read["session_read"] = id_of(cells["session"])
        found["session_hash"] = "case when session_read is not null then hash(session_read, user_read) end"
    if "received" in cells:
        received = _moment(connection, source, mapped, cells, "received").value
        # The server's clock stands in where that of the device shows a time that cannot be.
        found["ts"] = f"case when {_impossible(moment)} then {received} else {moment.value} end"
        found |= {"received": received, "by_receipt": f"{_impossible(moment)} and {received} is not null"}
    if moment.offset:
        found["with_offset"] = moment.offset
    if "day" in cells:
        found["day_said"] = as_date(text_of(cells["day"]))
    return [marks, read], ", ".join(f"{sql} as {name}" for name, sql in found.items())


def _impossible(moment: Moment) -> str:
    return f"coalesce({moment.value} > timestamp '{latest_moment():%Y-%m-%d %H:%M:%S}', true)"


def _event(mapped: ShopMap) -> dict[str, str]:
    if mapped.always:
        return {"kind": quoted(mapped.always), "event_text": "null::varchar"}
    whens = " ".join(f"when {quoted(name)} then {quoted(kind)}" for name, kind in mapped.events.items())
    names = f"case when {_names(mapped)} then 'names'"
    other = "else 'ignore'" if mapped.other == "ignore" else ""
    return {"kind": f"case event_read {whens} else {names} {other} end end", "event_text": "event_read"}


def _names(mapped: ShopMap) -> str:
    """SQL: a line of names once more, as files that were joined have it in their middle."""
    if mapped.always:
        return "false"
    columns = (f"trim(cell_{role}::varchar) = {quoted(mapped.columns[role])}" for role in ("event", "user"))
    return " and ".join(columns)


def _reason(mapped: ShopMap) -> str:
    """SQL of the first reason to set a row aside."""
    window = []
    if mapped.first:
        window.append(f"ts < timestamp '{mapped.first}'")
    if mapped.last:
        window.append(f"ts >= timestamp '{mapped.last}' + interval 1 day")
    items = ", ".join(quoted(kind) for kind in ITEM_EVENT_TYPES)
    tests = {"ignored": "kind = 'ignore'"}
    if not mapped.always:
        tests |= {"no_event": "event_text is null", "names": "kind = 'names'"}
    tests |= {"no_time": "ts is null and not (timed and readable)"}
    tests |= {
        "implausible_time": "ts is null",
        "future": f"ts > timestamp '{latest_moment():%Y-%m-%d %H:%M:%S}'",
    }
    if not mapped.fill_order:
        tests["no_user"] = "not has_user"
    if "item" in mapped.columns:
        tests["no_item"] = f"not has_item and kind in ({items})"
    if numbers := [role for role in NUMBERS if role in mapped.columns]:
        tests["unreadable_number"] = " or ".join(f"coalesce(isnan({role}), false)" for role in numbers)
    if {"price", "list_price"} & {*mapped.columns}:
        prices = [role for role in ("price", "list_price") if role in mapped.columns]
        tests["negative_price"] = " or ".join(f"coalesce({role} < 0, false)" for role in prices)
    if "quantity" in mapped.columns:
        tests["returned"] = f"coalesce(quantity <= 0, false) and kind in ({items}) and kind <> 'view'"
    if window:
        tests["outside_window"] = " or ".join(window)
    if mapped.fill_order:
        for name in ("no_time", "implausible_time", "future", "outside_window"):
            if name in tests:
                tests[name] = f"timed and ({tests[name]})"
    return "case " + " ".join(f"when {test} then {quoted(name)}" for name, test in tests.items()) + " end"
