"""The engine against statsmodels and SciPy over a grid of inputs.

Tolerances: EXACT where both evaluate the same formula in double precision; SOLVED where one side finds a root
or a noncentral distribution numerically.
"""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats
from statsmodels.stats.contingency_tables import StratifiedTable
from statsmodels.stats.meta_analysis import combine_effects
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.power import NormalIndPower, TTestIndPower
from statsmodels.stats.proportion import (
    confint_proportions_2indep,
    power_proportions_2indep,
    proportion_confint,
    proportion_effectsize,
    proportions_ztest,
)
from statsmodels.stats.weightstats import CompareMeans, DescrStatsW, ttost_ind
from support.samples import sample_of

from journey.experiments import (
    ClusterSample,
    PairedSample,
    Proportion,
    Sample,
    benjamini_hochberg,
    clustered,
    cuped,
    difference,
    equivalence,
    heterogeneity,
    holm,
    mean_detectable_effect,
    mean_power,
    mean_sample_size,
    means,
    post_stratified,
    proportion_power,
    proportion_sample_size,
    proportions,
    quantile_effect,
    ratios,
    relative_lift,
    sample_ratio_test,
    two_proportions,
    wilson,
)
from journey.experiments.score import Conversions, score_interval

EXACT = {"rel": 1e-9, "abs": 1e-12}
SOLVED = {"rel": 1e-6, "abs": 1e-9}
# statsmodels' names of the directions.
DIRECTION = {"two-sided": "two-sided", "greater": "larger", "less": "smaller"}


def _values(seed: int, n: int, mean: float, spread: float) -> np.ndarray:
    return np.random.default_rng(seed).gamma(2.0, spread, n) + mean


@pytest.mark.parametrize("alternative", ["two-sided", "greater", "less"])
@pytest.mark.parametrize("alpha", [0.01, 0.05, 0.2])
@pytest.mark.parametrize(("n_control", "n_treatment"), [(5, 9), (40, 40), (900, 120)])
def test_welch(n_control: int, n_treatment: int, alpha: float, alternative: str) -> None:
    control, treatment = _values(1, n_control, 0.0, 2.0), _values(2, n_treatment, 0.7, 3.0)
    theirs = CompareMeans(DescrStatsW(treatment), DescrStatsW(control))
    for null in (0.0, 0.5):
        ours = difference(
            means(Sample.from_values(control), Sample.from_values(treatment)),
            alpha=alpha,
            alternative=alternative,  # type: ignore[arg-type]
            null=null,
        )
        t, p, df = theirs.ttest_ind(alternative=DIRECTION[alternative], usevar="unequal", value=null)
        assert (ours.statistic, ours.p_value, ours.df) == pytest.approx((t, p, df), **EXACT)
        low, high = theirs.tconfint_diff(alpha, alternative=DIRECTION[alternative], usevar="unequal")
        assert (ours.low, ours.high) == pytest.approx((low, high), **EXACT)


COUNTS = list(itertools.product([(0, 20), (3, 20), (40, 400), (499, 500)], [(1, 25), (61, 500), (30, 30)]))


@pytest.mark.parametrize(("control", "treatment"), COUNTS)
@pytest.mark.parametrize("alternative", ["two-sided", "greater", "less"])
def test_two_proportions(control: tuple[int, int], treatment: tuple[int, int], alternative: str) -> None:
    arms = Proportion(control[1], control[0]), Proportion(treatment[1], treatment[0])
    counts, sizes = [treatment[0], control[0]], [treatment[1], control[1]]
    pooled = two_proportions(*arms, alternative=alternative)  # type: ignore[arg-type]
    z, p = proportions_ztest(counts, sizes, alternative=DIRECTION[alternative])
    assert (pooled.statistic, pooled.p_value) == pytest.approx((z, p), **EXACT)
    if alternative == "two-sided":
        for method in ("newcomb", "wald"):
            name = {"newcomb": "newcombe", "wald": "wald"}[method]
            low, high = confint_proportions_2indep(
                counts[0], sizes[0], counts[1], sizes[1], method=method, compare="diff"
            )
            if method == "wald" and (arms[0].rate in (0, 1) or arms[1].rate in (0, 1)):
                continue
            ours = two_proportions(*arms, pooled=False, interval=name) if method == "wald" else pooled  # type: ignore[arg-type]
            assert (ours.low, ours.high) == pytest.approx((low, high), **EXACT)
        assert pooled.statistic**2 == pytest.approx(
            stats.chi2_contingency(
                [[c, n - c] for c, n in zip(counts, sizes, strict=True)], correction=False
            )[0],
            **EXACT,
        )


