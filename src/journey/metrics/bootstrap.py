"""Totals of users with their bootstrap, from which any ratio or product gets an interval."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from journey.errors import JourneyError
from journey.inference.estimate import Estimate
from journey.inference.intervals import percentile_estimate
from journey.inference.resampling import bundle_codes, resample_counts

Totals = Mapping[str, NDArray[np.float64]]


@dataclass(frozen=True)
class BootstrapTotals:
    """Column totals over users: the observed ones first, then one row a replicate.

    Attributes
    ----------
    totals
        Name -> (1 + replicates,) totals; entry 0 is the observed total.
    n_users, level
        Number of users, and confidence level of intervals made from it.
    """

    totals: dict[str, NDArray[np.float64]]
    n_users: int
    level: float

    def estimate(self, of: Callable[[Totals], NDArray[np.float64]]) -> Estimate:
        """Value and interval of any function of the totals, such as a ratio or a product.

        Raises
        ------
        JourneyError
            When the function is not finite on the observed totals.
        """
        with np.errstate(divide="ignore", invalid="ignore"):
            draws = np.asarray(of(self.totals), dtype=np.float64)
        value = float(draws[0])
        if not np.isfinite(value):
            raise JourneyError("a metric is undefined on the observed totals: a denominator is zero")
        return percentile_estimate(value, draws[1:], self.level, self.n_users)

    def ratio(self, numerator: str, denominator: str) -> Estimate:
        """Ratio of two totals.

        Raises
        ------
        JourneyError
            When the denominator is zero: the segment is empty.
        """
        if self.totals[denominator][0] <= 0:
            raise JourneyError(f"no {denominator.replace('_', ' ')} in this segment: {numerator} has no rate")
        return self.estimate(lambda totals: totals[numerator] / totals[denominator])


def bootstrap_totals(
    columns: Mapping[str, ArrayLike], *, replicates: int = 2000, seed: int = 0, level: float = 0.95
) -> BootstrapTotals:
    """Draw users with replacement and add up their columns.

    Parameters
    ----------
    columns
        Name -> (n_users,) values, one entry a user, such as the number of sessions and of orders.
    replicates, seed, level
        Size and seed of the bootstrap, and the confidence level of intervals made from it.

    Raises
    ------
    JourneyError
        For no users, lengths that differ, or a value that is not finite.

    Notes
    -----
    Users, not sessions, are drawn: sessions of one user resemble each other, and drawing sessions would
    make intervals too narrow. Their counts make the whole bootstrap a matrix product.
    """
    arrays = [np.asarray(column, dtype=np.float64) for column in columns.values()]
    if len({array.shape for array in arrays}) != 1 or arrays[0].ndim != 1 or not len(arrays[0]):
        raise JourneyError("a user bootstrap needs at least one user and columns of one length")
    stacked = np.column_stack(arrays)
    if not np.isfinite(stacked).all():
        raise JourneyError("a user's total is not finite: clean the input first")
    draws = resample_counts(len(stacked), replicates, seed, scheme="poisson")
    sums = np.vstack([stacked.sum(axis=0), *(counts @ stacked for counts in draws)])
    return BootstrapTotals({name: sums[:, i] for i, name in enumerate(columns)}, len(stacked), level)


def bundled_totals(
    columns: Mapping[str, ArrayLike],
    *,
    bundles: int,
    replicates: int = 2000,
    seed: int = 0,
    level: float = 0.95,
) -> BootstrapTotals:
    """As `bootstrap_totals`; of more units than `bundles`, units are drawn in so many bundles made at random.

    Totals vary as much as when each unit is drawn by itself, in less time.
    """
    whole = pd.DataFrame({name: np.asarray(column, dtype=np.float64) for name, column in columns.items()})
    if len(whole) > bundles:
        whole = whole.groupby(bundle_codes(len(whole), bundles, seed)).sum()
    return bootstrap_totals(
        {name: whole[name] for name in whole}, replicates=replicates, seed=seed, level=level
    )


def segment_difference(
    one: Mapping[str, ArrayLike],
    other: Mapping[str, ArrayLike],
    of: tuple[Callable[[Totals], NDArray[np.float64]], Callable[[Totals], NDArray[np.float64]]],
    *,
    replicates: int = 2000,
    seed: int = 0,
    level: float = 0.95,
) -> Estimate:
    """A function of the totals of one segment less one of another, on the same draws of the same users.

    Parameters
    ----------
    one, other
        Name -> (n_users,) values within each segment: row i is one user in both, 0 where not in it.
    of
        What is taken of the totals of `one` and of `other`.

    Notes
    -----
    Users who are in both segments make the two values move together, which their own intervals cannot say.
    For the largest of several segments and the next, chosen on the same data, an interval that excludes 0
    still errs no more often than its level says (Hung & Fithian 2019, "Rank verification for exponential
    families").
    """
    parts = {f"{place}/{name}": part[name] for place, part in enumerate((one, other)) for name in part}
    drawn = bootstrap_totals(parts, replicates=replicates, seed=seed, level=level)

    def difference(totals: Totals) -> NDArray[np.float64]:
        first, second = (
            {name: totals[f"{place}/{name}"] for name in part} for place, part in enumerate((one, other))
        )
        return of[0](first) - of[1](second)

    return drawn.estimate(difference)
