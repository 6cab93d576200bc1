"""The segments of chapter 04 against the planted kinds of customers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from journey.customers.segments import Behaviour, Segmentation, gaussian_mixture, k_means
from journey.evaluation.personas import Agreement, compare_with_personas, told_personas, true_personas
from journey.findings.desk import Desk
from journey.findings.segments.behaviour import described

SOURCE = "journey.findings.segments.truth"
LARGEST, SEED = 6, 4
#: visits in the first two thirds: name -> (from, to)
BY_VISITS = {"1": (1, 1), "2": (2, 2), "3 to 4": (3, 4), "5 to 9": (5, 9), "10 or more": (10, 10**6)}


def add_truth(
    desk: Desk,
    visitors: pd.DataFrame,
    known: pd.DataFrame,
    behaviour: Behaviour,
    segments: Segmentation,
    names: tuple[str, ...],
) -> None:
    """Agreement with the personas, that of the alternatives, and what the features can give at all."""
    store = desk.paths.store(desk.store)
    personas = true_personas(store, known["user_id"])
    kinds = len(np.unique(personas))
    told = told_personas(behaviour.points, personas, seed=SEED)
    mixture, components = best_mixture(behaviour)
    planted = k_means(behaviour.points, kinds, seed=SEED)
    found = {
        "k_means": compare_with_personas(segments.labels, personas, seed=SEED),
        "planted_number": compare_with_personas(planted.labels, personas, seed=SEED),
        "mixture": compare_with_personas(mixture.labels, personas, seed=SEED),
        "told": compare_with_personas(told, personas, seed=SEED),
    }
    labels = {
        "k_means": "k-means",
        "planted_number": "k-means with the planted number of segments",
        "mixture": "Gaussian mixture",
        "told": "a classifier that learned from the true labels",
    }
    common: dict[str, Any] = {"source": "journey.evaluation.personas:compare_with_personas", "n": len(known)}
    for name, agreement in found.items():
        add_agreement(desk, name, agreement, labels[name])
    for name, value, label in (
        ("kinds", kinds, "Kinds of customers that were planted"),
        ("components", components, "Components of the Gaussian mixture with the smallest BIC"),
    ):
        desk.ledger.add(f"segments.{name}", value, "count", label=label, **common)
    both = compare_with_personas(segments.labels, mixture.labels, seed=SEED).rand
    label = "Adjusted Rand index between k-means and the Gaussian mixture"
    desk.ledger.add("segments.between_methods", both, "ratio", digits=2, label=label, **common)
    accuracy, label = (
        float(np.mean(told == personas)),
        "Visitors whose persona a classifier with labels tells",
    )
    desk.ledger.add("segments.told_accuracy", accuracy, "share", label=label, **common)
    part, label = found["k_means"].rand / found["told"].rand, "Agreement of k-means over that ceiling"
    desk.ledger.add("segments.of_ceiling", part, "share", digits=0, label=label, **common)
    add_confusion(desk, found["k_means"], names)
    add_by_visits(desk, visitors, behaviour, segments, personas=true_personas(store, visitors["user_id"]))


def best_mixture(behaviour: Behaviour) -> tuple[Segmentation, int]:
    """The Gaussian mixture of the smallest BIC, and its number of components."""
    fits = {k: gaussian_mixture(behaviour.points, k, seed=SEED) for k in range(2, LARGEST + 1)}
    best = min(fits, key=lambda k: fits[k][1])
    return fits[best][0], best


def add_agreement(desk: Desk, name: str, agreement: Agreement, what: str) -> None:
    """Register one adjusted Rand index against the personas."""
    desk.ledger.add(
        f"segments.rand_{name}",
        agreement.rand,
        "ratio",
        low=agreement.low,
        high=agreement.high,
        digits=2,
        method="percentile bootstrap over users",
        n=agreement.n,
        label=f"Adjusted Rand index with the planted kinds: {what}",
        source="journey.evaluation.personas:compare_with_personas",
    )


def add_confusion(desk: Desk, agreement: Agreement, names: tuple[str, ...]) -> None:
    """Segments by persona, and the kinds that lead no segment."""
    counts = agreement.counts.rename(index=dict(enumerate(names)))
    shares = counts.div(counts.sum(axis=1), axis=0)
    long = counts.reset_index().melt("segment", value_name="visitors")
    long["share"] = [shares.loc[row.segment, row.persona] for row in long.itertuples()]
    desk.save("confusion", long)
    leads = counts.idxmax(axis=1)
    source = f"{SOURCE}:add_confusion"
    lost = [str(kind) for kind in counts.columns if kind not in set(leads)]
    text = " and ".join(lost) if lost else "none"
    label = "Planted kinds that are the commonest of no segment"
    desk.ledger.add("segments.lost_kinds", text, label=label, source=source, n=agreement.n)


def add_by_visits(
    desk: Desk,
    visitors: pd.DataFrame,
    behaviour: Behaviour,
    segments: Segmentation,
    personas: np.ndarray,
) -> None:
    """How well kinds are told by number of visits: the nearest segment, and a classifier with labels."""
    points = behaviour.place(described(visitors))
    nearest = segments.nearest(points)
    told = told_personas(points, personas, seed=SEED)
    visits = visitors["visits"].to_numpy()
    rows = []
    for name, (least, most) in BY_VISITS.items():
        mine = (visits >= least) & (visits <= most)
        if mine.sum() < 2:
            continue
        for method, labels in (("nearest segment", nearest), ("told by labels", told)):
            found = compare_with_personas(labels[mine], personas[mine], seed=SEED)
            row = {"visits": name, "method": method, "visitors": int(mine.sum()), "rand": found.rand}
            rows.append({**row, "low": found.low, "high": found.high})
    desk.save("by_visits", pd.DataFrame(rows))
    once = compare_with_personas(nearest[visits == 1], personas[visits == 1], seed=SEED)
    add_agreement(desk, "one_visit", once, "k-means, visitors of one visit")
    once = compare_with_personas(told[visits == 1], personas[visits == 1], seed=SEED)
    add_agreement(desk, "one_visit_told", once, "a classifier with labels, visitors of one visit")