@pytest.mark.parametrize("alpha", [0.01, 0.05, 0.2])
@pytest.mark.parametrize(("successes", "n"), [(0, 1), (1, 1), (0, 50), (7, 50), (4321, 9999)])
def test_wilson(successes: int, n: int, alpha: float) -> None:
    ours = wilson(Proportion(n, successes), alpha=alpha)
    assert (ours.low, ours.high) == pytest.approx(
        proportion_confint(successes, n, alpha, method="wilson"), rel=1e-9, abs=1e-9
    )


def _visits(seed: int, users: int, shift: float) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    size = 1 + rng.poisson(2, users)
    user = np.repeat(np.arange(users), size)
    return rng.normal(5 + shift, 1, user.size) + rng.normal(0, 2, users)[user], user


def test_cluster_robust_is_the_sandwich_of_a_regression() -> None:
    """OLS on the treatment dummy, clustered by user; the factor is G / (G - 1) for G clusters per arm."""
    users = 60
    (y_c, user_c), (y_t, user_t) = _visits(3, users, 0.0), _visits(4, users, 0.8)
    y = np.concatenate([y_c, y_t])
    group = np.concatenate([user_c, users + user_t])
    dummy = np.repeat([0.0, 1.0], [y_c.size, y_t.size])
    fit = sm.OLS(y, sm.add_constant(dummy)).fit(
        cov_type="cluster", cov_kwds={"groups": group, "use_correction": False}
    )
    arms = clustered(ClusterSample.from_values(y_c, user_c), ClusterSample.from_values(y_t, user_t))
    ours = difference(arms)
    assert ours.estimate == pytest.approx(fit.params[1], **EXACT)
    assert ours.standard_error == pytest.approx(fit.bse[1] * np.sqrt(users / (users - 1)), **EXACT)


def test_ratio_metric_is_the_cluster_robust_mean() -> None:
    """Revenue per session by the delta method equals the mean per row clustered by user."""
    values, user = _visits(5, 80, 0.0)
    sample = ClusterSample.from_values(values, user)
    ratio = ratios(sample.clusters, sample.clusters)
    assert ratio.control == pytest.approx(values.mean(), **EXACT)
    residual = np.bincount(user, weights=values - values.mean())
    sandwich = (residual**2).sum() / values.size**2 * 80 / 79
    assert ratio.variance_control == pytest.approx(sandwich, **EXACT)


def test_cuped_is_analysis_of_covariance() -> None:
    """With equal arms and a common slope CUPED is OLS on treatment and covariate.

    Estimates differ by the slope's definition (weights of the two arms), standard errors by how the price of
    the slope is charged: 1% at 100 units per arm.
    """
    rng = np.random.default_rng(8)
    x = rng.normal(10, 3, 200)
    dummy = np.tile([0.0, 1.0], 100)
    y = 2 * x + rng.normal(0, 4, 200) + 1.5 * dummy
    fit = sm.OLS(y, sm.add_constant(np.column_stack([dummy, x]))).fit()
    arms = cuped(*(PairedSample.from_values(y[dummy == arm], x[dummy == arm]) for arm in (0, 1)))
    ours = difference(arms)
    # The arms' own covariances, weighted by 1 / n, are the within-arm slope of the regression.
    assert arms.theta == pytest.approx(fit.params[2], **EXACT)
    assert ours.estimate == pytest.approx(fit.params[1], **EXACT)
    assert ours.standard_error == pytest.approx(fit.bse[1], rel=0.01)
    assert arms.variance_reduction == pytest.approx(
        1
        - (ours.standard_error / difference(means(*(_sample(y, dummy, a) for a in (0, 1)))).standard_error)
        ** 2,
        **EXACT,
    )


