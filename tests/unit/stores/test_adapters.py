"""Adapters: Retailrocket's files to the canonical store, and the one entry point for real data."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

import duckdb
import pytest
from support.places import FIXTURES

from journey.errors import JourneyError
from journey.paths import Paths, project
from journey.stores.adapters import RETAILROCKET_MISSING_EVENTS, map_retailrocket, prepare_store
from journey.stores.locate import DatasetAbsent
from journey.stores.schema import read_manifest, validate_store

FILES = FIXTURES / "stores" / "retailrocket"
PROPERTIES = [FILES / "item_properties_part1.csv", FILES / "item_properties_part2.csv"]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("raw") / "retailrocket"
    map_retailrocket(FILES / "events.csv", target, PROPERTIES)
    return target


def ask(store: Path, sql: str) -> list[tuple]:
    with duckdb.connect() as connection:
        for table in ("users", "items", "exposures"):
            connection.execute(f"create view {table} as from '{store}/{table}.parquet'")
        connection.execute(f"create view events as from read_parquet('{store}/events/*/*.parquet')")
        return connection.execute(sql).fetchall()


def test_the_store_is_valid_and_says_what_is_unknown(store: Path) -> None:
    summary = validate_store(store)
    assert summary.rows == {"users": 4, "items": 6, "events": 13, "exposures": 0}
    assert (
        summary.missing_event_types
        == RETAILROCKET_MISSING_EVENTS
        == ("search", "remove_from_cart", "checkout")
    )
    assert {"items.price", "events.unit_price", "users.country"} <= set(summary.missing_columns)
    assert "items.category" not in summary.missing_columns
    assert sum(summary.dirt.values()) == 0


def test_events_are_mapped_one_to_one(store: Path) -> None:
    kinds = dict(ask(store, "select event_type, count(*) from events group by all"))
    assert kinds == {"view": 7, "add_to_cart": 3, "purchase": 3}
    assert ask(store, "select count(*), count(distinct event_id), min(event_id) from events") == [(13, 13, 1)]
    # the first row of the file, 1433221332117 ms, is 2015-06-02 05:02:12.117 UTC
    first = "select ts, received_ts from events where user_id = 257597 order by ts limit 1"
    assert ask(store, first) == [(datetime(2015, 6, 2, 5, 2, 12, 117_000),) * 2]


def test_a_transaction_is_one_order(store: Path) -> None:
    """An order is the purchases of one user at one time; the two lines were recorded 173 ms apart."""
    orders = "select user_id, ts, count(*), max(received_ts - ts)::varchar from events"
    assert ask(store, f"{orders} where event_type = 'purchase' group by all order by user_id") == [
        (257597, datetime(2015, 6, 2, 5, 3, 19, 826_000), 2, "00:00:00.173"),
        (951259, datetime(2015, 6, 4, 0, 1), 1, "00:00:00"),
    ]


def test_events_of_one_millisecond_keep_the_order_of_the_file(tmp_path: Path) -> None:
    rows = ["view,1,", "addtocart,1,", "transaction,1,7", "view,2,", "transaction,1,7"]
    lines = [f"1433221332117,5,{row}" for row in rows]
    (tmp_path / "events.csv").write_text(
        "\n".join(["timestamp,visitorid,event,itemid,transactionid", *lines])
    )
    map_retailrocket(tmp_path / "events.csv", tmp_path / "rr")
    found = ask(tmp_path / "rr", "select event_type, item_id, quantity from events order by ts, event_id")
    # The transaction lists product 1 twice: an order of two.
    assert found == [("view", 1, 1), ("add_to_cart", 1, 1), ("purchase", 1, 2), ("view", 2, 1)]


def test_partitions_are_days_of_receipt(store: Path) -> None:
    days = [folder.name for folder in sorted((store / "events").iterdir())]
    assert days == ["day=2015-06-01", "day=2015-06-02", "day=2015-06-03", "day=2015-06-04"]
    # 1433289599999 and 1433289600000 ms lie on both sides of midnight
    at_midnight = "select received_ts::date, count(*) from events where user_id = 0 group by all order by all"
    assert ask(store, at_midnight) == [(date(2015, 6, 1), 1), (date(2015, 6, 2), 1), (date(2015, 6, 3), 2)]


def test_nothing_is_invented(store: Path) -> None:
    unknown = "select distinct unit_price, discount_pct, quantity, device, channel from events"
    assert ask(store, unknown) == [(None, None, 1, "unknown", "unknown")]
    assert ask(store, "select distinct price, rating, brand from items") == [(None, None, "unknown")]
    assert ask(store, "select distinct signup_ts, country, age_band from users") == [
        (None, "unknown", "unknown")
    ]


def test_an_item_has_the_first_category_it_was_given(store: Path) -> None:
    """Later snapshots would let the future into the past; both parts of the properties count."""
    assert ask(store, "select item_id, category from items order by item_id") == [
        (248676, "unknown"),
        (253185, "unknown"),
        (318965, "570"),
        (355908, "1016"),
        (367447, "unknown"),
        (999999, "536"),
    ]


def test_without_properties_categories_are_unknown(tmp_path: Path) -> None:
    manifest = map_retailrocket(FILES / "events.csv", tmp_path / "rr")
    assert "items.category" in manifest.missing_columns
    assert ask(tmp_path / "rr", "select distinct category, count(*) from items group by all") == [
        ("unknown", 5)
    ]
    assert validate_store(tmp_path / "rr").rows["items"] == 5


def test_same_input_same_bytes_and_progress(tmp_path: Path, store: Path) -> None:
    seen: list[tuple[int, int]] = []
    again = tmp_path / "retailrocket"
    map_retailrocket(FILES / "events.csv", again, PROPERTIES, lambda done, total: seen.append((done, total)))
    assert seen == [(1, 4), (2, 4), (3, 4), (4, 4)]
    for path in sorted(store.rglob("*")):
        if path.is_file():
            assert (again / path.relative_to(store)).read_bytes() == path.read_bytes(), path.name


def test_an_old_store_is_replaced_as_a_whole(tmp_path: Path) -> None:
    target = tmp_path / "retailrocket"
    map_retailrocket(FILES / "events.csv", target)
    (target / "events" / "day=1999-01-01").mkdir()
    map_retailrocket(FILES / "events.csv", target)
    validate_store(target)
    assert [path.name for path in tmp_path.iterdir()] == ["retailrocket"]


def test_a_failure_keeps_the_old_store(tmp_path: Path) -> None:
    target = tmp_path / "retailrocket"
    map_retailrocket(FILES / "events.csv", target)

    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        map_retailrocket(FILES / "events.csv", target, PROPERTIES, stop)
    assert validate_store(target).rows["items"] == 5
    assert [path.name for path in tmp_path.iterdir()] == ["retailrocket"]


# --- bad input ----------------------------------------------------------------------------------------


def swap(old: str, new: str) -> Callable[[Path], object]:
    return lambda path: path.write_text(path.read_text().replace(old, new))


BAD: dict[str, tuple[Callable[[Path], object], str]] = {
    "missing": (Path.unlink, r"events\.csv is missing; get it again from https://www\.kaggle\.com"),
    "wrong separator": (swap(",", ";"), r"events\.csv is separated by ';', expected ',' with 5 columns"),
    "missing column": (
        swap("transactionid", "orderid"),
        r"events\.csv lacks column transactionid \(found: timestamp",
    ),
    "empty": (lambda path: path.write_bytes(b""), r"events\.csv lacks column timestamp"),
    "header only": (
        lambda path: path.write_text(path.read_text().splitlines()[0] + "\n"),
        r"events\.csv has 0 rows",
    ),
    "not UTF-8": (
        lambda path: path.write_bytes(b"timestamp,caf\xe9"),
        r"events\.csv is not UTF-8 text \(byte 13\)",
    ),
    "unknown event": (
        swap("951259,view", "951259,click"),
        r"events\.csv: column event has 1 of 13 rows with a value that is not one of view, addtocart,"
        r" transaction, such as 'click'",
    ),
    "mistyped cell": (
        swap("951259,view", "someone,view"),
        r"events\.csv cannot be read as CSV: .* Line: 12\. .*column \"visitorid\".*\"someone\"",
    ),
    "row cut short": (swap("951259,view,367447,", "951259,vi"), r"events\.csv cannot be read as CSV: "),
    "empty cell": (swap("951259,view", ",view"), r"visitorid or itemid is empty in 1 of 13 rows"),
    "time out of range": (
        swap("1433376000000,951259", "999999999999999999,951259"),
        r"column timestamp is out of range in 1 of 13 rows \(up to 999999999999999999\)",
    ),
    "transaction without its number": (
        swap("367447,4001", "367447,"),
        r"column transactionid is empty in 1 transactions \(of 13 rows\)",
    ),
}


@pytest.mark.parametrize("kind", BAD)
def test_bad_events(kind: str, tmp_path: Path) -> None:
    spoil, message = BAD[kind]
    events = Path(shutil.copy(FILES / "events.csv", tmp_path))
    spoil(events)
    target = tmp_path / "raw" / "retailrocket"
    with pytest.raises(JourneyError, match=message) as caught:
        map_retailrocket(events, target)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "raw").exists() or not list((tmp_path / "raw").iterdir())


def test_bad_properties(tmp_path: Path) -> None:
    broken = tmp_path / "item_properties_part1.csv"
    broken.write_text("timestamp,itemid,property\n1,2,categoryid\n")
    with pytest.raises(JourneyError, match=r"item_properties_part1\.csv lacks column value"):
        map_retailrocket(FILES / "events.csv", tmp_path / "rr", [broken])
    assert not (tmp_path / "rr").exists()


# --- the entry point ----------------------------------------------------------------------------------


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Paths:
    listed = project().datasets.read_text(encoding="utf-8")
    monkeypatch.setenv("JOURNEY_ROOT", str(tmp_path / "project"))
    monkeypatch.delenv("JOURNEY_DATA_DIR", raising=False)
    paths = Paths(tmp_path / "project")
    paths.datasets.parent.mkdir(parents=True)
    paths.datasets.write_text(listed, encoding="utf-8")
    return paths


def test_unknown_store(root: Paths) -> None:
    with pytest.raises(
        JourneyError, match=r"Unknown store 'retailrockt'\. Did you mean 'retailrocket'\? Known: sim"
    ):
        prepare_store("retailrockt")
    assert not root.raw.exists()


def test_retailrocket_without_its_data(root: Paths) -> None:
    with pytest.raises(
        DatasetAbsent, match=r"The data set retailrocket is not here.*run `journey fetch retailrocket`"
    ):
        prepare_store("retailrocket")
    assert not root.raw.exists()


def test_retailrocket_refuses_an_altered_copy(root: Paths) -> None:
    source = root.raw / "retailrocket_source"
    source.mkdir(parents=True)
    shutil.copy(FILES / "events.csv", source)
    with pytest.raises(JourneyError, match=r"events\.csv has 517 bytes, expected 94,237,913"):
        prepare_store("retailrocket")
    assert not (root.raw / "retailrocket").exists()


def relist(root: Paths) -> None:
    """Let the hand-made file pass for the original, to exercise the way from the list to the store."""
    content = (FILES / "events.csv").read_bytes()
    listed = root.datasets.read_text(encoding="utf-8")
    for old, new in {
        "3745aa83238b1e6d44d8fda209807899f420084398f94ddf745f3cbcfecbf9e7": hashlib.sha256(
            content
        ).hexdigest(),
        "94_237_913": str(len(content)),
        "2_756_101": "13",
        "2_664_312": "7",
        "69_332": "3",
        "22_457": "3",
        "1_407_580": "4",
    }.items():
        assert old in listed
        listed = listed.replace(old, new)
    root.datasets.write_text(listed, encoding="utf-8")


@pytest.mark.parametrize("folder", ["retailrocket_source", "retailrocket"])
def test_retailrocket_from_the_source_folder(
    folder: str, root: Paths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    relist(root)
    source = tmp_path / "cache" / folder
    source.mkdir(parents=True)
    shutil.copy(FILES / "events.csv", source)
    monkeypatch.setenv("JOURNEY_DATA_DIR", str(tmp_path / "cache"))
    path = prepare_store("retailrocket")
    assert path == root.raw / "retailrocket"
    assert read_manifest(path).store == "retailrocket"
    assert [each.name for each in root.raw.iterdir()] == ["retailrocket"]


def test_a_folder_that_is_no_store_is_not_replaced(root: Paths) -> None:
    folder = root.raw / "retailrocket"
    folder.mkdir(parents=True)
    shutil.copy(FILES / "events.csv", folder)
    with pytest.raises(
        JourneyError, match=r"retailrocket holds events\.csv and no manifest\.json, so it is not a"
    ):
        prepare_store("retailrocket")
    assert (folder / "events.csv").is_file()
