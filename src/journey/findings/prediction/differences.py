"""Findings of chapter 05: how much models differ on the same sessions; their own intervals cannot say."""

from __future__ import annotations

from journey.findings.desk import Desk
from journey.findings.prediction.decided import Decided
from journey.inference.estimate import Estimate
from journey.models.scores import compare, compare_moments

METHOD = "bootstrap over users, both scores on the same draws"
#: name in the ledger -> the model, the other
PAIRS = {"xgboost_over_logistic": ("xgboost", "logistic"), "chosen_over_rule": ("chosen", "bought_before")}
NAMES = {
    "logistic": "logistic regression",
    "xgboost": "XGBoost",
    "bought_before": "bought before",
    "chosen": "model that decides",
}


def add_differences(desk: Desk, decided: dict[str, Decided], *, replicates: int, seed: int) -> None:
    """The trees against the regression, and the model that decides against the rule, at every decision."""
    for each in decided.values():
        test = each.periods.test
        scores = each.probabilities | {"chosen": each.chosen}
        for name, (one, other) in PAIRS.items():
            found = compare(
                test.label, scores[one], scores[other], test.user_id, replicates=replicates, seed=seed
            )
            label = f"ROC-AUC {each.when}, {NAMES[one]} less {NAMES[other]}"
            add_difference(desk, f"{each.short}_{name}_roc_auc", found["roc_auc"], len(test), label)
    cart, third = (decided[name] for name in ("first_cart", "after_3_events"))
    rows = [(each.periods.test.label, each.chosen, each.periods.test.user_id) for each in (cart, third)]
    moved = compare_moments(*rows, replicates=replicates, seed=seed)["roc_auc"]
    label = f"ROC-AUC {cart.when} less that {third.when}"
    source = "journey.models.scores:compare_moments"
    add_difference(desk, "cart_over_third_roc_auc", moved, sum(len(each[0]) for each in rows), label, source)


def add_difference(
    desk: Desk,
    name: str,
    estimate: Estimate,
    n: int,
    label: str,
    source: str = "journey.models.scores:compare",
) -> None:
    """Register one difference of two scores on the same rows, or on rows of the same users."""
    desk.ledger.add(
        f"prediction.{name}",
        estimate,
        "ratio",
        method=METHOD,
        n=n,
        digits=3,
        label=label,
        source=source,
    )
