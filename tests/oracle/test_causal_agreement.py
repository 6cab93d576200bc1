"""Causal estimators against Stata and published sensitivity analyses.

The birth-weight data of Cattaneo (2010) and Stata's results ship with statsmodels' own tests
(statsmodels/treatment/tests/results/results_teffects.py), except those of matching: see there.
"""

from __future__ import annotations

import csv
from fractions import Fraction
from importlib import resources
from math import comb

import numpy as np
import pytest
from scipy import stats
from statsmodels.discrete.discrete_model import Logit

from journey.causal import (
    augmented_weighting,
    e_value,
    fit_propensity,
    inverse_probability_weighting,
    propensity_matching,
    regression_adjustment,
    rosenbaum_binary,
    rosenbaum_signed_rank,
)
from journey.causal.glm import fit_regression, with_intercept

# Point estimates solve the same equations; only rounding of the printed value differs.
POINT = 1e-6
# Stata divides by n, we by n - 1 (relative 1.1e-4), and it uses observed, not expected, information (2e-4).
ERROR = 5e-4


@pytest.fixture(scope="module")
def births():
    source = resources.files("statsmodels.treatment.tests.results") / "cataneo2.csv"
    with source.open() as stream:
        rows = list(csv.DictReader(stream))

    def column(name: str) -> np.ndarray:
        return np.array([float(row[name]) for row in rows])

    outcome_side = np.column_stack([column(c) for c in ("prenatal1_", "mmarried_", "mage", "fbaby_")])
    treatment_side = np.column_stack([column(c) for c in ("mmarried_", "mage", "mage2", "fbaby_", "medu")])
    return column("bweight"), column("mbsmoke_"), outcome_side, treatment_side


@pytest.mark.parametrize(
    ("estimand", "estimate", "error"),
    [("ATE", -239.63921146434, 23.82402100183), ("ATT", -223.30165083857, 22.742195167601)],
)
def test_regression_adjustment_equals_stata(births, estimand, estimate, error):
    y, t, x, _ = births
    result = regression_adjustment(y, t, x, estimand=estimand)
    assert result.estimate == pytest.approx(estimate, rel=POINT)
    assert result.standard_error == pytest.approx(error, rel=ERROR)


@pytest.mark.parametrize(
    ("estimand", "estimate", "error"),
    [("ATE", -230.68863779526, 25.815243801554), ("ATT", -225.17726054799, 23.664582726945)],
)
def test_inverse_probability_weighting_equals_stata(births, estimand, estimate, error):
    y, t, _, z = births
    result = inverse_probability_weighting(
        y, t, fit_propensity(t, z, link="probit"), estimand=estimand, trim=0
    )
    assert result.estimate == pytest.approx(estimate, rel=POINT)
    assert result.standard_error == pytest.approx(error, rel=ERROR)


def test_augmented_weighting_equals_stata(births):
    y, t, x, z = births
    design = with_intercept(x)
    treated = t == 1
    with_it = fit_regression(design[treated], y[treated]).mean(design)
    without = fit_regression(design[~treated], y[~treated]).mean(design)
    result = augmented_weighting(y, t, fit_propensity(t, z, link="probit"), with_it, without, trim=0)
    assert result.estimate == pytest.approx(-230.98920111258, rel=POINT)
    # Stata counts the fitting of both parametric models, we take cross-fitted predictions as known; ours is
    # 25.386, 3.1% below, and the tolerance was set knowing that.
    assert result.standard_error == pytest.approx(26.210564625435, rel=0.04)


def _matched_by_hand(y, t, z, estimand):
    """One nearest neighbour on statsmodels' logit score, all those tied, from the full distance table."""
    design = np.column_stack([np.ones(len(y)), z])
    # The square of age is a thousand times the indicators; unscaled, Newton's steps lose digits.
    score = Logit(t, design / design.max(axis=0)).fit(disp=False, tol=1e-12).predict()
    with_it, without = np.flatnonzero(t == 1), np.flatnonzero(t == 0)
    distance = np.abs(score[with_it][:, None] - score[without])

    def gaps(table, own, other):
        tied = table <= table.min(axis=1, keepdims=True) + 1e-10
        return y[own] - (tied * y[other]).sum(axis=1) / tied.sum(axis=1)

    treated = gaps(distance, with_it, without)
    if estimand == "ATT":
        return treated.mean()
    return np.concatenate([treated, -gaps(distance.T, without, with_it)]).mean()


# Stata's manual, [CAUSAL] teffects psmatch, example 1 and its `atet` version
# (www.stata.com/manuals/causalteffectspsmatch.pdf). These two figures and the error 32.02 below are quoted
# from memory and were not verified against the source. The matching by hand is independent of them.
@pytest.mark.parametrize(("estimand", "estimate"), [("ATE", -210.9683), ("ATT", -236.7848)])
def test_propensity_matching_equals_stata_and_matching_by_hand(births, estimand, estimate):
    y, t, _, z = births
    result = propensity_matching(
        y,
        t,
        z,
        fit_propensity(t, z),
        estimand=estimand,
        caliper=None,
        scale="probability",
        bias_corrected=False,
    )
    assert result.estimate == pytest.approx(estimate, abs=5e-5)
    assert result.estimate == pytest.approx(_matched_by_hand(y, t, z, estimand), rel=1e-10)


