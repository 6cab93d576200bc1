"""Findings of chapter 05: what drives the trees."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from journey.features import FEATURES
from journey.models.boosting import contributions
from journey.models.explain import dependence, importance, single, swarm
from journey.report.findings.desk import Desk

if TYPE_CHECKING:
    from journey.report.findings.prediction import Decided

SOURCE = "journey.models.boosting:contributions"
TOP, POINTS, SEED = 12, 400, 5
FEWEST_VALUES = 20


def add_drivers(desk: Desk, each: Decided) -> None:
    """Exact TreeSHAP: importance, points, dependence of the first feature, two sessions."""
    test, model = each.periods.test, each.model.boosted
    given, base = contributions(model, test.matrix)
    ranked = importance(given, model.names)
    groups = {feature.name: feature.group.replace("_", " ") for feature in FEATURES}
    ranked["group"] = ranked["feature"].map(groups)
    desk.save("importance", ranked)
    by_group = ranked.groupby("group")["share"].sum().sort_values(ascending=False).reset_index()
    desk.save("importance_groups", by_group)
    top = list(ranked["feature"][:TOP])
    desk.save("swarm", swarm(given, test.matrix, model.names, top, rows=POINTS, seed=SEED))
    # A flag has two values and nothing to draw.
    drawn = next(name for name in ranked["feature"] if len(np.unique(test.column(name))) > FEWEST_VALUES)
    desk.save("dependence", dependence(given, test.matrix, model.names, drawn))
    desk.ledger.add("prediction.drawn_feature", drawn.replace("_", " "), source=SOURCE)
    common: dict[str, Any] = {"source": SOURCE}
    desk.ledger.add("prediction.top_feature", top[0].replace("_", " "), **common)
    desk.ledger.add("prediction.second_feature", top[1].replace("_", " "), **common)
    desk.ledger.add("prediction.top_feature_share", ranked["share"].iloc[0], "share", n=len(test), **common)
    desk.ledger.add("prediction.top_group", str(by_group["group"].iloc[0]), **common)
    desk.ledger.add(
        "prediction.top_group_share", by_group["share"].iloc[0], "share", digits=0, n=len(test), **common
    )
    margin = given.sum(axis=1) + base
    score = model.predict(test.matrix)
    residual = float(np.abs(1 / (1 + np.exp(-margin)) - score).max())
    desk.ledger.add(
        "prediction.shap_residual",
        f"{residual:.7f}",
        label="Largest gap of contributions and score",
        **common,
    )
    sessions = []
    for name, wanted in (("buyer", test.label), ("other", ~test.label)):
        place = int(np.flatnonzero(wanted)[np.argmax(score[wanted])])
        table = single(given[place], base, test.matrix[place], model.names)
        sessions.append(table.assign(session=name))
        desk.ledger.add(f"prediction.single_{name}", float(score[place]), "share", digits=0, n=1, **common)
    desk.save("single", pd.concat(sessions, ignore_index=True))
