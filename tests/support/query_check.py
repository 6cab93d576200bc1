"""What a result of the query library must be: rows, order, columns and values of the recount."""

from __future__ import annotations

import re

import duckdb
import numpy as np
import pandas as pd
from support.query_expected_advanced import ADVANCED
from support.query_expected_basic import BASIC
from support.query_expected_funnels import FUNNELS
from support.query_expected_intermediate import INTERMEDIATE

from journey.warehouse.head import Value
from journey.warehouse.query import QuerySpec

EXPECTED = BASIC | INTERMEDIATE | ADVANCED | FUNNELS
#: Queries that show their n best rows, with n.
LIMITS = {
    "abandoned_cart_value": 20,
    "products_viewed_together": 25,
    "session_paths": 25,
    "top_products": 20,
}
#: Queries over orders or carts alone: where there is none, there is nothing to recount.
NOTHING = {
    "idle": {
        "abandoned_cart_value",
        "attribution_by_touch",
        "orders_reconciliation",
        "unsold_days_by_category",
        "value_percentiles",
    },
    "short": {"abandoned_cart_value"},
}
#: What rows are ordered by, where it is not their keys: "-" for the largest first, "=" for what comes last.
ORDERS = {
    "abandoned_cart_value": ("-value_left", "item_id"),
    "basket_affinity": ("-lift", "category_a", "category_b"),
    "cleaning_summary": ("-raw_rows", "kind"),
    "conversion_by_discount_tier": ("tier_number",),
    "conversion_by_price_bucket": ("bucket_number",),
    "conversion_by_weekday": ("weekday_number",),
    "event_mix": ("-events", "event_type"),
    "funnel_steps": ("step_number",),
    "funnel_with_time_limits": ("step_number",),
    "products_viewed_together": ("-lift", "item_a", "item_b"),
    "promotion_weekend": ("-revenue", "weekend"),
    "rfm_segments": ("-revenue", "segment"),
    "session_paths": ("-sessions", "path"),
    "simpson_decomposition": ("channel=all channels", "channel"),
    "top_products": ("-revenue", "item_id"),
}
#: Sums of doubles in another order agree to this, relatively.
SUM_TOLERANCE = 1e-9
#: Money is added up with six decimals for each term, so it may differ by some millionths of a euro.
MONEY = re.compile("revenue|value|usual|sum_")
MONEY_TOLERANCE = 1e-4
#: A sum of doubles that the query rounds to cents: where it ends in half a cent, either cent is right.
ROUNDED = {"exposure_covariates.revenue_before": 0.005 + 1e-6}


def check_result(spec: QuerySpec, frame: pd.DataFrame, expected: pd.DataFrame, *, idle: bool = False) -> None:
    """Fail where a result is not what was recounted, row by row in order and column by column.

    In an `idle` shop, where nobody buys or hardly anything is known, any share may be null.
    """
    assert sorted(frame.columns) == sorted(expected.columns), "every column must be recounted"
    nulls = frame.columns if idle else spec.nulls
    assert set(frame.columns[frame.isna().any()]) <= set(nulls), "nulls only where they are declared"
    expected = in_order(spec, expected).head(LIMITS.get(spec.name, len(expected)))
    assert len(frame) == len(expected)
    for column in frame:
        money = MONEY.search(column) and not column.endswith(("_share", "_ratio"))
        close = ROUNDED.get(f"{spec.name}.{column}", MONEY_TOLERANCE if money else SUM_TOLERANCE)
        pd.testing.assert_series_equal(
            frame[column].astype(expected[column].dtype), expected[column],
            check_names=False, rtol=SUM_TOLERANCE, atol=close, obj=f"{spec.name}.{column}",
        )  # fmt: skip


def check_numbers(spec: QuerySpec, connection: duckdb.DuckDBPyConnection, sql: str) -> None:
    """Fail where a result holds what a division by nothing gives: a NaN or an infinity, and not a null."""
    columns = connection.execute(sql, used_parameters(spec, sql) or None).fetchnumpy()
    for name, values in columns.items():
        if values.dtype.kind == "f":
            assert np.isfinite(np.ma.compressed(values)).all(), f"{spec.name}.{name} divides by nothing"


def used_parameters(spec: QuerySpec, sql: str) -> dict[str, Value]:
    """The parameters of a query that a statement uses, with their defaults."""
    return {name: value for name, value in spec.parameters if re.search(rf"\${name}\b", sql)}


def in_order(spec: QuerySpec, frame: pd.DataFrame) -> pd.DataFrame:
    """The rows in the order that the query promises; sums that differ by rounding only are equal."""
    by = ORDERS.get(spec.name, spec.keys)
    if not by:
        return frame.reset_index(drop=True)
    sorting = {}
    for each in by:
        column, _, last = each.removeprefix("-").partition("=")
        values = frame[column] == last if last else frame[column]
        sorting[each] = values.round(6) if pd.api.types.is_float_dtype(values) else values
    ascending = [not each.startswith("-") for each in by]
    place = pd.DataFrame(sorting).reset_index(drop=True).sort_values(list(sorting), ascending=ascending)
    return frame.iloc[place.index.to_numpy(dtype=np.intp)].reset_index(drop=True)
