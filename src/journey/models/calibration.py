"""Turn scores into probabilities that mean what they say: Platt scaling and isotonic regression."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.isotonic import isotonic_regression
from sklearn.linear_model import LogisticRegression

from journey.errors import JourneyError
from journey.models.scores import checked, losses

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
    n = np.bincount(place).astype(float)
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
    """Choose a method on folds of users that did not fit it, and fit it on all rows.

    The simplest method wins whose log loss is within one standard error of the lowest (standard errors of the
    difference, over users). Isotonic regression is flexible and needs many positives; it also ties rows,
    which costs ranking. With few positives it wins folds by luck, and this rule asks for more than that.

    Raises
    ------
    JourneyError
        As `fit_calibration`, and when the users outside some fold hold only one class.

    Notes
    -----
    One-standard-error rule: Breiman, Friedman, Olshen & Stone (1984).
    """
    y, s = checked(outcome, score)
    users, member = np.unique(np.asarray(groups), return_inverse=True)
    fold = np.random.default_rng(seed).permutation(np.arange(len(users)) % folds)[member]
    for number in range(folds):
        if len(np.unique(y[fold != number])) < 2:
            raise JourneyError(
                f"calibration needs both classes outside each of {folds} folds of users, got {int(y.sum())} "
                f"positives of {len(y)} rows of {len(users)} users; use fewer folds or more rows"
            )
    by_user: dict[Method, NDArray[np.float64]] = {}
    for method in METHODS:
        fitted = np.empty(len(y))
        for number in range(folds):
            held = fold == number
            fitted[held] = fit_calibration(y[~held], s[~held], method)(s[held])
        by_user[method] = np.bincount(member, weights=losses(y, fitted)).astype(np.float64)
    best = min(METHODS, key=lambda method: by_user[method].sum())

    def close(method: Method) -> bool:
        gap = by_user[method] - by_user[best]
        return gap.sum() <= gap.std(ddof=1) * np.sqrt(len(gap))

    chosen = fit_calibration(y, s, next(method for method in METHODS if close(method)))
    mean = tuple((method, float(by_user[method].sum() / len(y))) for method in METHODS)
    return Calibration(chosen.method, chosen.knots, chosen.values, mean)
