"""The sections of a proposed map: each guess as an entry, with what speaks for it in the lines above."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import duckdb

from journey.errors import JourneyError
from journey.stores.imported.columns import EVENTS, Column, bare, plain, read_time
from journey.stores.imported.draft import Entry
from journey.stores.imported.numerals import Decimals, decimals
from journey.stores.imported.rows import NUMBERS
from journey.stores.imported.sources import Source
from journey.stores.imported.times import SAMPLE, Moment, fitting_patterns
from journey.stores.verify import identifier

NIGHT = 4


def event_entries(
    connection: duckdb.DuckDBPyConnection,
    source: Source,
    roles: Mapping[str, str],
    decided: Mapping[str, Any],
) -> list[Entry]:
    """Which names of events mean what; names that the map lists already are left to it."""
    if decided.get("always"):
        return []
    if "event" not in roles:
        always = ('# ? for a log of orders alone: always = "purchase"', '# always = "purchase"')
        return [Entry("always", always)]
    name = identifier(roles["event"])
    rows = connection.execute(
        f"select trim({name}::varchar) as event, count(*) from {source.relation([roles['event']])}"
        " group by all having event <> '' order by 2 desc, 1"
    ).fetchall()
    listed = {
        str(text) for texts in decided.values() for text in ([texts] if isinstance(texts, str) else texts)
    }
    by_kind = _kinds([event for event, _ in rows if event not in listed])
    entries = [Entry("", ("# " + ", ".join(f"{plain(event)} {count:,}" for event, count in rows[:12]),))]
    for kind, texts in by_kind.items():
        if kind == "ignore" and decided.get("other") == "ignore":
            continue
        line = f"{kind} = {json.dumps(texts, ensure_ascii=False)}"
        count = f"{len(texts)} name{'s' if len(texts) > 1 else ''} of events"
        if decided.get(kind):
            # The entry is the map's own, so the names are only shown.
            entries.append(
                Entry(f"{kind} besides", (f"# ? not listed yet: {line}",), f"{count} not listed yet")
            )
        elif kind == "ignore":
            lines = ("# ? not recognised, so left out: do they belong above?", line)
            entries.append(Entry(kind, lines, f"{count} that are not recognised"))
        else:
            entries.append(Entry(kind, (line,)))
    if not {"purchase"} & {*by_kind, *decided}:
        said = ("# ? no name of a purchase was recognised",)
        entries.append(Entry("purchase", said, "which event is the purchase"))
    return entries


def _kinds(events: list[str]) -> dict[str, list[str]]:
    """Event type, or `ignore` -> the names that are taken for it."""
    known = {word: kind for kind, words in EVENTS.items() for word in words.split()}
    found: dict[str, list[str]] = {}
    for event in events:
        found.setdefault(known.get(bare(event), "ignore"), []).append(event)
    # Beside an addition to the cart, "cart" alone is the page of the cart.
    added, pages = found.get("add_to_cart", []), ("cart", "basket")
    if len(added) > 1 and (looked := [event for event in added if bare(event) in pages]) and looked != added:
        found["add_to_cart"] = [event for event in added if event not in looked]
        found.setdefault("ignore", []).extend(looked)
    return {kind: found[kind] for kind in (*EVENTS, "ignore") if kind in found}


def time_entries(
    connection: duckdb.DuckDBPyConnection,
    source: Source,
    roles: Mapping[str, str],
    columns: Mapping[str, Column],
    decided: Mapping[str, Any],
) -> list[Entry]:
    """How times are written, and by which clock."""
    if "time" not in roles:
        return []
    name = roles["time"]
    relation = source.relation([name])
    try:
        moment = read_time(connection, source, columns[name], str(decided.get("format") or "auto"))
    except JourneyError as error:
        said = str(error).partition(f"column {name}: ")[2]
        fits = fitting_patterns(connection, relation, f"{identifier(name)}::varchar")
        pattern = f"format = {json.dumps(fits[0])}" if fits else '# format = "%d/%m/%Y %H:%M"'
        told = len(fits) == 1
        said = "told by its contents, without an offset from UTC" if told else said
        zone = "# ? the zone of the times, and of the days and hours of the report, such as Europe/Berlin"
        return [
            Entry("format", (f"# ? {said}", pattern), "" if told else "how times are written"),
            Entry("shop_zone", (zone, 'shop_zone = "UTC"'), "the zone of the times"),
        ]
    form = moment.form if moment.form != "typed" else "auto"
    entries = [Entry("format", (f"# Read as {moment.words}.", f"format = {json.dumps(form)}"))]
    if moment.form == "iso" and not _offsets(connection, relation, moment):
        asked = "# ? the times have no offset from UTC: in which zone are they?"
        entries.append(Entry("zone", (asked, 'zone = "UTC"'), "the zone of the times"))
    lines = ["# ? the zone whose days and hours the report uses, such as Europe/Berlin", 'shop_zone = "UTC"']
    rows = connection.execute(
        f"select hour(t), count(*) from (select {moment.value} as t from {relation} limit {SAMPLE})"
        " where t is not null group by 1 order by 2, 1"
    ).fetchall()
    if len(rows) == 24:
        quiet = int(rows[0][0])
        lines.insert(
            0, f"# As read, the quietest hour is {quiet}:00; shops are quietest at about {NIGHT}:00."
        )
    return [*entries, Entry("shop_zone", tuple(lines), "the zone of the shop")]


def _offsets(connection: duckdb.DuckDBPyConnection, relation: str, moment: Moment) -> int:
    """Times at the head of the log that bring an offset from UTC along."""
    row = connection.execute(
        f"select count(*) from (from {relation} limit {SAMPLE}) where {moment.offset or 'false'}"
    ).fetchone()
    return int(row[0]) if row else 0


def skip_entries(source: Source) -> list[Entry]:
    """Lines above the names of the columns."""
    if not source.skip:
        return []
    said = f"# Line {source.skip + 1} names the columns; what stands above it is narrower than the table."
    return [Entry("skip", (said, f"skip = {source.skip}"))]


def file_entries(
    connection: duckdb.DuckDBPyConnection,
    source: Source,
    roles: Mapping[str, str],
    columns: Mapping[str, Column],
) -> list[Entry]:
    """The decimal sign of numbers, where it is not the point or cannot be told."""
    found, seen = Decimals(), []
    for role in NUMBERS:
        if role in roles and columns[roles[role]].kind == "VARCHAR":
            name = roles[role]
            head = f"(from {source.having(name).relation([name])} limit {SAMPLE})"
            here = decimals(connection, head, f"trim({identifier(name)})")
            found += here
            seen += [plain(name)] if here.comma or here.either else []
    if found.sign == ".":
        return []
    if found.sign == ",":
        said = f"# {found.comma:,} of {found.filled:,} numbers ({', '.join(seen)}) have a decimal comma and"
        return [
            Entry("decimal", (f"{said} none a point, such as {plain(found.comma_example)}.", 'decimal = ","'))
        ]
    asked = f"# ? which is the decimal sign? {found.doubt}"
    return [Entry("decimal", (asked, '# decimal = ","'), "the decimal sign")]


def rule_entries(
    connection: duckdb.DuckDBPyConnection,
    source: Source,
    roles: Mapping[str, str],
    columns: Mapping[str, Column],
) -> list[Entry]:
    """What makes an order, and the currency."""
    if "order" in roles:
        entries = [Entry("order", ('order = "id"',))]
    else:
        said = "# No column of order numbers: purchases of a user within half an hour are one order."
        entries = [Entry("order", (said, 'order = "session"'))]
    if not {"price", "list_price"} & {*roles}:
        return entries
    named = next((name for name in columns if bare(name) in ("currency", "currencycode")), None)
    if named is None:
        asked = "# ? the log does not say in which currency prices are"
        return [*entries, Entry("currency", (asked, 'currency = "EUR"'), "the currency")]
    row = connection.execute(
        f"select mode(upper(trim({identifier(named)}))) from {source.relation([named])}"
    ).fetchone()
    value = f"currency = {json.dumps(row[0] if row else 'EUR')}"
    return [*entries, Entry("currency", (f"# the most frequent value of {plain(named)}", value))]
