"""Do decision rules keep their promises? Equivalence, many metrics, segments, sample ratio, power, Bayes."""

from __future__ import annotations

import numpy as np
from scipy import stats

from journey.experiments.bayes import expected_loss, probability_best
from journey.experiments.effects import difference
from journey.experiments.equivalence import equivalence
from journey.experiments.heterogeneity import heterogeneity
from journey.experiments.means import means
from journey.experiments.multiple import benjamini_hochberg, holm
from journey.experiments.proportions import proportions, two_proportions
from journey.experiments.ratio import linearised_variance, ratios
from journey.experiments.sample_ratio import sample_ratio_test, sequential_sample_ratio
from journey.experiments.sample_size import mean_sample_size, proportion_sample_size
from journey.experiments.statistics import Proportion
from journey.studies.experiment_proof.data import Revenue, Visitors, generator, normal_samples
from journey.studies.experiment_proof.rows import Row, at_most, near, realised, type_one


def equivalence_error(simulations: int, seed: int) -> list[Row]:
    """True difference exactly on the margin: equivalence must be claimed in at most 5%."""
    rng, n = generator(seed, "equivalence"), 400
    arms = means(
        normal_samples(rng, simulations, n, 10.0, 4.0), normal_samples(rng, simulations, n, 11.0, 4.0)
    )
    scenario = "normal, 400 + 400 units, true difference on the margin"
    absolute = equivalence(arms, -1.0, 1.0)
    relative = equivalence(arms, -0.1, 0.1, scale="relative")
    return [
        at_most(scenario, "two one-sided tests, absolute", "type-I error", absolute.equivalent),
        at_most(scenario, "two one-sided tests, relative", "type-I error", relative.equivalent),
    ]


def many_metrics(simulations: int, seed: int) -> list[Row]:
    """Twenty correlated metrics, five of which truly moved."""
    rng, tests, real = generator(seed, "many metrics"), 20, 5
    shared = rng.normal(size=(simulations, 1))
    z = np.sqrt(0.3) * shared + np.sqrt(0.7) * rng.normal(size=(simulations, tests))
    z[:, :real] += 3.0
    p = 2 * stats.norm.sf(np.abs(z))
    strict, liberal = holm(p).rejected, benjamini_hochberg(p).rejected
    false = liberal[:, real:].sum(axis=1) / np.maximum(1, liberal.sum(axis=1))
    scenario = "20 metrics with correlation 0.3, 5 of them moved"
    return [
        at_most(scenario, "Holm", "family-wise error", strict[:, real:].any(axis=1)),
        at_most(scenario, "Benjamini-Hochberg", "false discovery rate", false),
        at_most(
            scenario,
            "no correction",
            "family-wise error",
            (p[:, real:] < 0.05).any(axis=1),
            expected_to_hold=False,
            note="the mistake: the best of many metrics is reported",
        ),
    ]


def segments(simulations: int, seed: int) -> list[Row]:
    """Four segments without any effect, then with one common effect."""
    rng = generator(seed, "segments")
    sizes, rates = np.array([4000, 2500, 1500, 800]), np.array([0.03, 0.05, 0.08, 0.12])
    names = [f"segment {index}" for index in range(sizes.size)]
    counts = rng.binomial(sizes, rates, size=(2, simulations, sizes.size))
    equal, claimed, unadjusted = np.empty(simulations), np.empty(simulations), np.empty(simulations)
    for index in range(simulations):
        arms = {
            name: proportions(
                Proportion(int(n), int(counts[0, index, cell])),
                Proportion(int(n), int(counts[1, index, cell])),
            )
            for cell, (name, n) in enumerate(zip(names, sizes, strict=True))
        }
        result = heterogeneity(arms)
        equal[index] = result.p_value
        claimed[index] = any(segment.significant for segment in result.segments)
        unadjusted[index] = any(segment.effect.significant for segment in result.segments)
    scenario = "4 segments of 800 to 4,000 users per arm, no effect"
    return [
        type_one(scenario, "Cochran's Q", equal),
        at_most(scenario, "segments with Holm", "family-wise error", claimed),
        at_most(
            scenario,
            "segments without correction",
            "family-wise error",
            unadjusted,
            expected_to_hold=False,
            note="the mistake: some segment always looks interesting",
        ),
    ]


def sample_ratio(simulations: int, seed: int, days: int = 28) -> list[Row]:
    """A fair 50/50 assignment, checked once and every day."""
    rng = generator(seed, "sample ratio")
    daily = rng.binomial(rng.poisson(1000, size=(simulations, days)), 0.5)
    other = rng.poisson(500, size=(simulations, days))
    cumulative = np.cumsum(np.stack([daily, other], axis=-1), axis=1)
    once = [sample_ratio_test(row).p_value for row in cumulative[:, -1].tolist()]
    chi_square = np.square(cumulative[..., 0] - cumulative[..., 1]) / cumulative.sum(axis=-1)
    always = sequential_sample_ratio(cumulative)
    scenario = f"fair 50/50 split, about 1,000 users a day for {days} days"
    return [
        type_one(scenario, "chi-square once, at the end", once),
        at_most(scenario, "sequential test, every day", "type-I error", always[:, -1] < 0.05),
        at_most(
            scenario,
            "chi-square every day",
            "type-I error",
            (stats.chi2.sf(chi_square, 1) < 0.05).any(axis=1),
            expected_to_hold=False,
            note="the mistake: a fixed-horizon check repeated daily",
        ),
    ]


