"""What oversampling does to a score: nothing good inside the training rows, a fake before the split."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import train_test_split

from journey.inference.arrays import Floats
from journey.inference.estimate import Estimate
from journey.models.imbalance import oversample, smote
from journey.models.ranked import rank_outcomes
from journey.models.scores import compare

Mask = NDArray[np.bool_]
Scorer = Callable[[Floats, Mask, Floats], Floats]
Place = Literal["none", "in training", "before the split"]

HELD_OUT, REPLICATES = 0.2, 200


@dataclass(frozen=True)
class Resampled:
    """Scores of one recipe.

    Attributes
    ----------
    recipe, place
        What was oversampled, and where.
    roc_auc, pr_auc, accuracy
        On the rows this recipe tests on; accuracy at one half.
    positives
        Share of positives among those test rows: 50% shows that they are not the real ones.
    change
        PR-AUC less that of the honest score on the same rows, from the same draws; None for other rows.
    """

    recipe: str
    place: Place
    roc_auc: float
    pr_auc: float
    accuracy: float
    positives: float
    change: Estimate | None = None

    def plain(self) -> dict[str, str | float]:
        """The row with `change`, `change_low` and `change_high` as numbers, where there is a change."""
        values = {name: value for name, value in vars(self).items() if name != "change"}
        if self.change is not None:
            values |= {"change": self.change.value}
            values |= {"change_low": self.change.low, "change_high": self.change.high}
        return values


def oversampling_lesson(
    features: Floats,
    outcome: Mask,
    test: Mask,
    scorer: Scorer,
    *,
    seed: int,
    users: NDArray[np.int64] | None = None,
) -> list[Resampled]:
    """Train without oversampling, with it where it belongs, and with it before the split.

    Parameters
    ----------
    features, outcome
        (n, k) and (n,).
    test
        (n,) rows that the honest recipes test on.
    scorer
        From training features, training outcomes and test features to scores.
    seed
        Of the made-up rows and of the random split that follows them.
    users
        User of each test row; each row its own when omitted.

    Returns
    -------
    list of Resampled
        First the honest score.
    """
    train_x, train_y = features[~test], outcome[~test]
    test_x, test_y = features[test], outcome[test]
    honest = scorer(train_x, train_y, test_x)
    found = [judge("as they are", "none", test_y, honest)]
    recipes = {"repeated rows": oversample, "SMOTE": smote}
    for name, recipe in recipes.items():
        more_x, more_y = recipe(train_x, train_y, seed=seed)
        scores = scorer(more_x, more_y, test_x)
        paired = compare(test_y, scores, honest, users, replicates=REPLICATES, seed=seed)
        found.append(replace(judge(name, "in training", test_y, scores), change=paired["pr_auc"]))
    for name, recipe in recipes.items():
        more_x, more_y = recipe(features, outcome, seed=seed)
        fit, held = train_test_split(
            np.arange(len(more_y)), test_size=HELD_OUT, stratify=more_y, random_state=seed
        )
        scores = scorer(more_x[fit], more_y[fit], more_x[held])
        found.append(judge(name, "before the split", more_y[held], scores))
    return found


def judge(recipe: str, place: Place, outcome: Mask, scores: Floats) -> Resampled:
    """Scores of one recipe on the rows it tests on."""
    ranked = rank_outcomes(outcome, scores)
    found = ranked.profile(ranked.ones())
    return Resampled(
        recipe=recipe,
        place=place,
        roc_auc=float(found["roc_auc"][0]),
        pr_auc=float(found["pr_auc"][0]),
        accuracy=float(np.mean((scores >= 0.5) == outcome)),
        positives=float(outcome.mean()),
    )
