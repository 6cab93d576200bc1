"""A first map for a log: columns told by their names and contents, with the evidence beside each guess."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb

from journey.errors import JourneyError
from journey.files import write_text
from journey.stores.imported.shopmap import PRESETS, ROLES, ShopMap, preset_names, read_map
from journey.stores.imported.sources import Source, find_files, open_source, reading_problem
from journey.stores.imported.times import SAMPLE, Moment, fitting_patterns, read_moment
from journey.stores.verify import identifier

#: role -> names that columns of this kind have, letters and digits only, the likeliest first
NAMES = {
    "time": "eventtime timestamp time ts datetime eventtimestamp createdat date",
    "user": "userid user visitorid customerid customer visitor userpseudoid clientid cookieid uid email",
    "event": "eventtype event eventname action type behaviour behavior activity",
    "item": "itemid item productid product sku articleid stockcode contentid lineitemsku lineitemname",
    "order": "orderid ordernumber transactionid invoiceno invoice invoiceid order purchaseid",
    "quantity": "quantity qty units count amount lineitemquantity",
    "price": "price unitprice itemprice pricepaid saleprice lineitemprice",
    "list_price": "listprice originalprice regularprice rrp fullprice",
    "discount": "discountpct discountpercent discount",
    "category": "category categoryid categorycode itemcategory productcategory department",
    "brand": "brand manufacturer vendor itembrand",
    "device": "device devicetype devicecategory platform",
    "channel": "channel medium trafficsource source utmmedium channelgrouping acquisitionchannel",
    "session": "sessionid session usersession visitid gasessionid",
    "received": "receivedts receivedat receivedtime ingestedat servertimestamp",
    "country": "country geocountry shippingcountry countrycode",
}
#: event type -> names of events, letters and digits only
EVENTS = {
    "view": "view viewitem productview viewproduct pageviewproduct itemview detail productdetail pv",
    "search": "search viewsearchresults searchresults query",
    "add_to_cart": "addtocart cart addcart basket addtobasket basketadd cartadd add atc",
    "remove_from_cart": "removefromcart removecart cartremove removefrombasket remove",
    "checkout": "checkout begincheckout startcheckout initiatecheckout checkoutstart",
    "purchase": "purchase transaction order buy bought paymentdone orderplaced conversion checkoutcomplete",
}
#: more different values than this are no names of events
MOST_EVENTS = 200
NIGHT = 4


@dataclass(frozen=True)
class Column:
    """What the head of a log shows of one column."""

    name: str
    kind: str
    filled: int
    rows: int
    distinct: int
    examples: tuple[str, ...]
    numeric: float

    @property
    def shown(self) -> str:
        """In a comment: how full it is, and the first values."""
        values = ", ".join(plain(value) for value in self.examples[:3])
        return f"{self.filled:,} of {self.rows:,} rows filled, {self.distinct:,} different, such as {values}"


def propose_map(events: str, target: Path) -> list[str]:
    """Look at a log and write a first map; lines that say what was found.

    Parameters
    ----------
    events
        A file, a folder or a pattern, as `import_shop` takes it.
    target
        Where the map is written; it must not exist.

    Raises
    ------
    JourneyError
        When the target exists, or the log cannot be read.
    """
    if target.exists():
        raise JourneyError(f"{target} exists; move it, or name another file with --map")
    source = open_source(find_files(events))
    preset = fitting_preset(source)
    if preset:
        text = (PRESETS / f"{preset}.toml").read_text(encoding="utf-8")
        write_text(target, f"# The columns are those of the preset {preset}.\n{text}")
        return [f"{source.shown}: the columns are those of the preset {preset}."]
    with duckdb.connect() as connection:
        try:
            text, said = _proposal(connection, source)
        except duckdb.Error as error:
            raise reading_problem(source, error) from None
    write_text(target, text)
    return [f"{source.shown}: {len(source.columns)} columns.", *said]


def fitting_preset(source: Source) -> str | None:
    """The preset whose columns the files have, if there is one."""
    for name in preset_names():
        mapped, _ = read_map(name)
        if mapped.layout == "ga4":
            wanted = {"event_date", "event_timestamp", "event_name", "user_pseudo_id"}
        else:
            wanted = {*mapped.columns.values()}
        if not mapped.header and wanted <= {*source.columns}:
            return name
    return None


def plain(text: str) -> str:
    """Text of a log as it may stand in a comment: one line, quoted, not long."""
    return json.dumps(" ".join(str(text).split())[:40], ensure_ascii=False)


def _proposal(connection: duckdb.DuckDBPyConnection, source: Source) -> tuple[str, list[str]]:
    columns = {name: _look(connection, source, name) for name in source.columns}
    roles = _roles(columns)
    by_content = _by_content(connection, source, columns, roles)
    roles = {role: (roles | by_content)[role] for role in ROLES if role in roles or role in by_content}
    lines = [
        f"# A first map for {plain(source.files[0].name)}, by the names and contents of its columns.",
        "",
    ]
    said, open_points = [], []
    lines.append("[columns]")
    for role in ROLES:
        if role in roles:
            lines += [
                f"# {'? told by its contents: ' if role in by_content else ''}{columns[roles[role]].shown}",
                f"{role} = {json.dumps(roles[role], ensure_ascii=False)}",
            ]
        elif role in ("time", "user", "event", "item") or (role == "price" and "list_price" not in roles):
            lines += [
                f"# ? not found: {ROLES[role]}. Columns: {', '.join(map(plain, columns))}",
                f'# {role} = ""',
            ]
            open_points.append(f"{role} ({ROLES[role]})")
    unused = [name for name in columns if name not in roles.values()]
    if unused:
        lines.append(f"# Not used: {', '.join(map(plain, unused))}")
    lines += ["", "[events]"]
    lines += _events(connection, source, roles, open_points)
    lines += ["", "[time]"]
    lines += _time(connection, source, roles, columns, open_points)
    lines += ["", "[rules]"]
    lines += _rules(connection, source, roles, columns, open_points)
    said = [f"{role}: {column}" for role, column in roles.items()]
    if open_points:
        said.append(f"To be decided (marked with # ?): {'; '.join(open_points)}.")
    return "\n".join(lines) + "\n", said


def _look(connection: duckdb.DuckDBPyConnection, source: Source, name: str) -> Column:
    text = f"nullif(trim({identifier(name)}::varchar), '')"
    row = connection.execute(
        f"""select count(x), count(*), approx_count_distinct(x),
            coalesce((list(distinct x order by x) filter (where x is not null))[:3], []),
            count(try_cast(x as double)) / greatest(count(x), 1)
        from (select {text} as x from {source.relation([name])} limit {SAMPLE})"""
    ).fetchone()
    assert row is not None
    filled, rows, distinct, examples, numeric = row
    return Column(name, source.types[name], filled, rows, distinct, tuple(sorted(examples)), numeric)


def bare(name: str) -> str:
    """Letters and digits of a name, small."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _roles(columns: Mapping[str, Column]) -> dict[str, str]:
    """Role -> the column whose name is the likeliest and whose contents do not speak against it."""
    found: dict[str, str] = {}
    for role, names in NAMES.items():
        listed = names.split()
        fits = [
            (listed.index(bare(name)), name)
            for name, column in columns.items()
            if bare(name) in listed and name not in found.values() and column.filled and _allows(role, column)
        ]
        if fits:
            found[role] = min(fits)[1]
    return {role: found[role] for role in ROLES if role in found}


