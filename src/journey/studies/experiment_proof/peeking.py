"""Looking every day: how often does each stopping rule cry wolf, and what does it save otherwise?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from journey.experiments.always_valid import confidence_sequence
from journey.experiments.effects import difference
from journey.experiments.group_sequential import crossing_probabilities, first_crossing, group_sequential
from journey.experiments.inputs import FloatArray
from journey.experiments.means import means
from journey.experiments.sample_size import mean_sample_size
from journey.experiments.statistics import Sample
from journey.studies.experiment_proof.data import Revenue, generator
from journey.studies.experiment_proof.rows import Row, at_most, near, type_one

DAYS = 28


@dataclass(frozen=True)
class Peeking:
    """One stopping rule over many simulated experiments with a look a day.

    Attributes
    ----------
    metric, rule : str
    valid : bool
        Whether the rule is meant to hold 5% over all looks.
    type_one_error : float
        Share of experiments without effect that are ever declared significant.
    power : float
        Share of experiments with the planned effect that are ever declared significant.
    average_days, median_days : float
        Days until the experiment with the planned effect ends: at the first crossing, else at the end.
    exaggeration : float
        Average estimate at stopping of the significant experiments, over the true effect: early stops
        overstate.
    mc_error : float
        Monte-Carlo standard error of `type_one_error`.
    """

    metric: str
    rule: str
    valid: bool
    type_one_error: float
    power: float
    average_days: float
    median_days: float
    exaggeration: float
    mc_error: float


def _cumulative(daily: Sample) -> Sample:
    return Sample(*(np.cumsum(part, axis=-1) for part in (daily.n, daily.sum, daily.sum_squares)))


def _conversions(
    rng: np.random.Generator, shape: tuple[int, int], n: int, rate: float, scale: float
) -> Sample:
    hits = rng.binomial(n, rate * scale, size=shape).astype(float)
    return Sample(np.full(shape, float(n)), hits, hits)


def _first(crossed: Any) -> Any:
    return np.where(crossed.any(axis=-1), crossed.argmax(axis=-1), -1)


def _stops(
    control: Sample, treatment: Sample, planned_units: float
) -> dict[str, tuple[bool, Any, FloatArray]]:
    """Per rule: whether it is valid, the look of the first crossing (-1 for none) and the estimate there."""
    arms = means(_cumulative(control), _cumulative(treatment))
    fixed = difference(arms)
    looks = np.asarray(fixed.p_value).shape[-1]
    fractions = (np.arange(1, looks + 1) / looks).tolist()
    significant = np.asarray(fixed.p_value) < 0.05
    final_only = np.where(significant[:, -1], looks - 1, -1)
    sequence = confidence_sequence(arms, tightest_n=planned_units)
    rules = {
        "fixed-horizon test, once at the end": (True, final_only),
        "fixed-horizon test, every day": (False, _first(significant)),
        "group sequential, O'Brien-Fleming": (
            True,
            first_crossing(fixed.statistic, group_sequential(fractions)),
        ),
        "group sequential, Pocock": (
            True,
            first_crossing(fixed.statistic, group_sequential(fractions, spending="pocock")),
        ),
        "confidence sequence": (True, _first(np.asarray(sequence.p_value) < 0.05)),
    }
    estimate = np.asarray(fixed.estimate)
    rows = np.arange(estimate.shape[0])
    return {name: (valid, stop, estimate[rows, stop]) for name, (valid, stop) in rules.items()}


def peeking(simulations: int, seed: int, days: int = DAYS) -> tuple[list[Row], list[Peeking]]:
    """28 daily looks at revenue and at conversions, without effect and with the planned one.

    The planned effect is the one that a fixed-horizon test at the end finds with 80% power.
    """
    rows, table = [], []
    shop, rate, n = Revenue(), 0.05, 300
    shape = (simulations, days)
    lift_conversion = 0.01
    shop_lift = _lift_for_power(shop, n * days)
    cases = {
        "revenue per user": (
            lambda rng, scale: shop.samples(rng, shape, n, scale),
            1 + shop_lift,
            shop_lift * shop.mean,
        ),
        "conversion rate": (
            lambda rng, scale: _conversions(rng, shape, n, rate, scale),
            1 + lift_conversion / rate,
            lift_conversion,
        ),
    }
    for metric, (draw, scale, effect) in cases.items():
        rng = generator(seed, f"peeking {metric}")
        null = _stops(draw(rng, 1.0), draw(rng, 1.0), 2.0 * n * days)  # type: ignore[no-untyped-call]
        real = _stops(draw(rng, 1.0), draw(rng, scale), 2.0 * n * days)  # type: ignore[no-untyped-call]
        scenario = f"A/A on {metric}, {2 * n} users a day, {days} daily looks"
        for rule, (valid, stop, _) in null.items():
            alarms = stop >= 0
            _, planned, estimate = real[rule]
            found = planned >= 0
            length = np.where(found, planned + 1, days)
            share = float(alarms.mean())
            table.append(
                Peeking(
                    metric=metric,
                    rule=rule,
                    valid=valid,
                    type_one_error=share,
                    power=float(found.mean()),
                    average_days=float(length.mean()),
                    median_days=float(np.median(length)),
                    exaggeration=float(estimate[found].mean() / effect),
                    mc_error=float(np.sqrt(share * (1 - share) / simulations)),
                )
            )
            if rule.endswith("at the end"):
                rows.append(type_one(scenario, rule, np.where(alarms, 0.0, 1.0)))
            else:
                note = "" if valid else "the mistake: stopping at the first p below 0.05"
                rows.append(
                    at_most(scenario, rule, "type-I error", alarms, expected_to_hold=valid, note=note)
                )
    rows += _calculated_power(simulations, seed)
    return rows, table


def _lift_for_power(shop: Revenue, n: int) -> float:
    """Relative lift of the basket found with 80% power by the test at the end."""
    low, high = 0.01, 3.0
    for _ in range(60):
        middle = (low + high) / 2
        plan = mean_sample_size(
            middle * shop.mean, shop.variance, variance_treatment=(1 + middle) ** 2 * shop.variance
        )
        low, high = (middle, high) if plan.n_control > n else (low, middle)
    return high


def _calculated_power(simulations: int, seed: int) -> list[Row]:
    """Power of a group-sequential design: integral against simulation of a Brownian path."""
    design = group_sequential([0.25, 0.5, 0.75, 1.0])
    rng = generator(seed, "brownian")
    steps = rng.normal(3.0 * 0.25, 0.5, size=(simulations, 4))
    z = np.cumsum(steps, axis=1) / np.sqrt([0.25, 0.5, 0.75, 1.0])
    expected = crossing_probabilities(design, 3.0)
    return [
        near(
            "four looks, drift 3",
            "O'Brien-Fleming power by integration",
            "power",
            first_crossing(z, design) >= 0,
            expected.power,
            0.0,
            note=f"calculated {expected.power:.5f}",
        )
    ]
