"""Where the bias of the coupon's estimated effect comes from. Simulated and computed on request.

The doubly robust estimator of chapter 10 is given more and more to adjust for: nothing, then what a shop
records, group by group, then what no shop can record, and at last the true probability of a coupon. So each
part of the bias shows as a step. One large shop is cut into shops of the default size, whose spread gives the
intervals. Takes about 4 minutes on 2 cores.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from journey import causal
from journey.causal.coupon import boosted, coupon_covariates, logistic
from journey.causal.nuisance import assign_folds, cross_fit
from journey.causal.study import CausalEffect, checked_study
from journey.evaluation.coupon_truth import CouponTruth, coupon_truth
from journey.evaluation.treatment import true_coupon
from journey.inference.arrays import Floats
from journey.paths import Paths
from journey.stores.simulator import ShopParameters, planted, simulate
from journey.warehouse.build import build_warehouse
from journey.warehouse.connect import connect
from journey.warehouse.query import query

SHOPS, SEED, TRIM, CLIP = 30, 10, 0.01, 1e-3
#: What is adjusted for, one more group at a time; the last two rungs know what no shop can.
RECORDED = ("visit", "history", "carts", "rule")
RUNGS = ("nothing", *RECORDED, "hidden", "chance")


@dataclass(frozen=True)
class Rung:
    """An estimate on recorded purchases, and its bias freed from the chance of who happened to buy.

    `bias` is the same estimator, with the same fitted models, applied to the probability of buying without a
    coupon. A coupon cannot change that, so all it finds is bias.
    """

    estimate: CausalEffect
    bias: CausalEffect


def ladder(sessions: pd.DataFrame, truth: CouponTruth) -> dict[str, Rung]:
    """Estimate the effect on sessions with a coupon by every rung's covariates.

    Parameters
    ----------
    sessions
        Rows of the query `coupon_sessions`, in the order of `truth`.

    Returns
    -------
    dict
        One `Rung` for each of `RUNGS`. `nothing` is the plain difference, `chance` weights by the true
        probability of a coupon without any fitted model; all others are doubly robust.
    """
    bought = sessions["converted"].to_numpy(dtype=np.float64)
    treated = sessions["coupon"].to_numpy(dtype=np.float64)
    users = sessions["user_id"].to_numpy()
    groups = coupon_covariates(sessions)
    plain = [causal.naive_difference(y, treated, clusters=users) for y in (bought, truth.without)]
    rungs = {"nothing": Rung(*plain)}
    for number, name in enumerate(RECORDED, start=1):
        table = np.column_stack([groups[group] for group in RECORDED[:number]])
        rungs[name] = _doubly_robust(bought, treated, table, users, truth.without)
    table = np.column_stack([table, truth.hidden])
    rungs["hidden"] = _doubly_robust(bought, treated, table, users, truth.without)
    known = causal.known_propensity(truth.chance)
    weighted = [
        causal.inverse_probability_weighting(y, treated, known, estimand="ATT", trim=0, clusters=users)
        for y in (bought, truth.without)
    ]
    rungs["chance"] = Rung(*weighted)
    return rungs


def _doubly_robust(
    bought: Floats, treated: Floats, covariates: Floats, users: NDArray[np.int64], without: Floats
) -> Rung:
    """`journey.causal.doubly_robust`, its fitted models used for two outcomes."""
    checked = checked_study(bought, treated, covariates, users)
    fold = assign_folds(checked.treated, checked.clusters, checked.n_clusters, 5, SEED)
    raw = cross_fit(logistic, checked.covariates, treated, fold)
    score = causal.known_propensity(np.clip(raw, CLIP, 1 - CLIP))
    predicted = cross_fit(boosted, checked.covariates, bought, fold, ~checked.treated)
    found = [
        causal.augmented_weighting(
            y, treated, score, predicted, predicted, estimand="ATT", trim=TRIM, clusters=users
        )
        for y in (bought, without)
    ]
    return Rung(*found)


def rule_recovered(sessions: pd.DataFrame, truth: CouponTruth) -> NDArray[np.bool_]:
    """Sessions whose true chance of a coupon follows from the rule's recorded inputs and the hidden part.

    It does not where dirt took an event away, or a session from the user's history.
    """
    groups = coupon_covariates(sessions)
    history, rule, point = groups["history"], groups["rule"], planted.COUPON
    log_odds = (
        point["base"]
        + point["abandoned_cart_7_days"] * rule["cart waiting"]
        + point["log_sessions_before"] * history["sessions before"]
        + point["log_orders_before"] * history["orders before"]
        + point["email"] * sessions["channel"].eq("email")
        + point["visited_within_3_days"] * history["visited within 3 days"]
        + point["promotion"] * rule["promotion weekend"]
        + point["hidden_intent"] * truth.hidden
    )
    chance = 1 / (1 + np.exp(-log_odds.to_numpy(dtype=np.float64)))
    return np.isclose(chance, truth.chance, rtol=1e-6)


def coupon_bias(paths: Paths, folder: Path | None = None, *, shops: int = SHOPS) -> dict[str, Any]:
    """Climb the ladder in many shops of the default size.

    Parameters
    ----------
    paths
        Project whose SQL builds the warehouse.
    folder
        Where the large shop is kept; what is there is used again. A temporary folder when omitted.
    shops
        Number of shops that the large one is cut into.

    Returns
    -------
    dict
        `rungs`: mean estimate, mean error against the truth, mean bias with its interval over shops, and how
        many of the shops' intervals hold the truth. `steps`: what each rung takes off the bias of the one
        before. `truth`: mean effect on cleaned sessions with a coupon; `truth_as_simulated` before cleaning.
        `rule_recovered`: share of sessions as in `rule_recovered`.
    """
    if folder is None:
        with tempfile.TemporaryDirectory() as temporary:
            return coupon_bias(paths, Path(temporary), shops=shops)
    users = ShopParameters().users
    if not (folder / "store" / "manifest.json").is_file():
        simulate(folder / "store", ShopParameters(users=shops * users))
    if not (folder / "shop.duckdb").is_file():
        build_warehouse(folder / "store", folder / "shop.duckdb", paths.sql)
    with connect(folder / "shop.duckdb") as connection:
        sessions = query("coupon_sessions", connection)
        truth = coupon_truth(connection, folder / "store", sessions["session_id"])
    coupons = sessions["coupon"].eq(1).to_numpy()
    found: list[dict[str, Rung]] = []
    truths: list[float] = []
    for place in range(shops):
        rows = np.flatnonzero(sessions["user_id"].between(place * users + 1, (place + 1) * users))
        own = CouponTruth(*(getattr(truth, name)[rows] for name in CouponTruth.__annotations__))
        shop = sessions.iloc[rows].reset_index(drop=True)
        found.append(ladder(shop, own))
        truths.append(float((own.shown - own.without)[coupons[rows]].mean()))
        print(place, {name: round(rung.bias.estimate, 5) for name, rung in found[-1].items()}, flush=True)
    return {
        "shops": shops,
        "users": users,
        "sessions": len(sessions),
        "truth": rounded(float((truth.shown - truth.without)[coupons].mean())),
        "truth_as_simulated": rounded(true_coupon(folder / "store").on_treated),
        "rule_recovered": rounded(float(rule_recovered(sessions, truth).mean())),
        **summary(found, truths),
    }


def summary(shops: Sequence[dict[str, Rung]], truths: Sequence[float]) -> dict[str, Any]:
    """Means over shops of one size, with Student intervals."""
    truth = np.asarray(truths)
    bias = {name: np.array([shop[name].bias.estimate for shop in shops]) for name in RUNGS}
    rungs, steps = [], []
    for place, name in enumerate(RUNGS):
        estimate = np.array([shop[name].estimate.estimate for shop in shops])
        low, high = (
            np.array([getattr(shop[name].estimate, end) for shop in shops]) for end in ("low", "high")
        )
        rungs.append(
            {
                "rung": name,
                "estimate": rounded(float(estimate.mean())),
                **mean_interval("error", estimate - truth),
                **mean_interval("bias", bias[name]),
                "holds_truth": int(((low <= truth) & (truth <= high)).sum()),
            }
        )
        if 0 < place < len(RUNGS) - 1:
            steps.append({"rung": name, **mean_interval("step", bias[RUNGS[place - 1]] - bias[name])})
    return {"rungs": rungs, "steps": steps}


def mean_interval(name: str, values: Floats) -> dict[str, float]:
    """Mean of independent values with its 95% Student interval, as `name`, `name_low` and `name_high`."""
    spread = stats.t.ppf(0.975, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values))
    mean = float(values.mean())
    ends = {name: mean, f"{name}_low": mean - spread, f"{name}_high": mean + spread}
    return {key: rounded(value) for key, value in ends.items()}


def rounded(value: float) -> float:
    """Six significant digits, for JSON."""
    return float(f"{value:.6g}")
