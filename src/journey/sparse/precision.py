"""Average precision over millions of rows with few positives, and its interval over users."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from journey.errors import JourneyError
from journey.inference.arrays import Floats, Ints
from journey.inference.estimate import Estimate
from journey.inference.intervals import percentile_estimate
from journey.inference.labels import checked_labels
from journey.inference.resampling import resample_counts


@dataclass(frozen=True)
class PositiveRanks:
    """What average precision depends on: how many rows of each user lie between the positives.

    Attributes
    ----------
    rows
        (steps + 1, users) rows whose score reaches step k but not step k - 1; the last are below all.
    positives
        (steps, users) positives at each step; a step is one score that some positive has.
    """

    rows: Floats
    positives: Floats

    def average_precision(self, weights: Floats) -> Floats:
        """Average precision under (draws, users) weights, NaN without positives; (draws,)."""
        gained = weights @ self.positives.T
        above = np.cumsum(weights @ self.rows[:-1].T, axis=1)
        precision = np.divide(gained.cumsum(axis=1), above, out=np.zeros_like(above), where=above > 0)
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray((gained * precision).sum(axis=1) / gained.sum(axis=1))

    def base_rate(self, weights: Floats) -> Floats:
        """Share of positives under (draws, users) weights; (draws,)."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray((weights @ self.positives.sum(axis=0)) / (weights @ self.rows.sum(axis=0)))


def positive_ranks(
    score: NDArray[np.floating],
    positive: NDArray[np.bool_],
    user: Ints,
    counted: NDArray[np.bool_] | None = None,
) -> PositiveRanks:
    """Count rows between positives.

    Parameters
    ----------
    score, positive
        (sessions, items), or (sessions, 1) for a target of the whole session.
    user
        (sessions,) number of the user of each session, from 0 without gaps.
    counted
        (sessions, items) pairs that count; all when omitted.

    Raises
    ------
    JourneyError
        When shapes differ, an outcome is not 0 or 1, no pair is positive, or a score is not finite.
    """
    if score.shape != positive.shape or score.ndim != 2 or len(user) != len(score):
        raise JourneyError(
            f"scores {score.shape}, outcomes {positive.shape} and {len(user)} users do not match"
        )
    positive = checked_labels(positive)
    if counted is not None:
        positive = positive & counted
    if not positive.any() or not np.isfinite(score).all():
        raise JourneyError(
            f"{int(positive.sum())} of {positive.size} pairs are positive, or a score is missing"
        )
    users = int(user.max()) + 1
    marks = np.unique(score[positive])[::-1]
    steps = len(marks)
    # Step of a row: the first mark, from the highest, that its score reaches.
    rows = np.zeros((steps + 1) * users)
    for low in range(0, len(score), 512):
        block = score[low : low + 512]
        step = steps - np.searchsorted(marks[::-1], block.ravel(), side="right")
        owner = np.repeat(user[low : low + 512], block.shape[1])
        if counted is not None:
            kept = counted[low : low + 512].ravel()
            step, owner = step[kept], owner[kept]
        rows += np.bincount(step * users + owner, minlength=(steps + 1) * users)
    at, _ = np.nonzero(positive)
    step = steps - np.searchsorted(marks[::-1], score[positive], side="right")
    hits = np.bincount(step * users + user[at], minlength=steps * users)
    return PositiveRanks(rows.reshape(steps + 1, users), hits.reshape(steps, users).astype(np.float64))


def estimates(
    shops: Sequence[Mapping[str, PositiveRanks]],
    measures: Mapping[str, Callable[[Mapping[str, Floats]], Floats]],
    *,
    replicates: int = 500,
    seed: int = 0,
) -> dict[str, Estimate]:
    """Values and 95% percentile intervals of functions of several average precisions on the same draws.

    Parameters
    ----------
    shops
        Rankings of the same pairs, by name; of several shops the average precisions are averaged.
    measures
        Name -> function of the draws' average precisions by ranking, with `base_rate` among them.
    replicates, seed
        Of the bootstrap, which draws users by Poisson(1) counts, in each shop by itself.

    Raises
    ------
    JourneyError
        When the rankings within a shop are not of the same users.
    """
    observed: list[dict[str, Floats]] = []
    drawn: list[dict[str, Floats]] = []
    generator = np.random.default_rng(seed)
    for ranked in shops:
        users = {ranks.rows.shape[1] for ranks in ranked.values()}
        if len(users) != 1:
            raise JourneyError(f"rankings of {sorted(users)} users cannot be compared: give the same pairs")
        number = users.pop()
        draws = np.concatenate([*resample_counts(number, replicates, generator, scheme="poisson")])
        for weights, into in ((np.ones((1, number)), observed), (draws, drawn)):
            found = {name: ranks.average_precision(weights) for name, ranks in ranked.items()}
            into.append(found | {"base_rate": next(iter(ranked.values())).base_rate(weights)})
    result = {}
    for name, measure in measures.items():
        result[name] = percentile_estimate(float(measure(_mean(observed))[0]), measure(_mean(drawn)))
    return result


def _mean(shops: Sequence[Mapping[str, Floats]]) -> dict[str, Floats]:
    return {name: np.mean([shop[name] for shop in shops], axis=0) for name in shops[0]}
