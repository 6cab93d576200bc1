"""Do the fits find the parameters that made the customers, and do their intervals hold them? Simulations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from journey.customers.bgnbd import fit_bgnbd
from journey.customers.gamma_gamma import fit_gamma_gamma
from journey.customers.likelihood import Fit
from journey.customers.pareto_nbd import fit_pareto_nbd
from journey.customers.summary import Summary
from journey.errors import JourneyError
from journey.inference.arrays import Floats
from journey.inference.intervals import wilson_interval

CUSTOMERS, DAYS, WON_DAYS, WEEK = 3000, 273, 84, 7.0
#: About CDNOW's own, so that the simulated customers are like real ones.
TRUTH = {
    "BG/NBD": (0.25, 4.5, 0.8, 2.4),
    "Pareto/NBD": (0.55, 10.6, 0.6, 11.7),
    "Gamma-Gamma": (6.25, 3.75, 15.5),
}
RUNS = {"BG/NBD": 400, "Pareto/NBD": 80, "Gamma-Gamma": 400}


def recover() -> dict[str, Any]:
    """Coverage of the 95% intervals and mean error of every parameter; JSON values."""
    return {name: recovered(name, RUNS[name]) for name in TRUTH}


def recovered(name: str, runs: int, *, customers: int = CUSTOMERS, seed: int = 0) -> dict[str, Any]:
    """Fit `runs` simulated sets of customers and compare with what made them."""
    fits: list[Fit] = []
    failed = 0
    for run in range(runs):
        rng = np.random.default_rng([seed, run])
        try:
            fits.append(FITS[name](simulate(name, customers, rng)))
        except JourneyError:
            failed += 1
    truth = np.array(TRUTH[name])
    logs = np.log([fit.values for fit in fits])
    errors = np.sqrt([np.diag(fit.covariance) for fit in fits])
    inside = np.abs(logs - np.log(truth)) <= 1.959963984540054 * errors
    low, high = wilson_interval(inside.sum(axis=0), np.full(len(truth), len(fits)))
    return {
        "names": list(fits[0].names),
        "truth": truth.tolist(),
        "runs": runs,
        "failed": failed,
        "customers": customers,
        "coverage": inside.mean(axis=0).tolist(),
        "coverage_low": low.tolist(),
        "coverage_high": high.tolist(),
        "median_ratio": np.exp(np.median(logs - np.log(truth), axis=0)).tolist(),
        "spread_ratio": (logs.std(axis=0) / errors.mean(axis=0)).tolist(),
    }


FITS: dict[str, Callable[[Summary], Fit]] = {
    "BG/NBD": lambda summary: fit_bgnbd(summary).fit,
    "Pareto/NBD": lambda summary: fit_pareto_nbd(summary).fit,
    "Gamma-Gamma": lambda summary: fit_gamma_gamma(summary).fit,
}


def simulate(name: str, customers: int, rng: np.random.Generator) -> Summary:
    """Draw customers of a model, won over 12 weeks and seen until day 273.

    Purchases happen at moments and are counted in whole days without putting those of one day together, as
    the models have it; a recency of zero days is one.
    """
    age = DAYS - rng.integers(0, WON_DAYS, size=customers)
    if name == "Gamma-Gamma":
        p, q, v = TRUTH[name]
        x = rng.integers(1, 8, size=customers)
        mean = rng.gamma(p * x) / (x * rng.gamma(q, 1 / v, size=customers))
        return Summary(np.arange(customers), x, np.full(customers, 1), age, mean)
    r, alpha, a, b = TRUTH[name]
    rate = rng.gamma(r, 1 / alpha, size=customers) / WEEK
    if name == "BG/NBD":
        chance = rng.beta(a, b, size=customers)
        visits = rng.geometric(chance)
        until = np.full(customers, np.inf)
    else:
        visits = np.full(customers, 10**6)
        until = rng.exponential(WEEK / rng.gamma(a, 1 / b, size=customers))
    x, recency = _purchases(rate, visits, np.minimum(until, age), rng)
    return Summary(np.arange(customers), x, recency, age, np.where(x > 0, 1.0, np.nan))


def _purchases(
    rate: Floats, visits: np.ndarray, until: Floats, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Repeat purchases, and whole days to the last one."""
    x, last = np.zeros(len(rate), dtype=np.int64), np.zeros(len(rate))
    moment, going = np.zeros(len(rate)), np.arange(len(rate))
    while len(going):
        moment[going] += rng.exponential(1 / np.maximum(rate[going], 1e-12))
        going = going[moment[going] <= until[going]]
        x[going] += 1
        last[going] = moment[going]
        going = going[x[going] < visits[going]]
    recency = np.where(x > 0, np.maximum(np.rint(last), 1), 0).astype(np.int64)
    return x, recency
