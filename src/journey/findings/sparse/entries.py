"""How the findings of chapter 06 name things and register estimates."""

from __future__ import annotations

import numpy as np

from journey.findings.desk import Desk
from journey.inference.estimate import Estimate

SOURCE = "journey.findings.sparse.collect"
SEED = 5
METHOD = "percentile bootstrap over users"
SET_NAME = "the same and item embeddings"


def decimals(rate: float) -> int:
    """Digits of a percentage that show two figures of a small rate."""
    return int(max(1, -np.floor(np.log10(rate * 100)) + 1)) if rate > 0 else 1


def figures(value: float) -> int:
    """Digits after the point that show three figures of a number below one."""
    return int(max(0, 2 - np.floor(np.log10(value)))) if 0 < value < 1 else 3


def add_estimate(desk: Desk, id: str, each: Estimate, form: tuple[str, int], n: int, label: str) -> None:
    """Register a value with its interval over users."""
    desk.ledger.add(
        f"sparse.{id}",
        each,
        form[0],
        digits=form[1],
        n=n,
        method=METHOD,
        label=label,
        source="journey.sparse.precision:estimates",
    )
