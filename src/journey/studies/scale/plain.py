"""What each way of writing the SQL gains: models in the plain way, on the same shop, with the same rows.

Each plain way is the project's own model with a passage put back to what one writes first. Both ways run one
after the other in one warehouse in memory, with everything before them already made, and must give the same
rows before their times count.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from journey.errors import JourneyError
from journey.studies.scale.engines import all_models, in_memory
from journey.warehouse.models import Model, run_model

#: How often both ways run; the fastest of each counts.
REPEATS = 3


@dataclass(frozen=True)
class Plain:
    """One model in the plain way: passages of its SQL and what stands there instead."""

    model: str
    ours: str
    plainly: str
    passages: tuple[tuple[str, str], ...]


WAYS = (
    Plain(
        "staging.bots",
        "gaps between rows of the few who only view",
        "gaps between all rows",
        (
            ("    from events\n    semi join viewers using (user_id)", "    from events"),
            ("from gaps\n", "from gaps\nsemi join viewers using (user_id)\n"),
        ),
    ),
    Plain(
        "staging.network_delay",
        "median from counts per millisecond",
        "median of all rows",
        (
            (
                "select to_milliseconds(coalesce(min(delay_ms), 0)) as median_delay\nfrom cumulated\n"
                "where 2 * n_rows_so_far >= n_rows_in_all",
                "select to_milliseconds(coalesce(quantile_disc(wait_us // 1000, 0.5), 0)) as median_delay\n"
                "from events\nwhere wait_us between 0 and 60_000_000",
            ),
        ),
    ),
    Plain(
        "staging.repeated_events",
        "copies numbered among rows with the same hash",
        "all rows numbered",
        (
            (
                "from events\nsemi join repeated_keys using (key_hash)",
                "from events\nqualify count(*) over (partition by key_hash) > 1",
            ),
        ),
    ),
    Plain(
        "staging.session_starts",
        "gaps between half hours with events",
        "gaps between events",
        (
            (
                "        user_id,\n        floor(epoch_us(ts) / 1_800_000_000) as half_hour,\n"
                "        min(ts) as first_ts,\n        max(ts) as last_ts\n    from events\n"
                "    group by user_id, half_hour",
                "        user_id,\n        ts as half_hour,\n        ts as first_ts,\n        ts as last_ts\n"
                "    from events",
            ),
        ),
    ),
    Plain(
        "staging.events",
        "a join on user and day, then the bounds of the session",
        "an as-of join on the start of the session",
        (
            (
                "from events\njoin session_days\n    on events.user_id = session_days.user_id\n"
                "    and events.day = session_days.day\n"
                "    and events.ts between session_days.session_start and session_days.session_end",
                "from events\nasof join staging.session_starts as session_days\n"
                "    on events.user_id = session_days.user_id\n"
                "    and events.ts >= session_days.session_start",
            ),
        ),
    ),
    Plain(
        "marts.sessions",
        "different items counted apart",
        "counted beside the other counts",
        (
            (
                "        max(discount_pct) as discount_pct,",
                "        count(distinct item_id) filter (where event_type = 'view') as n_items_viewed,\n"
                "        max(discount_pct) as discount_pct,",
            ),
            ("coalesce(variety.n_items_viewed, 0)", "sessions.n_items_viewed"),
            ("left join variety using (session_id)\n", ""),
        ),
    ),
    Plain(
        "marts.features_user_item",
        "pairs of user and item that are in focus somewhere",
        "all pairs",
        (("    semi join pairs using (user_id, item_id)\n", ""),),
    ),
)


def written_plainly(store: Path, sql: Path) -> list[dict[str, Any]]:
    """Time every model of `WAYS` as it is and in the plain way.

    Returns
    -------
    list of dict
        In the order in which models are built: `model`, `ours`, `plainly`, `rows`, and seconds by the clock
        and of the processor as `seconds`, `processor`, `plain_seconds`, `plain_processor`.

    Raises
    ------
    JourneyError
        When a passage is not in its model, or both ways give other rows.
    """
    ways = {way.model: way for way in WAYS}
    found = []
    with in_memory(store) as connection:
        for model in all_models(sql):
            run_model(connection, model)
            if way := ways.get(model.name):
                found.append(_compare(connection, model, way))
    return found


def plain_model(model: Model, way: Plain) -> Model:
    """The model with its passages put back.

    Raises
    ------
    JourneyError
        When a passage does not stand in the model exactly once.
    """
    text = model.sql
    for ours, plainly in way.passages:
        if text.count(ours) != 1:
            raise JourneyError(f"{model.path}: {ours!r} must stand there once to be put back")
        text = text.replace(ours, plainly)
    return Model(model.name, model.path, text, model.reads, model.is_view)


def _compare(connection: duckdb.DuckDBPyConnection, model: Model, way: Plain) -> dict[str, Any]:
    plain = plain_model(model, way)
    taken: dict[str, list[tuple[float, float]]] = {model.sql: [], plain.sql: []}
    rows = set()
    for each in [plain, model] * REPEATS:
        taken[each.sql].append(_timed(connection, each))
        rows.add(_fingerprint(connection, each.name))
    if len(rows) > 1:
        raise JourneyError(f"{model.name} in the plain way gives other rows; no time is shown")
    (seconds, processor), (plain_seconds, plain_processor) = min(taken[model.sql]), min(taken[plain.sql])
    return {
        "model": model.name,
        "ours": way.ours,
        "plainly": way.plainly,
        "rows": rows.pop()[0],
        "seconds": round(seconds, 3),
        "processor": round(processor, 3),
        "plain_seconds": round(plain_seconds, 3),
        "plain_processor": round(plain_processor, 3),
    }


def _timed(connection: duckdb.DuckDBPyConnection, model: Model) -> tuple[float, float]:
    start, before = time.perf_counter(), time.process_time()
    run_model(connection, model)
    return time.perf_counter() - start, time.process_time() - before


def _fingerprint(connection: duckdb.DuckDBPyConnection, table: str) -> tuple[int, int]:
    """Number of rows, and a sum over them that does not depend on their order."""
    row = connection.execute(f"select count(*), sum(hash(t)::hugeint) from {table} as t").fetchone()
    assert row is not None
    return row