def planned_power(simulations: int, seed: int) -> list[Row]:
    """Plans for 80% power, then the test they were made for. Tolerance 1 percentage point."""
    rows = []
    rng = generator(seed, "power means")
    plan = mean_sample_size(0.5, 1.0)
    arms = means(
        normal_samples(rng, simulations, plan.n_control, 0.0, 1.0),
        normal_samples(rng, simulations, plan.n_treatment, 0.5, 1.0),
    )
    rows.append(
        near(
            f"normal, effect half a deviation, {plan.n_control} per arm",
            "Welch t as planned by noncentral t",
            "power",
            difference(arms).significant,
            plan.power,
            0.01,
        )
    )
    for base, effect in ((0.05, 0.01), (0.002, 0.001)):
        for method in ("arcsine", "pooled"):
            size = proportion_sample_size(base, effect, method=method)
            rng = generator(seed, f"power proportions {base} {method}")
            counts = (rng.binomial(size.n_control, rate, simulations) for rate in (base, base + effect))
            units = np.full(simulations, float(size.n_control))
            test = two_proportions(*(Proportion(units, count.astype(float)) for count in counts))
            rows.append(
                near(
                    f"rates {base:.1%} and {base + effect:.1%}, {size.n_control:,} per arm",
                    f"pooled z as planned by the {method} formula",
                    "power",
                    test.significant,
                    size.power,
                    0.01,
                )
            )
    visitors = Visitors()
    pilot = generator(seed, "power pilot")
    spread = [
        float(np.ravel(linearised_variance(visitors.samples(pilot, 1, 200_000, scale)[1]))[0])
        for scale in (1.0, 1.15)
    ]
    gap = 0.15 * visitors.conversion_rate() * visitors.basket
    ratio_plan = mean_sample_size(gap, spread[0], variance_treatment=spread[1])
    rng = generator(seed, "power ratio")
    sides = (visitors.samples(rng, simulations, ratio_plan.n_control, scale)[1] for scale in (1.0, 1.15))
    rows.append(
        near(
            f"revenue per session +15%, {ratio_plan.n_control:,} users per arm",
            "ratio metric as planned by linearised variances",
            "power",
            difference(ratios(*sides)).significant,
            ratio_plan.power,
            0.015,
            note="tolerance 1.5 points: the variances come from a pilot of 200,000 users",
        )
    )
    shop = Revenue()
    revenue_plan = mean_sample_size(0.2 * shop.mean, shop.variance)
    rng = generator(seed, "power revenue")
    arms = means(*(shop.samples(rng, (simulations,), revenue_plan.n_control, scale) for scale in (1.0, 1.2)))
    rows.append(
        near(
            f"skewed revenue +20%, {revenue_plan.n_control:,} users per arm",
            "Welch t as planned with the control's variance",
            "power",
            difference(arms).significant,
            revenue_plan.power,
            0.01,
            expected_to_hold=False,
            note="baskets times 1.2 raise the treatment variance by 44%: plan with variance_treatment",
        )
    )
    honest = mean_sample_size(0.2 * shop.mean, shop.variance, variance_treatment=1.44 * shop.variance)
    rng = generator(seed, "power revenue both")
    arms = means(*(shop.samples(rng, (simulations,), honest.n_control, scale) for scale in (1.0, 1.2)))
    rows.append(
        near(
            f"skewed revenue +20%, {honest.n_control:,} users per arm",
            "Welch t as planned with both variances",
            "power",
            difference(arms).significant,
            honest.power,
            0.01,
        )
    )
    return rows


def bayesian_calibration(simulations: int, seed: int) -> list[Row]:
    """Rates drawn from the prior: stated probabilities and losses must equal what happens."""
    runs = min(simulations, 4000)
    rng, n, prior = generator(seed, "bayes"), 1500, (5.0, 95.0)
    rates = rng.beta(*prior, size=(runs, 3))
    hits = rng.binomial(n, rates)
    a, b = prior[0] + hits, prior[1] + n - hits
    best, loss = probability_best(a, b), expected_loss(a, b)
    chosen = loss.argmin(axis=1)[:, None]
    right = rates.argmax(axis=1) == chosen[:, 0]
    stated = float(np.take_along_axis(best, chosen, axis=1).mean())
    true_loss = rates.max(axis=1) - np.take_along_axis(rates, chosen, axis=1)[:, 0]
    stated_loss = np.take_along_axis(loss, chosen, axis=1)[:, 0]
    scenario = "three arms of 1,500 users, rates drawn from Beta(5, 95)"
    return [
        near(
            scenario,
            "probability to be best, of the chosen arm",
            "calibration",
            right,
            stated,
            0.0,
            note=f"stated {stated:.4f} on average",
        ),
        realised(
            scenario,
            "expected loss of the chosen arm, realised over stated",
            float(true_loss.mean() / stated_loss.mean()),
            float((true_loss - stated_loss).std() / np.sqrt(runs) / stated_loss.mean()),
            runs,
            note=f"stated {stated_loss.mean():.6f}, realised {true_loss.mean():.6f}",
        ),
    ]
