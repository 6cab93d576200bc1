"""SQL files as a graph: order, names, and what is wrong with a file."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from journey.errors import JourneyError
from journey.paths import project
from journey.warehouse.build import FEATURES
from journey.warehouse.models import in_order, passing_views, read_models

ALL = [*read_models(project().sql / "staging"), *read_models(project().sql / "marts", skip=FEATURES)]


def write(folder: Path, name: str, sql: str) -> Path:
    file = folder / "marts" / f"{name}.sql"
    file.parent.mkdir(exist_ok=True)
    file.write_text(sql, encoding="utf-8")
    return file.parent


def test_every_model_comes_after_what_it_reads() -> None:
    made = {model.name for model in ALL}
    seen: set[str] = set()
    for model in in_order(reversed(ALL)):
        assert {table for table in model.reads if table in made} <= seen, model.name
        seen.add(model.name)
    assert seen == made


def test_every_table_that_is_read_is_a_model_or_raw() -> None:
    made = {model.name for model in ALL} | {f"raw.{t}" for t in ("events", "users", "items", "exposures")}
    assert {table for model in ALL for table in model.reads} <= made


def test_marts_never_read_raw_files() -> None:
    marts = [model for model in ALL if model.name.startswith("marts.")]
    assert len(marts) == 6
    assert not [model.name for model in marts if any(table.startswith("raw.") for table in model.reads)]


def test_the_clean_marts_need_no_feature() -> None:
    features = {model.name for model in read_models(project().sql / "marts")} - {model.name for model in ALL}
    assert "marts.features_all" in features
    assert not {table for model in ALL for table in model.reads} & features


def test_only_the_view_over_raw_files_ends_with_the_build() -> None:
    assert passing_views(in_order(ALL)) == ["staging.events_repaired"]


def test_order_is_the_same_whatever_the_order_of_the_files() -> None:
    names = [model.name for model in in_order(ALL)]
    assert [model.name for model in in_order(reversed(ALL))] == names


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        (
            "create or replace table marts.other as select 1 as one",
            "must make marts.things, but it makes marts.other",
        ),
        ("create table marts.things as select 1 as one", "a model is one `create or replace` statement"),
        ("select 1", "a model is one `create or replace` statement"),
        ("create or replace table marts.things as select 1; select 2", "a model is one `create or replace`"),
        ("create or replace table marts.things as select from where", "cannot be parsed"),
    ],
)
def test_a_file_that_is_no_model(tmp_path: Path, sql: str, message: str) -> None:
    folder = write(tmp_path, "things", sql)
    with pytest.raises(JourneyError, match=re.escape(message)) as raised:
        read_models(folder)
    assert str(folder / "things.sql") in str(raised.value)


def test_a_circle_is_named(tmp_path: Path) -> None:
    write(tmp_path, "one", "create or replace table marts.one as select * from marts.two")
    folder = write(tmp_path, "two", "create or replace table marts.two as select * from marts.one")
    with pytest.raises(JourneyError, match=r"in a circle: marts\.\w+ -> marts\.\w+ -> marts\.\w+"):
        in_order(read_models(folder))


def test_two_files_that_make_one_table(tmp_path: Path) -> None:
    folder = write(tmp_path, "one", "create or replace table marts.one as select 1 as one")
    models = read_models(folder)
    with pytest.raises(JourneyError, match=r"both make marts\.one"):
        in_order([*models, *models])


def test_an_empty_folder(tmp_path: Path) -> None:
    with pytest.raises(JourneyError, match="there is no SQL file"):
        read_models(tmp_path)
