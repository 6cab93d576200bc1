"""The coupon study: what is known of a session before its coupon is shown, and the models fitted to that."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from xgboost import XGBClassifier

SEED = 10
HISTORY = ("sessions_7", "sessions_30", "orders_before", "sessions_before", "days_since_last")
CATEGORIES = ("device", "channel", "country")


def coupon_covariates(sessions: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Covariates in four groups, each known before the coupon is shown.

    Parameters
    ----------
    sessions
        Rows of the query `coupon_sessions`.

    Returns
    -------
    dict
        Numbers per session by group. `visit`: who came how and when. `history`: earlier visits and orders,
        counts on the log scale, and the limits at which the shop's rule for coupons looks. `carts`: earlier
        carts that were not bought in their own session. `rule`: what else the shop's rule looks at and the
        shop records: whether a cart left behind within 7 days still waits, neither bought nor emptied
        since, and the promotion weekend.

    Notes
    -----
    The rule: more coupons for a waiting cart, for many sessions and orders so far, for a visit by e-mail or
    within three days of the last one, and on the promotion weekend. A shop knows its own rule and its own
    calendar; the date of the promotion is in no table, so it is taken as the weekend with the most sessions.
    """
    start = sessions["session_start"]
    weekend = sessions["weekday_number"].ge(6)
    saturday = start.dt.normalize() - pd.to_timedelta(sessions["weekday_number"] - 6, unit="D")
    promotion = saturday[weekend].value_counts().idxmax() if weekend.any() else None

    visit = pd.DataFrame({"weekend": weekend, "evening": sessions["hour_of_day"].between(18, 23)})
    # Calendar weeks take up the drift of the channel mix.
    week = start.dt.isocalendar().week.astype(int)
    for name, values in (*((name, sessions[name]) for name in CATEGORIES), ("week", week)):
        for level in sorted(values.unique())[1:]:
            visit[f"{name} {level}"] = values.eq(level)
    history = pd.DataFrame({name.replace("_", " "): np.log1p(sessions[name]) for name in HISTORY})
    history["first visit"] = sessions["sessions_before"].eq(0)
    history["visited within 3 days"] = sessions["days_since_last"].lt(3)
    carts = pd.DataFrame({"abandoned 7": np.log1p(sessions["abandoned_7"])})
    carts["abandoned a cart within 7 days"] = sessions["abandoned_7"].gt(0)
    rule = pd.DataFrame({"cart waiting": sessions["cart_waiting"].eq(1)})
    rule["promotion weekend"] = weekend & saturday.eq(promotion)
    groups = {"visit": visit, "history": history, "carts": carts, "rule": rule}
    return {name: frame.astype(float) for name, frame in groups.items()}


def logistic() -> Any:
    """Propensity model of the doubly robust estimator: linear in the log-odds, as rules with points are."""
    # Newton steps suit many rows and few columns, and correlated columns do not slow them.
    return LogisticRegression(C=1.0, solver="newton-cholesky")


def boosted() -> Any:
    """A flexible outcome model, small enough for a few thousand buyers."""
    return XGBClassifier(
        n_estimators=80, max_depth=3, learning_rate=0.08, subsample=0.8, n_jobs=1, random_state=SEED
    )
