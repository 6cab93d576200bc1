"""What a targeting policy is worth, from the data of an experiment, without running the policy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from journey.causal.study import BoolArray, FloatArray, Study, checked_study, clustered_error
from journey.errors import JourneyError
from journey.inference.estimate import Estimate
from journey.inference.intervals import percentile_estimate
from journey.inference.resampling import resample_counts
from journey.uplift.ranking import divided, without_noise


@dataclass(frozen=True)
class PolicyValue:
    """Mean outcome per person under a policy, and its gain over treating nobody.

    `treated_share` is the share of people the policy treats.
    """

    value: Estimate
    gain: Estimate
    treated_share: float
    n: int


@dataclass(frozen=True)
class PolicyReturn:
    """Money of one policy, per person of the whole audience.

    `incremental_margin` is the margin gained over treating nobody, never all margin; `profit` is that minus
    `cost`; `roi` is profit / cost, None where nothing is spent. `profit_over_reference` compares with the
    reference policy on the same bootstrap draws.
    """

    name: str
    treated_share: float
    incremental_margin: Estimate
    cost: Estimate
    profit: Estimate
    roi: Estimate | None
    profit_over_reference: Estimate
    reference: str
    n: int


def policy_value(
    outcome: ArrayLike,
    treatment: ArrayLike,
    policy: ArrayLike,
    *,
    propensity: float | ArrayLike | None = None,
    clusters: ArrayLike | None = None,
    level: float = 0.95,
) -> PolicyValue:
    """Value of a policy by inverse propensity weighting.

    Parameters
    ----------
    outcome
        Shape (n,), in any unit (visits, margin minus cost).
    treatment
        0/1 as it happened, shape (n,).
    policy
        Probability with which the policy treats each person, shape (n,); 0 or 1 for a fixed rule. It must not
        depend on the person's own outcome.
    propensity
        Probability with which each person was treated; None for the treated share of a randomised
        experiment.

    Raises
    ------
    JourneyError
        Also when those whom the policy treats were all in one arm, or those left alone all treated.

    Notes
    -----
    Weights are normalised in each cell (Hajek). With a, b and c the means of y weighted by policy * t / e,
    policy * (1 - t) / (1 - e) and (1 - policy) * (1 - t) / (1 - e), value = share * a + (1 - share) * c and
    gain = share * (a - b). Intervals by influence functions, clustered if asked.
    """
    study, score = _experiment(outcome, treatment, propensity, clusters)
    rule = _checked_policy(policy, study)
    share = float(rule.mean())
    treated = study.treated.astype(float)
    _check_arm(1 - rule, ~study.treated, "leaves alone was untreated")
    inside_treated = _weighted_mean(study, rule * treated / score)
    inside_control = _weighted_mean(study, rule * (1 - treated) / (1 - score))
    outside = _weighted_mean(study, (1 - rule) * (1 - treated) / (1 - score))
    value = share * inside_treated[0] + (1 - share) * outside[0]
    gain = share * (inside_treated[0] - inside_control[0])
    value_influence = (
        share * inside_treated[1]
        + (1 - share) * outside[1]
        + (rule - share) * (inside_treated[0] - outside[0])
    )
    gain_influence = share * (inside_treated[1] - inside_control[1]) + (rule - share) * (
        inside_treated[0] - inside_control[0]
    )
    quantile = float(stats.t.ppf(0.5 + level / 2, study.n_clusters - 1))

    def with_interval(centre: float, influence: FloatArray) -> Estimate:
        half = quantile * clustered_error(influence, study.clusters, study.n_clusters)
        return Estimate(centre, centre - half, centre + half, level)

    return PolicyValue(
        value=with_interval(value, value_influence),
        gain=with_interval(gain, gain_influence),
        treated_share=share,
        n=study.n,
    )


def top_share(score: ArrayLike, share: float) -> FloatArray:
    """Policy that treats the given share of people with the highest scores, shape (n,).

    People tied at the cut are treated with equal probability, so that the share is exact on average.

    Raises
    ------
    JourneyError
        When `share` is outside [0, 1].
    """
    values = without_noise(score)
    if not 0 <= share <= 1:
        raise JourneyError(f"Share {share} must lie in [0, 1].")
    wanted = share * len(values)
    _, group, count = np.unique(-values, return_inverse=True, return_counts=True)
    before = np.cumsum(count) - count
    return np.asarray(np.clip((wanted - before) / count, 0, 1)[group])


def standard_policies(uplift: ArrayLike, response: ArrayLike, share: float) -> dict[str, FloatArray]:
    """Policies to compare at one budget.

    Parameters
    ----------
    uplift
        Predicted uplift, shape (n,).
    response
        Predicted probability of buying anyway, shape (n,); to target the likeliest buyers is the common
        mistake.
    share
        Share of people that `likeliest buyers`, `random share` and `uplift ranking` treat.
    """
    n = len(np.asarray(uplift))
    return {
        "nobody": np.zeros(n),
        "everybody": np.ones(n),
        "likeliest buyers": top_share(response, share),
        "random share": np.full(n, float(share)),
        "uplift ranking": top_share(uplift, share),
    }


def compare_policies(
    margin: ArrayLike,
    treatment: ArrayLike,
    policies: Mapping[str, ArrayLike],
    *,
    cost_per_treated: float = 0.0,
    treatment_cost: ArrayLike | None = None,
    propensity: float | ArrayLike | None = None,
    reference: str = "uplift ranking",
    n_boot: int = 500,
    seed: int = 0,
    clusters: ArrayLike | None = None,
    level: float = 0.95,
) -> tuple[PolicyReturn, ...]:
    """Incremental margin, cost, profit and return of several policies, with paired bootstrap intervals.

    Parameters
    ----------
    margin
        Margin each person brought in the experiment, before the cost of the treatment, shape (n,).
    policies
        Name -> treatment probabilities, shape (n,); `standard_policies` gives the usual five.
    cost_per_treated
        Fixed cost of treating one person (a message).
    treatment_cost
        Cost the treatment caused for each person in the experiment (shipping given away on the orders made),
        shape (n,); only the treated rows are read. None for no such cost.
    reference
        Policy the others are compared with.

    Raises
    ------
    JourneyError
        As `policy_value` for each policy, when `reference` is none of them, the cost per person is negative,
        or there is not one treatment cost per person.
    """
    study, score = _experiment(margin, treatment, propensity, clusters)
    if reference not in policies:
        raise JourneyError(f"The reference policy '{reference}' is not among {', '.join(policies)}.")
    if cost_per_treated < 0:
        raise JourneyError(f"The cost per treated person ({cost_per_treated}) must not be negative.")
    caused = np.zeros(study.n) if treatment_cost is None else np.asarray(treatment_cost, dtype=float)
    if caused.shape != (study.n,):
        raise JourneyError(
            f"Treatment costs have shape {caused.shape}; one per person is needed ({study.n})."
        )
    rules = {name: _checked_policy(rule, study) for name, rule in policies.items()}
    columns = np.concatenate([_policy_columns(study, rule, score, caused) for rule in rules.values()], axis=1)
    # Sums per unit first: a resample is then one matrix product, however many rows a unit has.
    units = np.stack(
        [np.bincount(study.clusters, weights=c, minlength=study.n_clusters) for c in columns.T], axis=1
    )
    drawn = [counts @ units for counts in resample_counts(study.n_clusters, n_boot, seed)]
    totals = np.concatenate([units.sum(axis=0)[None], *drawn])
    per_policy = np.split(totals, len(rules), axis=1)
    money = {name: _money(part, cost_per_treated) for name, part in zip(rules, per_policy, strict=True)}

    def result(name: str) -> PolicyReturn:
        gained, cost = money[name]
        profit = gained - cost
        difference = profit - (money[reference][0] - money[reference][1])
        roi = None
        if cost[0] > 0:
            roi = _from_draws(divided(profit, cost, otherwise=np.nan), level)
        return PolicyReturn(
            name=name,
            treated_share=float(rules[name].mean()),
            incremental_margin=_from_draws(gained, level),
            cost=_from_draws(cost, level),
            profit=_from_draws(profit, level),
            roi=roi,
            profit_over_reference=_from_draws(difference, level),
            reference=reference,
            n=study.n,
        )

    return tuple(result(name) for name in rules)


def _experiment(
    outcome: ArrayLike,
    treatment: ArrayLike,
    propensity: float | ArrayLike | None,
    clusters: ArrayLike | None,
) -> tuple[Study, FloatArray]:
    study = checked_study(outcome, treatment, clusters=clusters)
    given = study.treated.mean() if propensity is None else np.asarray(propensity, dtype=float)
    if np.ndim(given) > 0 and np.shape(given) != (study.n,):
        raise JourneyError(f"Propensity has shape {np.shape(given)}; give one number or {study.n}.")
    score = np.broadcast_to(np.asarray(given, dtype=float), study.n)
    if not ((score > 0) & (score < 1)).all():
        raise JourneyError("Every propensity must lie strictly between 0 and 1.")
    return study, score


def _checked_policy(policy: ArrayLike, study: Study) -> FloatArray:
    rule = np.asarray(policy, dtype=float)
    if rule.shape != (study.n,) or not ((rule >= 0) & (rule <= 1)).all():
        raise JourneyError(
            f"A policy must hold {study.n} treatment probabilities between 0 and 1, one per person."
        )
    _check_arm(rule, study.treated, "treats was treated")
    _check_arm(rule, ~study.treated, "treats was untreated")
    return rule


def _check_arm(rule: FloatArray, arm: BoolArray, what: str) -> None:
    if rule.any() and not rule[arm].any():
        raise JourneyError(
            f"None of the {int((rule > 0).sum())} people whom the policy {what} in the experiment, so it "
            "cannot tell what the policy is worth."
        )


def _weighted_mean(study: Study, weight: FloatArray) -> tuple[float, FloatArray]:
    total = weight.sum()
    if total <= 0:
        # The policy never visits this cell, so its mean carries no weight either.
        return 0.0, np.zeros(study.n)
    mean = float((weight * study.outcome).sum() / total)
    return mean, weight * (study.outcome - mean) / (total / study.n)


def _policy_columns(study: Study, rule: FloatArray, score: FloatArray, caused: FloatArray) -> FloatArray:
    treated = study.treated / score * rule
    control = ~study.treated / (1 - score) * rule
    return np.column_stack(
        [
            np.ones(study.n),
            rule,
            treated,
            treated * study.outcome,
            control,
            control * study.outcome,
            treated * caused,
        ]
    )


def _money(totals: FloatArray, cost_per_treated: float) -> tuple[FloatArray, FloatArray]:
    people, rule, n_t, y_t, n_c, y_c, caused = totals.T
    share = rule / people
    # A resample in which the policy meets only one arm has no value.
    empty = (share > 0) & ((n_t == 0) | (n_c == 0))
    gained = np.where(empty, np.nan, share * (divided(y_t, n_t) - divided(y_c, n_c)))
    return gained, np.where(empty, np.nan, share * (cost_per_treated + divided(caused, n_t)))


def _from_draws(draws: FloatArray, level: float) -> Estimate:
    return percentile_estimate(float(draws[0]), draws[1:], level)