def test_matching_error_is_near_stata(births):
    y, t, _, z = births
    result = propensity_matching(
        y, t, z, fit_propensity(t, z), estimand="ATE", caliper=None, scale="probability", bias_corrected=False
    )
    # Stata's AI robust error is 32.02; ours is 33.99, and the tolerance was set knowing that. Stata estimates
    # residual variances from 2 neighbours, we from 20; coverage of ours is simulated in tests/unit.
    assert result.standard_error == pytest.approx(32.02, rel=0.08)


def test_e_value_of_the_published_examples():
    # VanderWeele and Ding (2017), Annals of Internal Medicine 167:268-274: respiratory death of infants who
    # were not breastfed, RR 3.9 (1.8 to 8.7) -> 7.26 and 3.0; leukaemia, RR 0.80 (0.71 to 0.91) -> 1.81 and
    # 1.43. Both are examples of the authors' R package (cran.r-project.org/package=EValue, vignette
    # unmeasured-confounding), whose README prints the third: smoking and lung cancer, Hammond and Horn
    # (1958), 10.73 (8.02 to 14.36) -> 20.94777 and 15.52336.
    first = e_value(3.9, 1.8, 8.7)
    assert first.point == pytest.approx(7.26, abs=0.005)
    assert first.limit == pytest.approx(3.0, abs=0.005)
    second = e_value(0.80, 0.71, 0.91)
    assert second.point == pytest.approx(1.81, abs=0.005)
    assert second.limit == pytest.approx(1.43, abs=0.005)
    third = e_value(10.73, 8.02, 14.36)
    assert third.point == pytest.approx(20.94777, abs=5e-6)
    assert third.limit == pytest.approx(15.52336, abs=5e-6)


def test_rosenbaum_binary_smoking_and_lung_cancer():
    # Rosenbaum (2002), "Observational Studies", page 112: of 122 discordant pairs (Hammond 1964) the heavy
    # smoker died in 110. The counts are the example of binarysens in R's rbounds
    # (search.r-project.org/CRAN/refmans/rbounds/html/binarysens.html), whose bound is the binomial tail
    # summed here in whole numbers.
    gammas = [1, 2, 3, 4, 5, 6]
    result = rosenbaum_binary(110, 12, gammas=gammas)
    tails = [
        sum(comb(122, k) * Fraction(g, 1 + g) ** k * Fraction(1, 1 + g) ** (122 - k) for k in range(110, 123))
        for g in gammas
    ]
    assert result.p_upper == pytest.approx([float(tail) for tail in tails], rel=1e-10)
    # The book's own bounds, 0.0036 at gamma 4, 0.03 at 5 and 0.1 at 6, are quoted from memory and were not
    # verified against the source. They agree with a normal approximation with continuity correction.
    share = np.array([4, 5, 6]) / np.array([5, 6, 7])
    z = (110 - 0.5 - 122 * share) / np.sqrt(122 * share * (1 - share))
    assert stats.norm.sf(z) == pytest.approx([0.0036, 0.03, 0.1], rel=0.06)
    assert result.p_upper[4] < 0.05 < result.p_upper[5]


def test_rosenbaum_signed_rank_lead_in_children():
    # Rosenbaum (2002), section 4.3.3, on Morton et al. (1982), 33 pairs. The data are the example of psens in
    # R's rbounds (search.r-project.org/CRAN/refmans/rbounds/html/psens.html).
    exposed = [38, 23, 41, 18, 37, 36, 23, 62, 31, 34, 24, 14, 21, 17, 16, 20, 15]
    exposed += [10, 45, 39, 22, 35, 49, 48, 44, 35, 43, 39, 34, 13, 73, 25, 27]
    control = [16, 18, 18, 24, 19, 11, 10, 15, 16, 18, 18, 13, 19, 10, 16, 16, 24]
    control += [13, 9, 14, 21, 19, 7, 18, 19, 12, 11, 22, 25, 16, 13, 11, 13]
    gap = np.array(exposed) - np.array(control)
    gammas = [1, 2, 3, 4, 4.25, 5]
    result = rosenbaum_signed_rank(gap, gammas=gammas)
    # Printed bounds, quoted from memory and not verified against the source. The formula is: it is that of
    # senWilcox in Rosenbaum's R package DOS2, whose manual says it reproduces the book's tables 4.3 and 4.4.
    # (psens of rbounds keeps the rank of the pair without a difference and gets 0.0019, 0.0142, 0.0403.)
    assert result.p_upper[0] < 1e-4
    assert result.p_upper[1:] == pytest.approx([0.0018, 0.0136, 0.0388, 0.0468, 0.0740], abs=5e-5)
    exact = [_signed_rank_law(gap, gamma) for gamma in gammas]
    normal = [stats.norm.sf((seen - mean) / error) for _, seen, mean, error in exact]
    assert result.p_upper == pytest.approx(normal, rel=1e-9)
    # The approximation is on the safe side here: the exact tails are smaller by up to 0.013.
    assert all(tail < p < tail + 0.013 for (tail, *_), p in zip(exact, result.p_upper, strict=True))


def _signed_rank_law(gap, gamma):
    """Upper tail, observed value, mean and deviation of the law at the bound, one pair added at a time."""
    ranks = np.rint(2 * stats.rankdata(np.abs(gap))).astype(int)[gap != 0]
    share = gamma / (1 + gamma)
    law = np.zeros(ranks.sum() + 1)
    law[0] = 1.0
    for rank in ranks:
        moved = np.concatenate([np.zeros(rank), law[:-rank]])
        law = (1 - share) * law + share * moved
    values = np.arange(len(law))
    seen, mean = ranks[gap[gap != 0] > 0].sum(), (values * law).sum()
    return law[seen:].sum(), seen, mean, np.sqrt((np.square(values - mean) * law).sum())
