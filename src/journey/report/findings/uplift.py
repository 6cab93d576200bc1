"""Findings of chapter 11: whom to give free shipping, at what budget, judged by data and by the truth."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from journey import uplift
from journey.evaluation.treatment import free_shipping_by_user
from journey.files import replacing
from journey.report.findings import uplift_field
from journey.report.findings.desk import Desk
from journey.report.findings.uplift_money import SEED, Trial, add_policies, profit_score
from journey.warehouse.query import query

SOURCE = "journey.report.findings.uplift"
#: Learner and base model that decides; fixed before looking at any result.
MAIN = ("DR", "XGBoost")
COUNTS = (
    "days_since_signup",
    "sessions_before",
    "views_before",
    "searches_before",
    "carts_before",
    "abandoned_before",
    "orders_before",
    "revenue_before",
)
CATEGORIES = ("country", "age_band", "device_preference", "acquisition_channel", "channel", "device")


def collect(desk: Desk) -> None:
    """Register the chapter's numbers and save its tables."""
    trial = load_trial(desk)
    scores = [
        uplift.cross_fit_uplift(
            learner, base, trial.covariates, trial.treated, trial.bought, propensity=0.5, seed=SEED
        )
        for base in (uplift.logistic_base(SEED), uplift.xgboost_base(SEED))
        for learner in uplift.LEARNERS
    ]
    main = next(score for score in scores if (score.learner, score.base) == MAIN)
    add_learners(desk, trial, scores)
    add_calibration(desk, trial, main)
    add_policies(desk, trial, main)
    add_groups(desk, trial, main)
    write_scores(desk, trial, main)
    uplift_field.collect(desk)


def load_trial(desk: Desk) -> Trial:
    """Outcomes, covariates known at exposure, money, and the truth for judging."""
    known = query("exposure_covariates", desk.warehouse)
    outcomes = query("experiment_users", desk.warehouse)
    outcomes = outcomes[outcomes["experiment"].eq("free_shipping")][
        ["user_id", "exposed_at", "converted", "orders", "revenue"]
    ]
    users = known.merge(outcomes, on="user_id").sort_values("user_id", ignore_index=True)
    table = pd.DataFrame({name: np.log1p(users[name].clip(lower=0)) for name in COUNTS})
    table["discount_pct"] = users["discount_pct"]
    table["evening"] = users["hour_of_day"].between(18, 23)
    for name in CATEGORIES:
        for level in sorted(users[name].unique())[1:]:
            table[f"{name} {level}"] = users[name].eq(level)
    truth = free_shipping_by_user(desk.paths.store(desk.store), users[["user_id", "exposed_at"]])
    if not truth["user_id"].equals(users["user_id"]):
        truth = (
            users[["user_id"]]
            .merge(truth, on="user_id", how="left")
            .fillna({"conversion": 0.0, "orders": 0.0, "orders_with": 0.0})
        )
    return Trial(
        users=users,
        covariates=table.to_numpy(dtype=float),
        treated=users["treated"].to_numpy(dtype=float),
        bought=users["converted"].to_numpy(dtype=float),
        margin=desk.assumptions["shop.gross_margin"] * users["revenue"].to_numpy(dtype=float),
        shipping=desk.assumptions["free_shipping.cost_per_order"] * users["orders"].to_numpy(dtype=float),
        truth=truth,
    )


def add_learners(desk: Desk, trial: Trial, scores: list[uplift.UpliftScores]) -> None:
    """Each learner's ranking by data (Qini, uplift among the top) and by the truth."""
    rows, curves = [], []
    for score in scores:
        quality = uplift.ranking_quality(trial.bought, trial.treated, score.effect, seed=SEED)
        judged = uplift.compare_with_truth(trial.truth["conversion"].to_numpy(), score.effect)
        name = f"{score.learner}-learner, {score.base}"
        rows.append(
            {
                "model": name,
                "qini": quality.qini.value,
                "qini_low": quality.qini.low,
                "qini_high": quality.qini.high,
                "auuc": quality.auuc.value,
                "auuc_low": quality.auuc.low,
                "auuc_high": quality.auuc.high,
                "top": quality.uplift_at[0.3].value,
                "top_low": quality.uplift_at[0.3].low,
                "top_high": quality.uplift_at[0.3].high,
                "spearman": judged.spearman,
                "captured": judged.share_captured,
            }
        )
        if (score.learner, score.base) == MAIN:
            register_main(desk, trial, quality, judged)
            for share, value, low, high in zip(
                quality.share, quality.qini_curve, quality.qini_low, quality.qini_high, strict=True
            ):
                curves.append(
                    {
                        "share": share,
                        "gain": value,
                        "low": low,
                        "high": high,
                        "random": share * quality.average_effect.value,
                    }
                )
            desk.save(
                "truth_curve",
                pd.DataFrame(
                    {
                        "share": judged.share,
                        "score": judged.captured,
                        "oracle": judged.oracle,
                        "random": judged.random,
                    }
                ),
            )
    table = pd.DataFrame(rows).sort_values("captured", ascending=False, ignore_index=True)
    desk.save("learners", table)
    desk.save("qini", pd.DataFrame(curves))
    for name, row in (("best", table.iloc[0]), ("worst", table.iloc[-1])):
        desk.ledger.add(f"uplift.{name}_model", str(row["model"]), source="journey.uplift")
        desk.ledger.add(
            f"uplift.{name}_captured",
            row["captured"],
            "share",
            n=len(trial.bought),
            source="journey.uplift.truth:compare_with_truth",
        )
    covering = int((table["qini_low"] <= 0).sum())
    desk.ledger.add(
        "uplift.qini_unclear",
        covering,
        "count",
        label="Learners whose Qini interval contains zero",
        source=f"{SOURCE}:add_learners",
    )
    desk.ledger.add("uplift.learners", len(table), "count", source=f"{SOURCE}:add_learners")


