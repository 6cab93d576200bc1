"""The typed loaders: absent data are said so; with the data, every total of the list is verified."""

from __future__ import annotations

import os
import shutil
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import pytest
from support.workbook import write_workbook

from journey.errors import JourneyError
from journey.paths import Paths, project
from journey.stores import datasets
from journey.stores.catalog import load_catalog
from journey.stores.fetch import fetch
from journey.stores.locate import DatasetAbsent, source_folder

DATA = os.environ.get("JOURNEY_DATA_DIR", "")
needs_data = pytest.mark.skipif(not DATA, reason="the real data are absent: JOURNEY_DATA_DIR is not set")

# Rows and columns as the publishers state them.
SHAPES: dict[Callable[[], pd.DataFrame], tuple[int, int]] = {
    datasets.load_consumer_behavior: (5_000, 19),
    datasets.load_online_shoppers: (12_330, 18),
    datasets.load_online_retail: (541_909, 8),
    datasets.load_hillstrom: (64_000, 12),
    datasets.load_landing_page: (294_478, 5),
    datasets.load_cookie_cats: (90_189, 5),
    datasets.load_eshop_clothing: (165_474, 14),
    datasets.load_asos: (24_153, 10),
    datasets.load_cdnow_sample: (6_919, 5),
    datasets.load_cdnow_master: (69_659, 4),
}
by_loader = pytest.mark.parametrize("loader", SHAPES, ids=lambda loader: loader.__name__)


@pytest.fixture
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Paths:
    """A project without any data."""
    listed = project().datasets
    paths = Paths(tmp_path)
    paths.datasets.parent.mkdir(parents=True)
    shutil.copy(listed, paths.datasets)
    monkeypatch.setenv("JOURNEY_ROOT", str(tmp_path))
    monkeypatch.delenv("JOURNEY_DATA_DIR", raising=False)
    return paths


@by_loader
def test_absent_data(loader: Callable[[], pd.DataFrame], nowhere: Paths) -> None:
    name = loader.__name__.removeprefix("load_")
    with pytest.raises(
        DatasetAbsent, match=rf"The data set {name} is not here: .* run `journey fetch {name}`"
    ):
        loader()


def test_data_dir_that_is_not_a_folder(nowhere: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JOURNEY_DATA_DIR", str(nowhere.datasets))
    with pytest.raises(JourneyError, match=r"JOURNEY_DATA_DIR is .* which is not a folder") as caught:
        datasets.load_hillstrom()
    assert not isinstance(caught.value, DatasetAbsent)


def test_a_broken_copy_is_refused(nowhere: Paths) -> None:
    path = nowhere.raw / "cdnow" / "CDNOW_sample.txt"
    path.parent.mkdir(parents=True)
    path.write_text(" 00004 0001 19970101  2   29.33\r\n")
    with pytest.raises(JourneyError, match=r"CDNOW_sample\.txt has 33 bytes, expected 228,327") as caught:
        datasets.load_cdnow_sample()
    assert not isinstance(caught.value, DatasetAbsent)


def test_checksum_is_known_without_the_data(nowhere: Paths) -> None:
    checksums = {name: datasets.data_checksum(name) for name in load_catalog()}
    assert len(set(checksums.values())) == len(checksums)
    assert checksums["hillstrom"].startswith("sha256:0e5893329d8b93ce")
    assert checksums["online_retail"].startswith("totals:")


@pytest.mark.data
@needs_data
@by_loader
def test_shape_and_completeness(loader: Callable[[], pd.DataFrame]) -> None:
    frame = loader()
    assert frame.shape == SHAPES[loader]
    may_be_null = {"CustomerID", "Description", "variance_c", "variance_t"}
    assert set(frame.columns[frame.isna().any()]) <= may_be_null


@pytest.mark.data
@needs_data
def test_every_total_of_the_list_is_met() -> None:
    """`fetch` verifies checksum, rows and all totals; here the data are used in place."""
    entries = {name: entry for name, entry in load_catalog().items() if not entry.on_request}
    results = fetch(list(entries), root=project())
    assert len(results) == 10
    for result in results:
        (file,) = entries[result.name].files
        assert result.rows == file.rows
        assert dict(result.totals) == pytest.approx(
            {total.what: total.expected for total in file.totals}, abs=1e-3
        )
        source = source_folder()
        if result.origin == "source folder":
            assert source is not None
            assert result.paths[0].is_relative_to(source)


@pytest.mark.data
@needs_data
def test_types_that_chapters_rely_on() -> None:
    retail = datasets.load_online_retail()
    assert str(retail["CustomerID"].dtype) == "Int32"
    assert retail["CustomerID"].isna().sum() == 135_080
    assert str(retail["InvoiceDate"].dtype) == "datetime64[us]"
    shoppers = datasets.load_online_shoppers()
    assert shoppers["Revenue"].sum() == 1_908
    assert shoppers.duplicated().sum() == 125
    clicks = datasets.load_eshop_clothing()
    assert clicks["session_id"].nunique() == 24_026
    assert all(name.isidentifier() for name in clicks.columns)
    sample = datasets.load_cdnow_sample()
    assert sample["date"].min() == pd.Timestamp("1997-01-01")
    assert sample["date"].max() == pd.Timestamp("1998-06-30")


@pytest.mark.data
@needs_data
def test_workbook_route_gives_the_same_table(nowhere: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    """Online Retail as UCI publishes it, a workbook within a zip, meets the same totals.

    The workbook is written from the verified copy; as in UCI's own, a code that looks like a number is one.
    """
    monkeypatch.setenv("JOURNEY_DATA_DIR", DATA)
    original = datasets.load_online_retail()
    monkeypatch.delenv("JOURNEY_DATA_DIR")
    folder = nowhere.raw / "online_retail"
    folder.mkdir(parents=True)
    book = write_workbook(folder / "Online Retail.xlsx", list(original.columns), as_cells(original))
    with zipfile.ZipFile(folder / "online+retail.zip", "w") as archive:
        archive.write(book, book.name)
    book.unlink()
    (result,) = fetch(["online_retail"], root=nowhere)
    assert (result.origin, result.rows) == ("placed by hand", 541_909)
    pd.testing.assert_frame_equal(datasets.load_online_retail(), original)


def as_cells(frame: pd.DataFrame) -> Iterator[tuple[object, ...]]:
    columns = []
    for name in frame.columns:
        values = frame[name].astype(object).where(frame[name].notna(), None).tolist()
        if name == "InvoiceDate":
            values = [value.to_pydatetime() for value in values]
        if name in ("InvoiceNo", "StockCode", "Description"):
            values = [int(v) if v and v.isdigit() and not v.startswith("0") else v for v in values]
        columns.append(values)
    return zip(*columns, strict=True)
