"""How the estimates of chapter 08 go into the ledger and into tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from journey.findings.desk import Desk
from journey.inference.estimate import Estimate


def estimate_of(values: Mapping[str, Any]) -> Estimate:
    """An estimate that evidence keeps as value, low and high."""
    return Estimate(float(values["value"]), float(values["low"]), float(values["high"]))


def flat(found: dict[str, Estimate]) -> dict[str, float]:
    """Estimates as columns: name, name_low, name_high."""
    return {
        f"{name}{end}": getattr(each, part)
        for name, each in found.items()
        for end, part in (("", "value"), ("_low", "low"), ("_high", "high"))
    }


def add_estimate(
    desk: Desk,
    name: str,
    estimate: Estimate,
    unit: str,
    n: int,
    label: str,
    source: str,
    method: str,
    dataset: str = "simulated",
) -> None:
    """Register a value with its interval."""
    desk.ledger.add(
        f"customer_value.{name}",
        estimate,
        unit,
        digits=2 if unit == "ratio" else 0,
        method=method,
        n=n,
        label=label,
        source=source,
        dataset=dataset,
    )
