"""Ragged sequences of states: the common input of every journey method."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from journey.errors import JourneyError
from journey.inference.intervals import wilson_interval
from journey.inference.labels import checked_labels

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]


@dataclass(frozen=True)
class Paths:
    """`n` sequences stored end to end.

    Attributes
    ----------
    states
        State code of every step, shape (m,), codes 0 .. len(labels) - 1.
    starts
        Offset of each path in `states`, shape (n + 1,); path i is `states[starts[i]:starts[i + 1]]`.
    labels
        Name of each state code.
    ids
        Identifier of each path in the data it came from, shape (n,).
    """

    states: IntArray
    starts: IntArray
    labels: tuple[str, ...]
    ids: IntArray

    @property
    def n(self) -> int:
        """Number of paths."""
        return len(self.starts) - 1

    @property
    def lengths(self) -> IntArray:
        """Steps of each path, shape (n,)."""
        return np.diff(self.starts)

    @property
    def path_of_step(self) -> IntArray:
        """Index of the path each step belongs to, shape (m,)."""
        return np.repeat(np.arange(self.n), self.lengths)

    @property
    def position_of_step(self) -> IntArray:
        """Place of each step in its path, from 0, shape (m,)."""
        return np.arange(len(self.states)) - np.repeat(self.starts[:-1], self.lengths)


@dataclass(frozen=True)
class PathLengths:
    """How many paths have each length, and the share of them that convert (Wilson interval)."""

    length: IntArray
    n_paths: IntArray
    n_converted: IntArray
    conversion_rate: FloatArray
    low: FloatArray
    high: FloatArray
    mean: float
    mean_converted: float
    mean_not_converted: float
    median: float
    median_converted: float
    median_not_converted: float
    n: int
    level: float


def paths_from_steps(path_ids: ArrayLike, states: ArrayLike, labels: Sequence[str]) -> Paths:
    """Build paths from one row per step.

    Parameters
    ----------
    path_ids
        Integer path identifier of each step, shape (m,). Steps of a path are contiguous and in order of time
        (`order by session_id, ts` in SQL).
    states
        Integer state code of each step, shape (m,).
    labels
        Name of each code.

    Raises
    ------
    JourneyError
        When the arrays differ in length, are empty, a code has no label, or a path is not contiguous.
    """
    identifiers = np.asarray(path_ids, dtype=np.int64)
    codes = np.asarray(states, dtype=np.int64)
    if identifiers.ndim != 1 or identifiers.shape != codes.shape:
        raise JourneyError(
            f"Path ids {identifiers.shape} and states {codes.shape} must be one-dimensional and equally long."
        )
    if len(codes) == 0:
        raise JourneyError("There are no steps (0 rows), so there are no paths; widen the selection.")
    if codes.min() < 0 or codes.max() >= len(labels):
        raise JourneyError(
            f"State codes run from {codes.min()} to {codes.max()}, but only {len(labels)} labels were given."
        )
    first = np.flatnonzero(np.r_[True, identifiers[1:] != identifiers[:-1]])
    ids = identifiers[first]
    if len(np.unique(ids)) != len(ids):
        raise JourneyError(
            f"{len(ids) - len(np.unique(ids))} path ids occur in more than one block of rows; "
            "sort the steps by path id and time."
        )
    return Paths(codes, np.r_[first, len(codes)].astype(np.int64), tuple(labels), ids)


def collapse_repeats(paths: Paths) -> Paths:
    """Merge runs of one state inside a path into a single step (view, view, cart -> view, cart)."""
    keep = np.r_[True, paths.states[1:] != paths.states[:-1]]
    keep[paths.starts[:-1]] = True
    kept_before = np.r_[0, np.cumsum(keep)]
    return Paths(paths.states[keep], kept_before[paths.starts].astype(np.int64), paths.labels, paths.ids)


def converted_flags(paths: Paths, converted: ArrayLike) -> BoolArray:
    """Check and return one conversion flag per path.

    Raises
    ------
    JourneyError
        As `checked_labels`, and when there is not one flag per path.
    """
    flags = checked_labels(converted, "Conversion flags")
    if flags.shape != (paths.n,):
        raise JourneyError(f"Conversion flags have shape {flags.shape}; one per path is needed ({paths.n}).")
    return flags


def path_lengths(
    paths: Paths, converted: ArrayLike, *, longest: int | None = None, level: float = 0.95
) -> PathLengths:
    """Distribution of path length, with the conversion rate at each length.

    Parameters
    ----------
    converted
        Whether each path converts, shape (n,).
    longest
        Lengths above this are counted in the last row, which then means "`longest` or more".

    Notes
    -----
    Means and medians use the true lengths and are NaN for a group without paths.
    """
    flags = converted_flags(paths, converted)
    true_lengths = paths.lengths
    lengths = true_lengths if longest is None else np.minimum(true_lengths, longest)
    values, inverse = np.unique(lengths, return_inverse=True)
    totals = np.bincount(inverse, minlength=len(values))
    wins = np.bincount(inverse, weights=flags, minlength=len(values)).astype(np.int64)
    low, high = wilson_interval(wins, totals, level)

    def centre(chosen: BoolArray) -> tuple[float, float]:
        part = true_lengths[chosen]
        return (float(part.mean()), float(np.median(part))) if len(part) else (float("nan"), float("nan"))

    everyone, winners, others = centre(np.ones(paths.n, bool)), centre(flags), centre(~flags)
    return PathLengths(
        length=values,
        n_paths=totals,
        n_converted=wins,
        conversion_rate=wins / totals,
        low=low,
        high=high,
        mean=everyone[0],
        mean_converted=winners[0],
        mean_not_converted=others[0],
        median=everyone[1],
        median_converted=winners[1],
        median_not_converted=others[1],
        n=paths.n,
        level=level,
    )
