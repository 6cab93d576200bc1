"""Statistics of an arm from a printed mean and variance."""

from __future__ import annotations

from typing import Any

from journey.experiments import Sample


def sample_of(n: Any, mean: Any, variance: Any) -> Sample:
    """n units with this mean and sample variance (denominator n - 1)."""
    return Sample(n, 0.0 * mean, (n - 1) * variance, mean)
