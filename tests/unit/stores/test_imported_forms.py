"""Folders whose files have different columns: what is read by name, what is null, what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest
from support.foreign_logs import GOOD, HEADER, MAP, brought, raw, written

from journey.errors import JourneyError
from journey.paths import Paths
from journey.stores.imported import import_shop, propose_map

WITH_DEVICE = MAP.replace('price = "price"\n', 'price = "price"\ndevice = "device"\n')
NAMES = HEADER.split(",")
#: The rows of `GOOD` two years before, a year before, and as they are.
YEARS = [
    [line.replace("2025", str(year)).replace("A1", f"A{year}").split(",") for line in GOOD.splitlines()]
    for year in (2023, 2024, 2025)
]
KINDS = ("csv", "parquet", "json")


def table(folder: Path, name: str, names: list[str], rows: list[list[str]]) -> None:
    """A file of the kind that its name says."""
    file = folder / name
    folder.mkdir(exist_ok=True)
    if file.suffix == ".json":
        objects = (dict(zip(names, row, strict=True)) for row in rows)
        file.write_text("".join(json.dumps(each) + "\n" for each in objects), "utf-8")
        return
    text = "".join(",".join(line) + "\n" for line in [names, *rows])
    target = file if file.suffix == ".csv" else folder / "whole.tmp"
    target.write_text(text, "utf-8")
    if file.suffix == ".parquet":
        with duckdb.connect() as connection:
            connection.execute(
                f"copy (from read_csv('{target}', all_varchar = true)) to '{file}' (format parquet)"
            )
        target.unlink()


def three_years(folder: Path, kind: str) -> Path:
    """The first file as the map wants it, the second in another order, the third with a device besides."""
    table(folder, f"2023.{kind}", NAMES, YEARS[0])
    table(folder, f"2024.{kind}", NAMES[::-1], [row[::-1] for row in YEARS[1]])
    table(folder, f"2025.{kind}", ["device", *NAMES], [["phone", *row] for row in YEARS[2]])
    return folder


@pytest.mark.parametrize("kind", KINDS)
def test_columns_are_read_by_name_and_one_that_begins_late_is_unknown_before(tmp_path: Path, kind: str):
    report = brought(tmp_path, three_years(tmp_path / "logs", kind), WITH_DEVICE)
    assert (report["rows"], report["kept"]) == (18, 18)
    found = raw(
        tmp_path,
        """select year(ts), min(device), max(device), count(distinct user_id), sum(quantity * unit_price)
            filter (where event_type = 'purchase'), list(event_id order by event_id) from events
        group by 1 order by 1""",
    )
    assert found == [
        (2023, "unknown", "unknown", 2, 50.0, [1, 2, 3, 4, 5, 6]),
        (2024, "unknown", "unknown", 2, 50.0, [7, 8, 9, 10, 11, 12]),
        (2025, "mobile", "mobile", 2, 50.0, [13, 14, 15, 16, 17, 18]),
    ]
    lacking = [{"column": "device", "files": 2, "first": f"2023.{kind}"}]
    assert report["null_columns"] == ([] if kind == "json" else lacking)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["time", "user", "event", "item"])
def test_a_file_without_what_every_row_needs_is_named(tmp_path: Path, kind: str, name: str):
    folder = three_years(tmp_path / "logs", kind)
    place = NAMES.index(name)
    short = [[cell for n, cell in enumerate(row) if n != place] for row in YEARS[1]]
    table(folder, f"2024.{kind}", [each for each in NAMES if each != name], short)
    at = ", line 1" if kind == "csv" else ""
    with pytest.raises(
        JourneyError, match=f"2024.{kind}{at}: no column '{name}', which is the {name} in other"
    ):
        brought(tmp_path, folder, WITH_DEVICE)
    assert not (tmp_path / "data/stores/mine").exists()


@pytest.mark.parametrize("kind", ["csv", "parquet"])
@pytest.mark.parametrize("year", [0, 2])
def test_a_price_under_another_name_is_not_read_as_no_price(tmp_path: Path, kind: str, year: int):
    for n in range(3):
        names = [*NAMES[:-1], "paid"] if n == year else NAMES
        table(tmp_path / "logs", f"{n}.{kind}", names, YEARS[n])
    with pytest.raises(JourneyError, match=f"{year}.{kind}.*no column 'price', .* but 'paid', which those"):
        brought(tmp_path, tmp_path / "logs")


def test_prices_that_begin_late_are_unknown_before(tmp_path: Path):
    table(tmp_path / "logs", "2023.csv", NAMES[:-1], [row[:-1] for row in YEARS[0]])
    table(tmp_path / "logs", "2024.csv", NAMES, YEARS[1])
    report = brought(tmp_path, tmp_path / "logs")
    assert report["kept"] == 12
    assert raw(tmp_path, "select year(ts), count(unit_price) from events group by 1 order by 1") == [
        (2023, 0),
        (2024, 6),
    ]
    manifest = json.loads((tmp_path / "data/stores/mine/raw/manifest.json").read_text("utf-8"))
    assert manifest["parameters"]["partial_columns"] == ["events.unit_price"]


def test_how_numbers_and_ids_are_written_is_told_by_files_of_every_form(tmp_path: Path):
    whole = [["7" if cell == "anna" else "8" if cell == "ben" else cell for cell in row] for row in YEARS[0]]
    table(tmp_path / "logs", "2023.csv", NAMES[:-1], [row[:-1] for row in whole])
    (tmp_path / "logs/2024.csv").write_text(
        f"{HEADER}\n" + "".join(",".join([*row[:-1], f'"{row[-1]},50"']) + "\n" for row in YEARS[1]), "utf-8"
    )
    with pytest.raises(JourneyError, match=r"column price: numbers such as .* have a decimal comma"):
        brought(tmp_path, tmp_path / "logs")
    report = brought(tmp_path, tmp_path / "logs", MAP + "[file]\ndecimal = ','\n")
    assert (report["kept"], report["text_ids"], report["users"]) == (12, ["item", "user"], 4)


def test_a_name_in_other_letters_is_the_same_column(tmp_path: Path):
    table(tmp_path / "logs", "1.csv", NAMES, YEARS[0])
    table(tmp_path / "logs", "2.csv", [name.title() for name in NAMES[::-1]], [row[::-1] for row in YEARS[1]])
    report = brought(tmp_path, tmp_path / "logs")
    assert (report["kept"], report["users"], report["null_columns"]) == (12, 2, [])


def test_a_part_without_names_is_named(tmp_path: Path):
    written(tmp_path, GOOD, name="part1.csv")
    (tmp_path / "part2.csv").write_text(GOOD.replace("2025", "2024"), "utf-8")
    with pytest.raises(JourneyError, match=r"part2.csv, line 1: names no column that .*part1.csv has; write"):
        brought(tmp_path, str(tmp_path / "part*.csv"))


def test_a_cut_line_and_a_row_are_named_where_files_differ(tmp_path: Path):
    folder = three_years(tmp_path / "logs", "csv")
    with (folder / "2024.csv").open("a", encoding="utf-8") as file:
        file.write("40,1,,shoe,view,,2024-03-02 09:00:00\n")
    with (folder / "2025.csv").open("a", encoding="utf-8") as file:
        file.write("phone,2025-03-02 09")
    report = brought(tmp_path, folder, WITH_DEVICE)
    assert report["cut_lines"] == ["2025.csv, line 8: 'phone,2025-03-02 09'"]
    assert [(each["reason"], each["where"]) for each in report["aside"]] == [("no_user", "2024.csv, line 8")]


def test_files_of_two_forms_by_turns_keep_their_order(tmp_path: Path):
    days = [[f"2025-01-01 {n // 60:02}:{n % 60:02}:00", "u", "view", f"i{n}"] for n in range(120)]
    for n, row in enumerate(days):
        late = n % 2
        names = [*NAMES[:4], "device"] if late else NAMES[:4][::-1]
        table(tmp_path / "logs", f"part{n}.csv", names, [[*row, "phone"] if late else row[::-1]])
    text = '[columns]\ntime="time"\nuser="user"\nevent="event"\nitem="item"\ndevice="device"\n'
    brought(tmp_path, tmp_path / "logs", text + '[events]\nview="view"\n')
    found = raw(tmp_path, "select list(item_id order by event_id), count(*) from events where item_id > 0")
    assert found == [([*range(1, 121)], 120)]
    assert raw(tmp_path, "select count(*) from events where device = 'mobile'") == [(60,)]


def test_a_column_that_begins_late_is_proposed_from_the_files_that_have_it(tmp_path: Path):
    folder = three_years(tmp_path / "logs", "csv")
    propose_map(str(folder), tmp_path / "out.toml")
    text = (tmp_path / "out.toml").read_text("utf-8")
    assert '# 6 of 6 rows filled, 1 different, such as "phone"\ndevice = "device"' in text
    report = import_shop(str(folder), tmp_path / "out.toml", "mine", Paths(tmp_path)).report
    assert report["kept"] == 18


def test_a_file_of_something_else_is_not_proposed_with(tmp_path: Path):
    folder = three_years(tmp_path / "logs", "csv")
    (folder / "users.csv").write_text("user,country\nanna,DE\n", "utf-8")
    with pytest.raises(JourneyError, match=r"users.csv, line 1: no column 'time', which is the time"):
        propose_map(str(folder), tmp_path / "out.toml")
    assert not (tmp_path / "out.toml").exists()
