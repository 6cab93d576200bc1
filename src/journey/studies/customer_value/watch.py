"""Watch a model of leaving week by week: do its inputs and its score still look as when it was frozen?"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from journey.customers.churn import HORIZON, AtRisk, at_risk, fit_churn
from journey.customers.history import FEATURES, WATCHED, known_at
from journey.customers.summary import PurchaseDays
from journey.errors import JourneyError
from journey.inference.arrays import Floats, Ints
from journey.models.drift import MEASURES
from journey.models.drift_people import looks_at_people
from journey.models.watch import DAYS, SCORE, log_looks
from journey.studies.drift_twins import rotated_weeks

#: Weeks of the reference: as many as it takes until the first of them is known to have left or not.
BEFORE = -(-HORIZON // DAYS)
FOLDS, DRAWS, SEED = 5, 500, 0
#: Data sets without a calendar, in which every alarm is a false one, and the looks at each.
ROTATIONS, LOOKS, FEW = 60, 4, 200


def watch_leaving(days: PurchaseDays, first: int, last: int) -> dict[str, Any]:
    """Run the watch over all weeks after the first `BEFORE`, and over data without a calendar.

    Raises
    ------
    JourneyError
        When the data are too short to freeze a model and look at a later week.
    """
    ends = np.arange(first + HORIZON - 1, last + 1, DAYS)
    if len(ends) <= BEFORE + 1:
        raise JourneyError(
            f"watching a model of leaving needs {HORIZON + DAYS * (BEFORE + 2)} days of orders, the "
            f"data have {last - first + 1}"
        )
    parts = [at_risk(known_at(days, int(end), within=HORIZON), days, HORIZON) for end in ends]
    weeks = np.repeat(np.arange(len(ends)), [len(part) for part in parts])
    rows = stack(parts)
    users = np.unique(rows.customer, return_inverse=True)[1].astype(np.int64)
    scores = frozen(rows, users, weeks)
    columns = {name: rows.matrix[:, FEATURES.index(name)] for name in WATCHED} | {SCORE: scores}
    log = log_looks(looks_at_people(columns, users, weeks, before=BEFORE, draws=DRAWS, seed=SEED))
    table = log.table.assign(ends=[str(np.datetime64(int(ends[week]), "D")) for week in log.table["week"]])
    shown = [
        "week",
        "ends",
        "variable",
        "rows",
        *(f"{m}{e}" for m in MEASURES for e in ("", "_limit", "_rings")),
    ]
    return {
        "variables": list(log.names),
        "reference_weeks": BEFORE,
        "frozen_on": str(np.datetime64(int(ends[BEFORE]), "D")),
        "looks": len(log.looks),
        "alpha": log.alpha,
        "table": table[shown].to_dict("records"),
        "quality": quality(rows, scores, weeks, ends, last),
        "rotated": {"runs": ROTATIONS, "looks": LOOKS, **false_alarms(columns, users, weeks)},
    }


def stack(parts: list[AtRisk]) -> AtRisk:
    """Customers at risk of several days, below each other."""
    return AtRisk(
        np.concatenate([part.customer for part in parts]),
        np.concatenate([part.matrix for part in parts]),
        np.concatenate([part.left for part in parts]),
        np.concatenate([part.money for part in parts]),
    )


def frozen(rows: AtRisk, users: Ints, weeks: Ints) -> Floats:
    """Scores by models of the first week's customers; nobody is scored by a model that has seen them."""
    fold = np.random.default_rng(SEED).permutation(np.arange(users.max() + 1) % FOLDS)[users]
    scores = np.empty(len(rows))
    for number in range(FOLDS):
        known = (weeks == 0) & (fold != number)
        part = AtRisk(rows.customer[known], rows.matrix[known], rows.left[known], rows.money[known])
        scores[fold == number] = fit_churn(part, "logistic", "none", seed=SEED)(rows.matrix[fold == number])
    return scores


def quality(
    rows: AtRisk, scores: Floats, weeks: Ints, ends: NDArray[np.int64], last: int
) -> list[dict[str, Any]]:
    """Leavers seen and expected in every watched week whose 90 days are over."""
    table = []
    for week in range(BEFORE, len(ends)):
        if ends[week] + HORIZON <= last:
            inside = weeks == week
            table.append(
                {
                    "ends": str(np.datetime64(int(ends[week]), "D")),
                    "customers": int(inside.sum()),
                    "left": int(rows.left[inside].sum()),
                    "expected": float(scores[inside].sum()),
                }
            )
    return table


def false_alarms(columns: dict[str, Floats], users: Ints, weeks: Ints) -> dict[str, int]:
    """In how many data sets without a calendar anything rings, by measure.

    Each customer's record is moved by a random number of weeks; the watch sets its limits again each time.
    """
    rng = np.random.default_rng(SEED)
    rang = dict.fromkeys(MEASURES, 0)
    later = np.unique(weeks[weeks >= BEFORE])
    looked = later[np.linspace(0, len(later) - 1, min(LOOKS, len(later))).astype(int)]
    for number in range(ROTATIONS):
        moved = rotated_weeks(users, weeks, rng)
        looks = looks_at_people(
            columns, users, moved, before=BEFORE, draws=FEW, seed=1 + number, only=looked.tolist()
        )
        table = log_looks(looks).table
        for measure in MEASURES:
            rang[measure] += int(table[f"{measure}_rings"].any())
    return rang
