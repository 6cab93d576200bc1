"""Logs that are odd in form and right all the same: each gives the rows and the revenue that it holds."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
from support.foreign_logs import GOOD, HEADER, MAP, brought, raw, written

from journey.errors import JourneyError
from journey.paths import Paths
from journey.stores.imported import import_shop, propose_map
from journey.stores.schema import validate_store

YEAR_BEFORE = GOOD.replace("2025", "2024").replace("A1", "B1")


def log(lines: str | bytes, **how: Any) -> Callable[[Path], Path]:
    return lambda folder: written(folder, lines, **how)


def whole(text: str) -> Callable[[Path], Path]:
    """A file as it stands."""
    return log(text.encode())


def days(text: str) -> str:
    """The times of `GOOD` as a spreadsheet counts them."""
    for moment, serial in (
        ("2025-03-01 10:00:00", "45717.4166666667"),
        ("2025-03-01 10:01:00", "45717.4173611111"),
        ("2025-03-01 10:02:00", "45717.4180555556"),
        ("2025-03-01 10:02:05", "45717.4181134259"),
        ("2025-03-01 11:00:00", "45717.4583333333"),
        ("2025-03-02 09:00:00", "45718.375"),
    ):
        text = text.replace(moment, serial)
    return text


def nanoseconds(text: str) -> str:
    """The times of `GOOD` as nanoseconds since 1970."""
    for line in text.splitlines():
        moment = line.partition(",")[0]
        with duckdb.connect() as connection:
            row = connection.execute("select epoch_ns($at::timestamp)", {"at": moment}).fetchone()
        assert row is not None
        text = text.replace(moment, str(row[0]))
    return text


def halves(text: str) -> str:
    """The times of `GOOD` in halves of a day, months first."""
    text = text.replace("2025-03-01 1", "03/14/2025 1").replace("2025-03-02 0", "03/15/2025 0")
    return text.replace(":00,", ":00 PM,").replace(":05,", ":05 PM,")


def nested_price(text: str) -> str:
    """`GOOD` as NDJSON whose prices are objects."""
    rows = [dict(zip(HEADER.split(","), line.split(","), strict=True)) for line in text.splitlines()]
    return "".join(json.dumps(row | {"price": {"amount": row["price"]}}) + "\n" for row in rows)


def packed(*members: str) -> Callable[[Path], Path]:
    """One gzip file of several members, as tools that append write it."""

    def make(folder: Path) -> Path:
        (folder / "log.csv.gz").write_bytes(b"".join(gzip.compress(member.encode()) for member in members))
        return folder / "log.csv.gz"

    return make


def other_order(folder: Path) -> Path:
    """Two files with the same columns in two orders."""
    inside = folder / "logs"
    inside.mkdir()
    written(inside, GOOD, name="a.csv")
    places = (6, 2, 0, 5, 4, 3, 1)
    rows = [line.split(",") for line in (HEADER, *YEAR_BEFORE.splitlines())]
    (inside / "b.csv").write_text("\n".join(",".join(row[n] for n in places) for row in rows) + "\n", "utf-8")
    return inside


def typed(folder: Path) -> Path:
    """Parquet with decimals, a timestamp with its zone, an enumeration and a nested user."""
    written(folder, GOOD, name="plain.csv")
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'Asia/Tokyo'")
        connection.execute(
            f"""copy (
                select timezone('UTC', time::timestamp) as time, {{'id': "user"}} as "user",
                    event::enum('view', 'cart', 'buy') as event, item, "order", quantity::hugeint as quantity,
                    price::decimal(18, 4) as price
                from read_csv('{folder / "plain.csv"}', all_varchar = true)
            ) to '{folder / "log.parquet"}' (format parquet)"""
        )
    (folder / "plain.csv").unlink()
    return folder / "log.parquet"


def nested(folder: Path) -> Path:
    """NDJSON with users inside, nulls on every level, empty lines, and an order that only a late line has."""
    found = []
    for line in GOOD.splitlines():
        time, user, event, item, order, quantity, price = line.split(",")
        found.append({"time": time, "who": {"id": user}, "event": event, "item": item, "price": float(price)})
        found[-1] |= {"quantity": int(quantity)} | ({"order": order} if order else {})
    ghosts = [
        {**found[0], "who": None},
        {**found[0], "who": {"id": None}},
        {k: v for k, v in found[0].items() if k != "who"},
    ]
    lines = [json.dumps(row) for row in [*ghosts, *[{**found[0], "event": "look"}] * 1000, *found]]
    (folder / "log.json").write_text("\n\n".join(lines) + "\n", "utf-8")
    return folder / "log.json"


NESTED = MAP.replace('"user"\n', '"who.id"\n') + 'ignore = ["look"]\n'
#: what is odd -> (the log, its map, rows kept, reasons of the others)
ODD: dict[str, tuple[Callable[[Path], Path], str, int, dict[str, int]]] = {
    "a mark of bytes and semicolons": (whole("\ufeff" + f"{HEADER}\n{GOOD}".replace(",", ";")), MAP, 6, {}),
    "a title above the names": (whole(f"Export\n{HEADER}\n{GOOD}"), MAP + "[file]\nskip = 1\n", 6, {}),
    "a title and an empty line": (whole(f"Export\n\n{HEADER}\n{GOOD}"), MAP + "[file]\nskip = 2\n", 6, {}),
    "the separator in a line of its own": (
        whole(f"sep=,\n{HEADER}\n{GOOD}"),
        MAP + "[file]\nskip = 1\n",
        6,
        {},
    ),
    "signs of currency": (
        log(GOOD.replace(",40\n", ",€ 40.00\n").replace(",5\n", ",5.00 EUR\n")),
        MAP,
        6,
        {},
    ),
    "half days": (
        log(GOOD.replace(":00,", ":00 AM,").replace(":05,", ":05 AM,")),
        MAP + '[time]\nformat = "%Y-%m-%d %I:%M:%S %p"\n',
        6,
        {},
    ),
    "a return": (log(GOOD + "2025-03-02 10:02:00,anna,buy,shoe,A1,-1,40\n"), MAP, 6, {"returned": 1}),
    "ids with leading zeros": (
        log(GOOD.replace("anna", "007").replace("ben", "08").replace("shoe", "0001")),
        MAP,
        6,
        {},
    ),
    "days of a spreadsheet": (log(days(GOOD)), MAP, 6, {}),
    "days of a spreadsheet with a comma": (
        log(days(GOOD).replace(",", ";").replace("45717.", "45717,"), header=HEADER.replace(",", ";")),
        MAP,
        6,
        {},
    ),
    "nanoseconds": (log(nanoseconds(GOOD)), MAP, 6, {}),
    "lines of separators": (
        log(GOOD.replace("2025-03-01 11", ",,,,,,\n2025-03-01 11")),
        MAP,
        6,
        {"no_event": 1},
    ),
    "a line of totals": (log(GOOD + "Total,,,,,5,50\n"), MAP, 6, {"no_event": 1}),
    "separators at the ends of all lines": (whole(f"{HEADER}\n{GOOD}".replace("\n", ",\n")), MAP, 6, {}),
    "separators at the ends of rows": (log(GOOD.replace("\n", ",\n")), MAP, 6, {}),
    "several members": (packed(f"{HEADER}\n{GOOD}", YEAR_BEFORE), MAP, 12, {}),
    "several members with their names": (
        packed(f"{HEADER}\n{GOOD}", f"{HEADER}\n{YEAR_BEFORE}"),
        MAP,
        12,
        {"names": 1},
    ),
    "other orders of the columns": (other_order, MAP, 12, {}),
    "types of Parquet": (typed, MAP, 6, {}),
    "nested JSON with nulls": (nested, NESTED, 6, {"no_user": 3, "ignored": 1000}),
}


#: what is wrong -> (the log, what is said of it)
WRONG: dict[str, tuple[Callable[[Path], Path], str]] = {
    "a title above the names": (
        whole(f"Export of the shop\n{HEADER}\n{GOOD}"),
        "line 1: fewer columns than the lines below it; where line 2 names the columns, say so under .file.:"
        " skip = 1$",
    ),
    "carriage returns alone": (
        whole(f"{HEADER}\n{GOOD}".replace("\n", "\r")),
        "its lines end in carriage returns alone; save it with line feeds$",
    ),
    "two kinds of line ends": (
        whole(f"{HEADER}\n{GOOD}".replace("\n", "\r\n", 3)),
        "line 4: ends otherwise than the line before it; save the file with one kind of line end$",
    ),
    "a line of seventeen million bytes": (
        log(GOOD + f"2025-03-02 09:00:00,ben,view,{'x' * 17_000_000},,1,40\n"),
        "line 8: longer than 17 million bytes; correct that line$",
    ),
    "half days": (
        log(halves(GOOD)),
        "times such as '03/14/2025 10:00:00 PM' are not ISO; .* format = '%m/%d/%Y %I:%M:%S %p'$",
    ),
    "years of two digits": (
        log(GOOD.replace("2025-03-01", "14/03/25").replace("2025-03-02", "15/03/25")),
        "times such as '14/03/25 .*' are not ISO; .* format = '%d/%m/%y %H:%M:%S'$",
    ),
    "a key that no line has": (
        log(b'{"time": "2025-03-01", "user": 1, "event": "view", "item": 1}\n', name="log.json"),
        "no order. Unknown column 'order'",
    ),
    "an object for a number": (
        log(nested_price(GOOD).encode(), name="log.json"),
        "line 1, column price: 6 of 6 numbers cannot be read",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_one_sentence_that_says_where(tmp_path: Path, name: str) -> None:
    make, said = WRONG[name]
    with pytest.raises(JourneyError, match=said) as error:
        brought(tmp_path, make(tmp_path))
    assert "\n" not in str(error.value)
    assert not (tmp_path / "data/stores/mine").exists()


@pytest.mark.parametrize("name", ODD)
def test_what_it_holds_comes_out(tmp_path: Path, name: str) -> None:
    make, text, kept, aside = ODD[name]
    report = brought(tmp_path, make(tmp_path), text)
    validate_store(tmp_path / "data/stores/mine/raw")
    assert report["kept"] == kept
    assert {each["reason"]: each["rows"] for each in report["aside"]} == aside
    found = raw(
        tmp_path,
        """select count(distinct user_id), count(distinct item_id), strftime(min(ts), '%H:%M:%S'),
            strftime(max(ts), '%H:%M:%S'),
            sum(quantity * unit_price) filter (where event_type = 'purchase') from events""",
    )
    assert found == [(2, 2, "10:00:00", "09:00:00", 50.0 * kept / 6)]


def test_lines_of_names_and_totals_leave_numbers_numbers(tmp_path: Path) -> None:
    lines = GOOD.replace("anna", "7").replace("ben", "8").replace("shoe", "1").replace("sock", "2")
    report = brought(tmp_path, written(tmp_path, f"{lines}{HEADER}\n{lines}Total,,,,,10,100\n"))
    assert report["text_ids"] == []
    assert report["kept"] == 12


def test_a_title_is_proposed_and_a_row_is_named_by_its_line(tmp_path: Path) -> None:
    text = f"Export of the shop\n\n{HEADER}\n{GOOD}2025-03-02 09:00:00,,view,shoe,,1,40\n"
    file = written(tmp_path, text.encode())
    propose_map(str(file), tmp_path / "out.toml")
    assert "# Line 3 names the columns" in (tmp_path / "out.toml").read_text("utf-8")
    report = import_shop(str(file), tmp_path / "out.toml", "mine", Paths(tmp_path)).report
    assert (report["kept"], report["aside"][0]["where"]) == (6, "log.csv, line 10")


def test_a_number_between_days_is_no_time_by_itself(tmp_path: Path) -> None:
    lines = "".join(f"{45_000 + n},u{n},view,2025-03-01 10:00:{n:02},shoe\n" for n in range(20))
    propose_map(
        str(written(tmp_path, lines, header="amount,user,event,happened,item")), tmp_path / "out.toml"
    )
    assert 'time = "happened"' in (tmp_path / "out.toml").read_text("utf-8")
