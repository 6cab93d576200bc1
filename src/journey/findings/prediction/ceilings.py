"""Findings of chapter 05: how close the models come to what is possible, and what nobody can see."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from journey.evaluation.ceilings import Share, hidden_parts, share_of_ceiling, true_probabilities
from journey.findings.desk import Desk
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


def add_ceilings(desk: Desk, decided: dict[str, Decided]) -> None:
    """(AUC - 0.5) as a share of the oracle's and of the attainable one's."""
    store = desk.paths.store(desk.store)
    found = kept("attainable_ceiling", desk.paths)
    desk.save("ceiling_evidence", pd.DataFrame({"note": [found.label]}))
    label = "Part of the attainable ceiling aimed at"
    desk.ledger.add("prediction.aim", AIM, "share", digits=0, label=label, source=f"{HERE}:add_ceilings")
    for name, label in (
        ("times", "Users of the larger shop over those of this shop"),
        ("users", "Users of the larger shop"),
    ):
        value, source = found.results[name], f"{RUN}:attainable"
        desk.ledger.add(f"prediction.ceiling_{name}", value, "count", label=label, source=source)
    rows: list[dict[str, Any]] = []
    for each in decided.values():
        test = each.periods.test
        truth = true_probabilities(desk.warehouse, store, test.decision_id)
        oracle = share_of_ceiling(
            test.label, each.chosen, truth, test.user_id, replicates=REPLICATES, seed=SEED
        )
        known = found.results["decisions"][each.decision]
        large = np.array([float(score) for score in known["scores"].split()])
        # The committed scores belong to the default shop; another shop has other test sessions.
        same = len(large) == len(test) and known["test_positives"] == int(test.label.sum())
        attainable = (
            share_of_ceiling(test.label, each.chosen, large, test.user_id, replicates=REPLICATES, seed=SEED)
            if same
            else from_large_shop(known)
        )
        add_share(desk, each, "oracle", oracle)
        add_share(desk, each, "attainable", attainable)
        add_large_shop(desk, each, known)
        for ceiling, share in (("attainable", attainable), ("oracle", oracle)):
            rows.append(
                {
                    "decision_id": each.decision,
                    "ceiling": ceiling,
                    "ceiling_auc": share.ceiling.value,
                    "model_auc": share.model.value,
                    "share": share.share.value,
                    "low": share.share.low,
                    "high": share.share.high,
                    "large_share": known["large_test"][f"of_{ceiling}"]["share"]["value"],
                    "large_low": known["large_test"][f"of_{ceiling}"]["share"]["low"],
                    "large_high": known["large_test"][f"of_{ceiling}"]["share"]["high"],
                }
            )
    desk.save("ceilings", pd.DataFrame(rows))
    add_hidden(desk, decided["session_start"])


def from_large_shop(known: dict[str, Any]) -> Share:
    """The share as measured on the larger shop's test decisions."""
    values = known["large_test"]["of_attainable"]
    return Share(*(Estimate(**values[name]) for name in ("model", "ceiling", "share")))


def add_share(desk: Desk, each: Decided, ceiling: str, share: Share) -> None:
    """Register one ceiling and the share of it."""
    n = len(each.periods.test)
    for name, estimate, unit, label in (
        ("auc", share.ceiling, "ratio", f"ROC-AUC of the {ceiling} ceiling"),
        ("share", share.share, "share", f"Part of the {ceiling} ceiling reached"),
    ):
        desk.ledger.add(
            f"prediction.{each.short}_{ceiling}_{name}",
            estimate,
            unit,
            method=METHOD,
            n=n,
            digits=0 if unit == "share" else 3,
            label=f"{label} {each.when}",
            source=f"{SOURCE}:share_of_ceiling",
        )


def add_large_shop(desk: Desk, each: Decided, known: dict[str, Any]) -> None:
    """The same shares where 30 times the test sessions leave little to chance."""
    rows, dataset = known["large_test_rows"], "simulated, 30 times the users"
    share = known["large_test"]["of_attainable"]["share"]
    desk.ledger.add(
        f"prediction.{each.short}_large_of_attainable",
        share["value"],
        "share",
        low=share["low"],
        high=share["high"],
        method=METHOD,
        n=rows,
        digits=1,
        label=f"Part of the attainable ceiling reached {each.when}, larger shop",
        source=f"{RUN}:one_decision",
        dataset=dataset,
    )
    found = verdict(share["low"], share["high"], AIM)
    source = "journey.inference.aims:verdict"
    label = f"Aim for the attainable ceiling {each.when}, larger shop"
    desk.ledger.add(
        f"prediction.{each.short}_aim", found, n=rows, label=label, source=source, dataset=dataset
    )


def add_hidden(desk: Desk, each: Decided) -> None:
    """What the oracle loses without the mood of the moment, and without a user's own inclination."""
    test = each.periods.test
    parts = hidden_parts(desk.warehouse, desk.paths.store(desk.store), test.decision_id)
    labels = {
        "everything": "the oracle: everything",
        "without_mood": "less the mood of the moment",
        "without_mood_and_taste_for_buying": "less each user's own inclination",
    }
    rows = []
    for name, log_odds in parts.items():
        share = share_of_ceiling(
            test.label, each.chosen, log_odds, test.user_id, replicates=REPLICATES, seed=SEED
        )
        key = {"everything": "all", "without_mood": "mood"}.get(name, "own")
        less = {"mood": "less the session's mood", "own": "less mood and own inclination"}.get(key)
        if less:
            desk.ledger.add(
                f"prediction.hidden_{key}_auc",
                share.ceiling,
                "ratio",
                method=METHOD,
                n=len(test),
                label=f"ROC-AUC of the oracle at session start, {less}",
                source=f"{SOURCE}:hidden_parts",
            )
        rows.append(
            {
                "knows": labels[name],
                "auc": share.ceiling.value,
                "low": share.ceiling.low,
                "high": share.ceiling.high,
            }
        )
    model = share.model
    rows.append({"knows": "our model", "auc": model.value, "low": model.low, "high": model.high})
    desk.save("hidden", pd.DataFrame(rows))
