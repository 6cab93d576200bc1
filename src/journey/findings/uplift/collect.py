"""Findings of chapter 11: whom to give free shipping, at what budget, judged by data and by the truth."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from journey import uplift
from journey.evaluation.treatment import free_shipping_by_user
from journey.evaluation.uplift_truth import order_worth
from journey.files import replacing
from journey.findings.desk import Desk, add_rows, flat
from journey.findings.uplift import coverage as uplift_coverage
from journey.findings.uplift import field as uplift_field
from journey.findings.uplift.money import SEED, Trial, add_budgets, add_policies
from journey.uplift.trial import MAIN, cross_fitted_profit, rankings
from journey.warehouse.query import query

SOURCE = "journey.findings.uplift.collect"
TRUTH = "journey.uplift.truth:compare_with_truth"


def collect(desk: Desk) -> None:
    """Register the chapter's numbers and save its tables."""
    trial = load_trial(desk)
    data = trial.data
    scores = [
        uplift.sequential_uplift(
            learner, base, data.covariates, data.treated, data.bought, propensity=0.5, seed=SEED
        )
        for base in (uplift.logistic_base(SEED), uplift.xgboost_base(SEED))
        for learner in uplift.LEARNERS
    ]
    main = next(score for score in scores if (score.learner, score.base) == MAIN)
    # Folds depend on the seed and the arms alone, so every learner scores the same users.
    scored = trial.of(main.rows)
    label = "Parts of the users; each is scored by a model of the parts before it"
    folds = ("folds", int(main.fold.max()) + 1, "count", label)
    add_rows(desk, [folds], source="journey.uplift.sequential:sequential_uplift")
    add_learners(desk, scored, scores)
    add_calibration(desk, scored, main)
    ranked = rankings(data, main)
    add_budgets(desk, scored.data, ranked.profit)
    add_policies(desk, scored, ranked)
    everyone = uplift.cross_fit_uplift(
        MAIN[0],
        uplift.xgboost_base(SEED),
        data.covariates,
        data.treated,
        data.bought,
        propensity=0.5,
        seed=SEED,
    )
    add_groups(desk, trial, everyone)
    write_scores(desk, trial, everyone)
    uplift_field.collect(desk)
    uplift_coverage.collect(desk)


def load_trial(desk: Desk) -> Trial:
    """Outcomes, covariates known at exposure, money, and the truth for judging."""
    known = query("exposure_covariates", desk.warehouse)
    outcomes = query("experiment_users", desk.warehouse)
    outcomes = outcomes[outcomes["experiment"].eq("free_shipping")][
        ["user_id", "exposed_at", "converted", "orders", "revenue"]
    ]
    users = known.merge(outcomes, on="user_id").sort_values("user_id", ignore_index=True)
    store = desk.paths.store(desk.store)
    truth = free_shipping_by_user(store, users[["user_id", "exposed_at"]])
    if not truth["user_id"].equals(users["user_id"]):
        truth = (
            users[["user_id"]]
            .merge(truth, on="user_id", how="left")
            .fillna({"conversion": 0.0, "orders": 0.0, "orders_with": 0.0})
        )
    margin = desk.assumptions["shop.gross_margin"]
    price = desk.assumptions["free_shipping.cost_per_order"]
    worth = order_worth(desk.warehouse, store, truth["persona"])
    return Trial(
        users=users,
        data=uplift.ShippingTrial(
            covariates=uplift.shipping_covariates(users),
            treated=users["treated"].to_numpy(dtype=float),
            bought=users["converted"].to_numpy(dtype=float),
            margin=margin * users["revenue"].to_numpy(dtype=float),
            shipping=price * users["orders"].to_numpy(dtype=float),
        ),
        truth=truth,
        gain=margin * worth.by_user * truth["orders"].to_numpy() - price * truth["orders_with"].to_numpy(),
        worth=worth,
    )


def add_learners(desk: Desk, trial: Trial, scores: list[uplift.SequentialScores]) -> None:
    """Each learner's ranking by data (Qini, uplift among the top) and by the truth.

    `trial` holds the users who are scored.
    """
    rows = []
    data = trial.data
    for score in scores:
        quality = uplift.ranking_quality(data.bought, data.treated, score.ranking, seed=SEED)
        judged = uplift.compare_with_truth(trial.truth["conversion"].to_numpy(), score.ranking)
        rows.append(learner_row(score, quality, judged))
        if (score.learner, score.base) == MAIN:
            register_main(desk, quality, judged)
    table = pd.DataFrame(rows).sort_values("captured", ascending=False, ignore_index=True)
    desk.save("learners", table)
    best, unclear = table.iloc[0], int((table["qini_low"] <= 0).sum())
    counts = (
        ("best_model", str(best["model"]), "text", ""),
        ("qini_unclear", unclear, "count", "Learners whose Qini interval does not lie above zero"),
        ("learners", len(table), "count", "Uplift learners"),
    )
    add_rows(desk, counts, source=f"{SOURCE}:add_learners")
    add_rows(desk, [("best_captured", best["captured"], "share", "")], n=len(data.bought), source=TRUTH)


