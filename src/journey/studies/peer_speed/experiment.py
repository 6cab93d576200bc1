"""An experiment with four metrics, and many tests from sums: by this project, tea-tasting and gbstats."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from journey.experiments import (
    Effect,
    PairedSample,
    Proportion,
    Sample,
    combined,
    cuped,
    difference,
    means,
    ratios,
    two_proportions,
)
from journey.inference.arrays import Floats
from journey.studies.peer_speed.way import SEED, Once


def users(rows: int) -> pd.DataFrame:
    """An experiment's users: arm, spend before it, sessions, whether they bought, revenue."""
    rng = np.random.default_rng(SEED)
    arm = rng.integers(0, 2, rows)
    before = rng.gamma(2.0, 10.0, rows)
    bought = rng.random(rows) < 0.2 + 0.01 * arm
    revenue = np.round(bought * (0.5 * before + rng.gamma(2.0, 8.0, rows) + arm), 2)
    columns = {"before": before, "sessions": 1 + rng.poisson(3.0, rows), "bought": bought.astype(np.int64)}
    return pd.DataFrame({"variant": arm, "revenue": revenue, **columns})


def own_experiment(rows: int) -> Once:
    """Mean, proportion, ratio and CUPED by this project, from the columns."""
    frame = users(rows)

    def once() -> Floats:
        arms = []
        treated = frame["variant"].to_numpy() == 1
        for mask in (~treated, treated):
            revenue, bought, sessions, before = (
                frame[name].to_numpy()[mask] for name in ("revenue", "bought", "sessions", "before")
            )
            pairs = PairedSample.from_values(revenue, before), PairedSample.from_values(revenue, sessions)
            arms.append((Proportion.from_values(bought), *pairs))
        shares, adjusted, sessions = zip(*arms, strict=True)
        both = combined(adjusted)
        # The slope of both arms together, taken as fixed: what others do, too.
        slope = both.covariance / both.x.variance
        effects = (
            difference(means(adjusted[0].y, adjusted[1].y)),
            two_proportions(*shares, pooled=False, interval="wald"),
            difference(ratios(*sessions)),
            difference(cuped(*adjusted, theta=slope)),
        )
        return np.array([(effect.estimate, effect.low, effect.high) for effect in effects])

    return once


def tea_experiment(rows: int, arrow: bool = False) -> Once:
    """The same by tea-tasting, from a frame of pandas or a table of Arrow."""
    import pyarrow as pa
    import tea_tasting as tea

    data: Any = pa.Table.from_pandas(users(rows)) if arrow else users(rows)
    welch: dict[str, Any] = {"use_t": True, "equal_var": False}
    experiment = tea.Experiment(
        mean=tea.Mean("revenue", **welch),
        share=tea.Proportion("bought", method="norm", correction=False, equal_var=False),
        ratio=tea.RatioOfMeans("revenue", "sessions", **welch),
        adjusted=tea.Mean("revenue", "before", **welch),
    )

    def once() -> Floats:
        found = experiment.analyze(data)
        effects = [found[name] for name in ("mean", "share", "ratio", "adjusted")]
        return np.array(
            [(one.effect_size, one.effect_size_ci_lower, one.effect_size_ci_upper) for one in effects]
        )

    return once


def sums(rows: int) -> tuple[Floats, Floats, Floats]:
    """Units, sum and sum of squares of both arms of many tests, each of shape (2, rows)."""
    rng = np.random.default_rng(SEED)
    units = rng.integers(100, 100_000, (2, rows)).astype(np.float64)
    mean, spread = rng.normal(10.0, 1.0, (2, rows)), rng.uniform(1.0, 5.0, (2, rows))
    return units, units * mean, (units - 1) * spread**2 + units * mean**2


def own_tests(rows: int) -> Once:
    """Welch's t of many tests, all in one call."""
    arms = list(zip(*sums(rows), strict=True))

    def once() -> Floats:
        effect = difference(means(*(Sample(*arm) for arm in arms)))
        return np.array([effect.estimate, effect.low, effect.high])

    return once


def own_single_tests(rows: int) -> Once:
    """The same, one call a test."""
    arms = [np.transpose(arm).tolist() for arm in zip(*sums(rows), strict=True)]

    def once() -> Floats:
        effects: list[Effect] = [
            difference(means(Sample(*control), Sample(*treatment)))
            for control, treatment in zip(*arms, strict=True)
        ]
        return np.array([(one.estimate, one.low, one.high) for one in effects]).T

    return once


def gbstats_tests(rows: int) -> Once:
    """The same by gbstats, which takes one test a call."""
    from gbstats.frequentist.tests import FrequentistConfig, TwoSidedTTest
    from gbstats.models.statistics import SampleMeanStatistic

    arms = [np.transpose(arm).tolist() for arm in zip(*sums(rows), strict=True)]
    config = FrequentistConfig(alpha=0.05, difference_type="absolute")

    def statistic(n: float, total: float, squares: float) -> Any:
        return SampleMeanStatistic(n=int(n), sum=total, sum_squares=squares)

    def once() -> Floats:
        found = [
            TwoSidedTTest(statistic(*control), statistic(*treatment), config).compute_result()
            for control, treatment in zip(*arms, strict=True)
        ]
        return np.array([(one.expected, *one.ci) for one in found]).T

    return once