def _sample(y: np.ndarray, dummy: np.ndarray, arm: int) -> Sample:
    return Sample.from_values(y[dummy == arm])


def test_post_stratified_is_a_saturated_regression() -> None:
    """Treatment fully interacted with strata (Lin 2013), averaged over the sample's stratum shares."""
    rng = np.random.default_rng(9)
    stratum = rng.integers(0, 3, 600)
    dummy = rng.integers(0, 2, 600)
    y = (
        np.array([1.0, 4.0, 9.0])[stratum]
        + dummy * np.array([0.5, 0.0, 2.0])[stratum]
        + rng.normal(0, 1, 600)
    )
    strata = {
        int(s): tuple(Sample.from_values(y[(stratum == s) & (dummy == a)]) for a in (0, 1)) for s in range(3)
    }
    arms = post_stratified(strata)  # type: ignore[arg-type]
    cells = sm.OLS(
        y, np.column_stack([(stratum == s) & (dummy == a) for a in (0, 1) for s in range(3)]).astype(float)
    )
    fit = cells.fit(cov_type="HC2")
    shares = np.bincount(stratum) / 600
    contrast = np.concatenate([-shares, shares])
    assert difference(arms).estimate == pytest.approx(float(contrast @ fit.params), **EXACT)
    # HC2 is the sum of s^2 / n over cells; ours adds the sampling of the stratum sizes.
    effects = fit.params[3:] - fit.params[:3]
    between = float(shares @ (effects - shares @ effects) ** 2) / 600
    assert arms.variance_difference == pytest.approx(
        float(contrast @ fit.cov_params() @ contrast) + between, **EXACT
    )
    known = post_stratified(strata, weights={0: shares[0], 1: shares[1], 2: shares[2]})  # type: ignore[arg-type]
    assert known.variance_difference == pytest.approx(float(contrast @ fit.cov_params() @ contrast), **EXACT)


def test_fieller_limits_solve_the_test() -> None:
    """At each limit r the linear contrast T - (1 + r) C is exactly on the edge of significance."""
    arms = means(sample_of(200, 5.0, 30.0), sample_of(150, 6.5, 55.0))
    lift = relative_lift(arms, method="fieller", alpha=0.1)
    edge = stats.t.isf(0.05, arms.df)
    for limit, sign in ((lift.low, 1), (lift.high, -1)):
        error = np.sqrt(arms.variance_treatment + (1 + limit) ** 2 * arms.variance_control)
        assert (arms.treatment - (1 + limit) * arms.control) / error == pytest.approx(sign * edge, **EXACT)


@pytest.mark.parametrize("margins", [(-1.0, 1.0), (-0.4, 0.6)])
def test_equivalence(margins: tuple[float, float]) -> None:
    control, treatment = _values(11, 80, 0.0, 1.0), _values(12, 95, 0.1, 1.2)
    ours = equivalence(means(Sample.from_values(control), Sample.from_values(treatment)), *margins)
    p, low, high = ttost_ind(treatment, control, *margins, usevar="unequal")
    assert (ours.p_value, ours.p_lower, ours.p_upper) == pytest.approx((p, low[1], high[1]), **EXACT)
    assert ours.equivalent == (margins[0] < ours.low and ours.high < margins[1])


@pytest.mark.parametrize("seed", range(5))
def test_corrections(seed: int) -> None:
    p = np.random.default_rng(seed).beta(0.4, 1.0, 17)
    p[3] = p[5]
    for ours, method in ((holm(p), "holm"), (benjamini_hochberg(p), "fdr_bh")):
        rejected, adjusted, _, _ = multipletests(p, 0.05, method=method)
        assert ours.adjusted == pytest.approx(adjusted, **EXACT)
        assert (ours.rejected == rejected).all()