def register_main(
    desk: Desk, trial: Trial, quality: uplift.RankingQuality, judged: uplift.TruthComparison
) -> None:
    """The numbers of the learner that decides."""
    n = quality.n
    for name, found in (
        ("average", quality.average_effect),
        ("qini", quality.qini),
        ("top", quality.uplift_at[0.3]),
    ):
        desk.ledger.add(
            f"uplift.{name}",
            found.value,
            "points",
            low=found.low,
            high=found.high,
            method="bootstrap over users",
            n=n,
            source="journey.uplift.curves:ranking_quality",
        )
    desk.ledger.add(
        "uplift.spearman",
        judged.spearman,
        "ratio",
        digits=2,
        n=n,
        label="Rank correlation of score and true effect",
        source="journey.uplift.truth:compare_with_truth",
    )
    desk.ledger.add(
        "uplift.captured",
        judged.share_captured,
        "share",
        n=n,
        label="Share of the oracle's gain over random that the ranking captures",
        source="journey.uplift.truth:compare_with_truth",
    )


def add_calibration(desk: Desk, trial: Trial, main: uplift.UpliftScores) -> None:
    """Predicted against observed uplift by tenth of the users."""
    bins = uplift.uplift_by_bin(trial.bought, trial.treated, main.effect, bins=10)
    desk.save(
        "bins",
        pd.DataFrame(
            {
                "bin": np.arange(1, 11),
                "predicted": bins.predicted,
                "observed": bins.observed,
                "low": bins.low,
                "high": bins.high,
                "treated": bins.n_treated,
                "control": bins.n_control,
            }
        ),
    )
    test = uplift.heterogeneity_test(trial.bought, trial.treated, main.effect, baseline=main.control_mean)
    desk.ledger.add(
        "uplift.slope",
        test.slope.value,
        "ratio",
        low=test.slope.low,
        high=test.slope.high,
        digits=2,
        method="best linear predictor",
        n=test.n,
        source="journey.uplift.calibration:heterogeneity_test",
    )
    desk.ledger.add(
        "uplift.slope_p", test.p_value, "p", n=test.n, source="journey.uplift.calibration:heterogeneity_test"
    )


def add_groups(desk: Desk, trial: Trial, main: uplift.UpliftScores) -> None:
    """Bounds on the four groups, as far as data can say."""
    strata = pd.qcut(pd.Series(main.control_mean).rank(method="first"), 5, labels=False).to_numpy()
    found = uplift.four_groups(trial.bought, trial.treated, strata=strata, seed=SEED)
    desk.save(
        "groups",
        pd.DataFrame(
            [
                {
                    "group": share.group,
                    "low": share.low,
                    "high": share.high,
                    "outer_low": share.outer_low,
                    "outer_high": share.outer_high,
                }
                for share in found.shares
            ]
        ),
    )
    for share in found.shares:
        desk.ledger.add(
            f"uplift.{share.group.replace(' ', '_')}",
            f"{share.low:.1%} to {share.high:.1%}",
            source="journey.uplift.groups:four_groups",
        )


def write_scores(desk: Desk, trial: Trial, main: uplift.UpliftScores) -> None:
    """The scores as a file that any dashboard tool reads."""
    frame: Any = pd.DataFrame(
        {
            "user_id": trial.users["user_id"],
            "treated": trial.treated.astype(int),
            "uplift": main.effect.round(6),
            "probability_treated": main.treated_mean.round(6),
            "probability_untreated": main.control_mean.round(6),
            "predicted_profit_eur": profit_score(desk, trial, main).round(4),
        }
    )
    with replacing(desk.paths.results / "predictions" / "uplift_scores.csv") as temporary:
        frame.to_csv(temporary, index=False)
