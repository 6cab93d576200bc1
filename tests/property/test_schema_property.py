"""Random valid stores pass; a random single corruption of one is caught, whatever and wherever it is."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.tiny_store import Frames, rewrite, tiny_frames, write_store

from journey.errors import JourneyError
from journey.stores.schema import SCHEMA, ColumnSpec, TableSpec, validate_store

QUICK = settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))


@st.composite
def stores(draw: st.DrawFn) -> tuple[Frames, dict[str, int]]:
    """A store with random sizes and random legal dirt, and how much of each kind it has."""
    days = draw(st.integers(1, 3))
    frames = tiny_frames(
        users=draw(st.integers(1, 4)),
        items=draw(st.integers(1, 5)),
        days=days,
        text_from=draw(st.integers(0, days)),
    )
    events = frames["events"]
    share = st.sets(st.integers(0, len(events) - 1), max_size=5)
    nameless, negative, wrong = draw(share), draw(share), draw(share)
    late = draw(share) - wrong
    events.loc[sorted(nameless), "user_id"] = pd.NA
    events.loc[sorted(negative), "quantity"] = -draw(st.integers(1, 9))
    away = draw(st.sampled_from([timedelta(hours=2), timedelta(days=-4), timedelta(days=-20_000)]))
    events.loc[sorted(wrong), "ts"] = events.loc[sorted(wrong), "received_ts"] + away
    lag = timedelta(hours=draw(st.integers(6, 47)))
    events.loc[sorted(late), "ts"] = events.loc[sorted(late), "received_ts"] - lag
    events["discount_pct"] = draw(st.floats(0, 100))
    frames["items"]["rating"] = draw(st.floats(1, 5))
    dirt = {
        "missing_user": len(nameless),
        "negative_quantity": len(negative),
        "skewed": len(wrong),
        "late": len(late),
    }
    return frames, dirt


@contextmanager
def on_disk(frames: Frames) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp())
    try:
        yield write_store(folder / "tiny", frames)
    finally:
        shutil.rmtree(folder)


@given(stores())
@QUICK
def test_valid_stores_pass_and_their_dirt_is_counted(drawn: tuple[Frames, dict[str, int]]) -> None:
    frames, dirt = drawn
    with on_disk(frames) as store:
        summary = validate_store(store)
    assert summary.rows == {name: len(frame) for name, frame in frames.items()}
    assert summary.dirt == dirt


def illegal_values(column: ColumnSpec, kind: pa.DataType) -> list[object]:
    """Every way in which a cell of a column can be wrong."""
    wrong: list[object] = [] if column.nullable else [None]
    if column.allowed:
        wrong += ["", "Other", column.allowed[0].upper()]
    if pa.types.is_string(kind) and "DOUBLE" in column.types:
        return [*wrong, "EUR", "12.50", "EUR 12,50", "EUR -1.00", "eur 3.00"]
    if column.minimum is not None:
        wrong.append(column.minimum - 1)
    if column.maximum is not None:
        wrong.append(column.maximum + 1)
    if pa.types.is_floating(kind):
        wrong += [float("nan"), float("inf"), float("-inf")]
    return wrong


def files_of(store: Path, table: TableSpec) -> list[Path]:
    return sorted(store.glob(table.path.replace("YYYY-MM-DD", "*")))


def spoil_cell(draw: st.DrawFn, store: Path) -> str:
    table = draw(st.sampled_from(list(SCHEMA.values())))
    path = draw(st.sampled_from(files_of(store, table)))
    content = pq.ParquetFile(path).read()
    choices = [
        (column, value)
        for column in table.columns
        for value in illegal_values(column, content.schema.field(column.name).type)
    ]
    column, value = draw(st.sampled_from(choices))
    row = draw(st.integers(0, len(content) - 1))

    def change(old: pa.Table) -> pa.Table:
        kind = old.schema.field(column.name).type
        values = old.column(column.name).to_pylist()
        values[row] = int(value) if pa.types.is_integer(kind) and isinstance(value, float) else value
        return old.set_column(old.schema.get_field_index(column.name), column.name, pa.array(values, kind))

    rewrite(path, change)
    return column.name


def spoil_columns(draw: st.DrawFn, store: Path) -> str:
    table = draw(st.sampled_from(list(SCHEMA.values())))
    path = draw(st.sampled_from(files_of(store, table)))
    name = draw(st.sampled_from(table.names))
    how = draw(st.sampled_from(["drop", "rename", "add", "binary"]))

    def change(old: pa.Table) -> pa.Table:
        index = old.schema.get_field_index(name)
        if how == "drop":
            return old.drop_columns([name])
        if how == "rename":
            return old.rename_columns([f"{each}_2" if each == name else each for each in old.column_names])
        if how == "add":
            return old.append_column("foreign", old.column(0))
        return old.set_column(index, name, pa.array([b"x"] * len(old), pa.binary()))

    rewrite(path, change)
    return path.name


def spoil_file(draw: st.DrawFn, store: Path) -> str:
    files = sorted(store.rglob("*.parquet"))
    path = draw(st.sampled_from(files))
    how = draw(st.sampled_from(["cut", "empty", "remove", "copy", "fewer rows"]))
    content = path.read_bytes()
    if how == "cut":
        path.write_bytes(content[: -draw(st.integers(1, len(content) - 1))])
    elif how == "empty":
        path.write_bytes(b"")
    elif how == "remove":
        path.unlink()
    elif how == "copy":
        shutil.copy(path, path.with_name(f"copy of {path.name}"))
    else:
        rewrite(path, lambda old: old.slice(1))
    return ""


SPOILERS = {"cell": spoil_cell, "columns": spoil_columns, "file": spoil_file}


@pytest.mark.parametrize("kind", SPOILERS)
@given(data=st.data())
@QUICK
def test_one_corruption_is_caught(kind: str, data: st.DataObject) -> None:
    frames, _ = data.draw(stores())
    with on_disk(frames) as store:
        validate_store(store)
        named = SPOILERS[kind](data.draw, store)
        with pytest.raises(JourneyError) as caught:
            validate_store(store)
    assert named in str(caught.value)
    assert "\n" not in str(caught.value)
