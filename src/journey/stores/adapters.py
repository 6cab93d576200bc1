"""Adapters: make the raw folder of a store in the canonical schema.

`prepare_store` is the one entry point. Each adapter replaces the folder as a whole and writes the manifest
last, so that an interrupt leaves the previous store or none.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import duckdb

from journey.errors import JourneyError
from journey.files import replacing
from journey.paths import Paths, project
from journey.stores.canonical import NO_EXPOSURES, Progress, write_days, write_tables
from journey.stores.catalog import dataset, unknown_name
from journey.stores.locate import require
from journey.stores.schema import Manifest, Partitions, read_manifest, write_manifest
from journey.stores.verify import check_header, quoted, reading_error, relation, sha256_of, verify

STORES = ("simulated", "retailrocket")
#: 1 January 2100, in milliseconds since 1970.
LATEST = 4_102_444_800_000

# Of the six event types Retailrocket records three, and of an event only who, what, which item and when.
RETAILROCKET_EVENTS = {"view": "view", "addtocart": "add_to_cart", "transaction": "purchase"}
RETAILROCKET_MISSING_EVENTS = ("search", "remove_from_cart", "checkout")
RETAILROCKET_MISSING_COLUMNS = (
    "users.signup_ts",
    "users.country",
    "users.age_band",
    "users.device_preference",
    "users.acquisition_channel",
    "items.brand",
    "items.price",
    "items.rating",
    "events.device",
    "events.channel",
    "events.quantity",
    "events.unit_price",
    "events.discount_pct",
)
_PROPERTIES = ("item_properties_part1.csv", "item_properties_part2.csv")
TABLES = {
    "users": """select distinct user_id, null::timestamp as signup_ts, 'unknown' as country,
        'unknown' as age_band, 'unknown' as device_preference, 'unknown' as acquisition_channel
        from events order by user_id""",
    "items": "from items order by item_id",
    "exposures": NO_EXPOSURES,
}


def prepare_store(name: str, *, root: Paths | None = None, progress: Progress | None = None) -> Path:
    """Make the raw folder of a store of real data and give its path.

    Parameters
    ----------
    name : str
        `retailrocket`; the simulated shop is made by `journey.stores.simulator.simulate`.
    root : Paths, optional
        The project; found from the working folder when left out.
    progress : callable, optional
        Called as `progress(done, total)`.

    Returns
    -------
    Path
        data/raw/<name>, replaced as a whole.

    Raises
    ------
    JourneyError
        For an unknown store, parameters of one that takes none, a source that is not the original, or a
        folder that holds something else.
    DatasetAbsent
        When the source data are not on this machine.
    """  # noqa: DOC501 (unknown_name makes a JourneyError)
    if name not in STORES:
        raise unknown_name("store", name, STORES)
    target = (root or project()).store(name)
    _refuse_other_content(target)
    entry = dataset(name)
    events = require(name, "events.csv", root=root)
    verify(entry, entry.file("events.csv"), events)
    properties = [events.with_name(part) for part in _PROPERTIES if events.with_name(part).is_file()]
    for path in properties:
        verify(entry, entry.file(path.name), path)
    map_retailrocket(events, target, properties, progress)
    return target


def map_retailrocket(
    events: Path, target: Path, properties: Sequence[Path] = (), progress: Progress | None = None
) -> Manifest:
    """Map Retailrocket's files to the canonical store folder.

    Visitors become users and `addtocart` and `transaction` become `add_to_cart` and `purchase`. Nothing is
    invented: prices, ratings and sign-ups are null; country, device, channel and brand are 'unknown'; a
    purchase follows no checkout, because none is recorded. Discounts are null, and quantity is the number of
    times that a transaction lists the item. The manifest lists all of this under `not_recorded`.

    Events of one millisecond keep the order of the file.
    All rows of a transaction take the time of its first row, because an order is the purchases of one user
    at one time; `received_ts` keeps the time of the row. An item has the first category it was given.

    Parameters
    ----------
    events : Path
        `events.csv`: timestamp (ms), visitorid, event, itemid, transactionid.
    target : Path
        Store folder, replaced as a whole.
    properties : sequence of Path
        `item_properties_part*.csv`, for the categories; without them categories are 'unknown'.
    progress : callable, optional
        Called as `progress(days written, days)`.

    Returns
    -------
    Manifest
        As written.

    Raises
    ------
    JourneyError
        For a file with other columns, a cell that does not parse, or an unknown kind of event.
    """
    entry = dataset("retailrocket")
    again = f"get it again from {entry.home}"
    for path, listed in ((events, "events.csv"), *((path, _PROPERTIES[0]) for path in properties)):
        if not path.is_file():
            raise JourneyError(f"{path} is missing; {again}.")
        check_header(entry.file(listed), path, str(path), again)
    with (
        replacing(target) as folder,
        tempfile.TemporaryDirectory(prefix=".spill.", dir=folder.parent) as spill,
        duckdb.connect(config={"memory_limit": "2GB", "temp_directory": spill}) as connection,
    ):
        folder.mkdir()
        source = relation(entry.file("events.csv"), events)
        _read(connection, f"create table source as from {source}", events, again)
        _refuse_foreign_events(connection, events, again)
        _map_events(connection)
        _map_items(connection, properties, again)
        counts = write_tables(connection, folder, TABLES)
        days, first, last = write_days(connection, folder / "events", progress)
        missing = (
            RETAILROCKET_MISSING_COLUMNS if properties else (*RETAILROCKET_MISSING_COLUMNS, "items.category")
        )
        manifest = Manifest(
            store="retailrocket",
            rows=counts,
            first_day=first,
            last_day=last,
            partitions=Partitions.of(days),
            parameters={"sha256": {path.name: sha256_of(path) for path in (events, *properties)}},
            missing_columns=missing,
            missing_event_types=RETAILROCKET_MISSING_EVENTS,
        )
        write_manifest(folder, manifest)
    return read_manifest(target)


def _refuse_other_content(target: Path) -> None:
    """Refuse to replace a folder that is not a store: someone may have put the source files there.

    Raises
    ------
    JourneyError
        When the folder has anything in it, but no manifest.json.
    """
    if target.is_dir() and not (target / "manifest.json").is_file():
        inside = sorted(entry.name for entry in target.iterdir())
        if inside:
            raise JourneyError(
                f"{target} holds {', '.join(inside[:5])} and no manifest.json, so it is not a store and"
                f" is not replaced; move its files to another folder (source files belong in"
                f" {target.with_name(target.name + '_source')})."
            )


def _read(connection: duckdb.DuckDBPyConnection, sql: str, path: Path, again: str) -> None:
    try:
        connection.execute(sql)
    except (duckdb.DataError, duckdb.ProgrammingError) as error:
        raise JourneyError(f"{path} cannot be read as CSV: {reading_error(error)}; {again}.") from None


def _refuse_foreign_events(connection: duckdb.DuckDBPyConnection, path: Path, again: str) -> None:
    known = ", ".join(quoted(kind) for kind in RETAILROCKET_EVENTS)
    row = connection.execute(
        f"""
        select
            count(*),
            count(*) filter (where event is null or event not in ({known})),
            min(event) filter (where event not in ({known})),
            count(*) filter (where timestamp is null or visitorid is null or itemid is null),
            count(*) filter (where event = 'transaction' and transactionid is null),
            count(*) filter (where timestamp not between 0 and {LATEST}),
            max(timestamp),
        from source
        """
    ).fetchone()
    assert row is not None
    rows, foreign, example, holes, orphans, strange, latest = row
    if rows == 0:
        raise JourneyError(f"{path} has 0 rows; {again}.")
    if foreign:
        raise JourneyError(
            f"{path}: column event has {foreign:,} of {rows:,} rows with a value that is not one of"
            f" {', '.join(RETAILROCKET_EVENTS)}, such as {example!r}; {again}."
        )
    if holes:
        raise JourneyError(
            f"{path}: column timestamp, visitorid or itemid is empty in {holes:,} of {rows:,} rows; {again}."
        )
    if strange:
        raise JourneyError(
            f"{path}: column timestamp is out of range in {strange:,} of {rows:,} rows (up to {latest}), not"
            f" milliseconds since 1970; {again}."
        )
    if orphans:
        raise JourneyError(
            f"{path}: column transactionid is empty in {orphans:,} transactions (of {rows:,} rows); {again}."
        )


def _map_events(connection: duckdb.DuckDBPyConnection) -> None:
    kinds = " ".join(f"when {quoted(kind)} then {quoted(ours)}" for kind, ours in RETAILROCKET_EVENTS.items())
    connection.execute(
        f"""
        create table events as
        with
        -- A transaction lists a product once for every unit of it.
        lines as (
            select timestamp, visitorid, event, itemid, transactionid, rowid as place, 1 as units
            from source where event <> 'transaction'
            union all
            select min(timestamp), min(visitorid), 'transaction', itemid, transactionid, min(rowid), count(*)
            from source where event = 'transaction' group by transactionid, itemid
        ),
        orders as (
            select transactionid, min(timestamp) as first_timestamp
            from source where event = 'transaction' group by transactionid
        )
        select
            row_number() over (order by timestamp, place) as event_id,
            epoch_ms(coalesce(first_timestamp, timestamp)) as ts,
            epoch_ms(timestamp) as received_ts,
            visitorid as user_id,
            case event {kinds} end as event_type,
            itemid as item_id,
            'unknown' as device,
            'unknown' as channel,
            units::bigint as quantity,
            null::double as unit_price,
            null::double as discount_pct,
        from lines
        left join orders on lines.event = 'transaction' and lines.transactionid = orders.transactionid
        order by event_id
        """
    )


def _map_items(connection: duckdb.DuckDBPyConnection, properties: Sequence[Path], again: str) -> None:
    connection.execute("create table categories (item_id bigint, category varchar, given bigint)")
    file = dataset("retailrocket").file(_PROPERTIES[0])
    for path in properties:
        _read(
            connection,
            "insert into categories select itemid, arg_min(value, timestamp), min(timestamp)"
            f" from {relation(file, path)} where property = 'categoryid' group by itemid",
            path,
            again,
        )
    connection.execute(
        """
        create table items as
        with
        first_category as (
            select item_id, arg_min(category, given) as category from categories group by item_id
        ),
        known as (
            select item_id from events union select item_id from first_category
        )
        select
            item_id,
            coalesce(category, 'unknown') as category,
            'unknown' as brand,
            null::double as price,
            null::double as rating,
        from known left join first_category using (item_id)
        order by item_id
        """
    )