def test_sample_ratio() -> None:
    for counts, weights in (
        ([50, 60, 71], [1, 1, 1]),
        ([900, 95], [0.9, 0.1]),
        ([3, 0, 2], [0.5, 0.25, 0.25]),
    ):
        ours = sample_ratio_test(counts, weights)
        expected = np.array(weights) / sum(weights) * sum(counts)
        theirs = stats.chisquare(counts, expected)
        assert (ours.chi_square, ours.p_value) == pytest.approx((theirs.statistic, theirs.pvalue), **EXACT)


def test_heterogeneity_is_cochrans_q() -> None:
    rng = np.random.default_rng(13)
    segments = {
        f"s{i}": means(*(Sample.from_values(rng.normal(mean, 1 + i, 50 + 30 * i)) for mean in (0.0, 0.3 * i)))
        for i in range(4)
    }
    ours = heterogeneity(segments)
    effects = [segment.effect for segment in ours.segments]
    theirs = combine_effects(
        np.array([effect.estimate for effect in effects]),
        np.array([effect.standard_error**2 for effect in effects]),
    )
    assert (ours.q, ours.common_effect) == pytest.approx((theirs.q, theirs.mean_effect_fe), **EXACT)
    assert ours.i_squared == pytest.approx(max(0.0, theirs.i2), **EXACT)
    assert ours.p_value == pytest.approx(stats.chi2.sf(theirs.q, 3), **EXACT)


def test_heterogeneity_of_rates_is_near_breslow_day() -> None:
    """Another test of the same question on another scale (odds ratios): same verdict, p within 0.05."""
    tables = [
        np.array([[30, 970], [45, 955]]),
        np.array([[60, 940], [58, 942]]),
        np.array([[20, 480], [40, 460]]),
    ]
    ours = heterogeneity(
        {
            str(i): proportions(
                Proportion(int(t[0].sum()), int(t[0, 0])), Proportion(int(t[1].sum()), int(t[1, 0]))
            )
            for i, t in enumerate(tables)
        },
        scale="relative",
    )
    theirs = StratifiedTable([t.astype(float) for t in tables]).test_equal_odds()
    assert ours.p_value == pytest.approx(theirs.pvalue, abs=0.05)


@pytest.mark.parametrize("alternative", ["two-sided", "greater"])
@pytest.mark.parametrize(("n", "ratio"), [(6, 1.0), (50, 0.5), (4000, 3.0)])
def test_power_of_means(n: int, ratio: float, alternative: str) -> None:
    # Larger effects at 4,000 units make statsmodels' wrong-side tail not a number.
    for size in np.array([0.05, 0.3, 1.2]) * np.sqrt(6 / n):
        ours = mean_power(size * 2, 4.0, n, int(n * ratio), alternative=alternative)  # type: ignore[arg-type]
        theirs = TTestIndPower().power(size, n, 0.05, ratio=ratio, alternative=DIRECTION[alternative])
        assert ours == pytest.approx(theirs, **SOLVED)


def test_sample_size_of_means() -> None:
    for size, power, alpha in itertools.product((0.05, 0.4, 1.0), (0.8, 0.95), (0.01, 0.05)):
        plan = mean_sample_size(size, 1.0, power=power, alpha=alpha)
        theirs = TTestIndPower().solve_power(size, power=power, alpha=alpha)
        assert plan.n_control == int(np.ceil(theirs - 1e-9))
        found = mean_detectable_effect(plan.n_control, 1.0, power=plan.power, alpha=alpha)
        assert found == pytest.approx(size, **SOLVED)


@pytest.mark.parametrize("alternative", ["two-sided", "greater"])
@pytest.mark.parametrize(("base", "effect"), [(0.002, 0.001), (0.05, 0.01), (0.5, 0.05)])
def test_power_of_proportions(base: float, effect: float, alternative: str) -> None:
    for n, ratio in ((300, 1.0), (5000, 2.0)):
        ours = proportion_power(base, effect, n, int(n * ratio), alternative=alternative, method="arcsine")  # type: ignore[arg-type]
        size = proportion_effectsize(base + effect, base)
        theirs = NormalIndPower().power(size, n, 0.05, ratio=ratio, alternative=DIRECTION[alternative])
        assert ours == pytest.approx(theirs, **SOLVED)
    pooled = proportion_power(base, effect, 4000, alternative=alternative)  # type: ignore[arg-type]
    theirs = power_proportions_2indep(
        effect, base, 4000, alternative=DIRECTION[alternative], return_results=False
    )
    # statsmodels leaves out rejections on the wrong side.
    assert pooled == pytest.approx(theirs, abs=1e-4)


