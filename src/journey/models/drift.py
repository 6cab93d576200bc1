"""Does a week still look like the data a model learned from? An alarm that knows what chance does.

Two measures compare the shares of a variable's bins in a later week with those in the reference weeks: the
population stability index and the largest gap (Kolmogorov-Smirnov distance, or the largest difference of a
share for categories). What either would be by chance is found by moving each user's whole record by a random
number of weeks: that keeps all dependence within a user and destroys what belongs to the calendar.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from journey.errors import JourneyError
from journey.inference.arrays import Floats, Ints
from journey.models.stability import Bins, largest_gap, stability_index

MEASURES = ("psi", "gap")
BLOCK = 16_000_000  # numbers of a block of draws, so that memory stays bounded


@dataclass(frozen=True)
class Look:
    """One later week against the reference, for v variables.

    Attributes
    ----------
    bins
        Of each variable.
    counts
        (b,) reference counts of all bins, variable after variable.
    reference, rows
        Rows of the reference and of the week.
    value
        Measure -> (v,) values.
    chance
        Measure -> (draws, v) values of weeks of this size without a calendar.
    """

    bins: tuple[Bins, ...]
    counts: Floats
    reference: int
    rows: int
    value: dict[str, Floats]
    chance: dict[str, Floats]

    @property
    def names(self) -> tuple[str, ...]:
        """Variables."""
        return tuple(each.name for each in self.bins)

    def p(self, measure: str) -> Floats:
        """Share of the draws that reach the value of each variable: one look at one variable."""
        chance = self.chance[measure]
        return (1 + (chance >= self.value[measure] - 1e-12).sum(axis=0)) / (1 + len(chance))

    def chance_limit(self, measure: str, alpha: float = 0.05) -> Floats:
        """Value that one look at one variable exceeds with probability `alpha`."""
        return np.quantile(self.chance[measure], 1 - alpha, axis=0)

    def alarm_limit(self, measure: str, alpha: float, names: Collection[str] | None = None) -> Floats:
        """Value above which each variable rings; (v,).

        Parameters
        ----------
        alpha
            Chance that any of the variables rings in this look.
        names
            Variables that are watched together; all when omitted. The others get an infinite limit.

        Notes
        -----
        Cube roots of the values are standardised by their mean and spread over the draws (Wilson & Hilferty
        1931), so that variables with few and with many bins have the same say in the largest one. Taking the
        largest over the variables keeps their dependence (Westfall & Young 1993).
        """
        roots = np.cbrt(self.chance[measure])
        centre, spread = roots.mean(axis=0), roots.std(axis=0)
        # A variable that chance never moves rings at the slightest change.
        moves = spread > 1e-9
        kept = np.array([names is None or name in names for name in self.names])
        used = moves & kept
        if not used.any():
            limit = np.inf
        else:
            highest = ((roots[:, used] - centre[used]) / spread[used]).max(axis=1)
            # The value itself counts as one of the draws, which makes alpha exact for one look.
            place = min(len(highest), int(np.ceil((1 - alpha) * (len(highest) + 1))))
            limit = float(np.sort(highest)[place - 1])
        limits = np.where(moves, (centre + spread * limit) ** 3, self.chance[measure].max(axis=0) + 1e-12)
        return np.where(kept, limits, np.inf)


def scale(measure: str, reference: ArrayLike, later: ArrayLike) -> Floats:
    """Size of a measure by chance against that of samples of one row: it shrinks as samples grow."""
    inverse = 1.0 / np.asarray(reference, dtype=np.float64) + 1.0 / np.asarray(later, dtype=np.float64)
    return inverse if measure == "psi" else np.sqrt(inverse)


def share_alpha(alpha: float, looks: int) -> float:
    """Error rate of each of several looks so that all together have `alpha`, as if independent (Sidak 1967).

    Raises
    ------
    JourneyError
        For an alpha outside (0, 1) or no look.
    """
    if not 0 < alpha < 1 or looks < 1:
        raise JourneyError(f"give an alpha between 0 and 1 and at least one look, got {alpha} and {looks}")
    return float(1 - (1 - alpha) ** (1 / looks))


def count_bins(bins: Sequence[Bins], codes: Ints) -> Floats:
    """Counts of all bins, variable after variable, of (n, v) codes."""
    return np.concatenate(
        [np.bincount(codes[:, place], minlength=each.size) for place, each in enumerate(bins)]
    ).astype(np.float64)


def measure_bins(bins: Sequence[Bins], reference: Floats, later: Floats) -> dict[str, Floats]:
    """Both measures of every variable from (..., b) counts of all bins; each (..., v)."""
    edges = np.cumsum([0, *(each.size for each in bins)])
    parts = [
        (each.ordered, reference[..., first:last], later[..., first:last])
        for each, first, last in zip(bins, edges[:-1], edges[1:], strict=True)
    ]
    return {
        "psi": np.stack([stability_index(one, two) for _, one, two in parts], axis=-1),
        "gap": np.stack([largest_gap(one, two, ordered=ordered) for ordered, one, two in parts], axis=-1),
    }


def look(
    bins: Sequence[Bins],
    codes: Ints,
    users: Ints,
    weeks: Ints,
    later: int,
    *,
    draws: int = 1000,
    seed: int = 0,
) -> Look:
    """Compare one week with all others given, and with what chance would do.

    Parameters
    ----------
    bins, codes
        Of v variables, and the (n, v) bins of the rows of the reference and of the week.
    users, weeks
        (n,) user and week of each row. Each draw moves every user's record by a random number of weeks,
        around the end, and compares the week `later` with the others again.
    later
        The week that is looked at; all other weeks are the reference.

    Raises
    ------
    JourneyError
        For lengths that differ, a week without rows, or a reference of fewer than two weeks.

    Notes
    -----
    Where weeks do not matter, a record is as likely to lie in one week as in another, so the week as it was
    is one of the draws: a permutation test with users as its units. Weeks differ in size, so values are
    brought to the size of this look by `scale`.
    """
    n = len(codes)
    if not (len(users) == len(weeks) == n) or codes.shape != (n, len(bins)) or n == 0:
        raise JourneyError(
            f"a look needs as many users and weeks as rows and a column a variable, got {codes.shape}, "
            f"{len(users)} and {len(weeks)} for {len(bins)} variables"
        )
    order = np.unique(weeks)
    if later not in order:
        raise JourneyError(f"week {later} has no rows: there is nothing to compare with the reference")
    if len(order) < 3:
        raise JourneyError(f"the reference has {len(order) - 1} week; chance needs at least 2 to compare")
    member, place = np.unique(users, return_inverse=True)[1], np.searchsorted(order, weeks)
    cells, cell = np.unique(member * len(order) + place, return_inverse=True)
    table = _cell_counts(bins, codes, cell, len(cells))
    total, sizes = table.sum(axis=0, dtype=np.float64), np.bincount(cell).astype(np.float64)
    cell_user, cell_week = cells // len(order), cells % len(order)
    at = int(np.searchsorted(order, later))
    own = table[cell_week == at].sum(axis=0, dtype=np.float64)
    rows = int(sizes[cell_week == at].sum())
    rng = np.random.default_rng(seed)
    parts: dict[str, list[Floats]] = {measure: [] for measure in MEASURES}
    step = max(1, BLOCK // len(cells))
    for start in range(0, draws, step):
        moved = rng.integers(len(order), size=(min(step, draws - start), int(member.max()) + 1))
        chosen = (cell_week + moved[:, cell_user]) % len(order) == at
        drawn = (chosen.astype(np.float32) @ table).astype(np.float64)
        size = chosen @ sizes
        for measure, values in measure_bins(bins, total - drawn, drawn).items():
            factor = scale(measure, n - rows, rows) / scale(measure, n - size, size)
            parts[measure].append(values * factor[:, None])
    return Look(
        bins=tuple(bins),
        counts=total - own,
        reference=n - rows,
        rows=rows,
        value=measure_bins(bins, total - own, own),
        chance={measure: np.concatenate(found) for measure, found in parts.items()},
    )


def _cell_counts(bins: Sequence[Bins], codes: Ints, cell: Ints, cells: int) -> NDArray[np.float32]:
    """Counts of all bins in each cell; (cells, b) float32, exact for whole numbers of this size."""
    blocks = [
        np.bincount(cell * each.size + codes[:, place], minlength=cells * each.size).reshape(cells, each.size)
        for place, each in enumerate(bins)
    ]
    return np.concatenate(blocks, axis=1).astype(np.float32)
