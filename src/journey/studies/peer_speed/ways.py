"""One way to do one of the compared things, by the clock: run as a module, in a process of its own.

    python -m journey.studies.peer_speed.ways COMPARISON WAY ROWS REPEATS FOLDER

Every way makes its inputs from the same seed before the clock runs, and leaves its answers in the folder.
Other libraries are imported by their own ways alone.
"""

from __future__ import annotations

import json
import sys
import warnings
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import numpy as np

from journey.paths import project
from journey.studies.peer_speed import experiment, learners, scorer
from journey.studies.peer_speed.way import Once, timed
from journey.uplift import logistic_base, xgboost_base

EXPERIMENT, TESTS, SINGLE_TESTS = "experiment", "tests", "tests, one by one"
TREES, LOGISTIC, CURVES = "trees", "logistic", "curves"
SINGLE_SCORES, SCORES = "scores, one by one", "scores"
OWN, TEA, TEA_ARROW = "ecommerce-journey", "tea-tasting", "tea-tasting, Arrow"
GBSTATS, SKLIFT, BOOSTED = "gbstats", "scikit-uplift", "xgboost-cpu"
#: Comparison -> its ways that are written in Python, ours first.
WAYS: dict[str, dict[str, Callable[[int], Once]]] = {
    EXPERIMENT: {
        OWN: experiment.own_experiment,
        TEA: experiment.tea_experiment,
        TEA_ARROW: lambda rows: experiment.tea_experiment(rows, arrow=True),
    },
    TESTS: {OWN: experiment.own_tests, GBSTATS: experiment.gbstats_tests},
    SINGLE_TESTS: {OWN: experiment.own_single_tests, GBSTATS: experiment.gbstats_tests},
    TREES: {
        OWN: lambda rows: learners.own_learner(rows, "T", xgboost_base()),
        SKLIFT: learners.sklift_trees,
    },
    LOGISTIC: {
        OWN: lambda rows: learners.own_learner(rows, "S", logistic_base()),
        SKLIFT: learners.sklift_logistic,
    },
    CURVES: {OWN: learners.own_curves, SKLIFT: learners.sklift_curves},
    SINGLE_SCORES: {BOOSTED: lambda rows: scorer.boosted(scorer.page_files(project()), rows, together=False)},
    SCORES: {BOOSTED: lambda rows: scorer.boosted(scorer.page_files(project()), rows, together=True)},
}


def main(comparison: str, way: str, rows: str, repeats: str, folder: str) -> None:
    """Do it so many times; leave answers, seconds and version."""
    warnings.simplefilter("ignore")
    answers, taken = timed(WAYS[comparison][way](int(rows)), int(repeats))
    np.save(Path(folder) / "answers.npy", answers)
    told = taken | {"version": version(way.partition(",")[0])}
    (Path(folder) / "told.json").write_text(json.dumps(told), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
