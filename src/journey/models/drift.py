"""Does new data still look like the data a model learned from? An alarm that knows what chance does.

Two measures compare the shares of a variable's bins in a later week with those in the reference period: the
population stability index and the largest gap (Kolmogorov-Smirnov distance, or the largest difference of a
share for categories). What either would be by chance is found by moving each user's whole record by a random
number of weeks within the reference period: that keeps all dependence within a user and destroys what belongs
to the calendar.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from journey.errors import JourneyError
from journey.models.stability import Bins, Floats, Ints, largest_gap, stability_index

MEASURES = ("psi", "gap")
BLOCK = 16_000_000  # numbers of a block of draws, so that memory stays bounded


@dataclass(frozen=True)
class Monitor:
    """Reference period of v variables, and what chance does to each measure.

    Attributes
    ----------
    bins
        Of each variable.
    counts
        (b,) reference counts of all bins, variable after variable.
    rows
        Rows of the reference period.
    chance
        Measure -> (draws, v) values without a shift, for one row a sample: multiply by what `scale` gives.
    limit
        Measure -> height above which a standardised value rings: the largest of all variables stays below it
        in all looks with probability 1 - `level`, without a shift.
    looks, level
        Weeks that will be looked at, and the chance of any false alarm in all of them.
    """

    bins: tuple[Bins, ...]
    counts: Floats
    rows: int
    chance: dict[str, Floats]
    limit: dict[str, float]
    looks: int
    level: float

    @property
    def names(self) -> tuple[str, ...]:
        """Variables."""
        return tuple(each.name for each in self.bins)

    def chance_limit(self, measure: str, rows: int, level: float = 0.05) -> Floats:
        """Value of each variable that one look at `rows` rows exceeds with probability `level` by chance."""
        return np.quantile(self.chance[measure], 1 - level, axis=0) * scale(measure, self.rows, rows)

    def alarm_limit(self, measure: str, rows: int) -> Floats:
        """Value of each variable from which a week of `rows` rows rings."""
        centre, spread = _moments(self.chance[measure])
        root = centre + spread * self.limit[measure]
        # A variable that chance never moves rings at the slightest change.
        return np.where(spread > 0, root**3, self.chance[measure].max(axis=0)) * scale(
            measure, self.rows, rows
        )


@dataclass(frozen=True)
class Watched:
    """What a monitor saw in one week of `rows` rows; arrays have one entry a variable.

    Attributes
    ----------
    value
        Measure -> its value.
    p
        Measure -> share of the draws without a shift that reach the value; for one look at one variable.
    rings
        Measure -> whether the value exceeds what all variables and looks together allow.
    """

    rows: int
    value: dict[str, Floats]
    p: dict[str, Floats]
    rings: dict[str, NDArray[np.bool_]]


def scale(measure: str, reference: ArrayLike, later: ArrayLike) -> Floats:
    """Size of a measure by chance against one of samples of one row: it shrinks as samples grow."""
    inverse = 1.0 / np.asarray(reference, dtype=np.float64) + 1.0 / np.asarray(later, dtype=np.float64)
    return inverse if measure == "psi" else np.sqrt(inverse)


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


def calibrate_monitor(
    bins: Sequence[Bins],
    codes: Ints,
    users: Ints,
    weeks: Ints,
    *,
    looks: int,
    level: float = 0.05,
    draws: int = 2000,
    seed: int = 0,
) -> Monitor:
    """Learn from the reference period alone how far each measure goes by chance.

    Parameters
    ----------
    bins, codes
        Of v variables, and the (n, v) bins of the reference rows.
    users, weeks
        (n,) user and week of each row; at least two weeks. Each draw moves every user's record by a random
        number of weeks, around the end, and compares one week with the others.
    looks, level
        Weeks that will be looked at, and the accepted chance that anything rings in any of them.

    Raises
    ------
    JourneyError
        For lengths that differ, a reference of fewer than two weeks, or a level outside (0, 1).

    Notes
    -----
    Cube roots of the values are standardised by their mean and spread over the draws (Wilson & Hilferty
    1931), so that variables with few and with many bins have the same say in the largest one. Taking the
    largest over the variables keeps their dependence (Westfall & Young 1993); looks count as independent
    (Sidak 1967).
    """
    n = len(codes)
    if not (len(users) == len(weeks) == n) or codes.shape != (n, len(bins)) or n == 0:
        raise JourneyError(
            f"a monitor needs as many users and weeks as rows and a column a variable, got {codes.shape}, "
            f"{len(users)} and {len(weeks)} for {len(bins)} variables"
        )
    if not 0 < level < 1 or looks < 1:
        raise JourneyError(f"give a level between 0 and 1 and at least one look, got {level} and {looks}")
    order = np.unique(weeks)
    if len(order) < 2:
        raise JourneyError(f"the reference has {len(order)} week; chance needs at least 2 to compare")
    member, place = np.unique(users, return_inverse=True)[1], np.searchsorted(order, weeks)
    cells, cell = np.unique(member * len(order) + place, return_inverse=True)
    table = _cell_counts(bins, codes, cell, len(cells))
    total, sizes = table.sum(axis=0), np.bincount(cell).astype(np.float64)
    cell_user, cell_week = cells // len(order), cells % len(order)
    rng = np.random.default_rng(seed)
    parts: dict[str, list[Floats]] = {measure: [] for measure in MEASURES}
    step = max(1, BLOCK // len(cells))
    for start in range(0, draws, step):
        moved = rng.integers(len(order), size=(min(step, draws - start), int(member.max()) + 1))
        chosen = (cell_week + moved[:, cell_user]) % len(order) == 0
        later = (chosen.astype(np.float32) @ table).astype(np.float64)
        rows = chosen @ sizes
        for measure, values in measure_bins(bins, total - later, later).items():
            parts[measure].append(values / scale(measure, n - rows, rows)[:, None])
    chance = {measure: np.concatenate(found) for measure, found in parts.items()}
    per_look = 1 - (1 - level) ** (1 / looks)
    limit = {
        measure: float(np.quantile(_standardised(values, values).max(axis=1), 1 - per_look))
        for measure, values in chance.items()
    }
    return Monitor(tuple(bins), total.astype(np.float64), n, chance, limit, looks, level)


def watch(monitor: Monitor, codes: Ints) -> Watched:
    """Compare the (n, v) bins of a week with the reference period.

    Raises
    ------
    JourneyError
        For a week without rows.
    """
    if len(codes) == 0:
        raise JourneyError("the week has no rows: there is nothing to compare with the reference period")
    value = measure_bins(monitor.bins, monitor.counts, count_bins(monitor.bins, codes))
    p, rings = {}, {}
    for measure, found in value.items():
        plain = found / scale(measure, monitor.rows, len(codes))
        chance = monitor.chance[measure]
        p[measure] = (1 + (chance >= plain).sum(axis=0)) / (1 + len(chance))
        rings[measure] = _standardised(plain, chance) > monitor.limit[measure]
    return Watched(len(codes), value, p, rings)


def _moments(chance: Floats) -> tuple[Floats, Floats]:
    roots = np.cbrt(chance)
    spread = roots.std(axis=0)
    return roots.mean(axis=0), np.where(spread > 1e-9, spread, 0.0)


def _standardised(values: Floats, chance: Floats) -> Floats:
    """Cube roots in standard deviations of the draws; a variable that chance never moves: 0 or infinite."""
    centre, spread = _moments(chance)
    moved = np.where(values > chance.max(axis=0) + 1e-12, np.inf, 0.0)
    return np.where(spread > 0, (np.cbrt(values) - centre) / np.where(spread > 0, spread, 1.0), moved)


def _cell_counts(bins: Sequence[Bins], codes: Ints, cell: Ints, cells: int) -> NDArray[np.float32]:
    """Counts of all bins in each cell; (cells, b) float32, exact for whole numbers of this size."""
    blocks = [
        np.bincount(cell * each.size + codes[:, place], minlength=cells * each.size).reshape(cells, each.size)
        for place, each in enumerate(bins)
    ]
    return np.concatenate(blocks, axis=1).astype(np.float32)
