"""Turn scores into probabilities that mean what they say: Platt scaling and isotonic regression."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.isotonic import isotonic_regression
from sklearn.linear_model import LogisticRegression

from journey.errors import JourneyError
from journey.models.scores import checked, log_loss

Method = Literal["none", "platt", "isotonic"]
METHODS: tuple[Method, ...] = ("none", "platt", "isotonic")
EDGE = 1e-6


@dataclass(frozen=True)
class Calibration:
    """A fitted map from score to probability.

    Attributes
    ----------
    method
        `none`: the score itself. `platt`: logistic in the logit of the score, `knots` = (intercept, slope).
        `isotonic`: straight lines between `knots` (scores, ascending) and `values` (probabilities).
    loss
        Log loss of each method on folds of the calibration rows that did not fit it; empty when the method
        was given.
    """

    method: Method
    knots: tuple[float, ...] = ()
    values: tuple[float, ...] = ()
    loss: tuple[tuple[str, float], ...] = ()

    def __call__(self, score: ArrayLike) -> NDArray[np.float64]:
        """Probabilities of (n,) scores from 0 to 1."""
        s = np.asarray(score, dtype=np.float64)
        if self.method == "platt":
            intercept, slope = self.knots
            return 1.0 / (1.0 + np.exp(-(intercept + slope * logit(s))))
        if self.method == "isotonic":
            return np.interp(s, self.knots, self.values)
        return s

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {"method": self.method, "knots": list(self.knots), "values": list(self.values)}


def logit(probability: ArrayLike) -> NDArray[np.float64]:
    """Log-odds, with probabilities kept 1e-6 away from 0 and 1."""
    p = np.clip(np.asarray(probability, dtype=np.float64), EDGE, 1 - EDGE)
    return np.log(p) - np.log1p(-p)


def fit_calibration(outcome: ArrayLike, score: ArrayLike, method: Method) -> Calibration:
    """Fit one method on rows that the model did not train on.

    Parameters
    ----------
    outcome, score
        (n,) outcomes, and scores from 0 to 1.

    Raises
    ------
    JourneyError
        For an unknown method, lengths that differ, no rows, or only one class.

    Notes
    -----
    Platt (1999) smooths outcomes towards 1/2 so that a perfect separation stays finite; a weak ridge does
    the same here. Isotonic regression: Zadrozny & Elkan (2002).
    """
    if method not in METHODS:
        raise JourneyError(f"unknown calibration {method!r}; use one of {', '.join(METHODS)}")
    y, s = checked(outcome, score)
    if y.min() == y.max():
        raise JourneyError(f"calibration needs both classes, got {int(y.sum())} positives of {len(y)} rows")
    if method == "none":
        return Calibration("none")
    if method == "platt":
        fitted = LogisticRegression(C=1e4, tol=1e-10, max_iter=1000).fit(logit(s)[:, None], y)
        return Calibration("platt", (float(fitted.intercept_[0]), float(fitted.coef_[0, 0])))
    # One point a score, in order, and then only the corners of the steps.
    knots, place = np.unique(s, return_inverse=True)
    n = np.bincount(place).astype(np.float64)
    values = isotonic_regression(
        np.bincount(place, weights=y) / n, sample_weight=n, y_min=1 / (len(y) + 2), y_max=1 - 1 / (len(y) + 2)
    )
    corner = np.ones(len(knots), dtype=bool)
    corner[1:-1] = (values[1:-1] != values[:-2]) | (values[1:-1] != values[2:])
    return Calibration(
        "isotonic", tuple(float(k) for k in knots[corner]), tuple(float(v) for v in values[corner])
    )


def choose_calibration(
    outcome: ArrayLike, score: ArrayLike, groups: ArrayLike, *, folds: int = 5, seed: int = 0
) -> Calibration:
    """Choose the method with the lowest log loss on folds of users that did not fit it; refit on all rows.

    Isotonic regression is flexible and needs many positives; with few of them Platt or nothing wins. The
    folds decide instead of a rule of thumb.
    """
    y, s = checked(outcome, score)
    users, member = np.unique(np.asarray(groups), return_inverse=True)
    fold = np.random.default_rng(seed).permutation(np.arange(len(users)) % folds)[member]
    losses: dict[Method, float] = {}
    for method in METHODS:
        fitted = np.empty(len(y))
        for number in range(folds):
            held = fold == number
            fitted[held] = fit_calibration(y[~held], s[~held], method)(s[held])
        losses[method] = log_loss(y, fitted)
    best = min(METHODS, key=lambda method: losses[method])
    chosen = fit_calibration(y, s, best)
    return Calibration(chosen.method, chosen.knots, chosen.values, tuple(losses.items()))
