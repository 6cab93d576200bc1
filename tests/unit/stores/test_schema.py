"""The canonical schema: its declarations, and what `validate_store` accepts, counts and refuses."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pandera.errors
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from support.tiny_store import rewrite, snapshot, tiny_frames, write_store

from journey.errors import JourneyError
from journey.stores.schema import SCHEMA, pandera_schema, read_manifest, validate_store


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return write_store(tmp_path / "tiny", tiny_frames())


def day(store: Path, number: int = 1) -> Path:
    return sorted((store / "events").iterdir())[number - 1] / "events.parquet"


def set_cell(path: Path, column: str, value: object, row: int = 0) -> None:
    def change(table: pa.Table) -> pa.Table:
        values = table.column(column).to_pylist()
        values[row] = value
        kind = table.schema.field(column).type
        return table.set_column(table.schema.get_field_index(column), column, pa.array(values, type=kind))

    rewrite(path, change)


def set_manifest(store: Path, **values: object) -> None:
    path = store / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}), encoding="utf-8")


# --- declarations -------------------------------------------------------------------------------------


def test_every_column_is_described_and_every_null_explained() -> None:
    for table in SCHEMA.values():
        for column in table.columns:
            assert column.description, f"{table.name}.{column.name}"
            assert column.nullable == bool(column.null_meaning), f"{table.name}.{column.name}"
        assert set(table.key) <= set(table.names)


def test_pandera_schemas_have_the_declared_columns() -> None:
    for name, table in SCHEMA.items():
        assert tuple(pandera_schema(name).columns) == table.names


def test_pandera_refuses_what_the_rules_refuse() -> None:
    frame = tiny_frames(text_from=99)["events"].drop(columns="day").astype({"unit_price": float})
    pandera_schema("events").validate(frame)
    for column, value in {"event_type": "click", "discount_pct": 101.0, "unit_price": -1.0}.items():
        broken = frame.copy()
        broken.loc[1, column] = value
        with pytest.raises(pandera.errors.SchemaError, match=column):
            pandera_schema("events").validate(broken)


# --- what passes --------------------------------------------------------------------------------------


def test_valid_store(store: Path) -> None:
    summary = validate_store(store)
    assert summary.rows == {"users": 3, "items": 4, "events": 45, "exposures": 3}
    assert (summary.days, summary.first_day) == (3, date(2025, 3, 1))
    assert set(summary.dirt.values()) == {0}
    assert str(summary).startswith("tiny: 3 users, 4 items, 45 events, 3 exposures, 2025-03-01 to 2025-03-03")


def test_legal_dirt_is_counted(store: Path) -> None:
    first, last = day(store), day(store, 3)
    received = pq.ParquetFile(first).read(["received_ts"]).column(0).to_pylist()[0]
    set_cell(first, "user_id", None, row=1)
    set_cell(last, "user_id", None, row=1)
    set_cell(first, "quantity", -2, row=2)
    set_cell(first, "ts", received - timedelta(hours=7), row=0)
    set_cell(first, "ts", received.replace(year=1970), row=3)
    set_cell(last, "ts", received + timedelta(days=9), row=0)
    assert validate_store(store).dirt == {
        "missing_user": 2,
        "negative_quantity": 1,
        "skewed": 2,
        "late": 1,
    }


def test_resent_rows_are_legal(tmp_path: Path) -> None:
    frames = tiny_frames()
    again = (
        frames["events"].iloc[[2]].assign(received_ts=lambda rows: rows["received_ts"] + timedelta(seconds=9))
    )
    frames["events"] = pd.concat([frames["events"], again])
    assert validate_store(write_store(tmp_path / "tiny", frames)).rows["events"] == 46


def test_store_without_prices_must_say_so(tmp_path: Path) -> None:
    frames = tiny_frames(text_from=99)
    frames["events"]["unit_price"] = None
    declared = write_store(tmp_path / "a", frames, missing_columns=("events.unit_price",))
    assert validate_store(declared).missing_columns == ("events.unit_price",)
    with pytest.raises(JourneyError, match="9 of 15 rows without the price of a view or cart"):
        validate_store(write_store(tmp_path / "b", frames))


def test_store_without_experiments(tmp_path: Path) -> None:
    frames = tiny_frames()
    frames["exposures"] = frames["exposures"].iloc[:0]
    assert validate_store(write_store(tmp_path / "tiny", frames)).rows["exposures"] == 0


# --- what does not ------------------------------------------------------------------------------------


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-40])


def damage_pages(path: Path) -> None:
    """Overwrite the data pages and keep the footer, as a failing disk does."""
    content = bytearray(path.read_bytes())
    content[4 : len(content) // 3] = b"\xff" * (len(content) // 3 - 4)
    path.write_bytes(bytes(content))


def drop(path: Path, column: str) -> None:
    rewrite(path, lambda table: table.drop_columns([column]))


def add(path: Path, column: str) -> None:
    rewrite(path, lambda table: table.append_column(column, pa.array([1] * len(table))))


def cast(path: Path, column: str, kind: pa.DataType) -> None:
    def change(table: pa.Table) -> pa.Table:
        index = table.schema.get_field_index(column)
        return table.set_column(index, column, pc.cast(table.column(column), kind))

    rewrite(path, change)


def copy_day(store: Path) -> None:
    """The second day once more, under the name of a day without events."""
    shutil.copytree(day(store, 2).parent, store / "events" / "day=2025-03-04")
    set_manifest(store, rows={"users": 3, "items": 4, "events": 60, "exposures": 3})
    set_manifest(store, partitions={"count": 4, "first": "2025-03-01", "last": "2025-03-04"})


BAD: dict[str, tuple[Callable[[Path], object], str]] = {
    "missing folder": (shutil.rmtree, r"tiny is missing; make the store"),
    "missing manifest": (
        lambda s: (s / "manifest.json").unlink(),
        r"manifest\.json is missing, so the store is inc",
    ),
    "broken manifest": (
        lambda s: (s / "manifest.json").write_text('{"store": "tiny",'),
        r"manifest\.json is not valid JSON: .* in line 1; make the store again",
    ),
    "manifest not UTF-8": (
        lambda s: (s / "manifest.json").write_bytes(b'{"store": "caf\xe9"}'),
        r"manifest\.json is not UTF-8 text \(byte 14\)",
    ),
    "manifest of a list": (
        lambda s: (s / "manifest.json").write_text("[]"),
        r"holds list, expected an object",
    ),
    "manifest without rows": (
        lambda s: (s / "manifest.json").write_text('{"store": "tiny", "schema_version": 1}'),
        r"manifest\.json lacks rows, first_day, last_day, partitions",
    ),
    "manifest of another version": (
        lambda s: set_manifest(s, schema_version=9),
        r"is of schema version 9, this program reads 1",
    ),
    "manifest with a wrong day": (
        lambda s: set_manifest(s, first_day="March"),
        r"first_day is 'March', expected YYYY-MM-DD",
    ),
    "manifest with broken rows": (
        lambda s: set_manifest(s, rows={"events": 45}),
        r"rows must give a count for each of users, items, events, exposures",
    ),
    "manifest with broken partitions": (
        lambda s: set_manifest(s, partitions=3),
        r"partitions must give count, first and last, found 3",
    ),
    "manifest names an unknown column": (
        lambda s: set_manifest(s, not_recorded={"columns": ["events.colour"], "event_types": []}),
        r"not_recorded\.columns is \['events\.colour'\]",
    ),
    "count disagrees with rows": (
        lambda s: set_manifest(s, rows={"users": 3, "items": 4, "events": 44, "exposures": 3}),
        r"states 44 rows of events, the files hold 45",
    ),
    "days disagree": (
        lambda s: set_manifest(s, partitions={"count": 4, "first": "2025-03-01", "last": "2025-03-04"}),
        r"states 4 days of events from 2025-03-01 to 2025-03-04, the folder holds 3 days",
    ),
    "lost day": (lambda s: shutil.rmtree(day(s, 2).parent), r"states 45 rows of events, the files hold 30"),
    "missing table": (lambda s: (s / "items.parquet").unlink(), r"items\.parquet is missing"),
    "missing events": (lambda s: shutil.rmtree(s / "events"), r"events is missing"),
    "no days": (
        lambda s: [shutil.rmtree(each) for each in (s / "events").iterdir()],
        r"events holds no day",
    ),
    "empty day folder": (lambda s: day(s).unlink(), r"day=2025-03-01 holds no events\.parquet"),
    "empty file": (lambda s: day(s).write_bytes(b""), r"day=2025-03-01/events\.parquet is empty \(0 bytes\)"),
    "truncated file": (
        lambda s: truncate(day(s, 2)),
        r"day=2025-03-02/events\.parquet is not a complete Parquet file \([\d,]+ bytes\): it was truncated",
    ),
    "text instead of Parquet": (
        lambda s: (s / "users.parquet").write_text("user_id,country\n1,DE\n"),
        r"users\.parquet is not a complete Parquet file",
    ),
    "damaged pages": (
        lambda s: damage_pages(day(s, 2)),
        r"day=2025-03-02/events\.parquet is damaged: its 15 rows cannot be read",
    ),
    "foreign file": (
        lambda s: (s / "notes.xlsx").write_text("x"),
        r"tiny holds notes\.xlsx, which is no part of a store; move it elsewhere",
    ),
    "foreign file among days": (
        lambda s: (s / "events" / "readme.txt").write_text("x"),
        r"readme\.txt is not a partition: events hold one folder a day",
    ),
    "day that is no date": (
        lambda s: day(s).parent.rename(s / "events" / "day=2025-02-30"),
        r"day=2025-02-30 is not a partition",
    ),
    "second file in a day": (
        lambda s: shutil.copy(day(s), day(s).with_name("events (1).parquet")),
        r"day=2025-03-01 holds events \(1\)\.parquet beside events\.parquet: its rows may be there twice",
    ),
    "day copied under another name": (
        copy_day,
        r"day=2025-03-04/events\.parquet: column received_ts has 15 of 15 rows received on another day",
    ),
    "zero rows": (
        lambda s: rewrite(s / "items.parquet", lambda table: table.slice(0, 0)),
        r"items\.parquet has 0 rows",
    ),
    "missing column": (
        lambda s: drop(day(s, 2), "channel"),
        r"day=2025-03-02/events\.parquet lacks column channel \(15 rows\)",
    ),
    "unknown column": (
        lambda s: add(s / "users.parquet", "shoe_size"),
        r"users\.parquet has unknown column shoe_size \(3 rows; known: user_id, signup_ts",
    ),
    "mistyped column": (
        lambda s: cast(day(s), "quantity", pa.string()),
        r"events\.parquet: column quantity is string, expected int64 \(15 rows\)",
    ),
    "time as whole number": (
        lambda s: cast(day(s), "ts", pa.int64()),
        r"column ts is int64, expected timestamp\[us\]",
    ),
    "unknown event type": (
        lambda s: set_cell(day(s), "event_type", "click"),
        r"day=2025-03-01/events\.parquet: column event_type has 1 of 15 rows with a value that is not one of"
        r" view, search, .*, such as 'click'",
    ),
    "unknown device": (lambda s: set_cell(day(s), "device", "fridge"), r"column device .* such as 'fridge'"),
    "null event type": (
        lambda s: set_cell(day(s), "event_type", None),
        r"column event_type has 1 of 15 rows without",
    ),
    "null time of receipt": (
        lambda s: set_cell(day(s), "received_ts", None),
        r"column received_ts has 1 of 15 rows",
    ),
    "discount above 100": (
        lambda s: set_cell(day(s, 2), "discount_pct", 120.0),
        r"column discount_pct has 1 of 15 rows above 100, such as '120\.0'",
    ),
    "negative discount": (
        lambda s: set_cell(day(s), "discount_pct", -1.0),
        r"discount_pct has 1 of 15 rows below 0",
    ),
    "discount not a number": (
        lambda s: set_cell(day(s), "discount_pct", float("nan")),
        r"discount_pct has 1 of 15 rows that are not a finite number",
    ),
    "negative price": (
        lambda s: set_cell(day(s), "unit_price", -3.0, row=1),
        r"column unit_price has 1 of 15 rows below 0, such as '-3\.0'",
    ),
    "negative text price": (
        lambda s: set_cell(day(s, 3), "unit_price", "EUR -3.00", row=1),
        r"day=2025-03-03/events\.parquet: column unit_price has 1 of 15 rows below 0, such as 'EUR -3\.00'",
    ),
    "text that is no price": (
        lambda s: set_cell(day(s, 3), "unit_price", "free", row=1),
        r"column unit_price has 1 of 15 rows that are no price such as 'EUR 12\.50', such as 'free'",
    ),
    "view without item": (
        lambda s: set_cell(day(s), "item_id", None, row=1),
        r"column item_id has 1 of 15 rows without the item of a view",
    ),
    "search with item": (
        lambda s: set_cell(day(s), "item_id", 1, row=0),
        r"item_id has 1 of 15 rows with an item",
    ),
    "item that is not listed": (
        lambda s: set_cell(day(s), "item_id", 77, row=1),
        r"column item_id has 1 of 15 rows of an item that items\.parquet does not list, such as '77'",
    ),
    "rating out of range": (
        lambda s: set_cell(s / "items.parquet", "rating", 11.0),
        r"items\.parquet: column rating has 1 of 4 rows above 5",
    ),
    "duplicate user": (
        lambda s: set_cell(s / "users.parquet", "user_id", 2),
        r"users\.parquet: column user_id is not unique: 1 repeated, such as .*2.* \(of 3 rows; one row per",
    ),
    "unknown variant": (
        lambda s: set_cell(s / "exposures.parquet", "variant", "maybe"),
        r"exposures\.parquet: column variant has 1 of 3 rows .* control, treatment, such as 'maybe'",
    ),
}


@pytest.mark.parametrize("kind", BAD)
def test_bad_store(kind: str, store: Path) -> None:
    spoil, message = BAD[kind]
    spoil(store)
    before = snapshot(store.parent)
    with pytest.raises(JourneyError, match=message) as caught:
        validate_store(store)
    assert str(store.name) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert snapshot(store.parent) == before


def test_fault_in_many_days_is_said_once(store: Path) -> None:
    for number in (1, 2):
        set_cell(day(store, number), "channel", "fax")
    with pytest.raises(JourneyError, match=r"such as 'fax' and in 1 more file"):
        validate_store(store)


def test_manifest_round_trip(store: Path) -> None:
    manifest = read_manifest(store)
    assert manifest.partitions.count == 3
    assert manifest.rows["events"] == 45
