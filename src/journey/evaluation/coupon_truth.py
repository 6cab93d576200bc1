"""What the simulation knows about sessions with and without a coupon."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from journey.errors import JourneyError
from journey.evaluation.truth import read_truth, truth_file
from journey.inference.arrays import Floats


@dataclass(frozen=True)
class CouponTruth:
    """What the simulation knows about cleaned sessions, each (n,) in their order.

    Attributes
    ----------
    without
        Probability that the session buys without a coupon.
    shown
        The same with the discount it showed.
    chance
        Probability that the session shows a coupon.
    hidden
        The part of the intent to buy that the coupon rule looks at and no table records, in log-odds.
    """

    without: Floats
    shown: Floats
    chance: Floats
    hidden: Floats


def coupon_truth(connection: duckdb.DuckDBPyConnection, store: Path, session_id: ArrayLike) -> CouponTruth:
    """Look up the truth behind sessions of the warehouse.

    Parameters
    ----------
    connection, store
        Warehouse and folder of the simulated store it was built from.
    session_id
        Sessions, (n,).

    Raises
    ------
    JourneyError
        When the truth is missing or of another run.
    """
    file = str(truth_file(store, "events")).replace("'", "''")
    found = connection.execute(
        f"""
        select session_id, min(true_session_id) as true_session_id
        from staging.events
        join read_parquet('{file}') using (event_id)
        group by session_id
        """
    ).df()
    columns = [
        "true_session_id",
        "user_id",
        "p_start",
        "p_without_discount",
        "discount_propensity",
        "intent",
    ]
    asked = pd.DataFrame({"session_id": np.asarray(session_id)})
    known = (
        asked.merge(found, on="session_id", how="left")
        .merge(read_truth(store, "sessions", columns), on="true_session_id", how="left")
        .merge(read_truth(store, "users", ["user_id", "baseline"]), on="user_id", how="left")
    )
    absent = int(known["baseline"].isna().sum())
    if absent:
        raise JourneyError(
            f"{store}: the truth knows nothing of {absent:,} of {len(asked):,} sessions, so it is of another "
            f"run than the warehouse; run `journey build`"
        )
    return CouponTruth(
        without=known["p_without_discount"].to_numpy(dtype=np.float64),
        shown=known["p_start"].to_numpy(dtype=np.float64),
        chance=known["discount_propensity"].to_numpy(dtype=np.float64),
        hidden=(known["baseline"] + known["intent"]).to_numpy(dtype=np.float64),
    )
