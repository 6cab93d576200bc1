"""Which model of buying a set of customers allows: one in which they may leave, or one in which none does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from numpy.typing import ArrayLike

from journey.customers.bgnbd import fit_bgnbd
from journey.customers.grouped import WEEK
from journey.customers.likelihood import Fit
from journey.customers.nbd import fit_nbd
from journey.customers.pareto_nbd import fit_pareto_nbd
from journey.customers.summary import Summary
from journey.errors import JourneyError
from journey.inference.arrays import Floats


class Buying(Protocol):
    """A model of when customers buy."""

    @property
    def fit(self) -> Fit:
        """Its parameters."""

    def alive(self, summary: Summary) -> Floats:
        """Probability that each customer has not left."""

    def expected(self, summary: Summary, days: ArrayLike) -> Floats:
        """Purchases of each customer in the next days."""

    def expected_new(self, days: ArrayLike) -> Floats:
        """Repeat purchases of a new customer in the first days."""


@dataclass(frozen=True)
class Chosen:
    """A fitted model, its name, and why it is not the one asked for (empty where it is)."""

    model: Buying
    name: str
    reason: str


def fit_buying(summary: Summary, wanted: str = "BG/NBD", *, period_days: float = WEEK) -> Chosen:
    """Fit BG/NBD, MBG/NBD or Pareto/NBD; where the customers show no leaving, NBD.

    Raises
    ------
    JourneyError
        For another name, or when not even NBD can be fitted.
    """
    try:
        if wanted == "Pareto/NBD":
            return Chosen(fit_pareto_nbd(summary, period_days=period_days), wanted, "")
        if wanted in ("BG/NBD", "MBG/NBD"):
            at_once = wanted == "MBG/NBD"
            return Chosen(fit_bgnbd(summary, period_days=period_days, leaves_at_once=at_once), wanted, "")
    except JourneyError as error:
        return Chosen(fit_nbd(summary, period_days=period_days), "NBD", str(error))
    raise JourneyError(f"unknown model of buying {wanted!r}; use BG/NBD, MBG/NBD or Pareto/NBD")
