"""Ratio metrics: two sums per unit, such as revenue per session when users were randomised."""

from __future__ import annotations

import numpy as np

from journey.experiments.effects import ArmEstimates, welch_degrees
from journey.experiments.inputs import Numeric, beyond_rounding, plain, refuse
from journey.experiments.statistics import PairedSample


def linearised_variance(sample: PairedSample) -> Numeric:
    """Variance per unit of the ratio sum_y / sum_x, by the delta method.

    The ratio behaves like a mean over n units with this variance, so it is what planning a ratio metric
    needs (`mean_sample_size(effect, variance=linearised_variance(sample))`).

    Parameters
    ----------
    sample : PairedSample
        y is the numerator and x the denominator of each unit; at least 2 units, denominator total above zero.

    Returns
    -------
    float or array
        Squared unit of y / x. Source: Deng, Knoblich and Lu (2018), Applying the delta method in metric
        analytics.
    """
    refuse(
        np.less_equal(sample.x.total, 0), "the denominator of a ratio metric must add up to more than zero"
    )
    ratio = np.asarray(sample.y.mean) / sample.x.mean
    parts = np.asarray(sample.y.variance), np.square(ratio) * sample.x.variance
    spread = parts[0] - 2 * ratio * sample.covariance + parts[1]
    return plain(beyond_rounding(spread, parts[0] + parts[1]) / np.square(sample.x.mean))


def ratios(control: PairedSample, treatment: PairedSample) -> ArmEstimates:
    """Ratio of sums in each arm with the delta-method variance.

    Use it when the unit that was randomised (the user) has several rows of the metric (sessions): treating
    the rows as independent understates the variance.

    Parameters
    ----------
    control, treatment : PairedSample
        One row per randomised unit: y numerator (revenue), x denominator (sessions).

    Returns
    -------
    ArmEstimates
        Ratio of sums per arm, units of y / x.

    Raises
    ------
    JourneyError
        When a denominator adds up to zero or an arm has fewer than 2 units.
    """
    variance_control = plain(np.asarray(linearised_variance(control)) / control.n)
    variance_treatment = plain(np.asarray(linearised_variance(treatment)) / treatment.n)
    return ArmEstimates(
        control=plain(np.asarray(control.y.mean) / control.x.mean),
        treatment=plain(np.asarray(treatment.y.mean) / treatment.x.mean),
        variance_control=variance_control,
        variance_treatment=variance_treatment,
        covariance=0.0,
        df=welch_degrees(variance_control, variance_treatment, control.n, treatment.n),
        n_control=control.n,
        n_treatment=treatment.n,
        source="ratio of sums, delta method",
    )
