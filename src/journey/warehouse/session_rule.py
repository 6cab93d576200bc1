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
#: Microseconds of a stretch of the clock within which no session can end: by the project's rule as long as
#: the gap, by starts that the import found a single moment.
STRETCH, MINUTE, MOMENT = "1_800_000_000", 60_000_000, 1
#: Where a session starts by the project's rule, and by starts that the import found.
BY_GAP = f"""    select * from preceded
    where previous_ts is null or first_ts > previous_ts + {USUAL}
"""
BY_NUMBER = """    select preceded.* from preceded
    asof left join read_parquet('{starts}') as own
        on preceded.user_id = own.user_id
        and preceded.first_ts >= own.ts
    where previous_ts is null or own.ts > previous_ts
"""
GAP = """-- question: After how many minutes without an event does a session end?
-- grain: one row
-- technique: what the import's map says; 0 where sessions have numbers of the shop's own
-- keys: none
-- columns:
--   minutes: minutes without an event; a session begins more than so long after the one before it

create or replace table staging.session_gap as

select {minutes} as minutes
"""


def check_engine(store: Path) -> None:
    """Refuse Spark for a store whose sessions have numbers of the shop's own: only DuckDB joins them.

    Raises
    ------
    JourneyError
        For such a store.
    """
    if read_manifest(store).parameters.get(RULE) == OWN:
        raise JourneyError(
            f"the sessions of {store.parent.name} are those of its own numbers, which only DuckDB reads;"
            " build without --engine spark, or give minutes under [rules] session and import again"
        )


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
        if text.count(BY_GAP) != 1 or text.count(STRETCH) != 1:
            raise JourneyError(f"{sql / 'staging' / starts.name}: {USUAL!r} must end a session there, once")
        minutes = 0 if rule == OWN else int(rule)
        if rule == OWN:
            ours = BY_NUMBER.replace("{starts}", str(store.parent / STARTS).replace("'", "''"))
        else:
            ours = BY_GAP.replace(USUAL, f"interval {minutes} minutes")
        text = text.replace(STRETCH, str(minutes * MINUTE or MOMENT)).replace(BY_GAP, ours)
        starts.write_text(text, encoding="utf-8")
        (copied / "staging" / "session_gap.sql").write_text(GAP.format(minutes=minutes), encoding="utf-8")
        yield copied
