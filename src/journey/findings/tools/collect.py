"""Findings of the tools: the files that pages compute from, and the results that they start with."""

from __future__ import annotations

import gzip
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd

from journey.files import write_text
from journey.findings.desk import Desk, Row, add_rows
from journey.findings.tools import dashboard, draws, planner, roi, whatif
from journey.inference.estimate import Estimate
from journey.models.scorer import evaluate_scorer, scorer_text
from journey.report.ledger import Numbers

SOURCE = "journey.findings.tools"
#: What the planner starts with besides the shop's own rate and traffic.
LIFT, DAYS = 0.02, 56


def collect(desk: Desk) -> None:
    """Write the tools' files, and register what their pages say without a script."""
    add_plan(desk)
    add_return(desk)
    add_visits(desk)
    add_draw(desk)
    write(desk, "dashboard", dashboard.cube(desk), "Dashboard")


def write(desk: Desk, name: str, file: dict[str, Any], title: str) -> None:
    """Write the data of a tool in one line of JSON, and register what it weighs on the way to a reader."""
    text = scorer_text(file)
    write_text(desk.folder / "page" / f"{name}.json", text)
    weight = len(gzip.compress(text.encode(), 9, mtime=0)) / 1000
    label = f"{title}: data that the page loads, compressed, kB"
    desk.ledger.add(f"tools.{name}_kilobytes", weight, "count", label=label, source=f"{SOURCE}.collect:write")


def add_plan(desk: Desk) -> None:
    """The planner's start: this shop's experiment, planned again for a change of one point."""
    known = Numbers(desk.paths.results / "experiments" / "numbers.json").experiments
    settings = planner.Settings(
        kind="rate",
        baseline=round(float(known.control_rate.value), 3),
        deviation=50.0,
        effect=LIFT,
        alpha=float(known.alpha.value),
        power=float(known.power.value),
        alternative="two-sided",
        ratio=1.0,
        visitors=float(round(float(known.users_per_day.value))),
        share=1.0,
        days=DAYS,
        looks=1,
        spending="obrien-fleming",
    )
    found = planner.plan(settings)
    desk.save("plan", pd.DataFrame([asdict(settings)]))
    rows: tuple[Row, ...] = (
        ("plan_effect", settings.effect, "points", "Change that the planner starts with"),
        ("plan_baseline", settings.baseline, "share", "Share who buy that the planner starts with"),
        ("plan_visitors_a_day", settings.visitors, "count", "Visitors a day that the planner starts with"),
        ("plan_wait", settings.days, "count", "Days to wait that the planner starts with"),
        ("plan_visitors", found["total"], "count", "Visitors needed, start of the planner"),
        ("plan_days", found["days"], "count", "Days needed, whole weeks, start of the planner"),
        ("plan_detectable", found["detectable"], "points", "Smallest change found in the days to wait"),
        (
            "plan_power",
            found["power"],
            "share",
            "Chance to find the change in the days to wait",
            {"digits": 0},
        ),
    )
    add_rows(desk, rows, source=f"{SOURCE}.planner:plan")


def add_return(desk: Desk) -> None:
    """The simulator's start: the chapter's policy and assumptions, with the budget that its share costs."""
    file = roi.curves(desk)
    write(desk, "roi", file, "ROI simulator")
    settings = roi.start(desk, file)
    found = roi.simulate(file, settings)
    desk.save("return", pd.DataFrame([asdict(settings)]))
    label = "Profit of the chapter's ranking within the budget that the simulator starts with"
    profit = Estimate(found["profit"], found["low"], found["high"], method="bootstrap over users")
    rows: tuple[Row, ...] = (
        ("return_profit", profit, "eur", label, {"digits": None}),
        ("return_budget", settings.budget, "eur", "Budget that the simulator starts with"),
        ("return_share", found["share"], "share", "Share of users whom this budget reaches"),
        ("return_pays", found["pays"], "share", "Resamples in which this brings a profit"),
        ("return_truth", found["true_profit"], "eur", "True profit of the same choice"),
        ("return_users", settings.users, "count", "Users that the simulator starts with"),
    )
    add_rows(desk, rows, digits=0, source=f"{SOURCE}.roi:simulate")


def add_visits(desk: Desk) -> None:
    """The visits that the what-if scorer starts from."""
    file = whatif.scorer(desk)
    write(desk, "whatif", file, "What-if scorer")
    scores = evaluate_scorer(file, np.array([visit["row"] for visit in file["visits"]]))
    labels, gives = [visit["label"] for visit in file["visits"]], "Chance to buy that the trees give"
    rows = [
        (f"whatif_{label.split()[1]}", float(score), "share", f"{gives}: {label.lower()}")
        for label, score in zip(labels, scores, strict=True)
    ]
    add_rows(desk, rows, source="journey.models.scorer:evaluate_scorer")


def add_draw(desk: Desk) -> None:
    """The first draw besides the report's own: that one, beside itself, would say nothing."""
    file = draws.draws(desk)
    write(desk, "draws", file, "Other draws")
    seed = file["seeds"][1]
    shown = pd.DataFrame(draws.rows(file, seed))
    desk.save("draw", shown)
    stay = shown["verdict"].eq("stays").sum()
    numbers = (
        ("draw_seed", int(seed), "count", "Seed of the draw that the page of other draws starts with"),
        ("draw_findings", len(shown), "count", "Headline findings that the page of other draws looks at"),
        ("draw_stay", stay, "count", "Of these, how many stay in its first draw"),
    )
    add_rows(desk, numbers, source=f"{SOURCE}.draws:rows")
