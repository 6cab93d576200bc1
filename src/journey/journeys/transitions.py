"""First-order transition matrices with intervals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from journey.errors import JourneyError
from journey.inference.intervals import FloatArray, wilson_interval
from journey.journeys.paths import IntArray, Paths

START = "start"
END = "end"


@dataclass(frozen=True)
class TransitionMatrix:
    """Counts and probabilities of moving from one state (row) to the next (column).

    `probability`, `low` and `high` are NaN in the row of a state that is never left. `n` is the number of
    moves counted.
    """

    labels: tuple[str, ...]
    counts: IntArray
    probability: FloatArray
    low: FloatArray
    high: FloatArray
    level: float
    n: int


def transition_matrix(
    paths: Paths, *, endpoints: bool = True, weights: ArrayLike | None = None, level: float = 0.95
) -> TransitionMatrix:
    """Count moves between consecutive states and normalise each row.

    Parameters
    ----------
    paths
        Sequences of states.
    endpoints
        Add a state `start` before the first step and a state `end` after the last one, so that the rows
        also tell where paths begin and stop.
    weights
        How often each path occurred, whole numbers, shape (n,); default 1 each.
    level
        Level of the Wilson interval of each probability. It treats moves out of one state as independent;
        moves of one visitor are alike, so read it as a lower bound on the uncertainty.

    Raises
    ------
    JourneyError
        For weights that are not whole numbers, negative, or not one a path.
    """
    n_states = len(paths.labels)
    given = np.ones(paths.n) if weights is None else np.asarray(weights, dtype=np.float64)
    if given.shape != (paths.n,) or not ((given >= 0) & (given == np.floor(given))).all():
        raise JourneyError(f"Path weights must be {paths.n} non-negative whole numbers, one per path.")
    times = given.astype(np.int64)
    per_step = np.repeat(times, paths.lengths)
    last_step = np.zeros(len(paths.states), dtype=bool)
    last_step[paths.starts[1:] - 1] = True
    inner = np.flatnonzero(~last_step)
    origin = paths.states[inner]
    target = paths.states[inner + 1]
    weight = per_step[inner]
    labels = paths.labels
    if endpoints:
        start, end = n_states, n_states + 1
        firsts = paths.states[paths.starts[:-1]]
        lasts = paths.states[paths.starts[1:] - 1]
        origin = np.concatenate([origin, np.full(paths.n, start), lasts])
        target = np.concatenate([target, firsts, np.full(paths.n, end)])
        weight = np.concatenate([weight, times, times])
        labels = (*labels, START, END)
    size = len(labels)
    flat = np.bincount(origin * size + target, weights=weight, minlength=size * size)
    counts = np.rint(flat).astype(np.int64).reshape(size, size)
    totals = counts.sum(axis=1, keepdims=True)
    probability = np.where(totals > 0, counts / np.maximum(totals, 1), np.nan)
    low, high = wilson_interval(counts, totals, level)
    return TransitionMatrix(labels, counts, probability, low, high, level, int(counts.sum()))
