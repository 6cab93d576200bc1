"""The same trees, fitted by the workers of a Spark cluster, through XGBoost's own integration."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from journey.errors import JourneyError
from journey.models.boosting import Boosted, Setting


def fit_on_spark(
    frame: Any, names: Sequence[str], outcome: str, setting: Setting, *, seed: int, workers: int = 1
) -> Boosted:
    """Fit exactly `setting.rounds` trees on rows that stay on the cluster.

    Each worker keeps a part of the rows and adds up their gradients; the sums meet in every step. One
    worker gives the trees of `fit_boosting` where no row or column is drawn. With more, the bounds between
    which a feature is split come from merged summaries of the parts, so that the trees are others.

    Parameters
    ----------
    frame
        A table of Spark with the features, finite numbers, and the outcome.
    names
        Columns of the features.
    outcome
        Column that says what happened, as a boolean.
    setting
        Size and penalties of the trees.
    seed
        Of the draws of rows and columns.
    workers
        Tasks that fit together; the cluster must have as many free slots at once.

    Returns
    -------
    Boosted
        The model, which predicts on one machine.

    Raises
    ------
    JourneyError
        When a column is missing.
    """
    from xgboost.spark import SparkXGBClassifier

    if missing := [name for name in (*names, outcome) if name not in frame.columns]:
        raise JourneyError(f"the table has no column {missing[0]!r}")
    values = setting.parameters(seed, 1)
    given = {name: values[name] for name in values if name not in ("objective", "nthread", "seed")}
    estimator = SparkXGBClassifier(
        features_col=list(names),
        label_col=outcome,
        num_workers=workers,
        n_estimators=setting.rounds,
        random_state=seed,
        **given,
    )
    columns = [f"cast({name} as double) as {name}" for name in names]
    rows = frame.selectExpr(*columns, f"cast({outcome} as int) as {outcome}")
    booster = estimator.fit(rows).get_booster()
    booster.feature_names = list(names)
    return Boosted(tuple(names), booster, setting)
