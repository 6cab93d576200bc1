"""Numbers as shops write them: read right, or refused; what a proposal says of their decimal sign."""

from __future__ import annotations

import tomllib
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest
from support.foreign_logs import GOOD, HEADER, MAP, brought, raw, written

from journey.errors import JourneyError
from journey.paths import Paths
from journey.stores.imported import import_shop, propose_map
from journey.stores.imported.numerals import as_number, decimals

NAN = float("nan")
#: text -> (read with a point, read with a comma); None is nothing, nan cannot be read
READ: dict[str, tuple[float | None, float | None]] = {
    "12.50": (12.5, NAN),
    "12,50": (NAN, 12.5),
    "1,234.50": (1234.5, NAN),
    "1.234,50": (NAN, 1234.5),
    "1,234": (1234.0, 1.234),
    "1.234": (1.234, 1234.0),
    "0,125": (NAN, 0.125),
    "1.234.567": (NAN, 1234567.0),
    "1,234,56": (NAN, NAN),
    "12.5.3": (NAN, NAN),
    "1'234.50": (1234.5, NAN),
    "CHF 1’234.50": (1234.5, NAN),
    "1\u00a0234,50": (NAN, 1234.5),
    "1,23,456.50": (123456.5, NAN),
    "€1,040.50": (1040.5, NAN),
    "1.040,50 €": (NAN, 1040.5),
    "Fr. 12.50": (12.5, NAN),
    "Rs.500": (500.0, 500.0),
    "12,-": (12.0, 12.0),
    ".50": (0.5, NAN),
    ",50": (NAN, 0.5),
    "-5": (-5.0, -5.0),
    "€-5": (-5.0, -5.0),
    "−5": (-5.0, -5.0),
    "(5)": (-5.0, -5.0),
    "5-": (-5.0, -5.0),
    "3 for 10": (NAN, NAN),
    "1e3": (1000.0, 1000.0),
    "n/a": (None, None),
    "nan": (None, None),
    "inf": (None, None),
    "": (None, None),
}
#: cells -> what decides their decimal sign
SIGNS = {
    ("12,50", "3"): ",",
    ("1.234,50",): ",",
    ("1.234.567",): ",",
    ("1,234", "5,5"): ",",
    ("1,234", "5.5"): ".",
    ("1'234.5", "7"): ".",
    ("0.125",): ".",
    ("7", "n/a", ""): ".",
    ("1,234",): "",
    ("1.234", "2.500"): "",
    ("12,5", "12.5"): "",
}


@pytest.mark.parametrize("text", READ)
@pytest.mark.parametrize("sign", [".", ","])
def test_a_number_is_read_by_its_decimal_sign(text: str, sign: str) -> None:
    with duckdb.connect() as connection:
        sql = f"select {as_number('x', sign)} from (select $text as x)"
        row = connection.execute(sql, {"text": text}).fetchone()
    wanted = READ[text][sign == ","]
    assert row is not None
    assert row[0] == pytest.approx(wanted, nan_ok=True) if wanted is not None else row[0] is None


@pytest.mark.parametrize("cells", SIGNS, ids=" ".join)
def test_the_decimal_sign_is_told_or_is_not(cells: tuple[str, ...]) -> None:
    with duckdb.connect() as connection:
        connection.execute("create table log as select unnest($cells) as x", {"cells": [*cells]})
        found = decimals(connection, "log", "x")
    assert found.sign == SIGNS[cells]
    assert bool(found.sign) or found.doubt


