"""The appendix shows every raw column, every feature and tables that exist."""

from __future__ import annotations

import pandas as pd
import pytest

from journey.errors import JourneyError
from journey.features.catalogue import FEATURES, GROUPS
from journey.paths import project
from journey.report.dictionary import (
    COLUMNS_OF,
    MARTS,
    column_rows,
    feature_rows,
    mart_columns,
    mart_rows,
    raw_tables,
)
from journey.warehouse.connect import connect


def test_every_raw_column_is_explained():
    assert [spec.name for spec in raw_tables()] == ["users", "items", "events", "exposures"]
    for spec in raw_tables():
        rows = column_rows(spec)
        assert tuple(rows["column"]) == spec.names
        assert rows["meaning"].str.len().gt(5).all()
    events = column_rows(raw_tables()[2]).set_index("column")
    assert "null" in events.loc["user_id", "notes"]


def test_every_feature_stands_in_one_table():
    importance = pd.DataFrame({"feature": [feature.name for feature in FEATURES], "share": 1 / len(FEATURES)})
    shown = pd.concat([feature_rows(group, importance) for group in GROUPS])
    assert sorted(shown["feature"]) == sorted(feature.name for feature in FEATURES)
    assert shown["share"].sum() == pytest.approx(1.0)
    with pytest.raises(JourneyError, match="without importance"):
        feature_rows("item", importance.iloc[:1])


def test_marts_are_there_and_counted():
    with connect(project().warehouse("simulated")) as connection:
        rows = mart_rows(connection, project().sql).set_index("table")
        assert len(rows) == len(MARTS)
        sessions = connection.execute("select count(*) from marts.sessions").fetchone()[0]
    assert rows.loc["marts.sessions", "rows"] == sessions
    assert rows.loc["marts.features_all", "columns"] > len(FEATURES)
    # capitals of names stay capitals
    assert rows.loc["marts.sessions", "question"] == "What happened in each session?"


def test_every_column_of_a_mart_is_explained():
    with connect(project().warehouse("simulated")) as connection:
        shown = {name: mart_columns(connection, project().sql, name) for name in COLUMNS_OF}
    for name, rows in shown.items():
        assert rows["meaning"].str.len().gt(4).all(), name
        assert rows["notes"].eq("key").any(), name
    sessions = shown["sessions"].set_index("column")
    assert sessions.loc["country", "meaning"].startswith("Country of the account")
    assert sessions.loc["revenue", "notes"] == "may be null"
