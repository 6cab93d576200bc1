"""Typed loaders of the real data sets.

Each gives a data frame with the columns and types of `data/datasets.toml`, from a file whose checksum or
totals were verified, and raises `DatasetAbsent` when the data are not on this machine.
"""

from __future__ import annotations

import duckdb
import pandas as pd

from journey.errors import JourneyError
from journey.stores.catalog import Dataset, dataset
from journey.stores.locate import require
from journey.stores.verify import relation, verify

# What pandas must hold for each type of the list; integers with nulls keep them as Int64.
_DTYPES = {
    "BIGINT": ("int64", "Int64"),
    "INTEGER": ("int32", "Int32"),
    "DOUBLE": ("float64",),
    "VARCHAR": ("str",),
    "BOOLEAN": ("bool",),
    "DATE": ("datetime64[us]",),
    "TIMESTAMP": ("datetime64[us]",),
}


def load(name: str, path: str | None = None) -> pd.DataFrame:
    """Load one file of a data set.

    Parameters
    ----------
    name : str
        Data set of `data/datasets.toml`.
    path : str, optional
        Which of its files; the first when left out.

    Returns
    -------
    pandas.DataFrame
        Rows in the order of the file.

    Raises
    ------
    DatasetAbsent
        When the file is neither in JOURNEY_DATA_DIR nor in data/raw.
    JourneyError
        When the file is not the original: columns, checksum, rows or a total differ.
    """
    entry = dataset(name)
    file = entry.file(path) if path else entry.files[0]
    found = require(name, file.path)
    verify(entry, file, found)
    with duckdb.connect() as connection:
        frame = connection.execute(f"from {relation(file, found)}").df()
    for column in file.columns:
        dtype = str(frame[column.name].dtype)
        if dtype not in _DTYPES[column.type]:
            raise JourneyError(
                f"{found}: column {column.name} was read as {dtype}, expected {_DTYPES[column.type][0]}"
                f" ({len(frame):,} rows); report this with the version of duckdb."
            )
    return frame


def data_checksum(name: str) -> str:
    """Give the identity of a data set, the same on every machine.

    The checksum of its first file; where the bytes differ between copies, a checksum of the totals that
    every copy must have.
    """
    entry: Dataset = dataset(name)
    file = entry.files[0]
    if file.sha256:
        return f"sha256:{file.sha256}"
    import hashlib

    stated = repr((file.rows, [(t.expression, float(t.expected)) for t in file.totals]))
    return f"totals:{hashlib.sha256(stated.encode()).hexdigest()}"


def load_consumer_behavior() -> pd.DataFrame:
    """Kaggle's "AI-Driven Consumer Behavior Dataset": 5,000 visits x 19 columns.

    Target `purchase_decision`, which equals `add_to_cart` and not `abandoned_cart` in every row.
    """
    return load("consumer_behavior")


def load_online_shoppers() -> pd.DataFrame:
    """UCI 468, Online Shoppers Purchasing Intention: 12,330 sessions x 18 columns.

    Target `Revenue` (boolean, 1,908 true); 125 rows are exact duplicates and are kept.
    """
    return load("online_shoppers")


def load_online_retail() -> pd.DataFrame:
    """UCI 352, Online Retail: 541,909 invoice lines x 8 columns.

    `CustomerID` is a nullable Int32; invoices that start with C are cancellations; money is in pounds.
    """
    return load("online_retail")


def load_hillstrom() -> pd.DataFrame:
    """Hillstrom's e-mail experiment of 2008: 64,000 customers x 12 columns, three arms in `segment`."""
    return load("hillstrom")


def load_landing_page() -> pd.DataFrame:
    """The landing-page A/B test: 294,478 visits x 5 columns, as recorded (3,893 rows are mismatched)."""
    return load("landing_page")


def load_cookie_cats() -> pd.DataFrame:
    """Cookie Cats, the A/B test of a mobile game: 90,189 players x 5 columns."""
    return load("cookie_cats")


def load_eshop_clothing() -> pd.DataFrame:
    """UCI 553, clicks of a clothing shop in 2008: 165,474 clicks x 14 columns.

    Columns are renamed to identifiers: `order` is `click`, `session ID` is `session_id`, the pages are
    `main_category` and `clothing_model`, `price 2` is `price_above_average` (1 yes, 2 no).
    """
    return load("eshop_clothing")


def load_asos() -> pd.DataFrame:
    """ASOS Digital Experiments: 24,153 running statistics x 10 columns, 78 experiments, 396 series."""
    return load("asos")


def load_cdnow_sample() -> pd.DataFrame:
    """CDNOW, the 1/10 sample: 6,919 purchases x 5 columns (master_id, customer_id, date, cds, dollars)."""
    return load("cdnow_sample")


def load_cdnow_master() -> pd.DataFrame:
    """CDNOW, the master file: 69,659 purchases x 4 columns (customer_id, date, cds, dollars)."""
    return load("cdnow_master")
