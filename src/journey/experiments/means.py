"""Means per unit: Welch's t."""

from __future__ import annotations

import numpy as np

from journey.experiments.effects import ArmEstimates, welch_degrees
from journey.experiments.inputs import plain
from journey.experiments.statistics import Sample


def means(control: Sample, treatment: Sample) -> ArmEstimates:
    """Mean per unit in each arm, variances not assumed equal (Welch 1947).

    Parameters
    ----------
    control, treatment : Sample
        Sufficient statistics per arm, at least 2 units each.

    Returns
    -------
    ArmEstimates
        With Welch-Satterthwaite degrees of freedom.

    Examples
    --------
    The published example of GrowthBook's engine:

    >>> from journey.experiments import difference
    >>> arms = means(Sample(3407, 1396.87, 52377.9767), Sample(3461, 2422.7, 134698.29))
    >>> effect = difference(arms)
    >>> print(f"{effect.estimate:.2f} ({effect.low:.5f}, {effect.high:.5f}), p {effect.p_value:.5f}")
    0.29 (0.04538, 0.53462), p 0.02016
    """
    variance_control = plain(np.asarray(control.variance) / control.n)
    variance_treatment = plain(np.asarray(treatment.variance) / treatment.n)
    return ArmEstimates(
        control=control.mean,
        treatment=treatment.mean,
        variance_control=variance_control,
        variance_treatment=variance_treatment,
        covariance=0.0,
        df=welch_degrees(variance_control, variance_treatment, control.n, treatment.n),
        n_control=control.n,
        n_treatment=treatment.n,
        source="Welch t",
    )
