"""Columns of a log told by their names and contents."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

import duckdb

from journey.errors import JourneyError
from journey.stores.imported.shopmap import ROLES, ShopMap
from journey.stores.imported.sources import Source
from journey.stores.imported.times import SAMPLE, SPREADSHEET, Moment, fitting_patterns, read_moment
from journey.stores.verify import identifier

#: role -> names that columns of this kind have, letters and digits only, the likeliest first
NAMES = {
    "time": (
        "eventtime timestamp time ts datetime eventtimestamp createdat date zeitstempel zeitpunkt zeit "
        "datum fecha"
    ),
    "user": (
        "userid user visitorid customerid customer visitor userpseudoid clientid cookieid uid email "
        "kundennummer kundenid kunde cliente"
    ),
    "event": (
        "eventtype event eventname action type behaviour behavior activity ereignis aktion evenement evento"
    ),
    "item": (
        "itemid item productid product sku articleid stockcode contentid lineitemsku lineitemname "
        "artikelnummer artikel produkt produit producto"
    ),
    "order": (
        "orderid ordernumber transactionid invoiceno invoice invoiceid order purchaseid bestellnummer "
        "bestellung auftrag commande pedido"
    ),
    "quantity": "quantity qty units count amount lineitemquantity menge anzahl quantite cantidad",
    "price": "price unitprice itemprice pricepaid saleprice lineitemprice einzelpreis preis prix precio",
    "list_price": "listprice originalprice regularprice rrp fullprice",
    "discount": "discountpct discountpercent discount",
    "category": (
        "category categoryid categorycode itemcategory productcategory department warengruppe kategorie "
        "categorie categoria"
    ),
    "brand": "brand manufacturer vendor itembrand marke marque marca",
    "device": "device devicetype devicecategory platform gerat",
    "channel": (
        "channel medium trafficsource source utmmedium channelgrouping acquisitionchannel kanal quelle"
    ),
    "session": "sessionid session usersession visitid gasessionid sitzung",
    "received": "receivedts receivedat receivedtime ingestedat servertimestamp",
    "country": "country geocountry shippingcountry countrycode land pays pais",
}
#: event type -> names of events, letters and digits only
EVENTS = {
    "view": (
        "view viewitem productview viewproduct pageviewproduct itemview detail productdetail pv "
        "artikelangesehen angesehen artikelansicht produktansicht"
    ),
    "search": "search viewsearchresults searchresults query suche recherche",
    "add_to_cart": (
        "addtocart cart addcart basket addtobasket basketadd cartadd add atc indenwarenkorb warenkorb"
    ),
    "remove_from_cart": "removefromcart removecart cartremove removefrombasket remove",
    "checkout": "checkout begincheckout startcheckout initiatecheckout checkoutstart kasse",
    "purchase": (
        "purchase transaction order buy bought paymentdone orderplaced conversion checkoutcomplete kauf "
        "gekauft bestellt achat compra"
    ),
}
#: more different values than this are no names of events
MOST_EVENTS = 200


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


def plain(text: str) -> str:
    """Text of a log as it may stand in a comment: one line, quoted, not long."""
    return json.dumps(" ".join(str(text).split())[:40], ensure_ascii=False)


def look(connection: duckdb.DuckDBPyConnection, source: Source, name: str) -> Column:
    """What the head of a log shows of a column."""
    text = f"nullif(trim({identifier(name)}::varchar), '')"
    row = connection.execute(
        f"""select count(x), count(*), least(approx_count_distinct(x), count(x)),
            coalesce((list(distinct x order by x) filter (where x is not null))[:3], []),
            count(try_cast(x as double)) / greatest(count(x), 1)
        from (select {text} as x from {source.having(name).relation([name])} limit {SAMPLE})"""
    ).fetchone()
    assert row is not None
    filled, rows, distinct, examples, numeric = row
    return Column(name, source.types[name], filled, rows, distinct, tuple(sorted(examples)), numeric)


def bare(name: str) -> str:
    """Letters and digits of a name, small and without accents."""
    return re.sub(r"[^a-z0-9]", "", unicodedata.normalize("NFKD", name).lower())


def roles_by_name(columns: Mapping[str, Column], decided: Mapping[str, str]) -> dict[str, str]:
    """Role -> the column whose name is the likeliest and whose contents do not speak against it.

    Roles that are decided, and their columns, are left as they are.
    """
    found = dict(decided)
    for role, names in NAMES.items():
        if role in decided:
            continue
        listed = names.split()
        fits = [
            (listed.index(bare(name)), name)
            for name, column in columns.items()
            if bare(name) in listed and name not in found.values() and column.filled and _allows(role, column)
        ]
        if fits:
            found[role] = min(fits)[1]
    return {role: found[role] for role in ROLES if role in found}


def roles_by_content(
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
                # Days as a spreadsheet counts them look like many another number.
                if read_time(connection, source, column).form == SPREADSHEET:
                    continue
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


def read_time(
    connection: duckdb.DuckDBPyConnection, source: Source, column: Column, form: str = "auto"
) -> Moment:
    """How a column of times is read, by the clock of UTC; errors are as in `read_moment`."""
    shown = f"{source.files[0]}, column {column.name}"
    clock = ShopMap({}, {}, time_format=form, zone="UTC")
    relation = source.relation([column.name])
    return read_moment(connection, relation, identifier(column.name), column.kind, clock, shown)


def _allows(role: str, column: Column) -> bool:
    if role in ("quantity", "price", "list_price", "discount"):
        return column.numeric > 0.5 or any(re.search(r"\d", value) for value in column.examples)
    if role == "event":
        return column.distinct <= MOST_EVENTS
    return True
