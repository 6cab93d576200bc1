"""What the page of other draws shows is what the committed shops hold, in Python and in the page."""

from __future__ import annotations

import json

import pytest
from support.places import ROOT
from support.twins import in_node, needs_node

from journey.findings.seeds.claims import Shop
from journey.findings.tools.draws import FINDINGS, as_table, draws, rows
from journey.paths import Paths


@pytest.fixture(scope="module")
def file():
    class Here:
        paths = Paths(ROOT)

    return draws(Here())


@pytest.fixture(scope="module")
def committed():
    text = (ROOT / "data" / "evidence" / "other_seeds.json").read_text(encoding="utf-8")
    return json.loads(text)["results"]


def test_a_row_has_the_numbers_of_both_shops_each_with_its_truth(file, committed):
    assert file["seeds"] == sorted(committed, key=int)
    for seed in file["seeds"]:
        for row, (number, truth) in zip(rows(file, seed), FINDINGS.values(), strict=True):
            assert row["report"] == committed[file["seeds"][0]][number]["text"]
            assert row["here"] == committed[seed][number]["text"]
            truths = [
                committed[each][truth]["text"] if truth else "\u2013" for each in (file["seeds"][0], seed)
            ]
            assert [row["report_truth"], row["truth"]] == truths


def test_in_the_shop_of_the_report_every_finding_stays(file):
    assert {row["verdict"] for row in rows(file, file["seeds"][0])} == {"stays"}
    # Otherwise the page would have nothing to show.
    assert all("falls" in {row["verdict"] for row in rows(file, seed)} for seed in file["seeds"][1:])


def test_the_worth_for_everyone_is_open_when_the_margin_of_a_user_is(committed):
    # The row shows the one; its rule looks at the other.
    for shop in map(Shop, committed.values()):
        a_user, everyone = "experiments.margin", "experiments.rollout_value"
        assert shop.contains(a_user, 0.0) == shop.contains(everyone, 0.0)


def test_names_in_the_table_are_escaped():
    report, here = ("report", "report_interval", "report_truth"), ("here", "here_interval", "truth")
    fields = ("says", *report, *here, "verdict", "holds")
    table = as_table([dict.fromkeys(fields, "<b>")], "Caption")
    assert "<b>" not in table
    assert table.count("&lt;b&gt;") == len(fields)


@needs_node
def test_the_page_shows_the_rows_of_python(file):
    assert in_node("draws", "found", file["seeds"], shared=file) == [
        rows(file, seed) for seed in file["seeds"]
    ]
