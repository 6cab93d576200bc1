"""The ROI simulator gives what chapter 11's curves give, in Python and in the page."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
from support.places import ROOT
from support.twins import apart, in_node, needs_node

from journey import uplift
from journey.findings.tools import roi

CASES = 1000
FILE = ROOT / "data" / "results" / "tools" / "page" / "roi.json"


@pytest.fixture(scope="module")
def trial() -> dict[str, np.ndarray]:
    """An experiment with ties in the ranking and users who never order."""
    rng = np.random.default_rng(2)
    n = 600
    score = rng.integers(0, 40, n) / 40
    treated = (rng.random(n) < 0.5).astype(float)
    orders = rng.poisson(0.3 + 0.3 * treated * score)
    return {"score": score, "treated": treated, "orders": orders, "revenue": orders * rng.uniform(20, 120, n)}


def file_of(trial: dict[str, np.ndarray]) -> dict:
    """The simulator's file with this experiment as its only ranking."""
    measured = roi.measured(trial["revenue"], trial["treated"], trial["orders"], trial["score"])
    truth = {"true_revenue": measured["revenue"], "true_orders": measured["orders"]}
    return {
        "shares": [round(float(share), 4) for share in roi.SHARES],
        "revenue_unit": 1 / roi.REVENUE,
        "orders_unit": 1 / roi.ORDERS,
        "policies": dict.fromkeys(("uplift", "likeliest"), measured | truth) | {"truth": truth},
    }


@pytest.mark.parametrize(("margin", "price", "message"), [(0.4, 4.9, 0.0), (0.7, 1.0, 0.25), (0.0, 9.0, 2.0)])
def test_any_margin_and_cost_give_the_curve_of_the_method(trial, margin, price, message):
    expected = uplift.roi_curve(
        margin * trial["revenue"],
        trial["treated"],
        trial["score"],
        cost_per_treated=message,
        treatment_cost=price * trial["orders"],
        shares=roi.SHARES,
        n_boot=roi.RESAMPLES,
        seed=roi.SEED,
    )
    file = file_of(trial)
    for place in (4, 10, 20):
        cost = float(expected.cost.value[place]) * 100
        found = roi.simulate(file, roi.Settings("uplift", 100.0, cost * 1.000001, margin, price, message))
        assert found["share"] == pytest.approx(roi.SHARES[place], abs=1e-3)
        rounding = 100 * (margin / roi.REVENUE + price / roi.ORDERS) + 1e-3 * abs(cost)
        for name in ("value", "low", "high"):
            mine = found["profit" if name == "value" else name]
            assert mine == pytest.approx(100 * getattr(expected.profit, name)[place], abs=rounding)


def test_a_budget_is_spent_to_the_end_and_never_more(trial):
    file = file_of(trial)
    for policy in ("uplift", "random", "truth"):
        small = roi.simulate(file, roi.Settings(policy, 1000.0, 300.0, 0.4, 4.9, 0.1))
        assert 0 < small["share"] < 1
        assert small["cost"] == pytest.approx(300.0)
        large = roi.simulate(file, roi.Settings(policy, 1000.0, 1e9, 0.4, 4.9, 0.1))
        assert large["share"] == 1.0
    assert roi.simulate(file, roi.Settings("random", 1000.0, 0.0, 0.4, 4.9, 0.1))["share"] == 0.0


def cases() -> list[roi.Settings]:
    rng = np.random.default_rng(5)
    return [
        roi.Settings(
            policy=str(rng.choice(["uplift", "likeliest", "random", "truth"])),
            users=float(rng.integers(1, 100_000)),
            budget=float(rng.choice([0.0, 10 ** rng.uniform(1, 5)], p=[0.05, 0.95])),
            margin=float(rng.choice([0.0, 1.0, rng.random()])),
            price=float(rng.uniform(0, 20)),
            message=float(rng.choice([0.0, rng.random()])),
        )
        for _ in range(CASES)
    ]


@needs_node
@pytest.mark.parametrize("built", [False, True], ids=["drawn", "the site's own file"])
def test_the_page_simulates_as_python(trial, built):
    if built and not FILE.is_file():
        pytest.skip("needs a build: make site")
    file = json.loads(Path(FILE).read_text(encoding="utf-8")) if built else file_of(trial)
    drawn = cases()
    pages = in_node("roi-engine", "simulate", [asdict(case) for case in drawn], shared=file)
    wrong = [
        (case, line)
        for case, page in zip(drawn, pages, strict=True)
        for line in apart(page, roi.simulate(file, case))
    ]
    assert not wrong, f"{len(wrong)} differences, first: {wrong[:3]}"
