"""Simulated experiments with known truth, as arrays of sufficient statistics: one element per experiment.

Data shapes are those of a shop: many zeros and a long tail (revenue), rare events (conversions), few units,
several sessions per user, and history that predicts the outcome.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy import integrate, stats

from journey.experiments.cluster import ClusterSample
from journey.experiments.inputs import FloatArray
from journey.experiments.statistics import PairedSample, Sample

# Units drawn at a time: bounds the memory of a scenario to some hundred megabytes.
CHUNK_UNITS = 4_000_000


def generator(seed: int, scenario: str) -> np.random.Generator:
    """Independent random numbers per scenario: adding a scenario does not change the others."""
    return np.random.default_rng([seed, zlib.crc32(scenario.encode())])


def _chunks(simulations: int, units: int) -> Iterator[int]:
    size = max(1, CHUNK_UNITS // max(1, units))
    for start in range(0, simulations, size):
        yield min(size, simulations - start)


@dataclass(frozen=True)
class Revenue:
    """Zero-inflated lognormal revenue per user.

    Attributes
    ----------
    rate : float
        Share of users who buy.
    mu, sigma : float
        Mean and standard deviation of log basket value.
    """

    rate: float = 0.05
    mu: float = 3.4
    sigma: float = 1.0

    @property
    def mean(self) -> float:
        """Expected revenue per user."""
        return float(self.rate * np.exp(self.mu + self.sigma**2 / 2))

    @property
    def variance(self) -> float:
        """Variance of revenue per user."""
        return float(self.rate * np.exp(2 * self.mu + 2 * self.sigma**2) - self.mean**2)

    def samples(self, rng: np.random.Generator, shape: tuple[int, ...], n: int, scale: float = 1.0) -> Sample:
        """Samples of n users each, baskets multiplied by `scale`; the arrays have the given shape."""
        buyers = rng.binomial(n, self.rate, size=int(np.prod(shape)))
        values = scale * rng.lognormal(self.mu, self.sigma, size=int(buyers.sum()))
        owner = np.repeat(np.arange(buyers.size), buyers)
        total = np.bincount(owner, weights=values, minlength=buyers.size).astype(np.float64)
        squares = np.bincount(owner, weights=values * values, minlength=buyers.size).astype(np.float64)
        return Sample(np.full(shape, float(n)), total.reshape(shape), squares.reshape(shape))

    def values(self, rng: np.random.Generator, n: int, scale: float = 1.0) -> FloatArray:
        """Revenue of n users."""
        return np.where(rng.random(n) < self.rate, scale * rng.lognormal(self.mu, self.sigma, size=n), 0.0)


def lognormal_samples(
    rng: np.random.Generator, simulations: int, n: int, sigma: float, scale: float = 1.0
) -> Sample:
    """Samples of n lognormal values with median `scale`; mean scale * exp(sigma^2 / 2)."""
    values = scale * rng.lognormal(0.0, sigma, size=(simulations, n))
    return Sample(np.full(simulations, float(n)), values.sum(axis=1), np.square(values).sum(axis=1))


def normal_samples(
    rng: np.random.Generator, simulations: int, n: int, mean: float, deviation: float
) -> Sample:
    """Samples of n normal values."""
    values = rng.normal(mean, deviation, size=(simulations, n))
    return Sample(np.full(simulations, float(n)), values.sum(axis=1), np.square(values).sum(axis=1))


@dataclass(frozen=True)
class Visitors:
    """Users with several sessions each; keener users come more often and convert more.

    Three kinds of user with weights, keenness q: sessions 1 + Poisson(3 q), conversion rate per session
    `rate` * q, basket lognormal with mean `basket` per converting user.
    """

    weights: tuple[float, ...] = (0.6, 0.3, 0.1)
    keenness: tuple[float, ...] = (0.2, 1.0, 4.0)
    rate: float = 0.08
    basket: float = 30.0
    basket_sigma: float = 0.6

    def conversion_rate(self, scale: float = 1.0) -> float:
        """Conversions per session over all users."""
        weights, q = np.array(self.weights), np.array(self.keenness)
        sessions = 1 + 3 * q
        return float(scale * self.rate * (weights * q * sessions).sum() / (weights * sessions).sum())

    def samples(
        self, rng: np.random.Generator, simulations: int, n: int, scale: float = 1.0
    ) -> tuple[ClusterSample, PairedSample]:
        """Conversions by session within users, and revenue with sessions per user."""
        rows: list[FloatArray] = []
        for size in _chunks(simulations, n):
            kind = np.searchsorted(np.cumsum(self.weights)[:-1], rng.random((size, n)), side="right")
            q = np.array(self.keenness)[kind]
            sessions = (1 + rng.poisson(3 * q)).astype(np.float64)
            orders = rng.binomial(sessions.astype(np.int64), scale * self.rate * q).astype(np.float64)
            noise = rng.lognormal(-(self.basket_sigma**2) / 2, self.basket_sigma, size=(size, n))
            money = orders * self.basket * noise
            sums = [
                orders,
                orders**2,
                sessions,
                sessions**2,
                orders * sessions,
                money,
                money**2,
                money * sessions,
            ]
            rows.append(np.stack([column.sum(axis=1) for column in sums]))
        y, yy, x, xx, xy, money_sum, money_squares, money_x = np.concatenate(rows, axis=1)
        units = np.full(simulations, float(n))
        # Conversions are 0 or 1 per session, so their squares add up to their sum.
        conversions = ClusterSample(PairedSample(units, y, yy, x, xx, xy), Sample(x, y, y))
        return conversions, PairedSample(units, money_sum, money_squares, x, xx, money_x)


@dataclass(frozen=True)
class History:
    """Users whose spending before the experiment predicts their spending during it.

    Activity a is lognormal; in each period a user buys with probability a / (1 + a), or always when `steady`,
    and then spends 30 a times lognormal noise of mean 1.
    """

    activity_sigma: float = 0.8
    noise_sigma: float = 0.5
    steady: bool = False

    @property
    def mean(self) -> float:
        """Expected spending per user and period."""

        def integrand(z: float) -> float:
            a = np.exp(self.activity_sigma * z)
            return float(30 * a * (1.0 if self.steady else a / (1 + a)) * stats.norm.pdf(z))

        return float(integrate.quad(integrand, -12, 12, epsabs=1e-12)[0])

    def samples(
        self, rng: np.random.Generator, simulations: int, n: int, scale: float = 1.0, extra: float = 0.0
    ) -> PairedSample:
        """Spending during (y, times `scale` plus `extra`) and before (x) the experiment, n users each."""
        rows: list[FloatArray] = []
        for size in _chunks(simulations, n):
            activity = rng.lognormal(0.0, self.activity_sigma, size=(size, n))
            chance = np.ones_like(activity) if self.steady else activity / (1 + activity)
            y, x = (
                30
                * activity
                * (rng.random((size, n)) < chance)
                * rng.lognormal(-(self.noise_sigma**2) / 2, self.noise_sigma, size=(size, n))
                for _ in range(2)
            )
            y = scale * y + extra
            rows.append(np.stack([column.sum(axis=1) for column in (y, y * y, x, x * x, x * y)]))
        return PairedSample(np.full(simulations, float(n)), *np.concatenate(rows, axis=1))


@dataclass(frozen=True)
class Strata:
    """Users of three kinds with different spending and different effects."""

    shares: tuple[float, ...] = (0.6, 0.3, 0.1)
    means: tuple[float, ...] = (2.0, 8.0, 30.0)
    lifts: tuple[float, ...] = (0.3, 0.1, 0.0)
    sigma: float = 0.7

    def truth(self, effect: bool) -> tuple[float, float]:
        """Average spending in control and in treatment."""
        shares, means, lifts = np.array(self.shares), np.array(self.means), np.array(self.lifts)
        return float(shares @ means), float(shares @ (means * (1 + effect * lifts)))

    def samples(self, rng: np.random.Generator, simulations: int, n: int, effect: bool) -> dict[str, Sample]:
        """One sample per stratum; stratum sizes are random as in a real experiment."""
        cells = len(self.shares)
        means = np.array(self.means) * (1 + effect * np.array(self.lifts))
        rows: list[FloatArray] = []
        for size in _chunks(simulations, n):
            kind = np.searchsorted(np.cumsum(self.shares)[:-1], rng.random((size, n)), side="right")
            values = means[kind] * rng.lognormal(-(self.sigma**2) / 2, self.sigma, size=(size, n))
            cell = (np.arange(size)[:, None] * cells + kind).ravel()
            sums = [np.ones(cell.size), values.ravel(), np.square(values).ravel()]
            rows.append(
                np.stack(
                    [np.bincount(cell, weights=s, minlength=size * cells).reshape(size, cells) for s in sums]
                )
            )
        n_cell, total, squares = np.concatenate(rows, axis=1)
        return {f"stratum {s}": Sample(n_cell[:, s], total[:, s], squares[:, s]) for s in range(cells)}
