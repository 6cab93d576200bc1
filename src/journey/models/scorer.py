"""The trees as plain JSON for a page: exported, checked, and evaluated again without XGBoost."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from journey.errors import JourneyError
from journey.inference.arrays import Floats
from journey.models.boosting import Boosted
from journey.models.calibration import Calibration

VERSION = 1


def export_scorer(model: Boosted, calibration: Calibration, matrix: Floats, decision: str) -> dict[str, Any]:
    """Trees, calibration and feature ranges as JSON values.

    Parameters
    ----------
    model, calibration
        Trees and the map of their scores to probabilities.
    matrix
        (n, k) training rows, for the median and the range of each feature.
    decision
        What the model scores.

    Returns
    -------
    dict
        `version`, `decision`, `features` (name, median, low and high: 1 and 99% quantiles), `base`
        (log-odds), `calibration`, and `trees`: the nodes of each in parallel lists: `f` feature (-1 at a
        leaf), `t` split condition or leaf value, `l` and `r` child nodes. A row goes left when
        fround(x) < fround(t): both in single precision, since `t` is written as the shortest decimal of a
        single-precision number, which parses to another double. The score is
        1 / (1 + exp(-(base + sum of leaves))), then the calibration.
    """
    learner = json.loads(bytes(model.booster.save_raw("json")))["learner"]
    trees = []
    for tree in learner["gradient_booster"]["model"]["trees"]:
        left, right = tree["left_children"], tree["right_children"]
        split = tree["split_indices"]
        trees.append(
            {
                "f": [-1 if left[node] < 0 else split[node] for node in range(len(left))],
                "t": [short(value) for value in tree["split_conditions"]],
                "l": left,
                "r": right,
            }
        )
    median, low, high = np.quantile(matrix, [0.5, 0.01, 0.99], axis=0)
    features = [
        {"name": name, "median": short(median[i]), "low": short(low[i]), "high": short(high[i])}
        for i, name in enumerate(model.names)
    ]
    return {
        "version": VERSION,
        "decision": decision,
        "features": features,
        "base": base_log_odds(learner),
        "calibration": calibration.as_dict(),
        "trees": trees,
    }


def base_log_odds(learner: Mapping[str, Any]) -> float:
    """Log-odds that the trees start from; XGBoost keeps the probability, as text, in a list since 3.1."""
    text = str(learner["learner_model_param"]["base_score"]).strip("[]")
    probability = float(np.float32(text.split(",")[0]))
    return float(np.log(probability) - np.log1p(-probability))


def evaluate_scorer(scorer: Mapping[str, Any], matrix: Floats) -> Floats:
    """Probabilities from the JSON alone, as a page computes them.

    Parameters
    ----------
    scorer
        As `export_scorer` makes it.
    matrix
        (n, k) finite features in the order of `scorer["features"]`.

    Raises
    ------
    JourneyError
        For another version, another width, or a value that is not finite.
    """
    if scorer.get("version") != VERSION:
        raise JourneyError(
            f"the scorer has version {scorer.get('version')!r}, expected {VERSION}; export it again"
        )
    wanted = len(scorer["features"])
    if matrix.ndim != 2 or matrix.shape[1] != wanted:
        raise JourneyError(f"the rows have shape {matrix.shape} but the scorer has {wanted} features")
    if wrong := int((~np.isfinite(matrix)).sum()):
        raise JourneyError(f"{wrong} values of {len(matrix)} rows to score are null or infinite; fill them")
    values = matrix.astype(np.float32)
    margin = np.full(len(values), scorer["base"])
    rows = np.arange(len(values))
    for tree in scorer["trees"]:
        feature, condition = np.array(tree["f"]), np.array(tree["t"], dtype=np.float32)
        left, right = np.array(tree["l"]), np.array(tree["r"])
        node = np.zeros(len(values), dtype=np.int64)
        while (inner := feature[node] >= 0).any():
            goes_left = values[rows, np.maximum(feature[node], 0)] < condition[node]
            node = np.where(inner, np.where(goes_left, left[node], right[node]), node)
        margin += condition[node]
    given = scorer["calibration"]
    calibration = Calibration(given["method"], tuple(given["knots"]), tuple(given["values"]))
    return calibration(1.0 / (1.0 + np.exp(-margin)))


def scorer_text(scorer: Mapping[str, Any]) -> str:
    """Compact JSON, one line, the same text for the same scorer."""
    return json.dumps(scorer, separators=(",", ":"), sort_keys=True, allow_nan=False) + "\n"


def short(value: float) -> float:
    """The shortest decimal that is still the same single-precision number."""
    return float(str(np.float32(value)))
