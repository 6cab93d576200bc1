"""Nearest-neighbour matching on the propensity score, one match, with replacement.

Written here because the interval needs the influence of every row, to be summed within clusters and corrected
for the estimated score, and scikit-learn's nearest neighbours are rows and distances only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from journey.causal.glm import fit_regression, with_intercept
from journey.causal.neighbours import Neighbours, nearest, window_mean
from journey.causal.propensity import Propensity
from journey.causal.study import (
    BoolArray,
    CausalEffect,
    Estimand,
    FloatArray,
    Study,
    checked_study,
    checked_treatment,
    effect_from_influence,
    is_over_untreated,
    over_untreated,
)
from journey.errors import JourneyError

Scale = Literal["logit", "probability"]
WINDOW = 20


@dataclass(frozen=True)
class Match:
    """Matched sample.

    Attributes
    ----------
    weights
        Weight of each row in the matched comparison, shape (n,): 1 for a row of the estimand's population,
        plus `uses`; 0 for rows without part. Weighted arm means give the matched difference.
    uses
        How often each row serves as a match, ties shared, shape (n,).
    target
        Rows of the estimand's population that found a match within the caliper, shape (n,).
    caliper
        Largest distance allowed, on the matching scale; infinite when none.
    n_unmatched
        Rows of the estimand's population without a match.
    """

    weights: FloatArray
    uses: FloatArray
    target: BoolArray
    caliper: float
    n_unmatched: int


def match_on_score(
    treatment: ArrayLike,
    propensity: Propensity,
    *,
    estimand: Estimand = "ATT",
    caliper: float | None = 0.2,
    scale: Scale = "logit",
) -> Match:
    """Match each row of the estimand's population to the nearest row of the other arm.

    Parameters
    ----------
    caliper
        Largest distance in standard deviations of the score on `scale`; 0.2 of the logit is Austin's (2011)
        advice. None for no limit.
    scale
        Distance on the log odds or on the probability.

    Notes
    -----
    With replacement; equally near rows share the match.
    """
    position = _positions(propensity, scale)
    treated = checked_treatment(treatment, len(position))
    if is_over_untreated(estimand):
        swapped = propensity.mirrored
        return match_on_score(~treated, swapped, estimand="ATT", caliper=caliper, scale=scale)
    return _match(treated, position, _both_ways(treated, position), estimand, caliper)


def propensity_matching(
    outcome: ArrayLike,
    treatment: ArrayLike,
    covariates: ArrayLike,
    propensity: Propensity,
    *,
    estimand: Estimand = "ATT",
    caliper: float | None = 0.2,
    scale: Scale = "logit",
    bias_corrected: bool = True,
    clusters: ArrayLike | None = None,
    level: float = 0.95,
) -> CausalEffect:
    """Effect by one-nearest-neighbour propensity matching with replacement.

    Parameters
    ----------
    covariates
        Used for the bias correction and for the variance of the ATT.
    propensity
        With a gradient (`fit_propensity`) the variance accounts for the score being estimated.
    caliper, scale
        As in `match_on_score`. Rows without a match are dropped and counted.
    bias_corrected
        Correct each match for the covariate difference that remains, by least squares on the rows used as
        matches (Abadie and Imbens 2011).

    Raises
    ------
    JourneyError
        As `checked_study`, when there is not one score per row, for an unknown estimand or scale, a caliper
        that is not above 0, a level outside (0, 1), and when no row finds a match.

    Notes
    -----
    The bootstrap is not valid for matching with a fixed number of neighbours (Abadie and Imbens 2008). The
    interval uses their large-sample variance (2006) in its linear form, where a row adds its own deviation
    from the mean plus `uses` times its residual given the score (Otsu and Rai 2017); expectations given the
    score are means over 20 neighbours. In this form rows can be summed within clusters. For an estimated
    score the correction of Abadie and Imbens (2016) is applied.
    """
    untreated = over_untreated(
        estimand,
        treatment,
        lambda swapped: propensity_matching(
            outcome,
            swapped,
            covariates,
            propensity.mirrored,
            estimand="ATT",
            caliper=caliper,
            scale=scale,
            bias_corrected=bias_corrected,
            clusters=clusters,
            level=level,
        ),
    )
    if untreated:
        return untreated
    study = checked_study(outcome, treatment, covariates, clusters)
    position = _positions(propensity, scale)
    if len(position) != study.n:
        raise JourneyError(
            f"There are {len(position)} propensity scores for {study.n} rows; one each is needed."
        )
    neighbours = _both_ways(study.treated, position)
    match = _match(study.treated, position, neighbours, estimand, caliper)
    design = with_intercept(study.covariates)
    means: list[float] = []
    influences: list[FloatArray] = []
    for arm in (True, False):
        rows = study.treated == arm
        use = match.uses + (match.target & rows if estimand == "ATE" else 0)
        line = fit_regression(design[rows], study.outcome[rows], weights=use[rows]).mean(design)
        base = study.outcome - line if bias_corrected else study.outcome
        shift = line if bias_corrected else np.zeros(study.n)
        filled = np.where(rows, study.outcome, shift + neighbours[arm].mean(base))
        mean = float(filled[match.target].mean())
        influence = _influence(study, position, match, rows, base, shift, mean)
        if not (estimand == "ATT" and arm):
            influence = _for_estimated_score(
                influence, study, position, propensity, estimand, rows, line - mean, match
            )
        means.append(mean)
        influences.append(influence)
    return effect_from_influence(
        "propensity matching",
        estimand,
        study,
        (means[0], means[1]),
        (influences[0], influences[1]),
        kept=match.weights > 0,
        n_dropped=match.n_unmatched,
        level=level,
    )


def _positions(propensity: Propensity, scale: Scale) -> FloatArray:
    if scale == "logit":
        return propensity.logit
    if scale == "probability":
        return propensity.scores
    raise JourneyError(f"Unknown matching scale '{scale}'; choose logit or probability.")


def _both_ways(treated: BoolArray, position: FloatArray) -> dict[bool, Neighbours]:
    """Nearest rows of each arm, for every row, by arm."""
    return {arm: nearest(position, treated == arm) for arm in (True, False)}


def _match(
    treated: BoolArray,
    position: FloatArray,
    neighbours: dict[bool, Neighbours],
    estimand: Estimand,
    caliper: float | None,
) -> Match:
    if caliper is not None and not caliper > 0:
        raise JourneyError(f"Caliper {caliper} must be positive, or None for no limit.")
    width = float("inf") if caliper is None else caliper * float(position.std())
    population = treated if estimand == "ATT" else np.ones(len(treated), dtype=bool)
    distance = np.where(treated, neighbours[False].distance, neighbours[True].distance)
    target = population & (distance <= width)
    if not (target & treated).any() or (estimand == "ATE" and not (target & ~treated).any()):
        raise JourneyError(
            f"No match within {width:.3g} for any of {int(population.sum())} rows; the arms do not overlap."
        )
    uses = neighbours[False].uses(target & treated) + neighbours[True].uses(target & ~treated)
    return Match(
        weights=target + uses,
        uses=uses,
        target=target,
        caliper=width,
        n_unmatched=int(population.sum() - target.sum()),
    )


def _influence(
    study: Study,
    position: FloatArray,
    match: Match,
    rows: BoolArray,
    base: FloatArray,
    shift: FloatArray,
    mean: float,
) -> FloatArray:
    """Influence of each row on the mean outcome of one arm over the target population."""
    expected, size = window_mean(position, rows, base, WINDOW)
    # A window holds the row itself, which shrinks its residual.
    residual = np.where(rows, base - expected, 0.0) * np.sqrt(size / (size - 1))
    deviation = np.where(match.target, shift + expected - mean, 0.0)
    return (deviation + (match.target * rows + match.uses) * residual) / match.target.mean()


def _for_estimated_score(
    influence: FloatArray,
    study: Study,
    position: FloatArray,
    propensity: Propensity,
    estimand: Estimand,
    rows: BoolArray,
    deviation: FloatArray,
    match: Match,
) -> FloatArray:
    """Account for the propensity parameters: remove the projection on their scores (Abadie and Imbens 2016).

    The ATT averages over a population that itself depends on the parameters, which adds a derivative term.
    `deviation` is the expected outcome given the covariates minus the mean.
    """
    fitted = propensity.likelihood_scores(study.treated)
    if fitted is None or propensity.gradient is None:
        return influence
    score, information = fitted
    direction = -(influence @ score) / study.n
    if estimand == "ATT":
        residual, _ = window_mean(position, rows, study.outcome - deviation, WINDOW)
        expected = deviation + residual - np.average(deviation + residual, weights=propensity.scores)
        direction = direction + (expected @ propensity.gradient) / study.n / match.target.mean()
    return influence + score @ (np.linalg.pinv(information, hermitian=True) @ direction)
