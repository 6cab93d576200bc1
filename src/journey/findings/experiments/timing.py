"""Findings of chapter 09 on planning and on looking early."""

from __future__ import annotations

import numpy as np
import pandas as pd

from journey import experiments as engine
from journey.findings.desk import Desk, Row, add_rows

SOURCE = "journey.findings.experiments.timing"
#: What a test risks and what a plan asks for, as the text says them and as the engine is told.
ALPHA, POWER = 0.05, 0.8


def add_looks(desk: Desk, users: pd.DataFrame) -> None:
    """What a daily look would have said, under the fixed test, planned looks and a confidence sequence."""
    days, control, treatment = daily_counts(users)
    estimates = engine.proportions(control, treatment)
    fixed = engine.difference(estimates, alpha=ALPHA)
    always = engine.confidence_sequence(estimates, tightest_n=float(np.asarray(control.n)[-1]), alpha=ALPHA)
    table = {
        "day": days,
        "effect": fixed.estimate,
        "low": fixed.low,
        "high": fixed.high,
        "p": fixed.p_value,
        "always_low": always.low,
        "always_high": always.high,
    }
    desk.save("looks", pd.DataFrame(table))
    chosen: tuple[Row, ...] = (
        ("alpha", ALPHA, "ratio", "Share of false alarms that the tests accept", {"digits": 2}),
        ("power", POWER, "share", "Power that plans ask for", {"digits": 0}),
    )
    add_rows(desk, chosen, source=f"{SOURCE}:add_looks")
    p_values = np.asarray(fixed.p_value)
    add_alarms(desk, p_values < ALPHA, (np.asarray(always.low) > 0) | (np.asarray(always.high) < 0))


def add_alarms(desk: Desk, fixed: np.ndarray, always: np.ndarray) -> None:
    """How many looks there are, and at how many each way of looking sees an effect."""
    n, at = {"n": len(fixed)}, "Daily looks at which"
    sequence = n | {"source": "journey.experiments.always_valid:confidence_sequence"}
    rows: tuple[Row, ...] = (
        ("looks", len(fixed), "count", "Daily looks at the free-shipping experiment"),
        ("looks_significant", fixed.sum(), "count", f"{at} the fixed test has p below {ALPHA}", n),
        ("looks_always", always.sum(), "count", f"{at} the confidence sequence excludes zero", sequence),
    )
    add_rows(desk, rows, source=f"{SOURCE}:add_alarms", query="experiment_users")


def daily_counts(users: pd.DataFrame) -> tuple[pd.DatetimeIndex, engine.Proportion, engine.Proportion]:
    """Days from a week after the start on, and by arm how many users were exposed and bought before each."""
    first, last = (moment.normalize() for moment in users["exposed_at"].agg(["min", "max"]))
    days = pd.date_range(first + pd.Timedelta(days=7), last + pd.Timedelta(days=1), freq="D")
    exposed, bought = users["exposed_at"].to_numpy(), users["first_purchase_at"].to_numpy()
    treated = users["variant"].eq("treatment").to_numpy()
    arms = []
    for arm in (~treated, treated):
        seen, converted = ([(arm & (at < day)).sum() for day in days.to_numpy()] for at in (exposed, bought))
        arms.append(engine.Proportion(np.array(seen, dtype=float), np.array(converted, dtype=float)))
    return days, arms[0], arms[1]


def add_plan(desk: Desk, users: pd.DataFrame) -> None:
    """Size, power and duration at the traffic of this shop."""
    control, treatment = (users[users["variant"].eq(arm)] for arm in ("control", "treatment"))
    baseline, sizes = float(control["converted"].mean()), (len(control), len(treatment))
    per_day = len(users) / max(1, (users["exposed_at"].max() - users["exposed_at"].min()).days)
    rows = []
    for effect in (0.005, 0.01, 0.015, 0.02, 0.03):
        plan = engine.proportion_sample_size(baseline, effect, power=POWER, alpha=ALPHA)
        length = engine.duration(plan.total, per_day)
        power = float(engine.proportion_power(baseline, effect, *sizes))
        rows.append({"effect": effect, "users": plan.total, "days": length.days, "power_here": power})
    desk.save("plan", pd.DataFrame(rows))
    grid = np.linspace(0.002, 0.04, 39)
    curve = np.asarray(engine.proportion_power(baseline, grid, *sizes), dtype=float)
    desk.save("power", pd.DataFrame({"effect": grid, "power": curve}))
    reached = engine.proportion_detectable_effect(
        baseline, sizes[0], n_treatment=sizes[1], power=POWER, alpha=ALPHA
    )
    power = float(
        engine.proportion_power(baseline, desk.ledger_value("experiments.conversion_truth"), *sizes)
    )
    size = "journey.experiments.sample_size:proportion_detectable_effect"
    asked, least = (
        {"query": "experiment_users"},
        f"Smallest effect on users who buy found with {POWER:.0%} power",
    )
    truth = "Power of the free-shipping experiment at the true effect"
    numbers: tuple[Row, ...] = (
        ("detectable", reached, "points", least, asked | {"source": size}),
        ("users_per_day", per_day, "count", "Users exposed to free shipping a day", asked),
        ("power_at_truth", power, "share", truth, {"source": "journey.experiments.power:proportion_power"}),
    )
    add_rows(desk, numbers, n=len(users), source=f"{SOURCE}:add_plan")
