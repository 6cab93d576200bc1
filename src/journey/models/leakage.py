"""The score that a leak fakes, and the score that remains when the model has to decide without it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from journey.inference.estimate import Estimate
from journey.models.boosting import Setting, fit_boosting
from journey.models.ranked import rank_outcomes
from journey.models.scores import bootstrap

Floats = NDArray[np.float64]
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
    """

    name: str
    faked: Estimate
    remaining: Estimate


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
        at the decision.
    users
        User of each test row.
    setting
        Of the trees; the same for all.
    """
    found = []
    for name, (columns, full, known) in leaks.items():
        labels = [*names, *(f"leak_{place}" for place in range(columns.shape[1]))]
        model = fit_boosting(np.hstack([train[0], columns]), train[1], labels, setting, seed=seed)
        areas = []
        for held in (full, known):
            ranked = rank_outcomes(test[1], model.predict(np.hstack([test[0], held])))
            estimates, _ = bootstrap(ranked.profile, users, len(users), replicates=replicates, seed=seed)
            areas.append(estimates["roc_auc"])
        found.append(Leak(name, *areas))
    return found
