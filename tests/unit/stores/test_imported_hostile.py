"""Forty logs that are wrong in some way: each is read rightly, or refused in one sentence that says where."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from support.foreign_logs import GOOD, HEADER, MAP, brought, raw, written

from journey.errors import JourneyError
from journey.stores.schema import validate_store

Case = tuple[str, Callable[[Path], Path], str, str]


def log(lines: str | bytes, **how: Any) -> Callable[[Path], Path]:
    return lambda folder: written(folder, lines, **how)


def cut_gzip(folder: Path) -> Path:
    file = written(folder, GOOD * 2000, name="log.csv.gz")
    file.write_bytes(file.read_bytes()[:-200])
    return file


def two_forms(folder: Path) -> Path:
    inside = folder / "logs"
    inside.mkdir()
    written(inside, GOOD, name="a.csv")
    written(inside, GOOD, name="b.csv", header=HEADER.replace("price", "paid"))
    return inside


def mixed_kinds(folder: Path) -> Path:
    inside = folder / "logs"
    inside.mkdir()
    written(inside, GOOD, name="a.csv")
    written(inside, b'{"time": "2025-03-01 10:00:00"}\n', name="b.json")
    return inside


def seconds(rows: int, wrong: int) -> str:
    right = "".join(f"{1740823200 + n}000,u{n % 7},view,shoe,,1,40\n" for n in range(rows - wrong))
    return right + "".join(f"{1740823200 + n},u{n % 7},view,shoe,,1,40\n" for n in range(wrong))


COMMAS = GOOD.replace(",", ";").replace(";40\n", ";40,00\n").replace(";5\n", ";5,00\n")
REFUSED: list[Case] = [
    ("empty file", log(b""), MAP, "log.csv is empty (0 bytes)"),
    ("only a header", log(""), MAP, "no rows below the names"),
    ("a blank first line", log(b"\n" + GOOD.encode()), MAP, "line 1: empty"),
    ("no such file", lambda folder: folder / "absent.csv", MAP, "there is no such file"),
    (
        "a missing column",
        log(GOOD, header=HEADER.replace("user", "usr")),
        MAP,
        "no user. Unknown column 'user'. Did you mean 'usr'",
    ),
    (
        "a column twice",
        log(GOOD, header=HEADER.replace("price", "user")),
        MAP,
        "line 1: column 'user' is there twice",
    ),
    (
        "a column twice but for its case",
        log(GOOD, header=HEADER.replace("price", "User")),
        MAP,
        "is there twice",
    ),
    ("UTF-16", log(f"{HEADER}\n{GOOD}".encode("utf-16")), MAP, "UTF-16 or binary"),
    ("Latin-1 in the header", log(f"{HEADER},größe\n".encode("latin-1")), MAP, "line 1: not UTF-8 text"),
    (
        "Latin-1 in a row",
        log(f"{HEADER}\n{GOOD}2025-03-02 09:00:00,ben,view,schürze,,1,4\n".encode("latin-1")),
        MAP,
        "line 8",
    ),
    ("a truncated gzip", cut_gzip, MAP, "log.csv.gz ends in the middle"),
    ("a workbook", log(b"PK\x03\x04" + bytes(100)), MAP, "workbook"),
    (
        "half a Parquet file",
        log(b"PAR1" + bytes(200), name="log.parquet"),
        MAP,
        "not a complete Parquet file",
    ),
    ("a list in JSON", log(b'[{"time": 1}]', name="log.json"), MAP, "write one object a line"),
    (
        "a broken line of JSON",
        log(b'{"time": 1}\n{"time": \n', name="log.json"),
        MAP,
        "line 2: not an object",
    ),
    (
        "a line with too many cells",
        log(GOOD + "2025-03-02 09:00:00,ben,view,shoe,,1,40,9\n" + GOOD),
        MAP,
        "line 8: 8 columns where the first line has 7",
    ),
    (
        "a line with too few cells",
        log(GOOD + "2025-03-02 09:00:00,ben\n" + GOOD),
        MAP,
        "line 8: 2 columns where the first line has 7",
    ),
    (
        "a quotation mark that stays open",
        log(GOOD + '2025-03-02 09:00:00,ben,view,"shoe,,1,40\n' + GOOD),
        MAP,
        "line",
    ),
    (
        "an event that the map does not know",
        log(GOOD + "2025-03-02 09:00:00,ben,wish,shoe,,1,40\n"),
        MAP,
        "line 8, column event: the map does not know the event 'wish' (1)",
    ),
    ("seconds among milliseconds", log(seconds(1000, 50)), MAP, "line 952, column time: 50 of 1,000 rows"),
    ("all in 1970", log(GOOD.replace("2025", "1970")), MAP, "before 1995"),
    ("all in the future", log(GOOD.replace("2025", "2093")), MAP, "lie in the future"),
    (
        "days before months",
        log(GOOD.replace("2025-03-01", "25/03/2025").replace("2025-03-02", "26/03/2025")),
        MAP,
        "format = '%d/%m/%Y %H:%M:%S'",
    ),
    (
        "days or months",
        log(GOOD.replace("2025-03-01", "01/03/2025").replace("2025-03-02", "02/03/2025")),
        MAP,
        "'%d/%m/%Y %H:%M:%S' or '%m/%d/%Y %H:%M:%S'",
    ),
    ("words for times", log(GOOD.replace("2025-03-0", "morning ")), MAP, "are no time"),
    (
        "offsets in some rows only",
        log(GOOD + "2025-03-02T09:00:00+02:00,ben,view,shoe,,1,40\n"),
        MAP,
        "1 of 7 times have an offset from UTC and the others have none",
    ),
    ("a decimal comma", log(COMMAS, header=HEADER.replace(",", ";")), MAP, "decimal = ','"),
    ("words for prices", log(GOOD.replace(",40", ",cheap").replace(",5", ",dear")), MAP, "are no numbers"),
    ("no user anywhere", log(GOOD.replace("anna", "").replace("ben", "")), MAP, "none of 6 rows can be kept"),
    (
        "a column under another name",
        two_forms,
        MAP,
        "b.csv, line 1: no column 'price', which is the price in other files, but 'paid'",
    ),
    ("files of two kinds", mixed_kinds, MAP, "import one kind at a time"),
    (
        "a map without a purchase or view",
        log(GOOD),
        MAP.split("[events]")[0] + "[events]\nignore = ['view']\n",
        "maps no event",
    ),
    ("a map that says one thing twice", log(GOOD), MAP.replace('["cart"]', '["view"]'), "lists 'view' twice"),
    ("a map with an unknown entry", log(GOOD), MAP + "[rules]\nwindow = 3\n", "unknown entry 'window'"),
    ("a zone that is none", log(GOOD), MAP + '[time]\nzone = "Mars/Base"\n', "'Mars/Base'"),
]


@pytest.mark.parametrize(
    ("make", "text", "said"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED]
)
def test_it_is_refused_in_one_sentence_and_nothing_is_written(
    tmp_path: Path, make: Callable[[Path], Path], text: str, said: str
) -> None:
    with pytest.raises(JourneyError) as error:
        brought(tmp_path, make(tmp_path), text)
    assert said in str(error.value)
    assert "\n" not in str(error.value)
    assert not [*(tmp_path / "data").rglob("*")] or [*(tmp_path / "data").rglob("*")] == [
        tmp_path / "data/stores"
    ]


def kept(tmp_path: Path, lines: str | bytes, text: str = MAP, **how: Any) -> dict[str, Any]:
    """Import a log that is odd but right; the store it makes holds the schema."""
    report = brought(tmp_path, written(tmp_path, lines, **how), text)
    validate_store(tmp_path / "data/stores/mine/raw")
    return report


def aside(report: dict[str, Any]) -> dict[str, int]:
    return {each["reason"]: each["rows"] for each in report["aside"]}


def test_quotes_over_lines_and_markup_in_names_are_text(tmp_path: Path) -> None:
    odd = [
        "=SUM(A1)",
        "<script>alert(1)</script>",
        "line one\nline two",
        'a ""quoted"" name',
        "'; drop table x; --",
    ]
    lines = "".join(f'2025-03-01 10:0{n}:00,anna,view,"{name}",,1,40\n' for n, name in enumerate(odd))
    report = kept(tmp_path, lines)
    assert report["kept"] == len(odd)
    texts = pd.read_parquet(tmp_path / "data/stores/mine/ids/items.parquet")["text"]
    assert [*texts] == [name.replace('""', '"') for name in odd]


def test_a_line_after_a_quoted_break_is_named_by_its_line(tmp_path: Path) -> None:
    lines = '2025-03-01 10:00:00,anna,view,"a\nb",,1,4\n2025-03-01 10:00:00,anna,wish,c,,1,4\n'
    with pytest.raises(JourneyError, match="line 4, column event"):
        brought(tmp_path, written(tmp_path, lines))


def test_a_row_after_empty_lines_is_named_by_its_line(tmp_path: Path) -> None:
    lines = "2025-03-01 10:00:00,anna,view,a,,1,4\n\n\n2025-03-01 10:00:00,anna,wish,c,,1,4\n"
    with pytest.raises(JourneyError, match="line 5, column event"):
        brought(tmp_path, written(tmp_path, lines))


def test_a_cut_last_line_is_left_out_and_told(tmp_path: Path) -> None:
    report = kept(tmp_path, GOOD + "2025-03-02 09:30:00,ben,vi")
    assert report["kept"] == 6
    assert report["cut_lines"] == ["log.csv, line 8: '2025-03-02 09:30:00,ben,vi'"]


def test_few_bad_times_are_set_aside_with_their_line(tmp_path: Path) -> None:
    report = kept(tmp_path, seconds(1000, 3))
    assert aside(report) == {"implausible_time": 3}
    assert report["aside"][0]["where"] == "log.csv, line 999"
    assert report["time"] == "milliseconds since 1970"


def test_rows_without_a_user_or_an_item_are_set_aside(tmp_path: Path) -> None:
    report = kept(
        tmp_path, GOOD + "2025-03-02 09:00:00,,view,shoe,,1,40\n2025-03-02 09:01:00,ben,view,,,1,40\n"
    )
    assert aside(report) == {"no_user": 1, "no_item": 1}


def test_one_user_without_a_purchase(tmp_path: Path) -> None:
    report = kept(tmp_path, "2025-03-01 10:00:00,anna,view,shoe,,1,40\n")
    assert report["not_recorded"]["event_types"] == [
        "search",
        "add_to_cart",
        "remove_from_cart",
        "checkout",
        "purchase",
    ]


def test_only_purchases(tmp_path: Path) -> None:
    text = MAP.split("[events]")[0].replace('event = "event"\n', "") + '[events]\nalways = "purchase"\n'
    report = kept(tmp_path, GOOD, text)
    assert report["kinds"] == {"purchase": 6}


def test_negative_prices_and_returns_are_set_aside(tmp_path: Path) -> None:
    more = "2025-03-02 09:00:00,ben,buy,shoe,B1,-1,40\n2025-03-02 09:00:00,ben,buy,sock,B2,1,-5\n"
    report = kept(tmp_path, GOOD + more)
    assert aside(report) == {"returned": 1, "negative_price": 1}
    assert raw(tmp_path, "select sum(quantity * unit_price) from events where event_type = 'purchase'") == [
        (50.0,)
    ]


def test_signs_of_currency_and_thousands_come_off(tmp_path: Path) -> None:
    kept(tmp_path, GOOD.replace(",40\n", ',"€1,040.50"\n'))
    assert raw(tmp_path, "select distinct unit_price from events order by 1") == [(5.0,), (1040.5,)]


def test_a_number_with_leading_zeros_is_another_user(tmp_path: Path) -> None:
    kept(tmp_path, "2025-03-01 10:00:00,7,view,1,,1,4\n2025-03-01 10:00:00,007,view,1,,1,4\n")
    assert raw(tmp_path, "select count(*) from users") == [(2,)]


#: A log whose columns bear the names that the import gives its own.
OWN_NAMES = {"time": "ts", "user": "user_id", "event": "kind", "item": "item_id", "order": "reason"}


def own_names(text: str) -> str:
    for role, name in OWN_NAMES.items():
        text = text.replace(f'{role} = "{role}"', f'{role} = "{name}"')
    return text


def test_a_column_is_not_taken_for_one_of_the_import(tmp_path: Path) -> None:
    header = ",".join([*OWN_NAMES.values(), "quantity", "price"])
    with pytest.raises(JourneyError, match="the map does not know the event 'wave'"):
        kept(tmp_path, GOOD.replace("ben,view", "ben,wave"), own_names(MAP), header=header)
    lines = "".join(f"2025-03-01 10:00:00.{n:06d},{n},view,1,,1,4\n" for n in range(201_000))
    report = kept(tmp_path, lines + "2025-03-01 11:00:00,007,view,1,,1,4\n", own_names(MAP), header=header)
    assert (report["text_ids"], report["users"]) == (["user"], 201_001)


def test_every_kind_of_space_comes_off_names_and_times(tmp_path: Path) -> None:
    odd = ("anna", " anna", "anna ", "\u00a0anna", "anna\u2003", " \u3000anna\u00a0 ")
    lines = "".join(
        f"2025-03-01 10:0{n}:00,{name},{'view ' if n % 2 else 'view'},größe,,1, 4 \n"
        for n, name in enumerate(odd)
    )
    assert kept(tmp_path, lines + "2025-03-01 10:09:00,\u00a0,view,a,,1,4\n")["users"] == 1
    assert raw(tmp_path, "select count(*), min(unit_price), max(unit_price) from events") == [(6, 4.0, 4.0)]


def test_spellings_of_utc_and_offsets_are_one_moment(tmp_path: Path) -> None:
    moments = (
        *("2025-03-01T10:00:00Z", "2025-03-01 10:00:00 UTC", "2025-03-01T10:00:00.000Z"),
        *("2025-03-01T12:00:00+02:00", "2025-03-01 12:00:00 +0200", "2025-03-01T04:30:00-05:30"),
        *("2025-03-01T10:00Z", "2025-03-01 12:00+02"),
    )
    lines = "".join(f"{moment},u{n},view,shoe,,1,40\n" for n, moment in enumerate(moments))
    for zone, hour in (("UTC", 10), ("Asia/Tokyo", 19)):
        report = kept(tmp_path, lines, MAP + f"\n[time]\nshop_zone = '{zone}'\n")
        assert report["kept"] == len(moments)
        assert raw(tmp_path, "select distinct ts::varchar from events") == [(f"2025-03-01 {hour}:00:00",)]
        assert [each["words"] for each in report["checks"] if "own offset" in each["name"]] == [
            "8 of 8; read by their own"
        ]


def test_an_id_that_is_text_far_down_is_found(tmp_path: Path) -> None:
    lines = "".join(f"2025-03-01 10:00:00.{n:06d},{n},view,1,,1,4\n" for n in range(210_000))
    report = kept(tmp_path, lines + "2025-03-01 11:00:00,guest,view,1,,1,4\n")
    assert report["text_ids"] == ["user"]
    assert report["users"] == 210_001


def test_bytes_of_a_mark_and_windows_line_ends(tmp_path: Path) -> None:
    content = ("﻿" + f"{HEADER}\n{GOOD}".replace("\n", "\r\n")).encode()
    assert kept(tmp_path, content)["kept"] == 6


def test_semicolons_and_tabs(tmp_path: Path) -> None:
    for sign in (";", "\t"):
        lines, header = GOOD.replace(",", sign), HEADER.replace(",", sign)
        assert brought(tmp_path, written(tmp_path, lines, header=header))["kept"] == 6


def test_prices_on_some_rows_only(tmp_path: Path) -> None:
    report = kept(tmp_path, GOOD.replace("view,shoe,,1,40", "view,shoe,,1,"))
    manifest = json.loads((tmp_path / "data/stores/mine/raw/manifest.json").read_text())
    assert manifest["parameters"]["partial_columns"] == ["events.unit_price"]
    assert "events.unit_price" not in report["not_recorded"]["columns"]


def test_two_orders_at_one_moment_stay_two(tmp_path: Path) -> None:
    lines = "2025-03-01 10:00:00,anna,buy,shoe,A1,1,40\n2025-03-01 10:00:00,anna,buy,shoe,A2,1,40\n"
    assert kept(tmp_path, lines)["orders"]["split"] == 1
    assert raw(tmp_path, "select count(distinct ts), count(*) from events") == [(2, 2)]


def test_identical_lines_of_an_order_are_kept_unless_the_map_says_otherwise(tmp_path: Path) -> None:
    lines = "2025-03-01 10:00:00,anna,buy,shoe,A1,1,40\n" * 2 + "2025-03-01 10:00:00,anna,buy,shoe,A1,2,40\n"
    assert kept(tmp_path, lines)["orders"]["lines"] == 3
    report = kept(tmp_path, lines, MAP + '[rules]\nidentical_lines = "remove"\n')
    assert aside(report) == {"repeated_line": 1}
    assert report["orders"]["lines"] == 2


def test_rows_of_one_moment_keep_the_order_of_the_file(tmp_path: Path) -> None:
    kept(tmp_path, "".join(f"2025-03-01 10:00:00,anna,view,i{n},,1,4\n" for n in (3, 1, 2)))
    rows = raw(tmp_path, "select item_id from events order by ts, event_id")
    assert rows == [(1,), (2,), (3,)]  # numbered by their first row


def test_a_failed_import_leaves_the_store_as_it_was(tmp_path: Path) -> None:
    kept(tmp_path, GOOD)
    before = (tmp_path / "data/stores/mine/import.json").read_bytes()
    with pytest.raises(JourneyError):
        brought(tmp_path, written(tmp_path, "x\n"))
    assert (tmp_path / "data/stores/mine/import.json").read_bytes() == before


@pytest.mark.parametrize("name", ["simulated", "Mine", "../mine", "", "a" * 50])
def test_a_name_that_is_no_stores(tmp_path: Path, name: str) -> None:
    with pytest.raises(JourneyError, match="cannot be called"):
        brought(tmp_path, written(tmp_path), name=name)