def learner_row(
    score: uplift.SequentialScores, quality: uplift.RankingQuality, judged: uplift.TruthComparison
) -> dict[str, Any]:
    """One learner in the table."""
    found = {"qini": quality.qini, "auuc": quality.auuc, "top": quality.uplift_at[0.3]}
    return {
        "model": f"{score.learner}-learner, {score.base}",
        **flat(found),
        "spearman": judged.spearman,
        "captured": judged.share_captured,
        # The area the Qini coefficient estimates, here under the curve of true effects.
        "true_qini": float(np.trapezoid(judged.captured - judged.random, judged.share)),
    }


def register_main(desk: Desk, quality: uplift.RankingQuality, judged: uplift.TruthComparison) -> None:
    """The curve and the numbers of the learner that decides."""
    curve = {
        "share": judged.share,
        "score": judged.captured,
        "oracle": judged.oracle,
        "random": judged.random,
    }
    desk.save("truth_curve", pd.DataFrame(curve))
    rows = (
        ("average", quality.average_effect, "Effect of free shipping on the share who buy, scored users"),
        ("qini", quality.qini, "Qini coefficient of the deciding learner"),
        ("top", quality.uplift_at[0.3], "Uplift among the three tenths ranked highest"),
    )
    drawn = [(name, found, "points", label) for name, found, label in rows]
    source = "journey.uplift.curves:ranking_quality"
    add_rows(desk, drawn, method="bootstrap over users", n=quality.n, source=source)
    label = "Share of the oracle's gain over random that the ranking captures"
    add_rows(desk, [("captured", judged.share_captured, "share", label)], n=quality.n, source=TRUTH)


def add_calibration(desk: Desk, trial: Trial, main: uplift.SequentialScores) -> None:
    """Predicted against observed uplift by tenth of the users who are scored."""
    data = trial.data
    bins = uplift.uplift_by_bin(data.bought, data.treated, main.effect, bins=10)
    table = {
        "bin": np.arange(1, 11),
        "predicted": bins.predicted,
        "observed": bins.observed,
        "low": bins.low,
        "high": bins.high,
        "treated": bins.n_treated,
        "control": bins.n_control,
    }
    desk.save("bins", pd.DataFrame(table))
    test = uplift.heterogeneity_test(data.bought, data.treated, main.effect, baseline=main.control_mean)
    drawn = {"digits": 2, "method": "best linear predictor", "n": test.n}
    slope = ("slope", test.slope, "ratio", "Slope of observed on predicted uplift", drawn)
    add_rows(desk, [slope], source="journey.uplift.calibration:heterogeneity_test")


def add_groups(desk: Desk, trial: Trial, main: uplift.UpliftScores) -> None:
    """Bounds on the four groups, as far as data can say."""
    strata = pd.qcut(pd.Series(main.control_mean).rank(method="first"), 5, labels=False).to_numpy()
    found = uplift.four_groups(trial.data.bought, trial.data.treated, strata=strata, seed=SEED)
    rows = []
    for share in found.shares:
        name, bounds = share.group.replace(" ", "_"), f"{share.low:.1%} to {share.high:.1%}"
        rows.append((name, bounds, "text", f"Bounds of the share of users: {share.group}"))
    add_rows(desk, rows, source="journey.uplift.groups:four_groups")


def write_scores(desk: Desk, trial: Trial, main: uplift.UpliftScores) -> None:
    """The scores as a file that any dashboard tool reads."""
    frame: Any = pd.DataFrame(
        {
            "user_id": trial.users["user_id"],
            "treated": trial.data.treated.astype(int),
            "uplift": main.effect.round(6),
            "probability_treated": main.treated_mean.round(6),
            "probability_untreated": main.control_mean.round(6),
            "predicted_profit_eur": cross_fitted_profit(trial.data, main).round(4),
        }
    )
    with replacing(desk.paths.results / "predictions" / "uplift_scores.csv") as temporary:
        frame.to_csv(temporary, index=False)
