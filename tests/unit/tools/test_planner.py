"""The planner of the page gives what the engine gives."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
from support.twins import apart, in_node, needs_node

from journey.findings.tools.planner import Settings, plan

CASES = 1000


def drawn(seed: int) -> list[Settings]:
    """Experiments of every kind: rare and common conversions, few and many visitors, one side and two."""
    rng = np.random.default_rng(seed)
    cases = []
    for _ in range(CASES):
        kind = "mean" if rng.random() < 0.3 else "rate"
        alternative = str(rng.choice(["two-sided", "greater", "less"], p=[0.6, 0.2, 0.2]))
        baseline = float(rng.uniform(0.005, 0.6))
        deviation = float(10 ** rng.uniform(0, 2))
        size = deviation * 10 ** rng.uniform(-2, 0.3) if kind == "mean" else baseline * rng.uniform(0.02, 0.5)
        up = alternative == "greater" or (alternative == "two-sided" and rng.random() < 0.7)
        cases.append(
            Settings(
                kind=kind,
                baseline=baseline,
                deviation=deviation,
                effect=float(size if up else -size),
                alpha=float(rng.choice([0.01, 0.05, 0.1, 0.2])),
                power=float(rng.choice([0.5, 0.8, 0.9, 0.95])),
                alternative=alternative,
                ratio=float(rng.choice([1.0, 0.25, 0.5, 3.0, 9.0])),
                visitors=float(10 ** rng.uniform(1, 5)),
                share=float(rng.choice([1.0, 0.5, 0.1])),
                days=int(rng.integers(1, 120)),
                looks=int(rng.choice([1, 1, 2, 3, 5, 8])),
                spending=str(rng.choice(["obrien-fleming", "pocock"])),
            )
        )
    return cases


@needs_node
def test_the_page_plans_as_the_engine():
    cases = drawn(3)
    pages = in_node("planner-engine", "plan", [asdict(case) for case in cases])
    wrong = [
        (case, line) for case, page in zip(cases, pages, strict=True) for line in apart(page, plan(case))
    ]
    assert not wrong, f"{len(wrong)} differences, first: {wrong[:3]}"
