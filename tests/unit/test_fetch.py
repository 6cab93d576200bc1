"""Obtaining real data: in place, downloaded from a local server, placed by hand; and every way to fail."""

from __future__ import annotations

import hashlib
import io
import os
import socket
import sys
import threading
import zipfile
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "fixtures" / "stores"))

from tiny_store import snapshot
from workbook import write_workbook

from journey.errors import JourneyError
from journey.paths import Paths
from journey.stores.fetch import DatasetAbsent, fetch, locate

CSV = b"id,amount\n1,2.5\n2,4.0\n3,1.5\n"
LINES = b" 00001 19970101  1   11.77\r\n 00002 19970112 12   12.00\r\n\r\n"


def zipped(**members: bytes) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "/").replace("_DOT_", "."), content)
    return sink.getvalue()


class Server(BaseHTTPRequestHandler):
    """Serves what a test puts into `content`: bytes, or a status and bytes."""

    content: ClassVar[dict[str, bytes | tuple[int, bytes, int]]] = {}
    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        found = self.content.get(self.path, (404, b"not here", 8))
        status, body, length = (200, found, len(found)) if isinstance(found, bytes) else found
        self.send_response(status)
        self.send_header("Content-Length", str(length))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Keep the output of the tests clean."""


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Server) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()


def listing(
    url: str, *, checksum: str = hashlib.sha256(CSV).hexdigest(), rows: int = 3, total: float = 8
) -> str:
    """A list of four data sets: a zip, a plain file, text columns, a workbook."""
    return f"""
[sales]
title = "Sales"
home = "https://example.org/sales"
url = "{url}/sales.zip"
archive = "sales.zip"
licence = "CC BY 4.0"
redistribution = true
folder = "sales"
citation = "A"
note = "B"
[[sales.files]]
path = "sales.csv"
member = "sales.csv"
format = "csv"
delimiter = ","
sha256 = "{hashlib.sha256(CSV).hexdigest()}"
bytes = {len(CSV)}
rows = 3
columns = [["id", "BIGINT", "number"], ["amount", "DOUBLE", "money"]]
totals = [["sum of amount", "sum(amount)", 8, 0.001]]

[plain]
title = "Plain"
home = "https://example.org/plain"
url = "{url}/plain.csv"
licence = "none stated"
redistribution = false
folder = "plain"
citation = "A"
note = "B"
[[plain.files]]
path = "plain.csv"
format = "csv"
rows = 3
columns = [["id", "BIGINT", "number"], ["amount", "DOUBLE", "money", "money"]]
totals = [["sum of money", "sum(money)", 8, 0.001]]

[lines]
title = "Lines"
home = "https://example.org/lines"
url = "{url}/lines.zip"
archive = "lines.zip"
licence = "none stated"
redistribution = false
folder = "shared"
citation = "A"
note = "B"
[[lines.files]]
path = "LINES.txt"
member = "LINES.txt"
format = "whitespace"
rows = 2
columns = [["id", "BIGINT", "n"], ["date", "DATE", "day"], ["cds", "BIGINT", "n"], ["dollars", "DOUBLE", "m"]]
totals = [["dollars", "sum(dollars)", 23.77, 0.001], ["days", "count(distinct date)", 2]]

