"""The score that a leak fakes, and the score that remains when the model has to decide without it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from journey.inference.arrays import Floats
from journey.inference.estimate import Estimate
from journey.models.boosting import Setting, fit_boosting
from journey.models.ranked import rank_outcomes
from journey.models.scores import bootstrap, compare

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Leak:
    """Areas under the ROC curve of a model with leaky columns.

    Attributes
    ----------
    name
        What leaks.
    faked
        On test rows that hold the leaky columns, as a careless evaluation would report it.
    remaining
        On the same rows with the leaky columns as they are known at the decision.
    change
        `remaining` less that of the first model, on the same draws of users; None for the first.
    """

    name: str
    faked: Estimate
    remaining: Estimate
    change: Estimate | None = None


def leak_lesson(
    train: tuple[Floats, Mask],
    test: tuple[Floats, Mask],
    names: Sequence[str],
    leaks: Mapping[str, tuple[Floats, Floats, Floats]],
    users: NDArray[np.int64],
    setting: Setting,
    *,
    seed: int,
    replicates: int = 200,
) -> list[Leak]:
    """Train with each group of leaky columns and score twice.

    Parameters
    ----------
    train, test
        Honest features and outcomes.
    names
        Of the honest features.
    leaks
        Name -> leaky columns of the training rows, of the test rows, and of the test rows as they are known
        at the decision; the first is what the others are compared with.
    users
        User of each test row.
    setting
        Of the trees; the same for all.
    """
    found: list[Leak] = []
    first = None
    for name, (columns, full, known) in leaks.items():
        labels = [*names, *(f"leak_{place}" for place in range(columns.shape[1]))]
        model = fit_boosting(np.hstack([train[0], columns]), train[1], labels, setting, seed=seed)
        scores = [model.predict(np.hstack([test[0], held])) for held in (full, known)]
        areas = []
        for each in scores:
            profile = rank_outcomes(test[1], each).profile
            estimates, _ = bootstrap(profile, users, len(users), replicates=replicates, seed=seed)
            areas.append(estimates["roc_auc"])
        change = None
        if first is not None:
            paired = compare(test[1], scores[1], first, users, replicates=replicates, seed=seed)
            change = paired["roc_auc"]
        first = scores[1] if first is None else first
        found.append(Leak(name, areas[0], areas[1], change))
    return found
