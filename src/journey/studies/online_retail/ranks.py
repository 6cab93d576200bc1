"""Average precision over tens of millions of pairs of which tens of thousands come true."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from journey.errors import JourneyError
from journey.inference.arrays import Flags, Ints
from journey.inference.estimate import Estimate
from journey.inference.intervals import percentile_estimate
from journey.inference.resampling import resample_counts
from journey.sparse.precision import PositiveRanks

#: width of a step of log-odds: pairs within it count as tied; one for each positive would fill the memory
STEP = 0.02


@dataclass(frozen=True)
class Block:
    """Scored pairs of one decision point.

    Attributes
    ----------
    score
        (rows, columns) log-odds, or any number of which differences below `STEP` do not matter.
    positive
        (rows, columns) whether each came true.
    part
        (rows, columns) number of the part that each pair belongs to, from 0.
    user
        (rows,) number of the customer, from 0.
    """

    score: NDArray[np.floating]
    positive: Flags
    part: NDArray[np.int8]
    user: Ints


def ranks_by_part(blocks: Sequence[Block], *, users: int, parts: int) -> list[PositiveRanks]:
    """Count pairs and positives at each step of the score, by part and customer.

    Parameters
    ----------
    users, parts
        How many there are.

    Raises
    ------
    JourneyError
        When a score is not finite or no pair is positive.
    """
    if not all(np.isfinite(block.score).all() for block in blocks):
        raise JourneyError(f"a score of {sum(block.score.size for block in blocks):,} pairs is missing")
    if not any(block.positive.any() for block in blocks):
        raise JourneyError(f"none of {sum(block.score.size for block in blocks):,} pairs is positive")
    steps = [np.round(block.score / STEP).astype(np.int64) for block in blocks]
    values = np.unique(
        np.concatenate([np.unique(step[block.positive]) for step, block in zip(steps, blocks, strict=True)])
    )
    number = len(values)
    rows = np.zeros((parts, number + 1, users))
    hits = np.zeros((parts, number, users))
    for step, block in zip(steps, blocks, strict=True):
        # Place of the first value, from the highest, that a score reaches; `number` when it reaches none.
        low = int(min(step.min(), values[0]))
        lookup = number - np.searchsorted(values, np.arange(low, int(step.max()) + 1), side="right")
        place = lookup[step - low]
        key = (block.part.astype(np.int64) * (number + 1) + place) * users + block.user[:, None]
        rows += np.bincount(key.ravel(), minlength=rows.size).reshape(rows.shape)
        true = block.positive
        at = (block.part[true].astype(np.int64) * number + place[true]) * users
        at += np.broadcast_to(block.user[:, None], true.shape)[true]
        hits += np.bincount(at, minlength=hits.size).reshape(hits.shape)
    return [PositiveRanks(rows[part], hits[part]) for part in range(parts)]


def together(ranks: Sequence[PositiveRanks]) -> PositiveRanks:
    """The ranking of several parts as one; they must come from one call of `ranks_by_part`."""
    return PositiveRanks(
        np.sum([each.rows for each in ranks], axis=0), np.sum([each.positives for each in ranks], axis=0)
    )


def precision_at(ranks: PositiveRanks, pairs: int, *, replicates: int, seed: int) -> Estimate:
    """Share of the `pairs` pairs with the highest scores that come true, and its interval over customers.

    Parameters
    ----------
    pairs
        How many; those tied at the edge count in proportion.
    replicates, seed
        Of the bootstrap, which draws customers by Poisson(1) counts: the likeliest pairs belong to few.
    """
    customers = ranks.rows.shape[1]
    drawn = resample_counts(customers, replicates, seed, scheme="poisson")
    weights = np.vstack([np.ones((1, customers)), *drawn])
    hits = np.cumsum(weights @ ranks.positives.T, axis=1)
    above = np.cumsum(weights @ ranks.rows[:-1].T, axis=1)
    found = np.array(
        [
            np.interp(pairs, np.r_[0.0, below], np.r_[0.0, so_far]) / pairs
            for below, so_far in zip(above, hits, strict=True)
        ]
    )
    return percentile_estimate(float(found[0]), found[1:], n=customers)
