"""Causal estimators against matching by hand, and sensitivity analyses against exact laws.

The figures of Stata and of the papers are in `journey.published.causal`; test_published.py goes through them.
"""

from __future__ import annotations

from fractions import Fraction
from math import comb

import numpy as np
import pytest
from scipy import stats
from statsmodels.discrete.discrete_model import Logit

from journey.causal import fit_propensity, propensity_matching, rosenbaum_binary, rosenbaum_signed_rank
from journey.published import published, value
from journey.published.causal import PARTNER_ONLY, SMOKER_ONLY, lead_gap
from journey.studies.births import Births, load_births


@pytest.fixture(scope="module")
def births() -> Births:
    return load_births()


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


@pytest.mark.parametrize("estimand", ["ATE", "ATT"])
def test_propensity_matching_equals_matching_by_hand(births, estimand):
    y, t, z = births.weight, births.smoked, births.treatment_side
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
    assert result.estimate == pytest.approx(_matched_by_hand(y, t, z, estimand), rel=1e-10)


def test_rosenbaum_binary_is_the_exact_tail_and_the_book_an_approximation():
    gammas = [1, 2, 3, 4, 5, 6]
    pairs = SMOKER_ONLY + PARTNER_ONLY
    result = rosenbaum_binary(SMOKER_ONLY, PARTNER_ONLY, gammas=gammas)
    tails = [
        sum(
            comb(pairs, k) * Fraction(g, 1 + g) ** k * Fraction(1, 1 + g) ** (pairs - k)
            for k in range(SMOKER_ONLY, pairs + 1)
        )
        for g in gammas
    ]
    assert result.p_upper == pytest.approx([float(tail) for tail in tails], rel=1e-10)
    # The book's own bounds are quoted from memory and were not verified against the source. They agree with a
    # normal approximation with continuity correction, which is why ours differ.
    share = np.array([4, 5, 6]) / np.array([5, 6, 7])
    z = (SMOKER_ONLY - 0.5 - pairs * share) / np.sqrt(pairs * share * (1 - share))
    book = [value(printed) for printed in published("rosenbaum_binary").printed]
    assert stats.norm.sf(z) == pytest.approx(book, rel=0.06)
    assert result.p_upper[4] < 0.05 < result.p_upper[5]


def test_rosenbaum_signed_rank_is_the_normal_tail_above_the_exact_one():
    # The printed bounds are quoted from memory and were not verified against the source. The formula is: it
    # is that of senWilcox in Rosenbaum's R package DOS2, whose manual says it reproduces tables 4.3
    # and 4.4 of the book. (psens of rbounds ranks the pair without a difference: 0.0019, 0.0142, 0.0403.)
    gap = lead_gap()
    gammas = [1, 2, 3, 4, 4.25, 5]
    result = rosenbaum_signed_rank(gap, gammas=gammas)
    assert result.p_upper[0] < 1e-4
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
