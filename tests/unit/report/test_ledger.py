"""The numbers ledger: what it refuses, what it keeps, what a chapter sees."""

import json

import pytest

from journey.errors import JourneyError
from journey.inference.estimate import Estimate
from journey.report.formats import format_number
from journey.report.ledger import Ledger, Numbers, PageText, merge


@pytest.fixture
def path(tmp_path):
    ledger = Ledger()
    ledger.add(
        "funnel.conversion_rate",
        Estimate(0.0512, 0.0492, 0.0533),
        "share",
        n=18_000,
        source="m:f",
        query="sql/a.sql",
    )
    ledger.add("funnel.revenue", 1234.5, "usd", source="m:f")
    ledger.add("audit.rule", "a AND NOT b", source="m:g")
    ledger.write(tmp_path / "numbers.json")
    return tmp_path / "numbers.json"


def test_a_chapter_reads_text_interval_and_size(path):
    n = Numbers(path)
    assert n.funnel.conversion_rate == "5.1%"
    assert n.funnel.conversion_rate.ci == "4.9% to 5.3%"
    assert n.funnel.conversion_rate.n == "18,000"
    assert n.funnel.conversion_rate.value == 0.0512
    assert n["audit.rule"] == "a AND NOT b"


def test_markdown_special_characters_are_escaped(path):
    assert PageText("US$1,234 [a](b)")._repr_markdown_() == r"US\$1,234 \[a\](b)"


def test_a_number_on_a_page_names_its_entry(path):
    rate = Numbers(path).funnel.conversion_rate
    span = '{.traced data-number="funnel.conversion_rate"}'
    for text, shown in ((rate, "5.1%"), (rate.ci, "4.9% to 5.3%"), (rate.n, "18,000"), (rate.p, "p = 5.1%")):
        assert text._repr_markdown_().replace("\u00a0", " ") == f"[{shown}]{span}"


def test_unknown_id_names_the_closest(path):
    with pytest.raises(
        JourneyError, match=r"'funnel.conversion_rat' is not in numbers.json.*funnel.conversion_rate"
    ):
        _ = Numbers(path).funnel.conversion_rat
    with pytest.raises(JourneyError, match="nowhere"):
        _ = Numbers(path).nowhere.x


def test_missing_interval_size_or_value_is_an_error(path):
    n = Numbers(path)
    with pytest.raises(JourneyError, match="without an interval"):
        _ = n.funnel.revenue.ci
    with pytest.raises(JourneyError, match="without a sample size"):
        _ = n.funnel.revenue.n
    with pytest.raises(JourneyError, match="no numeric value"):
        _ = n.audit.rule.value


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ({"id": "Funnel", "value": 1.0}, "must look like"),
        ({"id": "a.b", "value": float("nan")}, "finite"),
        ({"id": "a.b", "value": 1.0, "unit": "parsec"}, "unknown unit"),
        ({"id": "a.b", "value": Estimate(2.0, 0.5, 1.5)}, "outside its interval"),
    ],
)
def test_bad_numbers_are_refused(call, message):
    with pytest.raises(JourneyError, match=message):
        Ledger().add(**call, source="m:f")


def test_an_id_is_registered_once(tmp_path):
    ledger = Ledger()
    ledger.add("a.b", 1, source="m:f")
    with pytest.raises(JourneyError, match="twice"):
        ledger.add("a.b", 2, source="m:f")
    ledger.write(tmp_path / "1.json")
    ledger.write(tmp_path / "2.json")
    with pytest.raises(JourneyError, match="two chapters"):
        merge([tmp_path / "1.json", tmp_path / "2.json"], tmp_path / "all.json")
    assert not (tmp_path / "all.json").exists()


def test_a_broken_ledger_says_what_to_do(tmp_path):
    with pytest.raises(JourneyError, match="run `journey numbers`"):
        Numbers(tmp_path / "numbers.json")
    (tmp_path / "numbers.json").write_text("{")
    with pytest.raises(JourneyError, match="not a numbers ledger"):
        Numbers(tmp_path / "numbers.json")


def test_the_file_does_not_depend_on_the_order_of_registration(tmp_path):
    for name, order in (("1", "ab"), ("2", "ba")):
        ledger = Ledger()
        for key in order:
            ledger.add(f"x.{key}", ord(key), source="m:f")
        ledger.write(tmp_path / name)
    assert (tmp_path / "1").read_bytes() == (tmp_path / "2").read_bytes()
    assert [number["id"] for number in json.loads((tmp_path / "1").read_text())["numbers"]] == ["x.a", "x.b"]


@pytest.mark.parametrize(
    ("value", "unit", "digits", "text"),
    [
        (0.0512, "share", None, "5.1%"),
        (0.0512, "share", 2, "5.12%"),
        (-0.00158, "points", 3, "\u22120.158\u202fpp"),
        (1234567, "count", None, "1,234,567"),
        (-1234.4, "eur", None, "\u2212€1,234"),
        (-0.0001, "eur", None, "€0"),
        (0.00002, "p", None, "<\u202f0.001"),
        (0.0432, "p", None, "0.043"),
    ],
)
def test_numbers_are_written_in_their_unit(value, unit, digits, text):
    assert format_number(value, unit, digits) == text


def test_an_estimate_brings_its_own_bounds():
    ledger = Ledger()
    number = ledger.add("a.rate", Estimate(0.2, 0.1, 0.4, 0.9), "share", source="module:function")
    assert (number.value, number.low, number.high, number.level) == (0.2, 0.1, 0.4, 0.9)
