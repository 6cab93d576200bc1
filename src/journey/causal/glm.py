"""Linear, logistic and probit regression by iteratively reweighted least squares.

Written here because the standard errors need every row's score and derivative, which library fits do not
return, and because a propensity model must not be penalised by default.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import special

from journey.causal.study import FloatArray
from journey.errors import JourneyError

Link = Literal["identity", "logit", "probit"]
MAX_ITERATIONS = 60
TOLERANCE = 1e-10


@dataclass(frozen=True)
class Regression:
    """A fitted model: `coefficients` (k,), with the intercept first, and its link."""

    coefficients: FloatArray
    link: Link

    def mean(self, design: FloatArray) -> FloatArray:
        """Expected outcome of each row of a design matrix."""
        return inverse_link(design @ self.coefficients, self.link)[0]

    def slope(self, design: FloatArray) -> FloatArray:
        """Derivative of the expected outcome in the linear predictor."""
        return inverse_link(design @ self.coefficients, self.link)[1]


def with_intercept(covariates: FloatArray) -> FloatArray:
    """Design matrix: a column of ones, then the covariates."""
    return np.column_stack([np.ones(len(covariates)), covariates])


def inverse_link(predictor: FloatArray, link: Link) -> tuple[FloatArray, FloatArray]:
    """Mean and its derivative at a linear predictor.

    Raises
    ------
    JourneyError
        For a link other than identity, logit and probit.
    """
    if link == "identity":
        return predictor, np.ones_like(predictor)
    if link == "logit":
        mean = special.expit(predictor)
        return mean, mean * (1 - mean)
    if link == "probit":
        return special.ndtr(predictor), np.exp(-(predictor**2) / 2) / np.sqrt(2 * np.pi)
    raise JourneyError(f"Unknown link '{link}'; choose identity, logit or probit.")


def fit_regression(
    design: FloatArray, outcome: FloatArray, link: Link = "identity", weights: FloatArray | None = None
) -> Regression:
    """Fit a generalised linear model by maximum likelihood.

    Parameters
    ----------
    design
        Shape (n, k), intercept included. Collinear columns share one effect (minimum-norm solution).
    outcome
        Shape (n,); within 0 and 1 for `logit` and `probit`.
    weights
        Row weights, shape (n,), non-negative; default 1.

    Raises
    ------
    JourneyError
        When a binary model separates the outcome perfectly, so that no finite estimate exists.
    """
    size = np.ones(len(outcome)) if weights is None else weights
    if link == "identity":
        root = np.sqrt(size)
        return Regression(_least_squares(design * root[:, None], outcome * root), link)
    if not ((outcome >= 0) & (outcome <= 1)).all():
        raise JourneyError(f"A {link} model needs an outcome between 0 and 1.")
    coefficients: FloatArray = np.zeros(design.shape[1])
    for _ in range(MAX_ITERATIONS):
        predictor = np.clip(design @ coefficients, -30, 30)
        mean, slope = inverse_link(predictor, link)
        information = slope**2 / np.maximum(mean * (1 - mean), 1e-12)
        working = predictor + (outcome - mean) / np.maximum(slope, 1e-12)
        root = np.sqrt(size * information)
        updated = _least_squares(design * root[:, None], working * root)
        moved = np.abs(design @ (updated - coefficients)).max()
        coefficients = updated
        if moved < TOLERANCE:
            return Regression(coefficients, link)
    raise JourneyError(
        f"A {link} model of {design.shape[1] - 1} covariates has no finite estimate in {len(outcome)} rows: "
        "the covariates predict the outcome perfectly. Drop the covariate that decides it."
    )


def _least_squares(design: FloatArray, outcome: FloatArray) -> FloatArray:
    return np.asarray(np.linalg.lstsq(design, outcome)[0], dtype=np.float64)