def _by_content(
    connection: duckdb.DuckDBPyConnection,
    source: Source,
    columns: Mapping[str, Column],
    roles: Mapping[str, str],
) -> dict[str, str]:
    """Time and event where no name tells them: the first column that reads as a time, or lists events."""
    found = {}
    free = [column for column in columns.values() if column.name not in roles.values() and column.filled]
    known = {word for words in EVENTS.values() for word in words.split()}
    if "time" not in roles:
        for column in free:
            relation, name = source.relation([column.name]), identifier(column.name)
            try:
                _read_time(connection, source, column)
            except JourneyError:
                # Numbers such as 202511 would fit the pattern of a date.
                if column.numeric or not fitting_patterns(connection, relation, f"{name}::varchar"):
                    continue
            found["time"] = column.name
            break
    if "event" not in roles:
        listed = [c.name for c in free if c.distinct <= MOST_EVENTS and {bare(e) for e in c.examples} & known]
        found |= {"event": listed[0]} if listed else {}
    return found


def _read_time(connection: duckdb.DuckDBPyConnection, source: Source, column: Column) -> Moment:
    shown = f"{source.files[0]}, column {column.name}"
    clock = ShopMap({}, {}, zone="UTC")
    relation = source.relation([column.name])
    return read_moment(connection, relation, identifier(column.name), column.kind, clock, shown)


def _allows(role: str, column: Column) -> bool:
    if role in ("quantity", "price", "list_price", "discount"):
        return column.numeric > 0.5 or any(re.search(r"\d", value) for value in column.examples)
    if role == "event":
        return column.distinct <= MOST_EVENTS
    return True


