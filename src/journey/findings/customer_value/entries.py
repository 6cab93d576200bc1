"""How the numbers of chapter 08 go into the ledger and into tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from journey.findings.desk import Desk
from journey.inference.estimate import Estimate
from journey.report.ledger import Number

#: Decimals where nothing else is asked for.
DIGITS = {"share": 0, "ratio": 2, "points": 0}
#: From a name without the chapter, a value, its unit, its label and n.
Add = Callable[..., Number]


def adder(desk: Desk, source: str, dataset: str = "simulated", method: str | None = None) -> Add:
    """A function that registers numbers of one source; an estimate gets `method`."""

    def add(
        name: str,
        value: float | str | Estimate,
        unit: str,
        label: str,
        n: int | None = None,
        digits: int | None = None,
    ) -> Number:
        return desk.ledger.add(
            f"customer_value.{name}",
            value,
            unit,
            digits=DIGITS.get(unit) if digits is None else digits,
            method=method if isinstance(value, Estimate) else None,
            n=n,
            label=label,
            source=source,
            dataset=dataset,
        )

    return add


def estimate_of(values: Mapping[str, Any]) -> Estimate:
    """An estimate that evidence keeps as value, low and high."""
    return Estimate(float(values["value"]), float(values["low"]), float(values["high"]))
