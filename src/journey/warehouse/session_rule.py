"""What ends a session in one store: the models as they are, or with that store's rule in place of the usual.

The rule of the project is half an hour, and stands in `sql/staging/session_starts.sql` as that number. A
store that an import made may say another number of minutes, or bring starts of its own.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from journey.errors import JourneyError
from journey.stores.imported.sessions import OWN, RULE, STARTS
from journey.stores.schema import read_manifest

USUAL = "interval 30 minutes"
GAP = """-- question: After how many minutes without an event does a session end?
-- grain: one row
-- technique: what the import's map says; 0 where sessions have numbers of the shop's own
-- keys: none
-- columns:
--   minutes: minutes without an event; a session begins more than so long after the one before it

create or replace table staging.session_gap as

select {minutes} as minutes
"""
BY_NUMBER = """-- question: When does each session start and end?
-- grain: session
-- technique: the starts that the import found from the shop's own session numbers; a session begins with the
--   first event at or after one
-- keys: session_id
-- columns:
--   session_id: number of the session, by user and start
--   session_start: when the first event of the session happened
--   session_end: when the last event of the session happened

create or replace table staging.session_starts as

with

events as (
    select user_id, ts from staging.events_repaired
    where removal_reason is null
),

own_starts as (
    select user_id, ts from read_parquet('{starts}')
),

preceded as (
    select
        user_id,
        ts,
        lag(ts) over (partition by user_id order by ts) as previous_ts,
        max(ts) over (partition by user_id) as last_ts
    from events
),

placed as (
    select
        preceded.*,
        own_starts.ts as started_ts
    from preceded
    asof left join own_starts
        on preceded.user_id = own_starts.user_id
        and preceded.ts >= own_starts.ts
),

starts as (
    select * from placed
    where previous_ts is null or started_ts > previous_ts
)

select
    row_number() over (order by user_id, ts) as session_id,
    user_id,
    ts as session_start,
    coalesce(lead(previous_ts) over (partition by user_id order by ts), last_ts) as session_end
from starts
"""


@contextmanager
def models_for(store: Path, sql: Path) -> Iterator[Path]:
    """Folder of the models for a store: the project's, or a copy with the rule of the store's manifest.

    Raises
    ------
    JourneyError
        When the model of session starts no longer holds the usual rule as one number of minutes.
    """
    rule = read_manifest(store).parameters.get(RULE)
    if rule is None:
        yield sql
        return
    with tempfile.TemporaryDirectory(prefix="journey-sql-") as folder:
        copied = Path(folder)
        for part in ("staging", "marts"):
            shutil.copytree(sql / part, copied / part)
        starts = copied / "staging" / "session_starts.sql"
        text = starts.read_text(encoding="utf-8")
        if text.count(USUAL) != 1:
            raise JourneyError(f"{sql / 'staging' / starts.name}: {USUAL!r} must stand there once")
        if rule == OWN:
            text = BY_NUMBER.replace("{starts}", str(store.parent / STARTS).replace("'", "''"))
        else:
            text = text.replace(USUAL, f"interval {int(rule)} minutes")
        starts.write_text(text, encoding="utf-8")
        minutes = 0 if rule == OWN else int(rule)
        (copied / "staging" / "session_gap.sql").write_text(GAP.format(minutes=minutes), encoding="utf-8")
        yield copied
