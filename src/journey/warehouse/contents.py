"""What the tables of a warehouse hold, as digests that do not depend on the order of rows."""

from __future__ import annotations

import hashlib
from pathlib import Path

from journey.warehouse.connect import connect


def table_digests(warehouse: Path) -> dict[str, str]:
    """Digest of every table and view of `staging` and `marts`: its columns, types and rows.

    Rows count as often as they occur: each is hashed, and the hashes are added up.

    Returns
    -------
    dict of str to str
        `marts.sessions` -> 20 hexadecimal digits.

    Raises
    ------
    JourneyError
        When the warehouse is missing or cannot be opened.
    """
    with connect(warehouse) as connection:
        columns = connection.execute(
            "select table_schema || '.' || table_name as name, "
            "list(column_name || ' ' || data_type order by ordinal_position) "
            "from information_schema.columns where table_schema in ('staging', 'marts') "
            "group by name order by name"
        ).fetchall()
        found = {}
        for name, kinds in columns:
            # Two sums of different hashes: what cancels out in one does not in both.
            rows = connection.execute(
                f"select count(*), sum(hash(held)::hugeint), sum(hash(held, 1)::hugeint) from {name} as held"
            ).fetchone()
            found[name] = hashlib.sha256(repr((kinds, rows)).encode()).hexdigest()[:20]
    return found
