"""Every way in which obtaining real data can fail: the message, and that nothing is half-written."""

from __future__ import annotations

import hashlib
import io
import os
import socket
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from support.local_server import BOOK, CSV, Server, listing, root, server, workbook, zipped
from support.tiny_store import snapshot

from journey.errors import JourneyError
from journey.paths import Paths
from journey.stores.fetch import fetch
from journey.stores.locate import DatasetAbsent

__all__ = ["root", "server"]  # fixtures


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


def marked(archive: bytes, place: int, value: int) -> bytes:
    """The same with another byte in both heads of its member: at 8 the flags, at 10 the way of packing."""
    changed = bytearray(archive)
    changed[archive.index(b"PK\x03\x04") + place - 2] = value
    changed[archive.index(b"PK\x01\x02") + place] = value
    return bytes(changed)


def packed(content: bytes) -> bytes:
    """A zip that packs its member."""
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("sales.csv", content)
    return sink.getvalue()


def bomb() -> bytes:
    """A member of eight mebibytes in a few kilobytes."""
    return packed(bytes(8 << 20))


def scrambled() -> bytes:
    """A member whose packed bytes are no packing."""
    whole = bytearray(packed(CSV * 50))
    whole[39:45] = b"\xff" * 6
    return bytes(whole)


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
    "encrypted member": (
        "sales",
        serve("/sales.zip", marked(GOOD_ZIP, 8, 1)),
        r"sales\.zip holds 'sales\.csv' encrypted or packed in a way that cannot be read \(.*password",
    ),
    "member packed in an unknown way": (
        "sales",
        serve("/sales.zip", marked(GOOD_ZIP, 10, 99)),
        r"sales\.zip holds 'sales\.csv' encrypted or packed in a way that cannot be read \(.*compression",
    ),
    "member damaged inside its packing": (
        "sales",
        serve("/sales.zip", scrambled()),
        r"sales\.zip \(\d+ bytes\) is not a complete zip archive",
    ),
    "file that unpacks to far more than it should": (
        "sales",
        serve("/sales.zip", bomb()),
        r"sales\.csv would unpack to 8,388,608 bytes, expected about 28: not the file of the list",
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
    "lines that end in carriage returns": (
        "plain",
        lambda root: place(root, CSV.replace(b"\n", b"\r")),
        r"plain\.csv cannot be read as csv: line 1 holds a carriage return without a line feed, so",
    ),
    "header that ends in a carriage return": (
        "plain",
        lambda root: place(root, CSV.replace(b"\n", b"\r", 1)),
        r"plain\.csv cannot be read as csv: line 1 holds a carriage return without a line feed",
    ),
    "carriage return in a row": (
        "plain",
        lambda root: place(root, CSV.replace(b",4.0", b",4\r.0")),
        r"plain\.csv cannot be read as csv: line 3 holds a carriage return without a line feed",
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
