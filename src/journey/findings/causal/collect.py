"""Findings of chapter 10: do coupons cause purchases, by five estimators, against the truth."""

from __future__ import annotations

import numpy as np
import pandas as pd

from journey import causal
from journey.causal.coupon import SEED, boosted, coupon_covariates, logistic
from journey.evaluation.treatment import true_coupon
from journey.findings.causal.bias import add_bias
from journey.findings.desk import Desk
from journey.warehouse.query import query

SOURCE = "journey.findings.causal.collect"
METHODS = ("naive", "regression", "matching", "weighting", "doubly_robust")


def collect(desk: Desk) -> None:
    """Register the chapter's numbers and save its tables."""
    sessions = query("coupon_sessions", desk.warehouse)
    table = pd.concat(coupon_covariates(sessions).values(), axis=1)
    names, covariates = list(table.columns), table.to_numpy()
    treated = sessions["coupon"].to_numpy(dtype=float)
    bought = sessions["converted"].to_numpy(dtype=float)
    users = sessions["user_id"].to_numpy()
    effects = add_effects(desk, bought, treated, covariates, users)
    add_diagnostics(desk, treated, covariates, names)
    add_sensitivity(desk, effects, sessions, treated, covariates, users)
    add_decision(desk, sessions, effects)
    add_bias(desk)


def add_effects(
    desk: Desk, bought: np.ndarray, treated: np.ndarray, covariates: np.ndarray, users: np.ndarray
) -> dict[str, causal.CausalEffect]:
    """The five estimates of the effect on sessions that showed a coupon, next to the truth."""
    found = causal.compare_estimators(
        bought,
        treated,
        covariates,
        outcome_factory=boosted,
        propensity_factory=logistic,
        estimand="ATT",
        link="logit",
        seed=SEED,
        clusters=users,
    )
    truth = true_coupon(desk.paths.store(desk.store))
    desk.ledger.add(
        "causal.truth",
        truth.on_treated,
        "points",
        n=truth.n_treated,
        label="True effect on sessions with a coupon",
        source="journey.evaluation.treatment:true_coupon",
    )
    effects = dict(zip(METHODS, found, strict=True))
    rows = []
    for name, effect in effects.items():
        desk.ledger.add(
            f"causal.{name}",
            effect.estimate,
            "points",
            label=f"Effect of a coupon on buying: {effect.method}",
            low=effect.low,
            high=effect.high,
            method="clustered by user",
            n=effect.n,
            source="journey.causal.comparison:compare_estimators",
            query="coupon_sessions",
        )
        rows.append(
            {
                "method": effect.method,
                "estimate": effect.estimate,
                "low": effect.low,
                "high": effect.high,
                "covers": "yes" if effect.low <= truth.on_treated <= effect.high else "no",
                "dropped": effect.n_dropped,
            }
        )
    desk.save("effects", pd.DataFrame(rows))
    desk.ledger.add(
        "causal.naive_factor",
        effects["naive"].estimate / truth.on_treated,
        "ratio",
        digits=1,
        label="Naive difference over the truth",
        source=f"{SOURCE}:add_effects",
    )
    desk.ledger.add(
        "causal.covering",
        sum(row["covers"] == "yes" for row in rows[1:]),
        "count",
        label="Adjusted estimators whose interval holds the truth",
        source=f"{SOURCE}:add_effects",
    )
    desk.ledger.add(
        "causal.adjusted",
        len(rows) - 1,
        "count",
        label="Estimators that adjust",
        source=f"{SOURCE}:add_effects",
    )
    desk.ledger.add(
        "causal.coupon_share",
        float(treated.mean()),
        "share",
        n=len(treated),
        label="Sessions that show a coupon",
        source=f"{SOURCE}:add_effects",
    )
    for arm, name in ((1, "with"), (0, "without")):
        desk.ledger.add(
            f"causal.rate_{name}",
            float(bought[treated == arm].mean()),
            "share",
            digits=2,
            n=int((treated == arm).sum()),
            label=f"Sessions {name} a coupon that buy",
            source=f"{SOURCE}:add_effects",
        )
    return effects


def add_diagnostics(desk: Desk, treated: np.ndarray, covariates: np.ndarray, names: list[str]) -> None:
    """Balance before and after weighting, and overlap of the two arms."""
    score = causal.fit_propensity(treated, covariates)
    weights = causal.inverse_probability_weights(treated, score, estimand="ATT", trim=0.01)
    found = causal.balance(covariates, treated, weights, names)
    table = pd.DataFrame({"covariate": found.names, "before": found.before, "after": found.after})
    desk.save(
        "balance",
        table.reindex(table["before"].abs().sort_values(ascending=False).index)
        .head(14)
        .reset_index(drop=True),
    )
    for name, value in (("worst_before", found.worst_before), ("worst_after", found.worst_after)):
        desk.ledger.add(
            f"causal.balance_{name}",
            value,
            "ratio",
            digits=3,
            n=len(treated),
            label=f"Largest standardised mean difference, {name.removeprefix('worst_')} weighting",
            source="journey.causal.balance:balance",
        )
    common = causal.overlap(treated, score, estimand="ATT")
    centres = (common.edges[:-1] + common.edges[1:]) / 2
    desk.save(
        "overlap",
        pd.DataFrame(
            {
                "score": centres,
                "coupon": common.treated / common.n_treated,
                "no_coupon": common.control / common.n_control,
            }
        ),
    )
    desk.ledger.add(
        "causal.effective_control",
        common.effective_control,
        "count",
        n=common.n_control,
        label="Effective sample size of the weighted sessions without a coupon",
        source="journey.causal.propensity:overlap",
    )
    desk.ledger.add(
        "causal.highest_score",
        common.highest,
        "ratio",
        label="Highest estimated probability of a coupon",
        digits=2,
        n=len(treated),
        source="journey.causal.propensity:overlap",
    )


