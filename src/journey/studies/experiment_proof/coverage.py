"""Does a 95% interval contain the truth in 95% of experiments? Scenario by scenario, method by method."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from journey.experiments.cluster import clustered
from journey.experiments.cuped import CupedEstimates, cuped
from journey.experiments.effects import ArmEstimates, difference
from journey.experiments.means import means
from journey.experiments.proportions import newcombe, proportions, two_proportions, wilson
from journey.experiments.quantile import quantile_effect
from journey.experiments.ratio import ratios
from journey.experiments.relative import LiftMethod, relative_lift
from journey.experiments.statistics import PairedSample, Proportion, combined
from journey.experiments.stratified import post_stratified
from journey.experiments.winsor import winsorised
from journey.studies.experiment_proof.data import (
    History,
    Revenue,
    Strata,
    Visitors,
    generator,
    lognormal_samples,
    normal_samples,
)
from journey.studies.experiment_proof.rows import Row, coverage, effect_coverage, type_one


def skewed_revenue(simulations: int, seed: int) -> list[Row]:
    """5% of users buy, baskets are lognormal; even and 90/10 splits, with and without a lift of 20%."""
    shop, rows = Revenue(), []
    for n_control, n_treatment in ((5000, 5000), (9000, 1000), (90_000, 10_000)):
        name = f"{n_control:,} + {n_treatment:,}"
        rng = generator(seed, f"revenue {name}")
        control = shop.samples(rng, (simulations,), n_control)
        same = difference(means(control, shop.samples(rng, (simulations,), n_treatment)))
        arms = means(control, shop.samples(rng, (simulations,), n_treatment, scale=1.2))
        scenario = f"skewed revenue, {name} users"
        # In an uneven split the skewness of one arm does not cancel that of the other: the smaller arm alone
        # must average it out.
        enough = n_treatment * shop.rate >= 250
        note = "" if enough else "50 buyers in treatment: the tail is not yet averaged out"
        rows += [
            type_one(f"{scenario}, no effect", "Welch t", same.p_value, expected_to_hold=enough, note=note),
            effect_coverage(
                f"{scenario}, +20%",
                "Welch t",
                difference(arms),
                0.2 * shop.mean,
                expected_to_hold=enough,
                note=note,
            ),
        ]
        for method in ("delta", "fieller"):
            effect = relative_lift(arms, method=method)
            rows.append(
                effect_coverage(
                    f"{scenario}, +20%",
                    f"relative lift, {method}",
                    effect,
                    0.2,
                    expected_to_hold=enough,
                    note=note,
                )
            )
    return rows


def winsorised_revenue(simulations: int, seed: int) -> list[Row]:
    """Capping at a common quantile keeps the error rate; what it buys is in the power rows."""
    shop, rng, n = Revenue(), generator(seed, "winsorised"), 2000
    p_values = []
    for _ in range(simulations):
        capped = winsorised(shop.values(rng, n), shop.values(rng, n), upper=0.995)
        p_values.append(difference(means(capped.control, capped.treatment)).p_value)
    scenario = "skewed revenue, 2,000 + 2,000 users, no effect"
    return [type_one(scenario, "Welch t on values capped at the pooled 99.5% quantile", p_values)]


def conversions(simulations: int, seed: int) -> list[Row]:
    """Rare (4 and 8 expected conversions) and common conversions."""
    rows = []
    cases = (("rare conversions", 2000, 0.002, 0.004), ("common conversions", 5000, 0.05, 0.055))
    for name, n, base, changed in cases:
        rng, common = generator(seed, name), name.startswith("common")
        units = np.full(simulations, float(n))
        control = Proportion(units, rng.binomial(n, base, simulations).astype(float))
        same = Proportion(units, rng.binomial(n, base, simulations).astype(float))
        treatment = Proportion(units, rng.binomial(n, changed, simulations).astype(float))
        scenario = f"{name}: {base:.1%} and {changed:.1%} of {n:,}"
        single, gap = wilson(control), newcombe(control, treatment)
        # Coverage and size move in jumps when a handful of outcomes carries all the probability.
        sparse = "" if common else "discrete: 4 conversions expected in control"
        rows += [
            coverage(
                f"{scenario}, one rate",
                "Wilson",
                single.low,
                single.high,
                base,
                expected_to_hold=common,
                note=sparse,
            ),
            coverage(scenario, "Newcombe", gap.low, gap.high, changed - base),
            type_one(
                f"{scenario}, no effect",
                "pooled z",
                two_proportions(control, same).p_value,
                expected_to_hold=common,
                note=sparse,
            ),
        ]
        # Plain normal intervals know nothing of an arm without a conversion.
        usable = (np.asarray(control.successes) > 0) & (np.asarray(treatment.successes) > 0)
        normal = normal_rates(_at(control, usable), _at(treatment, usable))
        without = int((~usable).sum())
        settings: dict[str, Any] = {"undefined": without, "expected_to_hold": common, "note": sparse}
        rows.append(effect_coverage(scenario, "Wald", difference(normal), changed - base, **settings))
        for method in ("delta", "fieller"):
            effect = relative_lift(normal, method=method)
            settings["note"] = _unbounded_note(effect.bounded) or sparse
            name_ = f"relative lift, {method}"
            rows.append(effect_coverage(scenario, name_, effect, changed / base - 1, **settings))
        if not common:
            rows += _score_intervals(scenario, control, treatment, base, changed)
    return rows


def normal_rates(control: Proportion, treatment: Proportion) -> ArmEstimates:
    """Two rates as a normal method takes them, however few converted. Shown to fail where few did."""
    first, second = (
        np.asarray(arm.rate) * (1 - np.asarray(arm.rate)) / arm.n for arm in (control, treatment)
    )
    arms = proportions(control, treatment)
    return replace(arms, variance_control=first, variance_treatment=second, conversions=None)


def _score_intervals(
    scenario: str, control: Proportion, treatment: Proportion, base: float, changed: float
) -> list[Row]:
    """What the engine does with few conversions: score intervals, of the lift where control has one."""
    lifted = np.asarray(control.successes) > 0
    gap = difference(proportions(control, treatment))
    lift = relative_lift(proportions(_at(control, lifted), _at(treatment, lifted)))
    undefined = int((~lifted).sum())
    discrete: dict[str, Any] = {"expected_to_hold": False, "note": "discrete: coverage moves in jumps"}
    return [
        effect_coverage(scenario, "score interval", gap, changed - base, **discrete),
        effect_coverage(
            scenario,
            "relative lift, score interval",
            lift,
            changed / base - 1,
            undefined=undefined,
            **discrete,
        ),
    ]


def _at(sample: Proportion, chosen: np.ndarray) -> Proportion:
    return Proportion(np.asarray(sample.n)[chosen], np.asarray(sample.successes)[chosen])


def _unbounded_note(bounded: object) -> str:
    share = float(1 - np.mean(np.asarray(bounded)))
    return f"{share:.1%} of the intervals are unbounded" if share else ""


def small_samples(simulations: int, seed: int) -> list[Row]:
    """Few units: Welch holds on normal data with unequal variances and fails on strongly skewed data."""
    rng = generator(seed, "small normal")
    arms = means(
        normal_samples(rng, simulations, 8, 0.0, 3.0), normal_samples(rng, simulations, 12, 1.0, 1.0)
    )
    rows = [effect_coverage("normal, 8 + 12 units, deviations 3 and 1", "Welch t", difference(arms), 1.0)]
    for n_control, n_treatment in ((20, 20), (60, 12)):
        rng = generator(seed, f"small lognormal {n_control} {n_treatment}")
        arms = means(
            lognormal_samples(rng, simulations, n_control, 1.5),
            lognormal_samples(rng, simulations, n_treatment, 1.5, scale=2.0),
        )
        rows.append(
            effect_coverage(
                f"lognormal (sigma 1.5), {n_control} + {n_treatment} units, +100%",
                "Welch t",
                difference(arms),
                float(np.exp(1.5**2 / 2)),
                expected_to_hold=False,
                note="too few units for a mean with this tail",
            )
        )
    return rows


def sessions_within_users(simulations: int, seed: int) -> list[Row]:
    """Randomised by user, measured by session: ratio and cluster methods, and the naive one."""
    visitors, rng = Visitors(), generator(seed, "sessions")
    control_rate, control_money = visitors.samples(rng, simulations, 1000)
    treated_rate, treated_money = visitors.samples(rng, simulations, 1000, scale=1.1)
    base = visitors.conversion_rate()
    scenario = "1,000 + 1,000 users with several sessions, +10%"
    robust, money = clustered(control_rate, treated_rate), ratios(control_money, treated_money)
    naive = difference(means(control_rate.rows, treated_rate.rows))
    return [
        effect_coverage(scenario, "conversion per session, cluster-robust", difference(robust), 0.1 * base),
        effect_coverage(scenario, "conversion per session, lift, Fieller", relative_lift(robust), 0.1),
        effect_coverage(
            scenario, "revenue per session, delta method", difference(money), 0.1 * base * visitors.basket
        ),
        effect_coverage(scenario, "revenue per session, lift, Fieller", relative_lift(money), 0.1),
        effect_coverage(
            scenario,
            "conversion per session, sessions as independent",
            naive,
            0.1 * base,
            expected_to_hold=False,
            note="the mistake: sessions of one user resemble each other",
        ),
    ]


def naive_cuped_lift(
    adjusted: CupedEstimates, control: PairedSample, treatment: PairedSample
) -> ArmEstimates:
    """Arms as some engines combine them for a lift under CUPED.

    Reduced variances, unadjusted means, no covariance. Shown to fail; never use it.
    """
    slope = np.asarray(adjusted.theta)
    spread = [
        (arm.y.variance - 2 * slope * arm.covariance + np.square(slope) * arm.x.variance) / arm.n
        for arm in (control, treatment)
    ]
    return replace(
        adjusted,
        control=control.y.mean,
        treatment=np.asarray(control.y.mean) + np.asarray(adjusted.treatment) - adjusted.control,
        variance_control=spread[0],
        variance_treatment=spread[1],
        covariance=0.0,
    )


def cuped_effects(simulations: int, seed: int) -> list[Row]:
    """CUPED with history, planted lifts, even and uneven splits; and the lift formula that under-covers."""
    history, rows = History(), []
    for n_control, n_treatment, lift in ((1000, 1000, 0.1), (1000, 1000, 0.5), (1600, 400, 0.5)):
        name = f"history, {n_control:,} + {n_treatment:,} users, +{lift:.0%}"
        rng = generator(seed, name)
        control = history.samples(rng, simulations, n_control)
        treatment = history.samples(rng, simulations, n_treatment, scale=1 + lift)
        adjusted, plain_arms = cuped(control, treatment), means(control.y, treatment.y)
        saved = f"variance cut by {float(np.mean(adjusted.variance_reduction)):.0%} on average"
        rows += [
            effect_coverage(name, "Welch t", difference(plain_arms), lift * history.mean),
            effect_coverage(name, "CUPED difference", difference(adjusted), lift * history.mean, note=saved),
            effect_coverage(name, "relative lift, Fieller", relative_lift(plain_arms), lift),
            effect_coverage(name, "CUPED relative lift, Fieller", relative_lift(adjusted), lift),
            effect_coverage(
                name, "CUPED relative lift, delta", relative_lift(adjusted, method="delta"), lift
            ),
            *_lift_of_the_observed_mean(name, control, treatment, lift),
        ]
    rows += _steady_customers(simulations, seed)
    rng = generator(seed, "cuped small")
    small = cuped(*(_linear_history(rng, simulations, 12) for _ in range(2)))
    rows.append(
        effect_coverage(
            "normal with correlation 0.8, 12 + 12 units, no effect",
            "CUPED difference",
            difference(small),
            0.0,
        )
    )
    return rows


def _lift_of_the_observed_mean(
    name: str, control: PairedSample, treatment: PairedSample, lift: float
) -> list[Row]:
    """The lift as a share of the control mean without adjustment."""
    arms = cuped(control, treatment, baseline="observed")
    words: dict[LiftMethod, str] = {"fieller": "Fieller", "delta": "delta"}
    return [
        effect_coverage(
            name,
            f"CUPED relative lift of the observed mean, {word}",
            relative_lift(arms, method=method),
            lift,
        )
        for method, word in words.items()
    ]


def _steady_customers(simulations: int, seed: int) -> list[Row]:
    """History predicts nearly everything, everyone spends equally more: where the naive lift is worst."""
    history, n, lift = History(noise_sigma=0.2, steady=True), 1000, 0.5
    name = f"steady customers, {n:,} + {n:,} users, +{lift:.0%} as the same amount for everyone"
    rng = generator(seed, name)
    control = history.samples(rng, simulations, n)
    treatment = history.samples(rng, simulations, n, extra=lift * history.mean)
    adjusted = cuped(control, treatment)
    naive = relative_lift(naive_cuped_lift(adjusted, control, treatment), method="delta")
    saved = f"variance of the difference cut by {float(np.mean(adjusted.variance_reduction)):.0%} on average"
    return [
        effect_coverage(name, "CUPED difference", difference(adjusted), lift * history.mean, note=saved),
        effect_coverage(name, "CUPED relative lift, Fieller", relative_lift(adjusted), lift),
        effect_coverage(name, "CUPED relative lift, delta", relative_lift(adjusted, method="delta"), lift),
        *_lift_of_the_observed_mean(name, control, treatment, lift),
        effect_coverage(
            name,
            "CUPED relative lift, reduced variances in the plain formula",
            naive,
            lift,
            expected_to_hold=False,
            note="the mistake: the denominator's variance is not reduced",
        ),
    ]


def _linear_history(rng: np.random.Generator, simulations: int, n: int) -> PairedSample:
    x = rng.normal(size=(simulations, n))
    y = 0.8 * x + 0.6 * rng.normal(size=(simulations, n))
    sums = [column.sum(axis=1) for column in (y, y * y, x, x * x, x * y)]
    return PairedSample(np.full(simulations, float(n)), *sums)


def stratified_effects(simulations: int, seed: int) -> list[Row]:
    """Three strata with different effects, sizes random."""
    strata, rng = Strata(), generator(seed, "strata")
    control = strata.samples(rng, simulations, 400, effect=False)
    treatment = strata.samples(rng, simulations, 400, effect=True)
    base, changed = strata.truth(effect=True)
    arms = post_stratified({name: (control[name], treatment[name]) for name in control})
    plain_arms = means(combined(list(control.values())), combined(list(treatment.values())))
    scenario = "three strata with different effects, 400 + 400 users"
    kept = float(np.mean(np.asarray(arms.variance_difference) / np.asarray(plain_arms.variance_difference)))
    return [
        effect_coverage(scenario, "Welch t", difference(plain_arms), changed - base),
        effect_coverage(
            scenario,
            "post-stratified difference",
            difference(arms),
            changed - base,
            note=f"variance cut by {1 - kept:.0%} on average",
        ),
        effect_coverage(
            scenario, "post-stratified relative lift, Fieller", relative_lift(arms), changed / base - 1
        ),
        effect_coverage(
            scenario,
            "post-stratified relative lift, delta",
            relative_lift(arms, method="delta"),
            changed / base - 1,
        ),
    ]


def quantiles(simulations: int, seed: int) -> list[Row]:
    """Median and 90th percentile of lognormal values, 400 units per arm, +20%."""
    rows = []
    for quantile, z in ((0.5, 0.0), (0.9, 1.2815515655446004)):
        rng = generator(seed, f"quantile {quantile}")
        low, high = np.empty(simulations), np.empty(simulations)
        for index in range(simulations):
            effect = quantile_effect(
                rng.lognormal(0.0, 1.0, 400),
                1.2 * rng.lognormal(0.0, 1.0, 400),
                quantile,
                draws=1000,
                seed=int(rng.integers(2**31)),
            )
            low[index], high[index] = effect.low, effect.high
        truth = 0.2 * float(np.exp(z))
        rows.append(
            coverage(
                "lognormal, 400 + 400 units, +20%",
                f"{quantile:.0%} quantile",
                low,
                high,
                truth,
                expected_to_hold=False,
                note="conservative: at least 95% is promised, not at most 96%",
            )
        )
    return rows
