"""Sessions of a log by its own numbers and by other rules than the report's."""

from __future__ import annotations

from pathlib import Path

import duckdb

from journey.stores.canonical import copy, number
from journey.stores.imported.shopmap import DEFAULT_GAP, ShopMap

#: Name of the rule among a manifest's parameters, where it is not the usual one: minutes, or `own`.
RULE = "session_rule"
OWN = "own"
#: File beside a store's raw folder: user and start of each session by the shop's own numbers.
STARTS = "session_starts.parquet"
#: Events that are kept, with the times that orders gave them; and with the hash of their session.
HAPPENED = """select user_id, ts, kind from rows where reason is null and kind <> 'purchase'
    union all select user_id, ts, kind from lines"""
NUMBERED = HAPPENED.replace("kind from", "kind, session_hash from")


def write_own_sessions(
    connection: duckdb.DuckDBPyConnection, path: Path, text_ids: tuple[str, ...]
) -> dict[str, int]:
    """Write when each session by the log's own numbers starts; `overlapping` are those that start in another.

    A user's sessions lie apart in the warehouse, so those that overlap in time become one. Events without a
    number make sessions by the usual gap.
    """
    connection.execute(
        f"""create or replace temp table own_spans as
        with happened as ({NUMBERED}),
        gaps as (
            select *, lag(ts) over (partition by user_id order by ts) as before
            from happened where session_hash is null
        ),
        unnumbered as (
            select *, sum(case when ts > before + interval {DEFAULT_GAP} minutes then 1 else 0 end)
                over (partition by user_id order by ts range unbounded preceding) as island from gaps
        ),
        spans as (
            select user_id, min(ts) as first_ts, max(ts) as last_ts, true as own
            from happened where session_hash is not null group by user_id, session_hash
            union all
            select user_id, min(ts), max(ts), false from unnumbered group by user_id, island
        )
        select *, max(last_ts) over (
            partition by user_id order by first_ts, last_ts rows between unbounded preceding and 1 preceding
        ) as before from spans"""
    )
    user, join = "user_id", ""
    if "user" in text_ids:
        user, join = "number as user_id", " join user_numbers on user_id = text"
    copy(
        connection,
        f"select {user}, first_ts as ts from own_spans{join} where before is null or first_ts > before",
        path,
    )
    inside = number(connection, "select count(*) from own_spans where own and first_ts <= before")
    connection.execute("drop table own_spans")
    return {"overlapping": inside}


def visits(connection: duckdb.DuckDBPyConnection, mapped: ShopMap) -> dict[str, int]:
    """Visits by other rules than the report's, to compare, and those of them that buy (`_buying`).

    `own` by the shop's session numbers within a user (`without_own` rows have none), `usual` by gaps of half
    an hour where the report has another rule, `all` by the gaps of the report over every row that has a user
    and a time, those that the map ignores included.
    """
    found: dict[str, int] = {}
    if "session" in mapped.columns:
        row = connection.execute(
            """with numbered as (
                select session_hash, bool_or(kind = 'purchase') as buying
                from rows where reason is null and session_hash is not null group by session_hash
            )
            select count(*), count(*) filter (where buying),
                (select count(*) from rows where reason is null and session_hash is null)
            from numbered"""
        ).fetchone()
        assert row is not None
        found |= dict(zip(("own", "own_buying", "without_own"), row, strict=True))
    if mapped.own_sessions or mapped.session_gap != DEFAULT_GAP:
        found |= dict(zip(("usual", "usual_buying"), _by_gap(connection, HAPPENED, DEFAULT_GAP), strict=True))
    if number(connection, "select count(*) from rows where reason = 'ignored' limit 1"):
        every = """select user_id, ts, case when reason is null then kind end as kind from rows
            where (reason is null or reason = 'ignored') and ts is not null and user_id is not null"""
        found |= dict(zip(("all", "all_buying"), _by_gap(connection, every, mapped.session_gap), strict=True))
    return found


def _by_gap(connection: duckdb.DuckDBPyConnection, events: str, minutes: int) -> tuple[int, int]:
    """Visits of events (SQL) that end after a gap, and those that buy."""
    row = connection.execute(
        f"""with gaps as (
            select user_id, kind, ts, lag(ts) over (partition by user_id order by ts) as before
            from ({events})
        ),
        numbered as (
            select user_id, kind,
                sum(case when before is null or ts > before + interval {minutes} minutes then 1 else 0 end)
                over (partition by user_id order by ts range unbounded preceding) as visit from gaps
        )
        select count(distinct (user_id, visit)),
            count(distinct (user_id, visit)) filter (where kind = 'purchase')
        from numbered"""
    ).fetchone()
    assert row is not None
    return int(row[0]), int(row[1])
