"""The list of real data sets: complete, and every way in which it can be broken."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from journey.errors import JourneyError
from journey.stores.catalog import dataset, load_catalog

GOOD = """
[shop]
title = "Shop"
home = "https://example.org"
url = "https://example.org/shop.csv"
licence = "CC0"
redistribution = true
folder = "shop"
citation = "A"
note = "B"
[[shop.files]]
path = "shop.csv"
format = "csv"
rows = 3
columns = [["id", "BIGINT", "number"]]
totals = [["ids", "sum(id)", 6]]
"""


def test_every_real_file_is_listed() -> None:
    """The files of the project's data, and Retailrocket."""
    files = {f"{entry.folder}/{file.path}" for entry in load_catalog().values() for file in entry.files}
    assert files == {
        "ab_landing_page/ab_data.csv",
        "asos/asos_digital_experiments_dataset.parquet",
        "cdnow/CDNOW_master.txt",
        "cdnow/CDNOW_sample.txt",
        "consumer_behavior/consumer_behavior_dataset.csv",
        "cookie_cats/cookie_cats.csv",
        "eshop_clothing/e-shop clothing 2008.csv",
        "hillstrom/hillstrom.csv",
        "online_retail/online_retail.parquet",
        "online_shoppers/online_shoppers_intention.csv",
        "retailrocket_source/category_tree.csv",
        "retailrocket_source/events.csv",
        "retailrocket_source/item_properties_part1.csv",
        "retailrocket_source/item_properties_part2.csv",
    }


def test_every_entry_can_be_cited_and_verified() -> None:
    for entry in load_catalog().values():
        assert entry.citation
        assert entry.licence
        assert entry.url.startswith("http")
        assert entry.redistribution == entry.licence.startswith("CC BY 4"), entry.name
        for file in entry.files:
            assert file.sha256 is None or re.fullmatch(r"[0-9a-f]{64}", file.sha256)
            assert file.sha256 or file.rows
            assert all(column.meaning for column in file.columns)


def test_kaggle_sets_come_from_the_public_address() -> None:
    for entry in load_catalog().values():
        if "kaggle" in entry.home:
            owner_and_name = entry.home.removeprefix("https://www.kaggle.com/datasets/")
            assert entry.url == f"https://www.kaggle.com/api/v1/datasets/download/{owner_and_name}"


def test_unknown_names_suggest_the_nearest() -> None:
    with pytest.raises(
        JourneyError, match=r"Unknown data set 'hilstrom'\. Did you mean 'hillstrom'\? Known: con"
    ):
        dataset("hilstrom")
    with pytest.raises(
        JourneyError, match=r"Data set hillstrom has no file 'x\.csv'; it has hillstrom\.csv\."
    ):
        dataset("hillstrom").file("x.csv")


BAD = {
    "not TOML": (GOOD.replace('"Shop"', "Shop"), r"is not valid TOML: .*line 3"),
    "not UTF-8": (GOOD.encode().replace(b"CC0", b"caf\xe9"), r"is not UTF-8 text \(byte 103\)"),
    "missing field": (GOOD.replace('licence = "CC0"\n', ""), r"\[shop\]: lacks licence"),
    "unknown field": (
        GOOD.replace("note =", "remark = 1\nnote ="),
        r"\[shop\]: unknown field remark; known: title",
    ),
    "entry that is no table": ("shop = 3\n", r"\[shop\]: expected a table of fields, found 3"),
    "no files": (GOOD.split("[[")[0] + "files = []\n", r"\[shop\]: needs at least one \[\[shop\.files\]\]"),
    "unknown format": (
        GOOD.replace('"csv"', '"ods"'),
        r"shop\.csv: format 'ods' is not one of csv, whitespace",
    ),
    "broken column": (GOOD.replace('"BIGINT", ', ""), r"shop\.csv: a column is \[name, type, meaning\] or"),
    "broken total": (
        GOOD.replace('"sum(id)", ', ""),
        r"shop\.csv: a total is \[what, expression, expected\] or",
    ),
    "nothing to verify": (
        GOOD.replace("rows = 3\n", "").replace('totals = [["ids", "sum(id)", 6]]', ""),
        r"shop\.csv: has neither a checksum nor rows nor totals",
    ),
}


@pytest.mark.parametrize("kind", BAD)
def test_bad_list(kind: str, tmp_path: Path) -> None:
    content, message = BAD[kind]
    path = tmp_path / "datasets.toml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(JourneyError, match=message) as caught:
        load_catalog(path)
    assert str(path) in str(caught.value)


def test_the_good_list_is_good(tmp_path: Path) -> None:
    path = tmp_path / "datasets.toml"
    path.write_text(GOOD, encoding="utf-8")
    (entry,) = load_catalog(path).values()
    assert (entry.archive, entry.on_request, entry.files[0].delimiter) == (None, False, ",")


def test_missing_list(tmp_path: Path) -> None:
    with pytest.raises(
        JourneyError, match=r"datasets\.toml is missing: it lists the real data sets; restore it"
    ):
        load_catalog(tmp_path / "datasets.toml")
