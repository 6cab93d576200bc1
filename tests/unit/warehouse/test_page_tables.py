"""The tables that the SQL library's page loads: what arrives is what the warehouse holds."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from support.query_shop import build_awkward_shop, build_idle_shop, build_shop

from journey.errors import JourneyError
from journey.warehouse.connect import connect
from journey.warehouse.page_tables import CATALOGUE, write_page_tables
from journey.warehouse.query import library

SHOPS = {"usual": build_shop, "awkward": build_awkward_shop, "without orders": build_idle_shop}


def arrived(folder: Path, name: str) -> pa.Table:
    with pa.ipc.open_stream(gzip.decompress((folder / f"{name}.arrow.gz").read_bytes())) as reader:
        return reader.read_all()


@pytest.fixture(scope="module", params=SHOPS)
def shop(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("shop") / "simulated.duckdb"
    SHOPS[request.param](file)
    return file


def test_values_and_types_come_back(shop: Path, tmp_path: Path):
    with connect(shop) as warehouse:
        write_page_tables(warehouse, tmp_path / "page")
        catalogue = json.loads((tmp_path / "page" / CATALOGUE).read_text(encoding="utf-8"))["tables"]
        assert set(catalogue) == {table for spec in library() for table in spec.tables}
        for name, entry in catalogue.items():
            page = duckdb.connect()
            page.register("arrived", arrived(tmp_path / "page", name))
            page.execute(f"create table restored as select {entry['columns']} from arrived")
            columns = [tuple(row) for row in page.execute("describe restored").fetchall()]
            names = ", ".join(column[0] for column in columns)
            kept = warehouse.execute(f"describe select {names} from {name}").fetchall()
            assert [column[:2] for column in columns] == [column[:2] for column in kept]
            rows = page.execute("from restored order by all").fetchall()
            assert rows == warehouse.execute(f"select {names} from {name} order by all").fetchall()
            assert len(rows) == entry["rows"]


def test_a_page_can_run_every_query_on_them(shop: Path, tmp_path: Path):
    with connect(shop) as warehouse:
        write_page_tables(warehouse, tmp_path / "page")
    catalogue = json.loads((tmp_path / "page" / CATALOGUE).read_text(encoding="utf-8"))
    page = duckdb.connect()
    page.execute(f"create schema staging; create schema marts; {catalogue['macros']}")
    for name, entry in catalogue["tables"].items():
        page.register("arrived", arrived(tmp_path / "page", name))
        page.execute(f"create table {name} as select {entry['columns']} from arrived")
    for spec in library():
        page.execute(spec.sql, dict(spec.parameters) or None).fetchall()


def test_two_builds_write_the_same_bytes_and_numbers_travel_narrow(tmp_path: Path):
    file = tmp_path / "simulated.duckdb"
    build_shop(file)
    for folder in ("first", "second"):
        with connect(file) as warehouse:
            write_page_tables(warehouse, tmp_path / folder)
    written = sorted((tmp_path / "first").iterdir())
    assert [each.read_bytes() for each in written] == [
        (tmp_path / "second" / each.name).read_bytes() for each in written
    ]
    sessions = arrived(tmp_path / "first", "marts.sessions").schema
    assert sessions.field("n_events").type.bit_width < 64
    assert pa.types.is_dictionary(sessions.field("device").type)
    assert pa.types.is_integer(arrived(tmp_path / "first", "staging.items").schema.field("price").type)


def test_a_warehouse_without_a_table_is_named(tmp_path: Path):
    with pytest.raises(JourneyError, match=r"the library reads marts\.customers, which the warehouse lacks"):
        write_page_tables(duckdb.connect(), tmp_path / "page")
    assert not (tmp_path / "page").exists()
