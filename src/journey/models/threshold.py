"""When is a session worth an intervention? The threshold follows from costs, not from the test period."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from journey.errors import JourneyError
from journey.inference.arrays import Floats
from journey.inference.estimate import Estimate
from journey.models.scores import bootstrap


@dataclass(frozen=True)
class Intervention:
    """What helping a session costs and does, as assumed.

    Attributes
    ----------
    cost
        EUR per session helped.
    lift
        Relative rise of the purchases of those helped: 0.1 is one more in ten.
    margin
        Gross margin as a share of net revenue.
    """

    cost: float
    lift: float
    margin: float

    def gains(self, revenue: ArrayLike) -> Floats:
        """EUR gained by helping each session; its revenue is what it brought without help."""
        return self.lift * self.margin * np.asarray(revenue, dtype=np.float64) - self.cost

    def threshold(self, order_value: float) -> float:
        """Probability from which help pays: cost / (lift x margin x order value); above 1 it never does.

        Raises
        ------
        JourneyError
            When lift, margin or order value is zero: then no threshold exists.
        """
        gain = self.lift * self.margin * order_value
        if gain <= 0:
            raise JourneyError(
                f"lift {self.lift}, margin {self.margin} and order value {order_value:g} must be above 0 for "
                f"an intervention to pay; change assumptions.toml"
            )
        return self.cost / gain


@dataclass(frozen=True)
class PolicyValue:
    """Money of helping the sessions at or above a threshold, over the rows given.

    Attributes
    ----------
    threshold
        Probability from which a session is helped.
    share
        Share of sessions helped.
    value, value_of_all
        EUR gained by helping those sessions, and by helping every session; helping none gains zero.
    over_all
        The difference.
    break_even_lift
        Relative lift at which helping those sessions neither gains nor loses.
    """

    threshold: float
    share: Estimate
    value: Estimate
    value_of_all: Estimate
    over_all: Estimate
    break_even_lift: Estimate


def policy_value(
    revenue: ArrayLike,
    probability: ArrayLike,
    users: ArrayLike,
    action: Intervention,
    threshold: float,
    *,
    replicates: int = 1000,
    seed: int = 0,
) -> PolicyValue:
    """Value of helping the sessions at or above a threshold.

    Parameters
    ----------
    revenue
        (n,) net EUR that each session brought without help.
    probability, users
        (n,) predicted probabilities and users.
    threshold
        Fixed before the rows were seen.

    Raises
    ------
    JourneyError
        When no session is at or above the threshold.

    Notes
    -----
    Conditional on the assumed lift: a helped session gains lift x margin x its revenue, less the cost.
    """
    money, p = np.asarray(revenue, dtype=np.float64), np.asarray(probability, dtype=np.float64)
    helped = (p >= threshold).astype(np.float64)
    if not helped.any():
        raise JourneyError(
            f"no session of {len(p):,} reaches the threshold {threshold:.3f}; the intervention costs more "
            f"than it can bring"
        )
    gain = action.gains(money)

    def metrics(weights: Floats) -> dict[str, Floats]:
        some, everyone = weights @ (gain * helped), weights @ gain
        treated = weights @ helped
        return {
            "share": treated / weights.sum(axis=1),
            "value": some,
            "value_of_all": everyone,
            "over_all": some - everyone,
            "break_even_lift": action.cost * treated / (action.margin * (weights @ (money * helped))),
        }

    found, _ = bootstrap(metrics, users, len(p), replicates=replicates, seed=seed)
    return PolicyValue(threshold=threshold, **found)


def value_difference(
    revenue: ArrayLike,
    first: NDArray[np.bool_],
    second: NDArray[np.bool_],
    users: ArrayLike,
    action: Intervention,
    *,
    replicates: int = 1000,
    seed: int = 0,
) -> Estimate:
    """EUR gained by helping one set of sessions instead of another, on the same draws of users.

    Parameters
    ----------
    revenue, users
        As for `policy_value`.
    first, second
        (n,) sessions helped under each rule.
    """
    gain = action.gains(revenue)
    difference = gain * (first.astype(np.float64) - second.astype(np.float64))
    found, _ = bootstrap(
        lambda weights: {"difference": weights @ difference},
        users,
        len(difference),
        replicates=replicates,
        seed=seed,
    )
    return found["difference"]
