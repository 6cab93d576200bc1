"""The catalogue and the SQL say the same: names, order, groups, fill values."""

from __future__ import annotations

import re
from datetime import datetime

import duckdb
import pytest
from support.features_shops import Event, Shop, feature_models, warehouse

from journey.features import FEATURES, GROUPS, names_of
from journey.features.catalogue import NEVER
from journey.features.leaks import LEAKS
from journey.paths import project

NOON = datetime(2025, 3, 10, 12, 0)
WINDOWS = ("1 day", "7 days", "30 days", "all", "session", "now")
#: fixed by the one event of the shop below, whatever the history
OF_THE_OPENING = ("hour", "weekday", "on_mobile", "on_desktop", "from_email", "age_from", "coupon_pct")
BY_SESSION = ("recency", "frequency", "intent")


@pytest.fixture(scope="module")
def blank() -> duckdb.DuckDBPyConnection:
    """One user, never seen before, who searches once."""
    first = Event(1, NOON).typed("search")
    return warehouse(Shop((first,), {1: ("books", None)}, {}))


def columns(connection: duckdb.DuckDBPyConnection, table: str) -> list[tuple[str, str]]:
    described = connection.execute(f"describe {table}").fetchall()
    return [(name, kind) for name, kind, *_ in described]


def test_there_are_enough_features_in_six_groups() -> None:
    assert len(FEATURES) >= 37
    assert {feature.group for feature in FEATURES} == set(GROUPS)
    assert len(GROUPS) == 6
    assert {"1 day", "7 days", "30 days"} <= {feature.window for feature in FEATURES}


def test_every_entry_is_complete() -> None:
    assert len({feature.name for feature in FEATURES}) == len(FEATURES)
    for feature in FEATURES:
        assert re.fullmatch(r"[a-z][a-z0-9_]*", feature.name)
        assert feature.window in WINDOWS, feature
        assert feature.unit, feature
        assert feature.definition[0].isupper() or feature.definition[0].isdigit(), feature
        assert not feature.definition.endswith("."), feature


def test_a_window_in_the_name_is_the_window_of_the_entry() -> None:
    for feature in FEATURES:
        if found := re.search(r"_(\d+)d$", feature.name):
            days = int(found.group(1))
            assert feature.window == f"{days} day{'s' if days > 1 else ''}", feature


def test_the_wide_table_has_the_features_in_order(blank: duckdb.DuckDBPyConnection) -> None:
    names = [name for name, _ in columns(blank, "marts.features_all")]
    assert names[-len(FEATURES) :] == [feature.name for feature in FEATURES]


@pytest.mark.parametrize("group", GROUPS)
def test_a_group_is_one_table_of_numbers(blank: duckdb.DuckDBPyConnection, group: str) -> None:
    key, *features = columns(blank, f"marts.features_{group}")
    assert key == ("session_id" if group in BY_SESSION else "decision_id", "BIGINT")
    assert tuple(name for name, _ in features) == names_of(group)
    assert {kind for _, kind in features} <= {"INTEGER", "DOUBLE"}


def test_without_any_history_a_feature_has_its_fill_value(blank: duckdb.DuckDBPyConnection) -> None:
    names = [feature.name for feature in FEATURES]
    found = blank.execute(f"select {', '.join(names)} from marts.features_all").fetchall()
    assert len(found) == 1
    wrong = {
        feature.name: value
        for feature, value in zip(FEATURES, found[0], strict=True)
        if value != feature.fill and feature.name not in OF_THE_OPENING
    }
    assert not wrong


def test_never_is_also_the_longest_time() -> None:
    assert {f.fill for f in FEATURES if f.name.startswith("days_since_last")} == {NEVER}


def test_offers_are_features_and_leaks_are_not() -> None:
    names = set(names_of())
    assert {"coupon_pct", "free_shipping_shown"} <= names
    assert not names & {leak.name for leak in LEAKS}


def test_groups_partition_the_catalogue() -> None:
    assert names_of() == tuple(name for group in GROUPS for name in names_of(group))
    assert names_of("item", "user_item") == names_of("user_item") + names_of("item")


def test_no_feature_reads_the_raw_events_or_the_outcome() -> None:
    """Only the sessions before this one may be asked how they ended; see features_sessions."""
    for model in feature_models():
        assert not [table for table in model.reads if table.startswith("raw.")], model.name
        if model.name in ("marts.features_sessions", "marts.decision_points", "marts.features_categories"):
            continue
        assert "marts.sessions" not in model.reads, model.name
        assert "marts.orders" not in model.reads, model.name


def test_every_feature_file_states_question_grain_and_technique() -> None:
    for file in sorted((project().sql / "marts").glob("features_*.sql")):
        head = [line for line in file.read_text("utf-8").splitlines() if line.startswith("-- ")]
        assert all(any(line.startswith(f"-- {word}:") for line in head) for word in ("question", "grain"))
        assert max(len(line) for line in file.read_text("utf-8").splitlines()) <= 120, file.name
