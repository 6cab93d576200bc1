"""Findings of chapter 10: do coupons cause purchases, by five estimators, against the truth."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from journey import causal
from journey.causal.coupon import SEED, boosted, coupon_covariates, logistic
from journey.causal.money import discount_offer
from journey.evaluation.treatment import true_coupon
from journey.findings.causal.bias import add_bias
from journey.findings.desk import Desk, Row, add_rows
from journey.inference.estimate import Estimate
from journey.warehouse.query import query

SOURCE = "journey.findings.causal.collect"
CLUSTERED = "clustered by user"
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
    add_truth(desk, effects)
    add_arms(desk, bought, treated)
    add_diagnostics(desk, treated, covariates, names)
    add_sensitivity(desk, effects["doubly_robust"])
    add_placebo(desk, sessions, treated, covariates)
    add_decision(desk, sessions, effects)
    add_bias(desk)


def add_effects(
    desk: Desk, bought: np.ndarray, treated: np.ndarray, covariates: np.ndarray, users: np.ndarray
) -> dict[str, causal.CausalEffect]:
    """The five estimates of the effect on sessions that showed a coupon."""
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
    effects = dict(zip(METHODS, found, strict=True))
    rows = [
        (name, interval(each), "points", f"Effect of a coupon on buying: {each.method}", {"n": each.n})
        for name, each in effects.items()
    ]
    source = "journey.causal.comparison:compare_estimators"
    add_rows(desk, rows, method=CLUSTERED, source=source, query="coupon_sessions")
    return effects


def add_truth(desk: Desk, effects: dict[str, causal.CausalEffect]) -> None:
    """The estimates next to the truth, and which intervals hold it."""
    truth = true_coupon(desk.paths.store(desk.store))
    covers = {name: each.low <= truth.on_treated <= each.high for name, each in effects.items()}
    rows = [
        {
            "method": each.method,
            "estimate": each.estimate,
            "low": each.low,
            "high": each.high,
            "covers": "yes" if covers[name] else "no",
            "dropped": each.n_dropped,
        }
        for name, each in effects.items()
    ]
    desk.save("effects", pd.DataFrame(rows))
    row = ("truth", truth.on_treated, "points", "True effect on sessions with a coupon")
    add_rows(desk, [row], n=truth.n_treated, source="journey.evaluation.treatment:true_coupon")
    adjusted = [held for name, held in covers.items() if name != "naive"]
    factor = effects["naive"].estimate / truth.on_treated
    counts: tuple[Row, ...] = (
        ("naive_factor", factor, "ratio", "Naive difference over the truth", {"digits": 1}),
        ("covering", sum(adjusted), "count", "Adjusted estimators whose interval holds the truth"),
        ("adjusted", len(adjusted), "count", "Estimators that adjust"),
    )
    add_rows(desk, counts, source=f"{SOURCE}:add_truth")


def interval(effect: causal.CausalEffect) -> Estimate:
    """An effect with its bounds."""
    return Estimate(effect.estimate, effect.low, effect.high)


def add_arms(desk: Desk, bought: np.ndarray, treated: np.ndarray) -> None:
    """How many sessions show a coupon, and how many with and without one buy."""
    shown, label = treated == 1, "Sessions that show a coupon"
    rates = []
    for name, arm in (("with", shown), ("without", ~shown)):
        drawn = {"digits": 2, "n": int(arm.sum())}
        words = f"Sessions {name} a coupon that buy"
        rates.append((f"rate_{name}", float(bought[arm].mean()), "share", words, drawn))
    share = ("coupon_share", float(treated.mean()), "share", label, {"n": len(treated)})
    add_rows(desk, [share, *rates], source=f"{SOURCE}:add_arms")


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
    label = "Largest standardised mean difference"
    rows: tuple[Row, ...] = (
        ("balance_worst_before", found.worst_before, "ratio", f"{label}, before weighting"),
        ("balance_worst_after", found.worst_after, "ratio", f"{label}, after weighting"),
    )
    add_rows(desk, rows, digits=3, n=len(treated), source="journey.causal.balance:balance")
    common = causal.overlap(treated, score, estimand="ATT")
    centres = (common.edges[:-1] + common.edges[1:]) / 2
    counts = {"score": centres, "coupon": common.treated, "no_coupon": common.control}
    desk.save("overlap", pd.DataFrame(counts))
    add_scarce(desk, common)
    label = "Effective sample size of the weighted sessions without a coupon"
    highest, n = "Highest estimated probability of a coupon", {"digits": 2, "n": len(treated)}
    rows = (
        ("effective_control", common.effective_control, "count", label, {"n": common.n_control}),
        ("highest_score", common.highest, "ratio", highest, n),
    )
    add_rows(desk, rows, source="journey.causal.propensity:overlap")


def add_scarce(desk: Desk, common: causal.Overlap) -> None:
    """Register where sessions with a coupon outnumber the others, and how many have none beside them."""
    start, alone = scarce(common.treated, common.control)
    likely, lonely = "Probability from which most sessions have a coupon", "have none without one beside"
    rows: tuple[Row, ...] = (
        ("scarce_from", common.edges[start], "ratio", likely, {"digits": 1}),
        ("scarce_with", common.treated[start:].sum(), "count", "Sessions with a coupon above it"),
        ("scarce_without", common.control[start:].sum(), "count", "Sessions without one above it"),
        ("alone", alone, "count", f"Sessions with a coupon that {lonely}"),
    )
    add_rows(desk, rows, source="journey.causal.propensity:overlap")


def scarce(treated: np.ndarray, control: np.ndarray) -> tuple[int, int]:
    """First bin from which on the treated outnumber the controls, and how many treated have no control.

    Bins that hold nobody are no bins of the controls.
    """
    held = np.flatnonzero((control >= treated) & (control > 0))
    return int(held.max(initial=-1)) + 1, int(treated[control == 0].sum())


def add_sensitivity(desk: Desk, effect: causal.CausalEffect) -> None:
    """How strong a hidden cause would have to be to explain the effect away."""
    value = causal.e_value_of_effect(effect)
    rows = (
        ("e_value", value.point, "ratio", "E-value of the doubly robust estimate"),
        ("e_value_limit", value.limit or 1.0, "ratio", "E-value of its interval"),
    )
    add_rows(desk, rows, digits=2, source="journey.causal.sensitivity:e_value_of_effect")


def add_placebo(desk: Desk, sessions: pd.DataFrame, treated: np.ndarray, covariates: np.ndarray) -> None:
    """The effect on an outcome that the coupon cannot have changed."""
    # The cart of the session before this one was filled before the coupon is shown. First visits have none.
    again = sessions["sessions_before"].gt(0).to_numpy()
    placebo = sessions["cart_last"].to_numpy(dtype=float)[again]
    shown, known, users = treated[again], covariates[again], sessions["user_id"].to_numpy()[again]
    for name, estimator in (
        ("naive", lambda y: causal.naive_difference(y, shown, clusters=users)),
        # A straight line fails: what the last cart was hangs on the covariates in bends.
        (
            "line",
            lambda y: causal.regression_adjustment(y, shown, known, estimand="ATT", clusters=users),
        ),
        (
            "adjusted",
            lambda y: causal.doubly_robust(
                y,
                shown,
                known,
                outcome_factory=boosted,
                propensity_factory=logistic,
                estimand="ATT",
                seed=SEED,
                clusters=users,
            ),
        ),
    ):
        effect = causal.placebo_test(estimator, placebo).effect
        label = f"Placebo effect on the cart of the session before, {name}"
        row = (f"placebo_{name}", interval(effect), "points", label)
        source = "journey.causal.comparison:placebo_test"
        add_rows(desk, [row], method=CLUSTERED, n=effect.n, source=source)


def add_decision(desk: Desk, sessions: pd.DataFrame, effects: dict[str, causal.CausalEffect]) -> None:
    """Go on giving coupons to the same sessions, or stop: decided on each estimate, judged by the truth."""
    margin = desk.assumptions["shop.gross_margin"]
    basket = float(query("mean_order_value", desk.warehouse)["gross"].iloc[0])
    coupon = sessions[sessions["coupon"].eq(1)]
    offer = discount_offer(coupon["converted"], coupon["discount_pct"], basket=basket, margin=margin)
    truth, n = desk.ledger_value("causal.truth"), offer.n
    table: list[dict[str, Any]] = []
    label = "True change of margin by the coupons given, in 90 days"
    rows: list[Row] = [("true_margin", offer.gain(truth), "eur", label, {"n": n})]
    for name, effect in effects.items():
        outcome, made = offer.decided(effect.estimate, truth), offer.promised(effect)
        says = "go on" if outcome.treat else "stop"
        row = {"method": effect.method, "says": says, "promised": made.value}
        table.append(row | {"gain": outcome.gain, "regret": outcome.regret})
        label = f"Margin in 90 days by the estimate of: {effect.method}"
        rows.append((f"promised_{name}", made, "eur", label, {"method": CLUSTERED, "n": n}))
        rows.append((f"says_{name}", says, "text", ""))
    desk.save("decision", pd.DataFrame(table))
    add_rows(desk, rows, source="journey.causal.money:Offer.promised")
    assumed = ("gross_margin", margin, "share", "Assumption")
    add_rows(desk, [assumed], digits=0, source="journey.assumptions:load_assumptions")
    costs: tuple[Row, ...] = (
        ("basket", basket, "eur", "Average order before discount"),
        ("cost_per_session", offer.cost, "eur", "Discount given per session with a coupon", {"n": n}),
    )
    add_rows(desk, costs, digits=2, source="journey.causal.money:discount_offer")
