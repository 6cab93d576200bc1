"""What a file of users tells of them: country, age, sign-up, device and channel that they came by first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import duckdb

from journey.errors import JourneyError
from journey.stores.imported.cells import id_of, text_of
from journey.stores.imported.needed import check_column
from journey.stores.imported.shopmap import USER_ROLES, ShopMap
from journey.stores.imported.sources import open_source, reading_problem
from journey.stores.imported.times import latest_moment, read_moment
from journey.stores.imported.write import coded
from journey.stores.verify import identifier, quoted

#: Of the sign-ups that the file has, the share up to which those that cannot be read are left out.
TOLERATED = 0.01
#: entry of [users] -> column of the table `users`
COLUMNS = {
    "signup": "signup_ts",
    "country": "country",
    "age": "age_band",
    "device": "device_preference",
    "channel": "acquisition_channel",
}


def read_users(
    connection: duckdb.DuckDBPyConnection, mapped: ShopMap, text_ids: tuple[str, ...]
) -> dict[str, int]:
    """Read the file of users into the table `told`, one row a user of the log; count what was found.

    Returns
    -------
    dict
        `rows` of the file, `known` users of the log that it has, `repeated` rows of a user who is there
        already (the first counts), `foreign` users who have no event, `late` sign-ups after the first event.

    Raises
    ------
    JourneyError
        For a file that cannot be read, lacks a column that the map names, or has no user of the log.
    """  # noqa: DOC501 (reading_problem makes a JourneyError)
    given = mapped.users
    file = Path(given["file"]).expanduser()
    if not file.is_file():
        raise JourneyError(f"{file} does not exist; [users] file names it")
    source = open_source((file,))
    roles = [role for role in ("user", *USER_ROLES) if role in given]
    for role in roles:
        check_column(source, role, given[role])
    cells = {role: (identifier(given[role]), source.types.get(given[role], "VARCHAR")) for role in roles}
    relation = source.relation(list(dict.fromkeys(given[role] for role in roles)))
    try:
        rows = _fill(connection, mapped, cells, relation, source.shown)
    except duckdb.Error as error:
        raise reading_problem(source, error) from None
    user, join = "try_cast(user_text as bigint)", ""
    if "user" in text_ids:
        user, join = "number", " join user_numbers on user_text = text"
    connection.execute(
        f"""create or replace temp table told as
        with known as (select {user} as user_id, user_rows.* from user_rows{join}),
        first_event as (select user_id, min(ts) as first_ts from events group by user_id)
        select known.*, first_ts, row_number() over (partition by user_id order by place) as copy
        from known join first_event using (user_id)"""
    )
    row = connection.execute(
        """select count(*) filter (where copy = 1), count(*) filter (where copy > 1),
            (select count(distinct user_text) from user_rows) - count(distinct user_text),
            count(*) filter (where copy = 1 and signup_ts > first_ts) from told"""
    ).fetchone()
    assert row is not None
    found = dict(zip(("known", "repeated", "foreign", "late"), row, strict=True))
    if not found["known"]:
        raise JourneyError(
            f"{source.shown}, column {given['user']}: none of its {rows:,} rows is a user of the log; name"
            " the column that holds the same ids"
        )
    connection.execute("delete from told where copy > 1")
    return {"rows": rows} | found


def _fill(
    connection: duckdb.DuckDBPyConnection,
    mapped: ShopMap,
    cells: Mapping[str, tuple[str, str]],
    relation: str,
    shown: str,
) -> int:
    """Make `user_rows`, the file as columns of the table `users`; rows that name a user."""
    found = {"user_text": id_of(cells["user"])}
    words = {"device": "device", "channel": "channel"}
    for role, column in COLUMNS.items():
        if role not in cells:
            found[column] = "null::timestamp" if role == "signup" else "null::varchar"
        elif role == "signup":
            clock = replace(mapped, time_format=mapped.users.get("signup_format", "auto"))
            column_of = f"{shown}, column {mapped.users[role]}"
            moment = read_moment(connection, relation, *cells[role], clock, column_of)
            found |= {column: moment.value, "signed": moment.filled}
        elif role in words:
            found[column] = f"nullif({coded(words[role], text_of(cells[role]), mapped)}, 'unknown')"
        else:
            found[column] = id_of(cells[role])
    chosen = ", ".join(f"{sql} as {name}" for name, sql in found.items())
    connection.execute(
        f"""create or replace temp table user_rows as
        select * exclude (x), row_number() over () as place from (select {chosen}, 0 as x from {relation})
        where user_text is not null"""
    )
    if "signup" in cells:
        _refuse_unreadable(connection, f"{shown}, column {mapped.users['signup']}")
    ((rows,),) = connection.execute("select count(*) from user_rows").fetchall()
    return int(rows)


def _refuse_unreadable(connection: duckdb.DuckDBPyConnection, shown: str) -> None:
    latest = f"timestamp {quoted(f'{latest_moment():%Y-%m-%d %H:%M:%S}')}"
    connection.execute(f"update user_rows set signup_ts = null where signup_ts > {latest}")
    row = connection.execute(
        "select count(*) filter (where signup_ts is null), count(*) from user_rows where signed"
    ).fetchone()
    assert row is not None
    if row[0] > TOLERATED * row[1]:
        raise JourneyError(
            f"{shown}: {row[0]:,} of {row[1]:,} sign-ups cannot be read, or lie before 1995 or in the future;"
            " say under [users] how they are written: signup_format = '%d/%m/%Y'"
        )
