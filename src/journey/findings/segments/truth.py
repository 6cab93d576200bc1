"""The segments of chapter 04 against the planted kinds of customers."""

from __future__ import annotations

import numpy as np
import pandas as pd

from journey.customers.segments import Behaviour, Segmentation, gaussian_mixture, k_means
from journey.evaluation.personas import Agreement, compare_with_personas, told_personas, true_personas
from journey.findings.desk import Desk, Row, add_rows
from journey.findings.segments.behaviour import described
from journey.inference.estimate import Estimate

SOURCE = "journey.findings.segments.truth"
COMPARED = "journey.evaluation.personas:compare_with_personas"
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
    found = {}
    for name, labels, what in (
        ("k_means", segments.labels, "k-means"),
        ("planted_number", planted.labels, "k-means with the planted number of segments"),
        ("mixture", mixture.labels, "Gaussian mixture"),
        ("told", told, "a classifier that learned from the true labels"),
    ):
        found[name] = compare_with_personas(labels, personas, seed=SEED)
        add_agreement(desk, name, found[name], what)
    both = compare_with_personas(segments.labels, mixture.labels, seed=SEED).rand
    part, right = found["k_means"].rand / found["told"].rand, float(np.mean(told == personas))
    smallest = "Components of the Gaussian mixture with the smallest BIC"
    label = "Adjusted Rand index between k-means and the Gaussian mixture"
    rows: tuple[Row, ...] = (
        ("kinds", kinds, "count", "Kinds of customers that were planted"),
        ("components", components, "count", smallest),
        ("between_methods", both, "ratio", label, {"digits": 2}),
        ("told_accuracy", right, "share", "Visitors whose persona a classifier with labels tells"),
        ("of_ceiling", part, "share", "Agreement of k-means over that ceiling", {"digits": 0}),
    )
    add_rows(desk, rows, source=COMPARED, n=len(known))
    add_confusion(desk, found["k_means"], names)
    add_by_visits(desk, visitors, behaviour, segments, personas=true_personas(store, visitors["user_id"]))


def best_mixture(behaviour: Behaviour) -> tuple[Segmentation, int]:
    """The Gaussian mixture of the smallest BIC, and its number of components."""
    fits = {k: gaussian_mixture(behaviour.points, k, seed=SEED) for k in range(2, LARGEST + 1)}
    best = min(fits, key=lambda k: fits[k][1])
    return fits[best][0], best


def add_agreement(desk: Desk, name: str, agreement: Agreement, what: str) -> None:
    """Register one adjusted Rand index against the personas."""
    rand = Estimate(agreement.rand, agreement.low, agreement.high, n=agreement.n)
    label = f"Adjusted Rand index with the planted kinds: {what}"
    row = (f"rand_{name}", rand, "ratio", label)
    add_rows(desk, [row], digits=2, method="percentile bootstrap over users", source=COMPARED)


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
