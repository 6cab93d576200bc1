"""Maximum likelihood of models with positive parameters: the search, standard errors, and when it fails."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import minimize

from journey.errors import JourneyError
from journey.inference.arrays import Floats
from journey.inference.estimate import Estimate
from journey.inference.intervals import normal_quantile

#: From (k,) parameters to the log-likelihood and its (k,) gradient.
Likelihood = Callable[[Floats], tuple[float, Floats]]

STEP = 1e-4  # of the logarithm of a parameter, for the Hessian
FURTHEST = 11.0  # logarithms beyond this are at the edge: the likelihood rises for ever
NEWTON_STEPS = 25
#: Squared length of a Newton step in standard errors: twice what the step gains. Below the first the Hessian
#: is as good as that of the maximum, below the second the search ends.
NEAR, DONE = 1e-3, 1e-10


@dataclass(frozen=True)
class Fit:
    """A maximum of a likelihood.

    Attributes
    ----------
    names, values
        Parameters.
    log_likelihood
        At the maximum.
    covariance
        (k, k) of the logarithms of the parameters: the inverse of the observed information.
    customers
        Customers behind it.
    evaluations
        How often the likelihood was computed.
    """

    names: tuple[str, ...]
    values: Floats
    log_likelihood: float
    covariance: Floats
    customers: int
    evaluations: int

    def __getitem__(self, name: str) -> float:
        return float(self.values[self.names.index(name)])

    @property
    def standard_errors(self) -> Floats:
        """Standard errors of the parameters, by the delta method; (k,)."""
        return self.values * np.sqrt(np.diag(self.covariance))

    def estimate(self, name: str, level: float = 0.95) -> Estimate:
        """A parameter with its interval, which is symmetric in the logarithm."""
        place = self.names.index(name)
        half = normal_quantile(level) * float(np.sqrt(self.covariance[place, place]))
        value = float(self.values[place])
        return Estimate(value, value * float(np.exp(-half)), value * float(np.exp(half)), level)

    def as_dict(self) -> dict[str, Any]:
        """As JSON values; `Fit.of` reads them back."""
        return {
            "names": list(self.names),
            "values": self.values.tolist(),
            "standard_errors": self.standard_errors.tolist(),
            "log_likelihood": self.log_likelihood,
            "covariance": self.covariance.tolist(),
            "customers": self.customers,
        }

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Fit:
        """A fit that `as_dict` wrote."""
        return cls(
            tuple(values["names"]),
            np.array(values["values"]),
            values["log_likelihood"],
            np.array(values["covariance"]),
            values["customers"],
            0,
        )

    def draws(self, count: int, seed: int) -> Floats:
        """Parameters as uncertain as the fit leaves them: (count, k) draws, normal in the logarithms."""
        rng = np.random.default_rng(seed)
        return np.exp(rng.multivariate_normal(np.log(self.values), self.covariance, size=count))


def maximise(
    likelihood: Likelihood, start: Floats, names: tuple[str, ...], *, customers: int, model: str, advice: str
) -> Fit:
    """Find the maximum over positive parameters, in their logarithms.

    A quasi-Newton search comes near, Newton steps with the Hessian finish; the Hessian is a difference of
    exact gradients.

    Parameters
    ----------
    likelihood
        Log-likelihood and gradient at the parameters themselves.
    start
        (k,) first guess.
    model, advice
        Name of the model, and what to do where it cannot be fitted, for the message.

    Raises
    ------
    JourneyError
        When a parameter runs to zero or infinity, or the end is no maximum.
    """
    count = 0

    def negative(logs: Floats) -> tuple[float, Floats]:
        nonlocal count
        count += 1
        values = np.exp(logs)
        value, gradient = likelihood(values)
        return -value, -gradient * values

    edge = [(-FURTHEST, FURTHEST)] * len(start)
    found = minimize(
        negative, np.log(start), jac=True, method="L-BFGS-B", bounds=edge, options={"maxiter": 500}
    )
    logs, value = found.x, float(found.fun)
    hessian, length = np.empty(0), np.inf
    for _ in range(NEWTON_STEPS):
        if np.abs(logs).max() > FURTHEST - 0.5:
            name = names[int(np.abs(logs).argmax())]
            raise JourneyError(
                f"{model} has no maximum for these {customers:,} customers: {name} runs to "
                f"{'infinity' if logs[names.index(name)] > 0 else 'zero'}; {advice}"
            )
        gradient = negative(logs)[1]
        if length > NEAR:
            hessian = _hessian(negative, logs)
        if not np.isfinite(hessian).all() or np.linalg.eigvalsh(hessian)[0] <= 0:
            raise JourneyError(
                f"{model} has no clear maximum for these {customers:,} customers "
                f"(the likelihood is flat or bends upwards); {advice}"
            )
        step = np.linalg.solve(hessian, gradient).astype(np.float64)
        length = float(gradient @ step)
        if length < DONE:
            covariance = np.linalg.inv(hessian).astype(np.float64)
            return Fit(names, np.exp(logs), -value, covariance, customers, count)
        logs, value = _shorten(negative, logs, value, step)
    raise JourneyError(
        f"{model} did not converge on {customers:,} customers in {count} evaluations; {advice}"
    )


def _shorten(
    negative: Callable[[Floats], tuple[float, Floats]], logs: Floats, value: float, step: Floats
) -> tuple[Floats, float]:
    """The Newton step, halved until it does not lead uphill."""
    for halving in range(30):
        tried = np.clip(logs - step / 2**halving, -FURTHEST, FURTHEST)
        reached = negative(tried)[0]
        if reached <= value + 1e-12 * abs(value):
            return tried, reached
    return logs, value


def _hessian(negative: Callable[[Floats], tuple[float, Floats]], logs: Floats) -> Floats:
    rows = []
    for place in range(len(logs)):
        move = np.zeros(len(logs))
        move[place] = STEP
        rows.append((negative(logs + move)[1] - negative(logs - move)[1]) / (2 * STEP))
    matrix = np.array(rows)
    return (matrix + matrix.T) / 2
