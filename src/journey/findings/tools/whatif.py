"""The what-if scorer's file: the exported trees with what exact TreeSHAP needs, and visits to start from."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from journey.features import FEATURES
from journey.findings.desk import Desk
from journey.inference.arrays import Floats
from journey.models.scorer import short

SCORER, CHECK, MODEL = "browser_scorer.json", "browser_scorer_check.json", "after_3_events_xgboost.json"
#: Features that the form shows first, and at which places of the scores visits are taken to start from.
SHOWN = 12
PLACES = {"A typical visit": 0.5, "A cold visit": 0.1, "A warm visit": 0.9, "A hot visit": 0.99}
#: Share of all scores on either side that counts as about the same score.
NEAR = 0.01
#: Largest value that the form takes, by unit; else ten times what is usual.
LARGEST = {"share": 1.0, "index": 1.0, "flag": 1.0, "hour": 23.0, "day": 7.0, "stars": 5.0, "percent": 100.0}


def scorer(desk: Desk) -> dict[str, Any]:
    """The file of the what-if scorer.

    Returns
    -------
    dict
        The exported scorer (`journey.models.scorer.export_scorer`), each tree with `c`, the weight of the
        training rows that reach a node; each feature with `label`, `unit`, `hint`, `least`, `most`; `shown`,
        the places of the features shown first; `visits`: `label` and `row`.
    """
    folder = desk.paths.results / "models"
    exported, check, model = (
        json.loads((folder / name).read_text(encoding="utf-8")) for name in (SCORER, CHECK, MODEL)
    )
    full = with_covers(exported, model)
    rows = np.array(check["rows"])
    known = {feature.name: feature for feature in FEATURES}
    for feature in full["features"]:
        said = known[feature["name"]]
        window = f", last {said.window}" if said.window[0].isdigit() else ""
        flag, named = said.unit == "flag", said.unit.split()[0] in said.name
        largest = LARGEST.get(said.unit, max(365.0, 10 * feature["high"]))
        feature |= {
            "label": said.name.replace("_", " ").capitalize(),
            "unit": "" if flag or named else said.unit,
            "flag": flag,
            "hint": "" if flag else f"{said.definition}{window}",
            "least": -3.0 if said.unit == "log points" else 0.0,
            "most": 3.0 if said.unit == "log points" else largest,
        }
    size = np.abs(shapley(full, rows)).mean(axis=0)
    return full | {
        "shown": [int(place) for place in np.argsort(-size, kind="stable")[:SHOWN]],
        "visits": visits(rows, np.array(check["expected"])),
    }


def with_covers(exported: Mapping[str, Any], model: Mapping[str, Any]) -> dict[str, Any]:
    """The scorer with the weight of training rows at every node, from XGBoost's own file."""
    trees = model["learner"]["gradient_booster"]["model"]["trees"]
    covered = [
        tree | {"c": [short(value) for value in own["sum_hessian"]]}
        for tree, own in zip(exported["trees"], trees, strict=True)
    ]
    return {**exported, "trees": covered, "features": [dict(feature) for feature in exported["features"]]}


def visits(rows: Floats, scores: Floats) -> list[dict[str, Any]]:
    """Decisions of the simulated shop at some places of the scores, from the usual to the extreme.

    Of those with about the score, the one whose features lie closest to the middle of all; a visit with the
    median score may be odd in everything.
    """
    order = np.argsort(scores, kind="stable")
    odd = np.abs(rankdata(rows, axis=0) / len(rows) - 0.5).mean(axis=1)
    near = max(1, round(NEAR * len(order)))
    found = []
    for label, place in PLACES.items():
        middle = round(place * (len(order) - 1))
        alike = order[max(0, middle - near) : middle + near + 1]
        found.append({"label": label, "row": rows[alike[np.argmin(odd[alike])]].round(3).tolist()})
    return found


def shapley(scorer: Mapping[str, Any], rows: Floats) -> Floats:
    """Exact, path-dependent TreeSHAP: contributions to the log-odds of each row, shape (n, k).

    A leaf speaks for the few features on its path alone, so every subset of them can be gone through
    (Lundberg and others 2018, equation 2).
    """
    values = rows.astype(np.float32)
    given = np.zeros((len(values), len(scorer["features"])))
    for tree in scorer["trees"]:
        _walk(tree, 0, {}, values, given)
    return given


def _walk(
    tree: Mapping[str, Any], node: int, path: dict[int, Any], values: NDArray[np.float32], given: Floats
) -> None:
    """Go on to both children, each with what its feature now says: rows that follow it, and its weight."""
    feature = tree["f"][node]
    if feature < 0:
        _credit(np.float32(tree["t"][node]), path, given)
        return
    goes_left = values[:, feature] < np.float32(tree["t"][node])
    follows, weight = path.get(feature, (np.ones(len(values)), 1.0))
    for child, goes in ((tree["l"][node], goes_left), (tree["r"][node], ~goes_left)):
        part = tree["c"][child] / tree["c"][node]
        _walk(tree, child, path | {feature: (follows * goes, weight * part)}, values, given)


def _credit(leaf: np.float32, path: dict[int, Any], given: Floats) -> None:
    """Share a leaf's value among the features of its path."""
    features = list(path)
    others = len(features) - 1
    for feature in features:
        rest = [path[other] for other in features if other != feature]
        total = np.zeros(len(given))
        for subset in range(2**others):
            chosen = [bool(subset >> place & 1) for place in range(others)]
            product: Any = 1.0
            for taken, (follows, weight) in zip(chosen, rest, strict=True):
                product = product * (follows if taken else weight)
            total += product / ((others + 1) * math.comb(others, sum(chosen)))
        follows, weight = path[feature]
        given[:, feature] += float(leaf) * (follows - weight) * total