def add_sensitivity(
    desk: Desk,
    effects: dict[str, causal.CausalEffect],
    sessions: pd.DataFrame,
    treated: np.ndarray,
    covariates: np.ndarray,
    users: np.ndarray,
) -> None:
    """How strong a hidden cause would have to be, and an outcome the coupon cannot have changed."""
    value = causal.e_value_of_effect(effects["doubly_robust"])
    desk.ledger.add(
        "causal.e_value",
        value.point,
        "ratio",
        digits=2,
        label="E-value of the doubly robust estimate",
        source="journey.causal.sensitivity:e_value_of_effect",
    )
    desk.ledger.add(
        "causal.e_value_limit",
        value.limit or 1.0,
        "ratio",
        digits=2,
        label="E-value of its interval",
        source="journey.causal.sensitivity:e_value_of_effect",
    )
    # The cart of the session before this one was filled before the coupon is shown. First visits have none.
    again = sessions["sessions_before"].gt(0).to_numpy()
    placebo = sessions["cart_last"].to_numpy(dtype=float)[again]
    for name, estimator in (
        ("naive", lambda y: causal.naive_difference(y, treated[again], clusters=users[again])),
        # A straight line fails: what the last cart was hangs on the covariates in bends.
        (
            "line",
            lambda y: causal.regression_adjustment(
                y, treated[again], covariates[again], estimand="ATT", clusters=users[again]
            ),
        ),
        (
            "adjusted",
            lambda y: causal.doubly_robust(
                y,
                treated[again],
                covariates[again],
                outcome_factory=boosted,
                propensity_factory=logistic,
                estimand="ATT",
                seed=SEED,
                clusters=users[again],
            ),
        ),
    ):
        test = causal.placebo_test(estimator, placebo)
        desk.ledger.add(
            f"causal.placebo_{name}",
            test.effect.estimate,
            "points",
            low=test.effect.low,
            high=test.effect.high,
            method="clustered by user",
            n=test.effect.n,
            label=f"Placebo effect on the cart of the session before, {name}",
            source="journey.causal.comparison:placebo_test",
        )
        desk.ledger.add(
            f"causal.placebo_{name}_alarm",
            "yes" if test.alarm else "no",
            source="journey.causal.comparison:placebo_test",
        )


def add_decision(desk: Desk, sessions: pd.DataFrame, effects: dict[str, causal.CausalEffect]) -> None:
    """Go on giving coupons to the same sessions, or stop: decided on each estimate, judged by the truth."""
    margin = desk.assumptions["shop.gross_margin"]
    basket = float(query("mean_order_value", desk.warehouse)["gross"].iloc[0])
    coupon = sessions[sessions["coupon"].eq(1)]
    given = float((coupon["converted"] * coupon["discount_pct"] / 100).mean()) * basket
    truth = desk.ledger_value("causal.truth")
    # A purchase that the coupon causes earns the margin; every purchase with a coupon costs the discount.
    value = margin * basket
    rows = []
    for name, effect in effects.items():
        outcome = causal.decision_cost(effect.estimate, truth, value=value, cost=given, n=len(coupon))
        rows.append(
            {
                "method": effect.method,
                "says": "go on" if outcome.treat else "stop",
                "promised": (effect.estimate * value - given) * len(coupon),
                "gain": outcome.gain,
                "regret": outcome.regret,
            }
        )
        desk.ledger.add(
            f"causal.regret_{name}",
            outcome.regret,
            "eur",
            n=len(coupon),
            label="Money lost by deciding on this estimate",
            source="journey.causal.comparison:decision_cost",
        )
        desk.ledger.add(
            f"causal.promised_{name}",
            (effect.estimate * value - given) * len(coupon),
            "eur",
            low=(effect.low * value - given) * len(coupon),
            high=(effect.high * value - given) * len(coupon),
            method="clustered by user",
            n=len(coupon),
            label=f"Margin in 90 days by the estimate of: {effect.method}",
            source="journey.causal.comparison:decision_cost",
        )
        desk.ledger.add(
            f"causal.says_{name}", rows[-1]["says"], source="journey.causal.comparison:decision_cost"
        )
    desk.save("decision", pd.DataFrame(rows))
    desk.ledger.add(
        "causal.true_margin",
        (truth * value - given) * len(coupon),
        "eur",
        n=len(coupon),
        label="True change of margin by the coupons given, in 90 days",
        source="journey.causal.comparison:decision_cost",
    )
    desk.ledger.add(
        "causal.basket",
        basket,
        "eur",
        digits=2,
        label="Average order before discount",
        source=f"{SOURCE}:add_decision",
    )
    desk.ledger.add(
        "causal.gross_margin",
        margin,
        "share",
        digits=0,
        label="Assumption",
        source="journey.assumptions:load_assumptions",
    )
    desk.ledger.add(
        "causal.cost_per_session",
        given,
        "eur",
        digits=2,
        n=len(coupon),
        label="Discount given per session with a coupon",
        source=f"{SOURCE}:add_decision",
    )
