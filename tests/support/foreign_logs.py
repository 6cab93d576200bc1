"""Logs of shops in forms that are not this project's, made by tests, and the maps that go with them."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import duckdb

from journey.paths import Paths
from journey.stores.imported import import_shop

HEADER = "time,user,event,item,order,quantity,price"
MAP = """
[columns]
time = "time"
user = "user"
event = "event"
item = "item"
order = "order"
quantity = "quantity"
price = "price"

[events]
view = ["view"]
add_to_cart = ["cart"]
purchase = ["buy"]
"""
#: Two visitors: one looks, carts and buys two lines; the other only looks.
GOOD = """2025-03-01 10:00:00,anna,view,shoe,,1,40
2025-03-01 10:01:00,anna,cart,shoe,,1,40
2025-03-01 10:02:00,anna,buy,shoe,A1,1,40
2025-03-01 10:02:05,anna,buy,sock,A1,2,5
2025-03-01 11:00:00,ben,view,sock,,1,5
2025-03-02 09:00:00,ben,view,shoe,,1,40
"""


def written(folder: Path, lines: str | bytes = GOOD, *, header: str = HEADER, name: str = "log.csv") -> Path:
    """A log in a file; bytes stand as they are, text gets the header."""
    file = folder / name
    content = lines if isinstance(lines, bytes) else f"{header}\n{lines}".encode()
    file.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    return file


def brought(folder: Path, log: str | Path, text: str = MAP, name: str = "mine") -> dict[str, Any]:
    """Import a log into a project in `folder`; the report."""
    file = folder / "shop.toml"
    file.write_text(text, encoding="utf-8")
    return dict(import_shop(str(log), file, name, Paths(folder)).report)


def raw(folder: Path, sql: str, name: str = "mine") -> list[tuple[Any, ...]]:
    """Rows of a query over the raw tables of an imported store, `events`, `users` and `items`."""
    store = folder / "data" / "stores" / name / "raw"
    with duckdb.connect() as connection:
        for table in ("users", "items", "exposures"):
            connection.execute(f"create view {table} as from '{store / table}.parquet'")
        connection.execute(f"create view events as from read_parquet('{store}/events/*/*.parquet')")
        return connection.execute(sql).fetchall()
