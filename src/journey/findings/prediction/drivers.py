"""Findings of chapter 05: what drives the trees."""

from __future__ import annotations

import numpy as np
import pandas as pd

from journey.features import FEATURES
from journey.findings.desk import Desk
from journey.findings.prediction.decided import Decided
from journey.models.boosting import contributions
from journey.models.explain import importance, single, swarm

TOP, POINTS, SEED = 12, 120, 5


def add_drivers(desk: Desk, each: Decided) -> None:
    """Exact TreeSHAP: importance, points, two sessions."""
    test, model = each.periods.test, each.model.boosted
    given, base = contributions(model, test.matrix)
    ranked = importance(given, model.names)
    groups = {feature.name: feature.group.replace("_", " ") for feature in FEATURES}
    ranked["group"] = ranked["feature"].map(groups)
    desk.save("importance", ranked)
    top = list(ranked["feature"][:TOP])
    desk.save("swarm", swarm(given, test.matrix, model.names, top, rows=POINTS, seed=SEED))
    for name, text, label in (
        ("top_feature", top[0], "Feature that contributes most to the score"),
        ("second_feature", top[1], "Feature that contributes second most to the score"),
    ):
        source = "journey.models.explain:importance"
        desk.ledger.add(f"prediction.{name}", text.replace("_", " "), n=len(test), label=label, source=source)
    score, sessions = model.predict(test.matrix), []
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
