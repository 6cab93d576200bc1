"""SQL and pandas agree on stores that were made to be awkward, and sessions are what they claim to be."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import HealthCheck, example, given, settings
from support.awkward_stores import (
    ALL_REMOVED,
    ALL_STEPS_AT_ONE_MOMENT,
    BOUGHT_BEFORE_CHECKOUT,
    COPY_WITH_A_SMALLER_NUMBER,
    EXACTLY_HALF_AN_HOUR,
    JUST_A_BOT,
    LINE_WRITTEN_AGAIN,
    ONE_EVENT,
    stores,
)
from support.reference_sessions import assert_agrees, reference
from support.warehouse_stores import Row, write_store

from journey.paths import project
from journey.warehouse.build import build_warehouse
from journey.warehouse.connect import connect


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(stores())
@example(ONE_EVENT)
@example(ALL_REMOVED)
@example(EXACTLY_HALF_AN_HOUR)
@example(ALL_STEPS_AT_ONE_MOMENT)
@example(BOUGHT_BEFORE_CHECKOUT)
@example(COPY_WITH_A_SMALLER_NUMBER)
@example(JUST_A_BOT)
@example(LINE_WRITTEN_AGAIN)
def test_sql_and_pandas_agree_on_awkward_stores(store: tuple[list[Row], dict[str, object]]) -> None:
    rows, options = store
    with tempfile.TemporaryDirectory() as folder:
        raw = write_store(Path(folder) / "awkward", rows, **options)  # type: ignore[arg-type]
        target = Path(folder) / "awkward.duckdb"
        summary = build_warehouse(raw, target, project().sql, features=False)
        assert summary.raw_rows == len(rows) == summary.clean_rows + sum(summary.removed.values())
        with connect(target) as warehouse:
            assert_agrees(reference(raw), warehouse)