def european(rows: int = 400) -> tuple[str, float]:
    """A log as a German spreadsheet writes it, and its revenue, counted apart from it."""
    rng = np.random.default_rng(4)
    cents, units = rng.integers(50, 900_000, rows), rng.integers(1, 4, rows)
    log = pd.DataFrame({"time": pd.date_range("2025-03-01", periods=rows, freq="7min").astype(str)})
    log["user"], log["event"] = (
        [f"u{n % 40}" for n in range(rows)],
        ["view", "cart", "buy", "view"] * (rows // 4),
    )
    log["item"], log["order"] = [f"i{n % 9}" for n in range(rows)], [f"o{n}" for n in range(rows)]
    log["quantity"] = units
    log["price"] = [f"{c / 100:,.2f}".translate(str.maketrans(",.", ".,")) for c in cents]
    bought = log["event"].eq("buy").to_numpy()
    return log.to_csv(index=False, header=False, sep=";"), float((cents * units)[bought].sum() / 100)


def test_a_decimal_comma_is_proposed_and_gives_the_right_revenue(tmp_path: Path) -> None:
    lines, revenue = european()
    log = written(tmp_path, lines, header=HEADER.replace(",", ";"))
    propose_map(str(log), tmp_path / "out.toml")
    text = (tmp_path / "out.toml").read_text(encoding="utf-8")
    assert tomllib.loads(text)["file"] == {"decimal": ","}
    assert '# 400 of 800 numbers ("price") have a decimal comma and none a point' in text
    assert import_shop(str(log), tmp_path / "out.toml", "mine", Paths(tmp_path)).report["kept"] == 400
    sql = "select sum(quantity * unit_price) from events where event_type = 'purchase'"
    assert raw(tmp_path, sql)[0][0] == pytest.approx(revenue, abs=0.005)


@pytest.mark.parametrize(
    ("price", "other", "said"),
    [
        ('"1,234"', '"2,500"', "'1,234' may be 1234 or 1.234"),
        ("1.234", "2.500", "'1.234' may be 1234 or 1.234"),
        (
            '"12,50"',
            "12.50",
            "4 numbers such as '12,50' have a decimal comma and 2 such as '12.50' a decimal point",
        ),
    ],
)
def test_what_can_be_either_is_left_open_and_refused_until_the_map_says_it(
    tmp_path: Path, price: str, other: str, said: str
) -> None:
    log = written(tmp_path, GOOD.replace(",40\n", f",{price}\n").replace(",5\n", f",{other}\n"))
    found = propose_map(str(log), tmp_path / "out.toml")
    assert "the decimal sign" in found[-1]
    assert f"# ? which is the decimal sign? {said}\n# decimal" in (tmp_path / "out.toml").read_text("utf-8")
    with pytest.raises(JourneyError, match=r"column price: .*say under .file. which it is"):
        brought(tmp_path, log)


def test_the_map_decides_what_can_be_either(tmp_path: Path) -> None:
    log = written(tmp_path, GOOD.replace(",40\n", ',"1,234"\n'))
    for sign, price in ((",", 1.234), (".", 1234.0)):
        brought(tmp_path, log, MAP + f'[file]\ndecimal = "{sign}"\n')
        assert raw(tmp_path, "select max(unit_price) filter (where unit_price <> 5) from events") == [
            (price,)
        ]


def test_numbers_against_the_map_are_set_aside_or_refused(tmp_path: Path) -> None:
    text = MAP + '[file]\ndecimal = "."\n'
    lines = "".join(f"2025-03-01 10:{n // 60:02}:{n % 60:02},u{n},view,shoe,,1,4.5\n" for n in range(300))
    odd = '2025-03-01 16:00:00,anna,view,shoe,,1,"4,50"\n'
    report = brought(tmp_path, written(tmp_path, lines + odd), text)
    assert [(each["reason"], each["rows"], each["where"]) for each in report["aside"]] == [
        ("unreadable_number", 1, "log.csv, line 302")
    ]
    with pytest.raises(JourneyError, match="line 302, column price: 9 of 309 numbers cannot be read"):
        brought(tmp_path, written(tmp_path, lines + odd * 9), text)


def test_words_for_nothing_are_nothing(tmp_path: Path) -> None:
    lines = GOOD.replace("view,shoe,,1,40", "view,shoe,null,1,NaN").replace("ben,view", "null,view")
    report = brought(tmp_path, written(tmp_path, lines))
    assert {each["reason"]: each["rows"] for each in report["aside"]} == {"no_user": 2}
    assert raw(tmp_path, "select count(*), count(unit_price) from events") == [(4, 3)]


HALF = """# my own notes
[columns]
user = "Customer"  # sure of this
time = ""

[events]
view = ["view"]
other = "ignore"
"""


def test_a_half_filled_map_is_continued_and_keeps_every_decision(tmp_path: Path) -> None:
    header = HEADER.replace("user", "Customer").replace("event", "action")
    log = written(tmp_path, GOOD.replace("ben,view", "ben,wave"), header=header)
    (tmp_path / "half.toml").write_text(HALF, encoding="utf-8")
    said = propose_map(str(log), tmp_path / "half.toml")
    text = (tmp_path / "half.toml").read_text(encoding="utf-8")
    made = tomllib.loads(text)
    assert [line for line in HALF.splitlines() if line not in text.splitlines()] == ['time = ""']
    assert said[0].endswith(
        "kept the 3 entries that it had as they were; added [columns] time, [columns] event, [columns] item,"
        " [columns] order, [columns] quantity, [columns] price, [events] add_to_cart, [events] purchase,"
        " [time] format, [time] zone, [time] shop_zone, [rules] order, [rules] currency."
    )
    assert made["columns"]["user"] == "Customer"
    assert made["events"] == {"view": ["view"], "other": "ignore"} | {
        "add_to_cart": ["cart"],
        "purchase": ["buy"],
    }
    assert import_shop(str(log), tmp_path / "half.toml", "mine", Paths(tmp_path)).report["kept"] == 4
    again = propose_map(str(log), tmp_path / "half.toml")
    assert again == [f"{tmp_path / 'half.toml'}: kept the 16 entries that it had as they were; added none."]
    assert (tmp_path / "half.toml").read_text(encoding="utf-8") == text


def test_a_name_of_an_event_that_the_map_has_not_listed_is_shown_beside_its_entry(tmp_path: Path) -> None:
    log = written(tmp_path, GOOD.replace("ben,view", "ben,product_view"))
    (tmp_path / "half.toml").write_text('[events]\nview = ["view"]\n', encoding="utf-8")
    said = propose_map(str(log), tmp_path / "half.toml")
    text = (tmp_path / "half.toml").read_text(encoding="utf-8")
    assert '# ? not listed yet: view = ["product_view"]' in text
    assert tomllib.loads(text)["events"]["view"] == ["view"]
    assert "1 name of events not listed yet" in said[-1]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("time = \n", "not valid TOML"),
        ("[colums]\n", "unknown section .colums."),
        ('[columns]\nuser = "usr"\n', "no user. Unknown column 'usr'"),
        ('columns = { user = "user" }\n', "nothing can be added"),
        ('[file]\nlayout = "ga4"\n', "nothing to propose"),
    ],
)
def test_a_map_that_cannot_be_continued_is_left_as_it_was(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "half.toml").write_text(text, encoding="utf-8")
    with pytest.raises(JourneyError, match=said):
        propose_map(str(written(tmp_path)), tmp_path / "half.toml")
    assert (tmp_path / "half.toml").read_text(encoding="utf-8") == text