def _events(
    connection: duckdb.DuckDBPyConnection, source: Source, roles: Mapping[str, str], open_points: list[str]
) -> list[str]:
    if "event" not in roles:
        return ['# ? for a log of orders alone: always = "purchase"', '# always = "purchase"']
    name = identifier(roles["event"])
    rows = connection.execute(
        f"select trim({name}::varchar) as event, count(*) from {source.relation([roles['event']])}"
        " group by all having event <> '' order by 2 desc, 1"
    ).fetchall()
    known = {word: kind for kind, words in EVENTS.items() for word in words.split()}
    by_kind: dict[str, list[str]] = {}
    lines = ["# " + ", ".join(f"{plain(event)} {count:,}" for event, count in rows[:12])]
    for event, _ in rows:
        by_kind.setdefault(known.get(bare(event), "ignore"), []).append(event)
    # Beside an addition to the cart, "cart" alone is the page of the cart.
    added, pages = by_kind.get("add_to_cart", []), ("cart", "basket")
    if len(added) > 1 and (looked := [event for event in added if bare(event) in pages]) and looked != added:
        by_kind["add_to_cart"] = [event for event in added if event not in looked]
        by_kind.setdefault("ignore", []).extend(looked)
    for kind in (*EVENTS, "ignore"):
        if kind in by_kind:
            mark = "# ? not recognised, so left out: do they belong above?\n" if kind == "ignore" else ""
            lines.append(f"{mark}{kind} = {json.dumps(by_kind[kind], ensure_ascii=False)}")
    if "ignore" in by_kind:
        open_points.append(f"{len(by_kind['ignore'])} names of events that are not recognised")
    if "purchase" not in by_kind:
        lines.append("# ? no name of a purchase was recognised")
        open_points.append("which event is the purchase")
    return lines


def _time(
    connection: duckdb.DuckDBPyConnection,
    source: Source,
    roles: Mapping[str, str],
    columns: Mapping[str, Column],
    open_points: list[str],
) -> list[str]:
    if "time" not in roles:
        return []
    name = roles["time"]
    relation = source.relation([name])
    try:
        moment = _read_time(connection, source, columns[name])
    except JourneyError as error:
        open_points.append("how times are written")
        said = str(error).partition(f"column {name}: ")[2]
        fits = fitting_patterns(connection, relation, f"{identifier(name)}::varchar")
        pattern = f"format = {json.dumps(fits[0])}" if fits else '# format = "%d/%m/%Y %H:%M"'
        if len(fits) == 1:
            open_points.remove("how times are written")
            said = "told by its contents, without an offset from UTC"
        zone = "# ? the zone of the times, and of the days and hours of the report, such as Europe/Berlin"
        open_points.append("the zone of the times")
        return [f"# ? {said}", pattern, zone, 'shop_zone = "UTC"']
    rows = connection.execute(
        f"select hour(t), count(*) from (select {moment.value} as t from {relation} limit {SAMPLE})"
        " where t is not null group by 1 order by 2, 1"
    ).fetchall()
    quiet = int(rows[0][0]) if len(rows) == 24 else None
    form = moment.form if moment.form != "typed" else "auto"
    lines = [f"# Read as {moment.words}.", f"format = {json.dumps(form)}"]
    if moment.form == "iso" and not _offsets(connection, relation, moment):
        lines += ["# ? the times have no offset from UTC: in which zone are they?", 'zone = "UTC"']
        open_points.append("the zone of the times")
    if quiet is not None:
        lines.append(f"# As read, the quietest hour is {quiet}:00; shops are quietest at about {NIGHT}:00.")
    lines += ["# ? the zone whose days and hours the report uses, such as Europe/Berlin", 'shop_zone = "UTC"']
    open_points.append("the zone of the shop")
    return lines


def _offsets(connection: duckdb.DuckDBPyConnection, relation: str, moment: Moment) -> int:
    """Times at the head of the log that bring an offset from UTC along."""
    row = connection.execute(
        f"select count(*) from (from {relation} limit {SAMPLE}) where {moment.offset or 'false'}"
    ).fetchone()
    return int(row[0]) if row else 0


def _rules(
    connection: duckdb.DuckDBPyConnection,
    source: Source,
    roles: Mapping[str, str],
    columns: Mapping[str, Column],
    open_points: list[str],
) -> list[str]:
    lines = []
    if "order" in roles:
        lines.append('order = "id"')
    else:
        lines += [
            "# No column of order numbers: purchases of a user within half an hour are one order.",
            'order = "session"',
        ]
    if {"price", "list_price"} & {*roles}:
        named = next((name for name in columns if bare(name) in ("currency", "currencycode")), None)
        if named:
            row = connection.execute(
                f"select mode(upper(trim({identifier(named)}))) from {source.relation([named])}"
            ).fetchone()
            lines += [
                f"# the most frequent value of {plain(named)}",
                f"currency = {json.dumps(row[0] if row else 'EUR')}",
            ]
        else:
            lines += ["# ? the log does not say in which currency prices are", 'currency = "EUR"']
            open_points.append("the currency")
    return lines