def test_sample_size_of_proportions() -> None:
    for base, effect in ((0.002, 0.001), (0.05, 0.01), (0.5, -0.05)):
        plan = proportion_sample_size(base, effect, method="arcsine")
        size = proportion_effectsize(base + effect, base)
        assert plan.n_control == int(
            np.ceil(NormalIndPower().solve_power(size, power=0.8, alpha=0.05) - 1e-9)
        )


def test_quantile_against_resampling() -> None:
    """With hundreds of values the draws are spread as those of the ordinary bootstrap."""
    rng = np.random.default_rng(21)
    control, treatment = rng.lognormal(0, 1, 301), rng.lognormal(0.3, 1, 250)
    ours = quantile_effect(control, treatment, 0.75, draws=40_000, seed=1)
    draws = [
        np.quantile(rng.choice(treatment, (4000, 250)), 0.75, axis=1, method="inverted_cdf")
        - np.quantile(rng.choice(control, (4000, 301)), 0.75, axis=1, method="inverted_cdf")
        for _ in range(5)
    ]
    plain = np.concatenate(draws)
    assert ours.estimate == np.quantile(treatment, 0.75, method="inverted_cdf") - np.quantile(
        control, 0.75, method="inverted_cdf"
    )
    # Four Monte-Carlo errors of 20,000 against 40,000 draws.
    assert ours.standard_error == pytest.approx(plain.std(), rel=0.035)
    assert (ours.low, ours.high) == pytest.approx(tuple(np.quantile(plain, [0.025, 0.975])), abs=0.05)


#: (units, conversions) of control and treatment -> printed 95% limits of the difference.
MIETTINEN_NURMINEN = {
    # R's PropCIs::diffscoreci, in the tests of statsmodels.
    ((34, 1), (34, 7)): (0.0270416, 0.3452912, 5e-8),
    # The tests of ClinicalTrialUtilities.jl.
    ((90, 40), (100, 30)): (-0.2781290897, -0.0067083418, 1e-6),
    # Garner (2016), Constructing confidence intervals for the differences of binomial proportions in SAS.
    ((80, 48), (70, 56)): (0.0528, 0.3382, 5e-5),
    # Score intervals for the difference of two binomial proportions, in the tests of ClinicalTrialUtilities.
    ((5, 2), (5, 4)): (-0.228, 0.794, 5e-4),
}


@pytest.mark.parametrize(("arms", "printed"), MIETTINEN_NURMINEN.items())
def test_score_interval_of_the_difference(arms: tuple, printed: tuple[float, float, float]) -> None:
    """Printed values, because statsmodels 0.15 has a wrong coefficient here (its issue 10269)."""
    low, high, tolerance = printed
    counts = Conversions(*(np.array([float(part)]) for arm in arms for part in arm))
    ours = score_interval(counts, "absolute", 0.05, "two-sided")
    assert (ours[0][0], ours[1][0]) == pytest.approx((low, high), abs=tolerance)


@pytest.mark.parametrize(
    ("arms", "alpha"),
    list(
        itertools.product(
            [
                ((34, 1), (34, 7)),
                ((5, 1), (5, 4)),
                ((1000, 10), (1000, 0)),
                ((40, 9), (5, 1)),
                ((3000, 2), (100, 1)),
            ],
            [0.01, 0.05, 0.2],
        )
    ),
)
def test_score_interval_of_the_lift(arms: tuple, alpha: float) -> None:
    ours = relative_lift(proportions(*(Proportion(*arm) for arm in arms)), alpha=alpha)
    (n_c, x_c), (n_t, x_t) = arms
    theirs = confint_proportions_2indep(x_t, n_t, x_c, n_c, method="score", compare="ratio", alpha=alpha)
    # Their search stops at eight digits.
    assert (ours.low + 1, ours.high + 1) == pytest.approx(theirs, rel=1e-6, abs=1e-9)
