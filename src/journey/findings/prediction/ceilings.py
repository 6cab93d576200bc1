"""Findings of chapter 05: how close the models come to what is possible, and what nobody can see."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from journey.evaluation.ceilings import Share, hidden_parts, share_of_ceiling, true_probabilities
from journey.findings.desk import Desk, Row, add_rows
from journey.findings.prediction.decided import Decided
from journey.inference.aims import verdict
from journey.inference.estimate import Estimate
from journey.studies.registry import kept

SOURCE = "journey.evaluation.ceilings"
RUN = "journey.studies.ceiling_run"
HERE = "journey.findings.prediction.ceilings"
AIM = 0.95
REPLICATES, SEED = 400, 5
METHOD = "bootstrap over users, both scores on the same draws"

#: what is hidden of the oracle -> who predicts then, short, and in a label
HIDDEN = {
    "everything": ("the oracle: everything", "all", ""),
    "without_mood": ("less the mood of the moment", "mood", "less the session's mood"),
    "without_mood_and_taste_for_buying": (
        "less each user's own inclination",
        "own",
        "less mood and own inclination",
    ),
}


def add_ceilings(desk: Desk, decided: dict[str, Decided]) -> None:
    """(AUC - 0.5) as a share of the oracle's and of the attainable one's."""
    store = desk.paths.store(desk.store)
    found = kept("attainable_ceiling", desk.paths)
    desk.save("ceiling_evidence", pd.DataFrame({"note": [found.label]}))
    here = {"digits": 0, "source": f"{HERE}:add_ceilings"}
    times, users = found.results["times"], found.results["users"]
    numbers: tuple[Row, ...] = (
        ("aim", AIM, "share", "Part of the attainable ceiling aimed at", here),
        ("ceiling_times", times, "count", "Users of the larger shop over those of this shop"),
        ("ceiling_users", users, "count", "Users of the larger shop"),
    )
    add_rows(desk, numbers, source=f"{RUN}:attainable")
    rows: list[dict[str, Any]] = []
    for each in decided.values():
        known = found.results["decisions"][each.decision]
        truth = true_probabilities(desk.warehouse, store, each.periods.test.decision_id)
        add_large_shop(desk, each, known)
        for ceiling, share in (("attainable", attainable(each, known)), ("oracle", share_of(each, truth))):
            add_share(desk, each, ceiling, share)
            rows.append(share_row(each, ceiling, share, known["large_test"][f"of_{ceiling}"]["share"]))
    desk.save("ceilings", pd.DataFrame(rows))
    add_hidden(desk, decided["session_start"])


def share_of(each: Decided, ceiling: np.ndarray) -> Share:
    """The chosen model as a share of a ceiling, on the test decisions."""
    test = each.periods.test
    return share_of_ceiling(test.label, each.chosen, ceiling, test.user_id, replicates=REPLICATES, seed=SEED)


def attainable(each: Decided, known: dict[str, Any]) -> Share:
    """The share of the attainable ceiling; where its scores are of another shop, that of the larger one."""
    test, scores = each.periods.test, np.array([float(score) for score in known["scores"].split()])
    # The committed scores belong to the default shop; another shop has other test sessions.
    if len(scores) == len(test) and known["test_positives"] == int(test.label.sum()):
        return share_of(each, scores)
    values = known["large_test"]["of_attainable"]
    return Share(*(Estimate(**values[name]) for name in ("model", "ceiling", "share")))


def share_row(each: Decided, ceiling: str, share: Share, large: dict[str, float]) -> dict[str, Any]:
    """One ceiling at one decision in the table, here and in the larger shop."""
    return {
        "decision_id": each.decision,
        "ceiling": ceiling,
        "ceiling_auc": share.ceiling.value,
        "model_auc": share.model.value,
        "share": share.share.value,
        "low": share.share.low,
        "high": share.share.high,
        "large_share": large["value"],
        "large_low": large["low"],
        "large_high": large["high"],
    }


def add_share(desk: Desk, each: Decided, ceiling: str, share: Share) -> None:
    """Register one ceiling and the share of it."""
    key, end = f"{each.short}_{ceiling}", f"{ceiling} ceiling"
    rows: tuple[Row, ...] = (
        (f"{key}_auc", share.ceiling, "ratio", f"ROC-AUC of the {end} {each.when}", {"digits": 3}),
        (f"{key}_share", share.share, "share", f"Part of the {end} reached {each.when}", {"digits": 0}),
    )
    add_rows(desk, rows, method=METHOD, n=len(each.periods.test), source=f"{SOURCE}:share_of_ceiling")


def add_large_shop(desk: Desk, each: Decided, known: dict[str, Any]) -> None:
    """The same shares where 30 times the test sessions leave little to chance."""
    share = Estimate(**known["large_test"]["of_attainable"]["share"])
    met, of = verdict(share.low, share.high, AIM), f"{each.when}, larger shop"
    drawn = {"digits": 1, "method": METHOD}
    judged = {"source": "journey.inference.aims:verdict"}
    rows: tuple[Row, ...] = (
        ("large_of_attainable", share, "share", f"Part of the attainable ceiling reached {of}", drawn),
        ("aim", met, "text", f"Aim for the attainable ceiling {of}", judged),
    )
    named = [(f"{each.short}_{name}", *rest) for name, *rest in rows]
    common = {"source": f"{RUN}:one_decision", "dataset": "simulated, 30 times the users"}
    add_rows(desk, named, n=known["large_test_rows"], **common)


def add_hidden(desk: Desk, each: Decided) -> None:
    """What the oracle loses without the mood of the moment, and without a user's own inclination."""
    test = each.periods.test
    parts = hidden_parts(desk.warehouse, desk.paths.store(desk.store), test.decision_id)
    rows, numbers = [], []
    for name, (knows, key, less) in HIDDEN.items():
        share = share_of(each, parts[name])
        auc = share.ceiling
        rows.append({"knows": knows, "auc": auc.value, "low": auc.low, "high": auc.high})
        if less:
            label = f"ROC-AUC of the oracle at session start, {less}"
            numbers.append((f"hidden_{key}_auc", auc, "ratio", label))
    add_rows(desk, numbers, method=METHOD, n=len(test), source=f"{SOURCE}:hidden_parts")
    model = share.model
    rows.append({"knows": "our model", "auc": model.value, "low": model.low, "high": model.high})
    desk.save("hidden", pd.DataFrame(rows))
