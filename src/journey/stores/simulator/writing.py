"""Parquet files of a store. The writer options are fixed, so that the bytes depend on the data only."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from journey.stores.simulator import planted
from journey.stores.simulator.dirt import KINDS, RawRows

TIMESTAMP = pa.timestamp("us")
OPTIONS = {"compression": "zstd", "compression_level": 1, "store_schema": False, "write_statistics": True}


def names(codes: NDArray[np.integer], words: tuple[str, ...]) -> pa.Array:
    """Words by code, dictionary-encoded in memory, plain text in the file."""
    return pa.DictionaryArray.from_arrays(pa.array(codes.astype(np.int8)), pa.array(words))


def numbered(numbers: NDArray[np.int64]) -> pa.Array:
    """Identifiers from numbers that count from 0; -1 becomes null."""
    return pa.array(numbers + 1, mask=numbers < 0)


def moments(micros: NDArray[np.int64]) -> pa.Array:
    """Timestamps from microseconds since 1970."""
    return pa.array(micros.astype(np.int64)).cast(TIMESTAMP)


def real(values: NDArray[np.floating]) -> pa.Array:
    """Doubles; NaN becomes null."""
    values = values.astype(np.float64)
    return pa.array(values, mask=np.isnan(values))


def write_table(table: pa.Table, path: Path) -> None:
    """Write one table as one file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path, **OPTIONS)


class Stream:
    """A Parquet file written a table at a time; the first table sets the columns."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows = 0
        self._writer: pq.ParquetWriter | None = None

    def __enter__(self) -> Stream:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._writer is not None:
            self._writer.close()

    def append(self, table: pa.Table) -> None:
        """Add rows as one row group."""
        if self._writer is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._writer = pq.ParquetWriter(self.path, table.schema, **OPTIONS)
        if table.num_rows:
            self._writer.write_table(table)
        self.rows += table.num_rows


def events_table(rows: RawRows, start_us: int, price_as_text: bool) -> pa.Table:
    """Raw events of one partition in the canonical columns."""
    price = real(rows.price)
    if price_as_text:
        price = _as_text(rows.price)
    return pa.table(
        {
            "event_id": pa.array(rows.event_id),
            "ts": moments(rows.ts_us + start_us),
            "received_ts": moments(rows.received_us + start_us),
            "user_id": numbered(rows.user),
            "event_type": names(rows.kind, planted.EVENT_TYPES),
            "item_id": numbered(rows.item),
            "device": names(rows.device, planted.DEVICES),
            "channel": names(rows.channel, planted.CHANNELS),
            "quantity": pa.array(rows.quantity),
            "unit_price": price,
            "discount_pct": pa.array(rows.discount),
        }
    )


def _as_text(price: NDArray[np.float64]) -> pa.Array:
    """Prices as 'EUR 12.50'; NaN becomes null."""
    known = ~np.isnan(price)
    distinct, codes = np.unique(price[known], return_inverse=True)
    words = pa.array([f"EUR {value:.2f}" for value in distinct], type=pa.string())
    index = np.zeros(len(price), dtype=np.int32)
    index[known] = codes
    return pa.DictionaryArray.from_arrays(pa.array(index, mask=~known), words)


def dirt_table(rows: RawRows, start_us: int, retyped: bool) -> pa.Table:
    """What was done to the rows of one partition: one line per raw row and kind."""
    flagged = [(kind, np.flatnonzero(rows.flags & (1 << bit))) for bit, kind in enumerate(KINDS)]
    if retyped:
        flagged.append(("type_change", np.flatnonzero(~np.isnan(rows.price))))
    which = np.concatenate([index for _, index in flagged])
    code = np.concatenate([np.full(len(index), place) for place, (_, index) in enumerate(flagged)])
    return pa.table(
        {
            "event_id": pa.array(rows.event_id[which]),
            "received_ts": moments(rows.received_us[which] + start_us),
            "kind": names(code, (*KINDS, "type_change")),
            "true_ts": moments(rows.true_ts_us[which] + start_us),
            "true_user_id": numbered(rows.true_user[which]),
            "true_quantity": pa.array(rows.true_quantity[which]),
            "true_unit_price": real(rows.price[which]),
        }
    )
