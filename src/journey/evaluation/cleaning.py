"""How well staging finds and treats each kind of dirt, against the truth of the simulated shop."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb

from journey.errors import JourneyError
from journey.evaluation.truth import truth_file
from journey.warehouse.connect import connect

NETWORK_SECONDS = 5
"""Longest normal way of a row to the server; a repaired time cannot be better known than that."""

TREATMENTS: dict[str, tuple[str, str, str]] = {
    "duplicate": ("is_duplicate", "removed", "removal_reason is not null"),
    "late": ("is_late", "kept", "ts = true_ts"),
    "skewed": ("is_skewed", "repaired", f"abs(ts_error_s) <= {NETWORK_SECONDS}"),
    "bot": ("is_bot", "removed", "removal_reason is not null"),
    "missing_user": ("is_missing_user", "removed", "removal_reason is not null"),
    "negative_quantity": ("is_negative_quantity", "repaired", "quantity = true_quantity"),
    "type_change": ("is_retyped", "repaired", "unit_price = true_unit_price"),
}
"""Kind of dirt -> flag in `staging.events_flagged`, treatment, and when a dirty row was treated right."""


@dataclass(frozen=True)
class CleaningQuality:
    """Detection and treatment of one kind of dirt; counts are raw rows.

    Attributes
    ----------
    kind
        Kind of dirt.
    treatment
        What staging does with such a row: removed, repaired or kept (and flagged).
    rows_dirty
        Rows that are dirty in truth.
    rows_flagged
        Rows that staging flags.
    true_positive
        Rows that are both.
    precision
        true_positive / rows_flagged; None when nothing is flagged.
    recall
        true_positive / rows_dirty; None when nothing is dirty.
    rows_compared
        Dirty rows whose end is judged: all where the treatment is removal, else those that stay (a repeated
        row, say, has no value left to be right or wrong).
    rows_right
        Rows compared that end as they should: gone, or with the true value (a repaired time: within
        `NETWORK_SECONDS`).
    share_right
        rows_right / rows_compared; None when nothing is compared.
    worst_error
        Largest absolute error of the value in rows compared: seconds (late, skewed), units
        (negative_quantity), EUR (type_change); None for removal and when nothing is compared.
    """

    kind: str
    treatment: str
    rows_dirty: int
    rows_flagged: int
    true_positive: int
    precision: float | None
    recall: float | None
    rows_compared: int
    rows_right: int
    share_right: float | None
    worst_error: float | None


_ERRORS = {
    "late": "ts_error_s",
    "skewed": "ts_error_s",
    "negative_quantity": "quantity - true_quantity",
    "type_change": "unit_price - true_unit_price",
}


def cleaning_quality(warehouse: Path | duckdb.DuckDBPyConnection, store: Path) -> tuple[CleaningQuality, ...]:
    """Compare the flags and repairs of staging with the truth, per kind of dirt.

    Parameters
    ----------
    warehouse
        The DuckDB file, or an open connection to it.
    store
        Folder of the simulated store the warehouse was built from, or its truth folder.

    Returns
    -------
    tuple of CleaningQuality
        One per kind, in the order of `TREATMENTS`.

    Raises
    ------
    JourneyError
        When the warehouse or the truth is missing, when the truth names a kind that is not known here, or
        when it speaks of rows that the warehouse does not hold (they are of different runs).
    """
    dirt = truth_file(store, "dirt")
    if isinstance(warehouse, Path):
        with connect(warehouse) as connection:
            return cleaning_quality(connection, store)
    source = f"read_parquet('{str(dirt).replace(chr(39), chr(39) * 2)}')"
    _check_match(warehouse, source, dirt)
    return tuple(_quality_of(warehouse, source, kind) for kind in TREATMENTS)


def _check_match(connection: duckdb.DuckDBPyConnection, source: str, dirt: Path) -> None:
    kinds = {row[0] for row in connection.execute(f"select distinct kind from {source}").fetchall()}
    if unknown := sorted(kinds - set(TREATMENTS)):
        raise JourneyError(f"{dirt}: column kind holds {unknown[0]!r}, which staging has no flag for")
    strangers = connection.execute(
        f"""select count(*) from (select distinct event_id, received_ts from {source})
        anti join staging.events_flagged using (event_id, received_ts)"""
    ).fetchone()
    if strangers and strangers[0]:
        raise JourneyError(
            f"{dirt}: {strangers[0]:,} rows are not in the warehouse, so it was built from another run; "
            f"run `journey build`"
        )


def _quality_of(connection: duckdb.DuckDBPyConnection, source: str, kind: str) -> CleaningQuality:
    flag, treatment, is_right = TREATMENTS[kind]
    error = _ERRORS.get(kind, "null::double")
    compared = "dirty_in_truth" if treatment == "removed" else "dirty_in_truth and removal_reason is null"
    row = connection.execute(
        f"""
        with
        dirty as (
            select event_id, received_ts, true_ts, true_quantity, true_unit_price, true as is_dirty
            from {source} where kind = '{kind}'
        ),
        compared as (
            select
                *,
                coalesce(is_dirty, false) as dirty_in_truth,
                (epoch_us(ts) - epoch_us(true_ts)) / 1e6 as ts_error_s,
            from staging.events_flagged
            left join dirty using (event_id, received_ts)
            where {flag} or is_dirty
        )
        select
            count(*) filter (where dirty_in_truth),
            count(*) filter (where {flag}),
            count(*) filter (where {flag} and dirty_in_truth),
            count(*) filter (where {compared}),
            count(*) filter (where {compared} and {is_right}),
            (max(abs({error})) filter (where {compared}))::double,
        from compared
        """
    ).fetchone()
    assert row is not None
    dirty, flagged, both, judged, right, worst = row
    return CleaningQuality(
        kind=kind,
        treatment=treatment,
        rows_dirty=dirty,
        rows_flagged=flagged,
        true_positive=both,
        precision=both / flagged if flagged else None,
        recall=both / dirty if dirty else None,
        rows_compared=judged,
        rows_right=right,
        share_right=right / judged if judged else None,
        worst_error=worst,
    )
