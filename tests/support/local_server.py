"""Four small data sets behind a local web server, and a project that lists them."""

from __future__ import annotations

import hashlib
import io
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest
from support.workbook import write_workbook

from journey.paths import Paths

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