[book]
title = "Book"
home = "https://example.org/book"
url = "{url}/book.zip"
archive = "book.zip"
licence = "CC BY 4.0"
redistribution = true
folder = "shared"
on_request = true
citation = "A"
note = "B"
[[book.files]]
path = "book.parquet"
member = "Book.xlsx"
format = "parquet"
rows = 3
columns = [
  ["code", "VARCHAR", "c"],
  ["units", "INTEGER", "u"],
  ["time", "TIMESTAMP", "t"],
  ["price", "DOUBLE", "p"],
]
totals = [["units", "sum(units)", 5], ["codes with a letter", "count(*) filter (code like '%A')", 1]]
"""


@pytest.fixture
def root(tmp_path: Path, server: str, monkeypatch: pytest.MonkeyPatch) -> Paths:
    Server.content, Server.asked = {}, []
    monkeypatch.delenv("JOURNEY_DATA_DIR", raising=False)
    monkeypatch.setenv("JOURNEY_ROOT", str(tmp_path / "project"))
    paths = Paths(tmp_path / "project")
    paths.datasets.parent.mkdir(parents=True)
    paths.datasets.write_text(listing(server), encoding="utf-8")
    return paths


def workbook(tmp_path: Path, rows: list[tuple[object, ...]], header: tuple[str, ...] = ()) -> bytes:
    path = write_workbook(tmp_path / "Book.xlsx", header or ("code", "units", "time", "price"), rows)
    return path.read_bytes()


BOOK = [(536365, 2, None, 2.55), ("536365A", 6, None, 0.1), (7, -3, None, None)]


# --- what works ---------------------------------------------------------------------------------------


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


# --- what does not ------------------------------------------------------------------------------------


def place(root: Paths, content: bytes, name: str = "plain") -> None:
    path = root.raw / name / f"{name}.csv"
    path.parent.mkdir(parents=True)
    path.write_bytes(content)


def serve(path: str, content: bytes | tuple[int, bytes, int]) -> Callable[[Paths], None]:
    return lambda root: Server.content.update({path: content})


def no_server(root: Paths) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    root.datasets.write_text(listing(f"http://127.0.0.1:{port}"), encoding="utf-8")


def other_checksum(root: Paths) -> None:
    Server.content["/sales.zip"] = GOOD_ZIP
    listed = root.datasets.read_text(encoding="utf-8")
    root.datasets.write_text(listed.replace(hashlib.sha256(CSV).hexdigest(), "0" * 64), encoding="utf-8")


def broken_parquet(root: Paths) -> None:
    (root.raw / "shared").mkdir(parents=True)
    (root.raw / "shared" / "book.parquet").write_bytes(b"PAR1 and then nothing")


GOOD_ZIP = zipped(sales_DOT_csv=CSV)

BAD: dict[str, tuple[str, Callable[[Paths], object], str]] = {
    "unknown data set": (
        "salez",
        lambda root: None,
        r"Unknown data set 'salez'\. Did you mean 'sales'\? Known: sales, plain, lines, book\.",
    ),
    "offline": (
        "sales",
        no_server,
        r"sales could not be downloaded from http://127\.0\.0\.1:\d+/sales\.zip \(no connection\); without a"
        r" network, get it with a browser, put it at .*/raw/sales/sales\.zip and run `journey fetch sales`",
    ),
    "offline, plain file": (
        "plain",
        no_server,
        r"put it at .*/raw/plain/plain\.csv and run `journey fetch plain` again",
    ),
    "not found": ("sales", lambda root: None, r"\(the server answered 404 Not Found\)"),
    "cut short on the way": (
        "sales",
        serve("/sales.zip", (200, GOOD_ZIP[:50], len(GOOD_ZIP))),
        r"sales could not be downloaded from .*; without a network",
    ),
    "page instead of zip": (
        "sales",
        serve("/sales.zip", b"<!DOCTYPE html><html>Please log in</html>"),
        r"sales\.zip \(41 bytes\) is not a complete zip archive; the download was cut short or the address",
    ),
    "truncated zip": (
        "sales",
        serve("/sales.zip", GOOD_ZIP[:-30]),
        r"sales\.zip \(\d+ bytes\) is not a complete zip archive",
    ),
    "damaged member": (
        "sales",
        serve("/sales.zip", GOOD_ZIP.replace(b"2.5", b"2.6")),
        r"sales\.zip \(\d+ bytes\) is not a complete zip archive",
    ),
    "zip without the member": (
        "sales",
        serve("/sales.zip", zipped(readme_DOT_txt=b"x", other_DOT_csv=b"y")),
        r"sales\.zip has no member 'sales\.csv' \(2 members: readme\.txt, other\.csv\)",
    ),
    "wrong checksum": (
        "sales",
        other_checksum,
        rf"sales\.csv from http.* has SHA-256 {hashlib.sha256(CSV).hexdigest()}, expected 0{{64}}: it is",
    ),
    "wrong size": (
        "sales",
        serve("/sales.zip", zipped(sales_DOT_csv=CSV + b"4,1.0\n")),
        r"sales\.csv from http.* has 34 bytes, expected 28: it is incomplete or altered",
    ),
    "wrong total": (
        "plain",
        serve("/plain.csv", CSV.replace(b"4.0", b"5.0")),
        r"plain\.csv from http.*: sum of money is 9\.0, expected 8 \(of 3 rows\)",
    ),
    "wrong number of rows": (
        "plain",
        serve("/plain.csv", CSV + b"4,0.0\n"),
        r"plain\.csv from http.* has 4 rows, expected 3; run `journey fetch plain` again",
    ),
    "empty download": ("plain", serve("/plain.csv", b""), r"plain\.csv from http.* is empty \(0 bytes\)"),
    "empty file on disk": (
        "plain",
        lambda root: place(root, b""),
        r"/raw/plain/plain\.csv is empty \(0 bytes\); delete it and run `journey fetch plain` again",
    ),
    "wrong separator": (
        "plain",
        lambda root: place(root, CSV.replace(b",", b";")),
        r"plain\.csv is separated by ';', expected ',' with 2 columns; delete it",
    ),
    "missing column": (
        "plain",
        lambda root: place(root, b"id,total\n1,8\n"),
        r"plain\.csv lacks column amount \(found: id, total\)",
    ),
    "unknown column": (
        "plain",
        lambda root: place(root, b"id,amount,tax\n1,8,1\n"),
        r"plain\.csv has unknown column tax",
    ),
    "columns in another order": (
        "plain",
        lambda root: place(root, b"amount,id\n8,1\n"),
        r"plain\.csv has its columns in another order: amount, id",
    ),
    "mistyped column": (
        "plain",
        lambda root: place(root, CSV.replace(b"4.0", b"four")),
        r"plain\.csv cannot be read as csv: .* Line: 3\. .*column \"amount\".*\"four\".*; delete it",
    ),
    "row with too many cells": (
        "plain",
        lambda root: place(root, CSV + b"4,1.0,9\n"),
        r"plain\.csv cannot be read as csv: .* Line: 5\. Expected Number of Columns: 2 Found: 3",
    ),
    "header not UTF-8": (
        "plain",
        lambda root: place(root, b"id,caf\xe9\n1,2\n"),
        r"plain\.csv is not UTF-8 text \(byte 6\)",
    ),
    "Parquet that is not": (
        "book",
        lambda root: (
            (root.raw / "shared").mkdir(parents=True)
            or (root.raw / "shared" / "book.parquet").write_bytes(b"PAR1 and then nothing")
        ),  # type: ignore[func-returns-value]
        r"book\.parquet is not a complete Parquet file; delete it",
    ),
    "workbook that is not": (
        "book",
        serve("/book.zip", zipped(Book_DOT_xlsx=b"no workbook")),
        r"Book\.xlsx cannot be read as a workbook",
    ),
    "source that is not a folder": (
        "plain",
        lambda root: os.environ.update(JOURNEY_DATA_DIR=str(root.datasets)),
        r"JOURNEY_DATA_DIR is '.*datasets\.toml', which is not a folder",
    ),
}


@pytest.mark.parametrize("kind", BAD)
def test_bad_fetch(kind: str, root: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JOURNEY_DATA_DIR", "")
    name, spoil, message = BAD[kind]
    spoil(root)
    before = snapshot(root.raw)
    with pytest.raises(JourneyError, match=message) as caught:
        fetch([name], root=root)
    assert "\n" not in str(caught.value)
    assert snapshot(root.raw) == before


def test_workbook_with_another_sheet(root: Paths, tmp_path: Path) -> None:
    content = workbook(tmp_path, BOOK, header=("code", "units", "time", "cost"))
    Server.content["/book.zip"] = zipped(Book_DOT_xlsx=content)
    with pytest.raises(
        JourneyError, match=r"has columns code, units, time, cost, expected code, units, time, price"
    ):
        fetch(["book"], root=root)
    assert not snapshot(root.raw)


def test_workbook_with_a_mistyped_cell(root: Paths, tmp_path: Path) -> None:
    content = workbook(tmp_path, [*BOOK[:2], (7, "three", None, None)])
    Server.content["/book.zip"] = zipped(Book_DOT_xlsx=content)
    with pytest.raises(
        JourneyError, match=r"column units has a cell that is not INTEGER: 'three'.* \(3 rows\)"
    ):
        fetch(["book"], root=root)
    assert not snapshot(root.raw)


def test_workbook_with_a_lost_row_fails_its_totals(root: Paths, tmp_path: Path) -> None:
    Server.content["/book.zip"] = zipped(Book_DOT_xlsx=workbook(tmp_path, BOOK[:2]))
    with pytest.raises(JourneyError, match=r"book\.parquet from http.* has 2 rows, expected 3"):
        fetch(["book"], root=root)
    assert not snapshot(root.raw)


def test_other_sets_are_kept_when_one_fails(root: Paths) -> None:
    Server.content["/plain.csv"] = CSV
    with pytest.raises(DatasetAbsent, match="sales"):
        fetch(["sales", "plain"], root=root)
    assert (root.raw / "plain" / "plain.csv").read_bytes() == CSV


def test_several_failures_are_told_together(root: Paths) -> None:
    Server.content["/plain.csv"] = CSV
    with pytest.raises(JourneyError, match=r"2 of 3 data sets could not be obtained:\n- sales .*\n- lines "):
        fetch(None, root=root)


def test_source_given_by_hand_must_be_a_folder(root: Paths, tmp_path: Path) -> None:
    with pytest.raises(JourneyError, match="is not a folder; correct or unset it"):
        fetch(["sales"], root=root, source=tmp_path / "nowhere")
