"""Uplift on the Hillstrom e-mail experiment: both mailings, each against no mail.

Data: 64,000 customers of a clothing shop, randomised to a men's mailing, a women's mailing or none; visits,
conversions and spend over two weeks (MineThatData 2008).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from journey.causal.regression import naive_difference
from journey.causal.study import CausalEffect, FloatArray
from journey.errors import JourneyError
from journey.inference.estimate import Estimate
from journey.uplift.calibration import heterogeneity_test, uplift_by_bin
from journey.uplift.curves import RankingQuality, normalised_auuc, normalised_qini, ranking_quality
from journey.uplift.groups import four_groups
from journey.uplift.learners import LEARNERS, logistic_base, xgboost_base
from journey.uplift.policy import compare_policies, standard_policies
from journey.uplift.sequential import SequentialScores, rank_within, sequential_uplift

MAILINGS = {"mens": "Mens E-Mail", "womens": "Womens E-Mail"}
NO_MAIL = "No E-Mail"
OUTCOMES = ("visit", "conversion", "spend")
NUMERIC = ("recency", "history", "mens", "womens", "newbie")
CATEGORICAL = ("zip_code", "channel")
# The comparison of policies uses one learner for both mailings. It was named after all eight had been
# compared on these data, so its result confirms nothing; it is not the best of them on either mailing.
MAIN = ("DR", "XGBoost")
POLICY_SHARE = 0.3
CURVE_STEP = 5


def hillstrom_uplift(frame: pd.DataFrame, seed: int = 0, *, n_boot: int = 200) -> dict[str, Any]:
    """Average effects, uplift learners and policies for both mailings, as JSON values.

    Parameters
    ----------
    frame
        The file as published, one row per customer: recency, history, mens, womens, zip_code, newbie,
        channel, segment, visit, conversion, spend.
    seed
        Seeds folds, models and bootstrap; the same seed gives the same result.
    n_boot
        Bootstrap resamples of customers for bands and intervals.

    Returns
    -------
    `arms` (size, visits, conversions and spend of each arm), `definitions`, and `mailings` with, for `mens`
    and `womens`: `effects` on visit, conversion and spend, of all customers. The rest is of the `n_scored`
    customers whom models of earlier folds score: `learners`, one entry per learner and base model with Qini,
    AUUC, uplift at 10, 20 and 30%, curves with bands, deciles and the heterogeneity test, all for visits;
    `likeliest_visitors`, the same for the ranking by predicted visits without mail; `policies` at 30% of
    customers in visits and in spend per customer; `spend_curves`, incremental spend per customer over the
    share mailed, by uplift and by likeliest visitors (times the gross margin, minus message cost times share,
    it is profit); `groups`, bounds on the four groups.

    Raises
    ------
    JourneyError
        When a column or an arm is missing, or values are missing.
    """
    _check(frame)
    covariates = hillstrom_covariates(frame)
    return {
        "arms": {
            name: _arm(frame[frame["segment"] == label])
            for name, label in {**MAILINGS, "none": NO_MAIL}.items()
        },
        "definitions": {
            "qini": "area between Qini curve (incremental visits per mailed customer) and random targeting",
            "auuc": "area under share times difference in visit rates; random targeting has half the effect",
            "auuc_gain": "AUUC minus that of random targeting",
            "qini_normalised": "Qini over that of the ranking that knows arm and outcome (scikit-uplift)",
            "auuc_normalised": "AUUC gain over that of a ranking that knows arm and outcome (scikit-uplift)",
            "uplift_at": "difference in visit rates among the top share of all customers",
            "n_scored": "customers scored by models of earlier folds; rankings are judged on them",
            "main_learner": "named after all learners were compared on these data; best on neither mailing",
            "slope": "1 is calibrated uplift, 0 is no heterogeneity found",
        },
        "main_learner": list(MAIN),
        "policy_share": POLICY_SHARE,
        "mailings": {
            name: _mailing(frame, covariates, label, seed, n_boot) for name, label in MAILINGS.items()
        },
    }


def hillstrom_covariates(frame: pd.DataFrame) -> FloatArray:
    """Covariates known before the mailing, shape (n, 10): numbers, log of past spend, area, channel."""
    columns = [frame[name].to_numpy(dtype=float) for name in NUMERIC]
    columns.append(np.log1p(frame["history"].to_numpy(dtype=float)))
    for name in CATEGORICAL:
        values = frame[name].to_numpy()
        columns.extend((values == level).astype(float) for level in sorted(set(values))[1:])
    return np.column_stack(columns)


def _mailing(
    frame: pd.DataFrame, covariates: FloatArray, label: str, seed: int, n_boot: int
) -> dict[str, Any]:
    rows = frame["segment"].isin([label, NO_MAIL]).to_numpy()
    sample, x = frame[rows], covariates[rows]
    mailed = (sample["segment"] == label).to_numpy().astype(float)
    outcome = {name: sample[name].to_numpy(dtype=float) for name in OUTCOMES}
    scores = [
        sequential_uplift(learner, base, x, mailed, outcome["visit"], seed=seed)
        for base in (logistic_base(seed), xgboost_base(seed))
        for learner in LEARNERS
    ]
    main = next(s for s in scores if (s.learner, s.base) == MAIN)
    # Folds depend on the seed and the arms alone, so every learner scores the same customers.
    scored = {name: y[main.rows] for name, y in outcome.items()}
    arm, visit, spend = mailed[main.rows], scored["visit"], scored["spend"]
    by_response = rank_within(main.control_mean, main.fold[main.rows])
    rules = standard_policies(main.ranking, by_response, POLICY_SHARE)
    return {
        "n": len(mailed),
        "n_mailed": int(mailed.sum()),
        "n_scored": len(arm),
        "effects": {name: _effect(naive_difference(y, mailed)) for name, y in outcome.items()},
        "learners": [_learner(s, visit, arm, n_boot, seed) for s in scores],
        "likeliest_visitors": _quality(visit, arm, by_response, n_boot, seed),
        "policies": {name: _policies(scored[name], arm, rules, n_boot, seed) for name in ("visit", "spend")},
        "spend_curves": {
            "uplift_ranking": _gain_curve(spend, arm, main.ranking, n_boot, seed),
            "likeliest_visitors": _gain_curve(spend, arm, by_response, n_boot, seed),
        },
        "groups": _groups(visit, arm, main.ranking, n_boot, seed),
    }


def _learner(
    scores: SequentialScores, visit: FloatArray, mailed: FloatArray, n_boot: int, seed: int
) -> dict[str, Any]:
    deciles = uplift_by_bin(visit, mailed, scores.effect)
    test = heterogeneity_test(visit, mailed, scores.effect, baseline=scores.control_mean)
    return {
        "learner": scores.learner,
        "base": scores.base,
        **_quality(visit, mailed, scores.ranking, n_boot, seed),
        "slope": _estimate(test.slope),
        "slope_p_value": test.p_value,
        "deciles": {
            "predicted": deciles.predicted.tolist(),
            "observed": deciles.observed.tolist(),
            "low": deciles.low.tolist(),
            "high": deciles.high.tolist(),
            "calibration_error": deciles.calibration_error,
        },
    }


def _quality(
    visit: FloatArray, mailed: FloatArray, score: FloatArray, n_boot: int, seed: int
) -> dict[str, Any]:
    quality: RankingQuality = ranking_quality(visit, mailed, score, n_boot=n_boot, seed=seed)
    return {
        "qini": _estimate(quality.qini),
        "auuc": _estimate(quality.auuc),
        "auuc_gain": _estimate(quality.auuc_gain),
        "qini_normalised": normalised_qini(visit, mailed, score),
        "auuc_normalised": normalised_auuc(visit, mailed, score),
        "uplift_at": {f"{k:g}": _estimate(value) for k, value in quality.uplift_at.items()},
        "curve": {
            "share": _thin(quality.share),
            "qini": _thin(quality.qini_curve),
            "low": _thin(quality.qini_low),
            "high": _thin(quality.qini_high),
        },
    }


def _gain_curve(
    outcome: FloatArray, mailed: FloatArray, score: FloatArray, n_boot: int, seed: int
) -> dict[str, list[float]]:
    quality = ranking_quality(outcome, mailed, score, n_boot=n_boot, seed=seed)
    return {
        "share": _thin(quality.share),
        "value": _thin(quality.uplift_curve),
        "low": _thin(quality.uplift_low),
        "high": _thin(quality.uplift_high),
    }


def _policies(
    outcome: FloatArray, mailed: FloatArray, rules: dict[str, FloatArray], n_boot: int, seed: int
) -> dict[str, Any]:
    results = compare_policies(outcome, mailed, rules, n_boot=n_boot, seed=seed)
    return {
        r.name: {
            "treated_share": r.treated_share,
            "gain": _estimate(r.incremental_margin),
            "gain_over_uplift_ranking": _estimate(r.profit_over_reference),
        }
        for r in results
    }


def _groups(
    visit: FloatArray, mailed: FloatArray, ranking: FloatArray, n_boot: int, seed: int
) -> dict[str, Any]:
    decile = np.argsort(np.argsort(-ranking, kind="stable"), kind="stable") * 10 // len(visit)
    result: dict[str, Any] = {}
    for name, strata in (("overall", None), ("by_decile", decile)):
        bounds = four_groups(visit, mailed, strata=strata, n_boot=n_boot, seed=seed)
        result[name] = {
            share.group: {
                "low": share.low,
                "high": share.high,
                "outer_low": share.outer_low,
                "outer_high": share.outer_high,
                "if_never_harmful": share.if_never_harmful,
            }
            for share in bounds.shares
        }
    return result


def _check(frame: pd.DataFrame) -> None:
    needed = [*NUMERIC, *CATEGORICAL, "segment", *OUTCOMES]
    missing = [name for name in needed if name not in frame.columns]
    if missing:
        raise JourneyError(
            f"Hillstrom ({len(frame)} rows) lacks the column(s) {', '.join(missing)}; fetch the file again."
        )
    arms = set(frame["segment"])
    absent = [label for label in (*MAILINGS.values(), NO_MAIL) if label not in arms]
    if absent:
        raise JourneyError(
            f"Hillstrom ({len(frame)} rows) has no rows of segment {', '.join(absent)}; fetch the file again."
        )
    empty = int(frame[needed].isna().any(axis=1).sum())
    if empty:
        raise JourneyError(f"Hillstrom lacks values in {empty} of {len(frame)} rows; fetch the file again.")


def _arm(rows: pd.DataFrame) -> dict[str, Any]:
    n = len(rows)
    visits, conversions, spend = (rows[name].sum() for name in OUTCOMES)
    return {
        "n": n,
        "visits": int(visits),
        "visit_rate": float(visits / n),
        "conversions": int(conversions),
        "conversion_rate": float(conversions / n),
        "spend": float(spend),
        "spend_per_customer": float(spend / n),
    }


def _effect(effect: CausalEffect) -> dict[str, float]:
    return {"value": effect.estimate, "low": effect.low, "high": effect.high, "p_value": effect.p_value}


def _estimate(value: Estimate) -> dict[str, float]:
    return {"value": value.value, "low": value.low, "high": value.high}


def _thin(values: FloatArray) -> list[float]:
    return [float(v) for v in values[::CURVE_STEP]]
