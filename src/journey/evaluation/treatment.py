"""What the experiments of the simulated shop truly do."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from journey.evaluation.truth import read_truth


@dataclass(frozen=True)
class TrueEffect:
    """Expected effect of free shipping on the exposed users, from planted probabilities.

    Attributes
    ----------
    conversion
        Difference of the share of users with at least one purchase after exposure.
    orders
        Difference of purchases a user.
    n_users
        Exposed users averaged over.
    """

    conversion: float
    orders: float
    n_users: int


def free_shipping_by_user(store: Path, exposed: pd.DataFrame) -> pd.DataFrame:
    """True effect of free shipping for each exposed user.

    Parameters
    ----------
    store
        Folder of the simulated store.
    exposed
        Columns `user_id` and `exposed_at`.

    Returns
    -------
    DataFrame
        `user_id`, `persona`, `conversion` and `orders`: expected values with free shipping minus without,
        over the user's sessions from exposure on; `orders_with`: expected purchases with it. What a session
        changes in later ones is held as it happened, so these are direct effects.
    """
    columns = ["user_id", "start_ts", "p_without_free_shipping", "p_with_free_shipping"]
    sessions = read_truth(store, "sessions", columns).merge(exposed, on="user_id")
    sessions = sessions[sessions["start_ts"] >= sessions["exposed_at"]]
    without, given = (sessions[f"p_{arm}_free_shipping"] for arm in ("without", "with"))
    keep = pd.DataFrame(
        {
            "user_id": sessions["user_id"],
            "log_without": np.log1p(-without),
            "log_with": np.log1p(-given),
            "orders": given - without,
            "orders_with": given,
        }
    )
    users = keep.groupby("user_id", sort=True).sum()
    users["conversion"] = np.exp(users["log_without"]) - np.exp(users["log_with"])
    people = read_truth(store, "users", ["user_id", "persona"])
    effects = users[["conversion", "orders", "orders_with"]].reset_index()
    return people.merge(effects, on="user_id").sort_values("user_id", ignore_index=True)


def true_effect(users: pd.DataFrame) -> TrueEffect:
    """Average of per-user effects."""
    return TrueEffect(float(users["conversion"].mean()), float(users["orders"].mean()), len(users))


def true_session_rate(orders: ArrayLike, sessions: ArrayLike) -> float:
    """True effect on the share of sessions that buy: purchases added, over all sessions as they happened."""
    return float(np.sum(orders) / np.sum(sessions))


@dataclass(frozen=True)
class TrueCoupon:
    """Expected effect of coupons on the probability that a session buys, in share of sessions.

    `on_treated` averages over sessions that showed a coupon, of the value they showed; `of_ten_percent`
    over all sessions, of a ten-percent coupon.
    """

    on_treated: float
    of_ten_percent: float
    n_treated: int
    n: int


def true_coupon(store: Path) -> TrueCoupon:
    """Average planted effects of the coupon over the simulated sessions."""
    columns = ["discount_pct", "p_start", "p_without_discount", "p_with_discount_10"]
    sessions = read_truth(store, "sessions", columns)
    treated = sessions[sessions["discount_pct"] > 0]
    return TrueCoupon(
        on_treated=float((treated["p_start"] - treated["p_without_discount"]).mean()),
        of_ten_percent=float((sessions["p_with_discount_10"] - sessions["p_without_discount"]).mean()),
        n_treated=len(treated),
        n=len(sessions),
    )
