"""Obtaining real data: in place, downloaded from a local server, or placed by hand."""

from __future__ import annotations

import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from support.local_server import BOOK, CSV, LINES, Server, root, server, workbook, zipped

from journey.errors import JourneyError
from journey.paths import Paths
from journey.stores.fetch import fetch
from journey.stores.locate import locate

__all__ = ["root", "server"]  # fixtures


def test_download_extract_verify(root: Paths) -> None:
    Server.content["/sales.zip"] = zipped(folder__SALES_DOT_csv=CSV, readme=b"hello")
    (result,) = fetch(["sales"], root=root)
    assert (result.origin, result.rows, result.bytes) == ("downloaded", 3, len(CSV))
    assert result.totals == (("sum of amount", 8.0),)
    assert result.paths == (root.raw / "sales" / "sales.csv",)
    assert str(result).startswith("sales: 3 rows, 0.0 MB, downloaded, verified (1 totals")
    assert [path.name for path in root.raw.rglob("*")] == ["sales", "sales.csv"]
    (again,) = fetch(["sales"], root=root)
    assert (again.origin, Server.asked) == ("present", ["/sales.zip"])


def test_member_is_found_in_a_zip_within_the_zip(root: Paths) -> None:
    Server.content["/sales.zip"] = zipped(inner_DOT_zip=zipped(sales_DOT_csv=CSV))
    assert fetch(["sales"], root=root)[0].rows == 3


def test_renamed_member_is_recognised_by_its_size(root: Paths) -> None:
    Server.content["/sales.zip"] = zipped(a_DOT_txt=b"short", sales_final_DOT_csv=CSV)
    assert fetch(["sales"], root=root)[0].rows == 3


def test_plain_file_and_whitespace_columns(root: Paths) -> None:
    Server.content |= {"/plain.csv": CSV, "/lines.zip": zipped(LINES_DOT_txt=LINES)}
    assert [result.rows for result in fetch(["lines", "plain"], root=root)] == [2, 3]


def test_workbook_becomes_parquet(root: Paths, tmp_path: Path) -> None:
    Server.content["/book.zip"] = zipped(Book_DOT_xlsx=workbook(tmp_path, BOOK))
    (result,) = fetch(["book"], root=root)
    table = pq.read_table(result.paths[0])
    assert table.column("code").to_pylist() == ["536365", "536365A", "7"]
    assert table.column("price").to_pylist() == [2.55, 0.1, None]
    assert table.schema.field("time").type == pa.timestamp("us")


def test_everything_means_all_that_is_not_on_request(root: Paths) -> None:
    Server.content |= {
        "/sales.zip": zipped(sales_DOT_csv=CSV),
        "/plain.csv": CSV,
        "/lines.zip": zipped(LINES_DOT_txt=LINES),
    }
    assert [result.name for result in fetch(None, root=root)] == ["sales", "plain", "lines"]


def test_a_folder_name_means_every_set_in_it(root: Paths, tmp_path: Path) -> None:
    Server.content |= {
        "/lines.zip": zipped(LINES_DOT_txt=LINES),
        "/book.zip": zipped(Book_DOT_xlsx=workbook(tmp_path, BOOK)),
    }
    assert [result.name for result in fetch(["shared"], root=root)] == ["lines", "book"]


def test_source_folder_is_used_in_place(root: Paths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = tmp_path / "cache"
    (source / "sales").mkdir(parents=True)
    (source / "sales" / "sales.csv").write_bytes(CSV)
    monkeypatch.setenv("JOURNEY_DATA_DIR", str(source))
    (result,) = fetch(["sales"], root=root)
    assert (result.origin, result.paths) == ("source folder", (source / "sales" / "sales.csv",))
    assert locate("sales") == source / "sales" / "sales.csv"
    assert not root.raw.exists()
    assert Server.asked == []


def test_source_folder_stands_in_front_of_data_raw(root: Paths, tmp_path: Path) -> None:
    for folder in (root.raw / "sales", tmp_path / "cache" / "sales"):
        folder.mkdir(parents=True)
        (folder / "sales.csv").write_bytes(CSV)
    assert locate("sales", root=root) == root.raw / "sales" / "sales.csv"
    assert fetch(["sales"], root=root, source=tmp_path / "cache")[0].origin == "source folder"
    assert locate("plain", root=root) is None


def test_archive_placed_by_hand(root: Paths) -> None:
    archive = root.raw / "sales" / "sales.zip"
    archive.parent.mkdir(parents=True)
    archive.write_bytes(zipped(sales_DOT_csv=CSV))
    assert fetch(["sales"], root=root)[0].origin == "placed by hand"
    assert Server.asked == []


def test_a_changed_file_is_verified_again(root: Paths) -> None:
    path = root.raw / "sales" / "sales.csv"
    path.parent.mkdir(parents=True)
    path.write_bytes(CSV)
    fetch(["sales"], root=root)
    path.write_bytes(CSV.replace(b"2.5", b"9.5"))
    os.utime(path, ns=(1, 1))
    with pytest.raises(JourneyError, match="SHA-256"):
        fetch(["sales"], root=root)
