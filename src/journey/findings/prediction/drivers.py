"""Findings of chapter 05: what drives the trees."""

from __future__ import annotations

import numpy as np
import pandas as pd

from journey.features import FEATURES
from journey.findings.desk import Desk
from journey.findings.prediction.decided import Decided
from journey.models.boosting import contributions
from journey.models.explain import dependence, importance, single, swarm

SOURCE = "journey.findings.prediction.drivers:add_drivers"
TOP, POINTS, SEED = 12, 120, 5
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
    group, n = by_group.iloc[0], len(test)
    for name, text, label in (
        ("drawn_feature", drawn, "Feature with many values that contributes most"),
        ("top_feature", top[0], "Feature that contributes most to the score"),
        ("second_feature", top[1], "Feature that contributes second most to the score"),
        ("top_group", str(group["group"]), "Group of features that contributes most"),
    ):
        source = SOURCE if name == "top_group" else "journey.models.explain:importance"
        desk.ledger.add(f"prediction.{name}", text.replace("_", " "), n=n, label=label, source=source)
    for name, share, digits, label in (
        ("feature", ranked["share"].iloc[0], None, "Share of all contributions, first feature"),
        ("group", group["share"], 0, "Share of all contributions, first group of features"),
    ):
        source = SOURCE if name == "group" else "journey.models.explain:importance"
        desk.ledger.add(
            f"prediction.top_{name}_share", share, "share", digits=digits, n=n, label=label, source=source
        )
    margin = given.sum(axis=1) + base
    score = model.predict(test.matrix)
    residual = float(np.abs(1 / (1 + np.exp(-margin)) - score).max())
    desk.ledger.add(
        "prediction.shap_residual",
        f"{residual:.7f}",
        n=n,
        label="Largest gap in probability, summed contributions and score",
        source=SOURCE,
    )
    sessions = []
    for name, wanted, who in (("buyer", test.label, "buyer"), ("other", ~test.label, "non-buyer")):
        place = int(np.flatnonzero(wanted)[np.argmax(score[wanted])])
        table = single(given[place], base, test.matrix[place], model.names)
        sessions.append(table.assign(session=name))
        value, label = float(score[place]), f"Probability given to the {who} who is scored highest"
        source = "journey.models.boosting:Boosted.predict"
        desk.ledger.add(
            f"prediction.single_{name}", value, "share", digits=0, n=1, label=label, source=source
        )
    desk.save("single", pd.concat(sessions, ignore_index=True))
