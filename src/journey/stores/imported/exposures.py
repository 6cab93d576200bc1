"""Who saw which variant of which experiment, from a file of its own."""

from __future__ import annotations

from pathlib import Path

import duckdb

from journey.errors import JourneyError
from journey.stores.canonical import NO_EXPOSURES
from journey.stores.catalog import unknown_name
from journey.stores.imported.shopmap import ShopMap
from journey.stores.imported.sources import open_source, reading_problem
from journey.stores.imported.times import read_moment
from journey.stores.verify import identifier, quoted


def exposures_sql(connection: duckdb.DuckDBPyConnection, mapped: ShopMap, text_ids: tuple[str, ...]) -> str:
    """SQL of the table `exposures`: the first exposure of each user of the log to each experiment.

    Raises
    ------
    JourneyError
        For a file that cannot be read or lacks a column that the map names, and for an experiment of
        more than two variants.
    """  # noqa: DOC501 (reading_problem makes a JourneyError)
    given = mapped.exposures
    if not given:
        return NO_EXPOSURES
    source = open_source((Path(given["file"]).expanduser(),))
    for role in ("user", "experiment", "variant", *(["time"] if given.get("time") else [])):
        if given[role] not in source.columns:
            raise JourneyError(f"{source.shown}: {unknown_name('column', given[role], source.columns)}")
    names = list(
        dict.fromkeys(given[role] for role in ("user", "experiment", "variant", "time") if given.get(role))
    )
    relation = source.relation(names)
    ts = "null::timestamp"
    try:
        if given.get("time"):
            column = given["time"]
            ts = read_moment(
                connection,
                relation,
                identifier(column),
                source.types[column],
                mapped,
                f"{source.shown}, column {column}",
            ).value
        connection.execute(
            f"""create or replace table seen as select
                trim({identifier(given["user"])}::varchar) as user_text,
                trim({identifier(given["experiment"])}::varchar) as experiment,
                trim({identifier(given["variant"])}::varchar) as variant, {ts} as ts from {relation}"""
        )
    except duckdb.Error as error:
        raise reading_problem(source, error) from None
    _refuse_many_arms(connection, given["control"], source.shown)
    user = "user_numbers.number" if "user" in text_ids else "try_cast(user_text as bigint)"
    join = "join user_numbers on user_text = user_numbers.text" if "user" in text_ids else ""
    control = quoted(given["control"])
    return f"""
        with known as (select {user} as user_id, experiment, variant, ts from seen {join}),
        first_event as (select user_id, min(ts) as first_ts from events group by user_id)
        select user_id, experiment,
            if(arg_min(variant, coalesce(ts, first_ts)) = {control}, 'control', 'treatment') as variant,
            min(coalesce(ts, first_ts)) as ts
        from known join first_event using (user_id)
        where experiment <> '' and variant <> '' group by user_id, experiment order by experiment, user_id"""


def _refuse_many_arms(connection: duckdb.DuckDBPyConnection, control: str, shown: str) -> None:
    row = connection.execute(
        """select experiment, list(distinct variant order by variant) as arms from seen
        where experiment <> '' group by experiment
        having len(arms) <> 2 or not list_contains(arms, $control) order by experiment limit 1""",
        {"control": control},
    ).fetchone()
    if row:
        raise JourneyError(
            f"{shown}: experiment {row[0]!r} has the variants {', '.join(row[1])}; there must be two, one of"
            f" them {control!r}, as [exposures] control says"
        )
