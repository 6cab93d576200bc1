"""Train the purchase models of one decision: tune and calibrate on validation, never on the test period."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from journey.features import FeatureFrame, align, split_by_time
from journey.inference.arrays import Floats
from journey.models.boosting import SPACE, THREADS, Boosted, Trial, fit_boosting, search_boosting
from journey.models.calibration import Calibration, choose_calibration, logit
from journey.models.linear import Linear, fit_linear
from journey.models.scores import log_loss

MODELS = ("logistic", "xgboost", "blend")
STRENGTHS = (0.001, 0.003, 0.01, 0.03)


@dataclass(frozen=True)
class Periods:
    """Decisions of one kind by period; sessions are whole, the test period is the last."""

    train: FeatureFrame
    validation: FeatureFrame
    test: FeatureFrame
    shared_users: float

    @property
    def known(self) -> FeatureFrame:
        """Everything before the test period, in order of time."""
        return join(self.train, self.validation)


@dataclass(frozen=True)
class PurchaseModel:
    """The models of one decision, refitted on all rows before the test period.

    Attributes
    ----------
    linear, boosted
        The two models; `blend` is the mean of their log-odds.
    calibrations
        Model -> its map to probabilities, fitted on the validation period.
    chosen
        The model with the lowest log loss on validation: the one that decides.
    trials, linear_trials
        What the search tried, best first; the linear ones as (strength, decays, log loss).
    fit_seconds
        Model -> processor seconds of search and fits.
    """

    decision: str
    linear: Linear
    boosted: Boosted
    calibrations: dict[str, Calibration]
    chosen: str
    trials: tuple[Trial, ...]
    linear_trials: tuple[tuple[float, bool, float], ...]
    validation_loss: dict[str, float]
    fit_seconds: dict[str, float]

    @property
    def names(self) -> tuple[str, ...]:
        """Features, in the order of the matrix."""
        return self.boosted.names

    def predict(self, matrix: Floats) -> dict[str, Floats]:
        """Calibrated probabilities of each model for the rows of an (n, k) matrix."""
        raw = raw_scores(self.linear, self.boosted, matrix)
        return {name: self.calibrations[name](scores) for name, scores in raw.items()}

    def score(self, rows: pd.DataFrame) -> Floats:
        """Probability of a purchase for a table of features, by the model that decides.

        Raises
        ------
        JourneyError
            When a feature is missing, unknown, not a number or null.
        """
        return self.predict(align(rows, self.names))[self.chosen]


def join(first: FeatureFrame, second: FeatureFrame) -> FeatureFrame:
    """Rows of two frames of the same decision, one after the other."""
    arrays = ("matrix", "label", "revenue_after", "decided_at", "user_id", "session_id", "decision_id")
    joined = {name: np.concatenate([getattr(first, name), getattr(second, name)]) for name in arrays}
    return FeatureFrame(
        decision=first.decision,
        names=first.names,
        slices=pd.concat([first.slices, second.slices], ignore_index=True),
        **joined,
    )


def split_periods(frame: FeatureFrame) -> Periods:
    """Train, validation and test periods of a frame: 60, 20 and 20% of the days."""
    split = split_by_time(frame.decided_at, frame.session_id, frame.user_id)
    train, validation, test = (frame.take(mask) for mask in (split.train, split.validation, split.test))
    return Periods(train, validation, test, split.shared_users)


def raw_scores(linear: Linear, boosted: Boosted, matrix: Floats) -> dict[str, Floats]:
    """Scores before calibration."""
    one, two = linear.predict(matrix), boosted.predict(matrix)
    both = 1.0 / (1.0 + np.exp(-(logit(one) + logit(two)) / 2))
    return {"logistic": one, "xgboost": two, "blend": both}


def search_linear(train: FeatureFrame, validation: FeatureFrame) -> list[tuple[float, bool, float]]:
    """Strength and decays of the logistic regression by log loss on validation, best first."""
    found = []
    for decays in (False, True):
        for strength in STRENGTHS:
            model = fit_linear(train.matrix, train.label, train.names, strength=strength, decays=decays)
            loss = log_loss(validation.label, model.predict(validation.matrix))
            found.append((strength, decays, loss))
    return sorted(found, key=lambda trial: trial[2])


def train_models(
    periods: Periods,
    *,
    seed: int,
    trials: int = 6,
    learning_rate: float = 0.05,
    space: Mapping[str, Sequence[float]] = SPACE,
    threads: int = THREADS,
) -> PurchaseModel:
    """Tune on validation, calibrate on validation, refit on train and validation.

    Parameters
    ----------
    periods
        The test period is not looked at.
    seed
        Of the search, the trees and the folds of the calibration.
    trials, learning_rate, space, threads
        Of the search for the trees.

    Notes
    -----
    The calibration is fitted on scores of models that have not seen the validation rows, then kept for the
    refitted models, which rank at least as well because the latest rows are the most alike to the test rows.
    """
    train, validation, known = periods.train, periods.validation, periods.known
    clock = Stopwatch()
    linear_trials = search_linear(train, validation)
    strength, decays, _ = linear_trials[0]
    linear = fit_linear(train.matrix, train.label, train.names, strength=strength, decays=decays)
    final_linear = fit_linear(known.matrix, known.label, known.names, strength=strength, decays=decays)
    clock.lap("logistic")
    found = search_boosting(
        (train.matrix, train.label),
        (validation.matrix, validation.label),
        train.names,
        seed=seed,
        trials=trials,
        learning_rate=learning_rate,
        space=space,
        threads=threads,
    )
    setting = found[0].setting
    boosted, final_boosted = (
        fit_boosting(rows.matrix, rows.label, rows.names, setting, seed=seed, threads=threads)
        for rows in (train, known)
    )
    clock.lap("xgboost")
    raw = raw_scores(linear, boosted, validation.matrix)
    calibrations = {
        name: choose_calibration(validation.label, scores, validation.user_id, seed=seed)
        for name, scores in raw.items()
    }
    losses = {name: dict(each.loss)[each.method] for name, each in calibrations.items()}
    clock.laps["blend"] = sum(clock.laps.values())
    return PurchaseModel(
        decision=train.decision,
        linear=final_linear,
        boosted=final_boosted,
        calibrations=calibrations,
        chosen=min(MODELS, key=lambda name: losses[name]),
        trials=tuple(found),
        linear_trials=tuple(linear_trials),
        validation_loss=losses,
        fit_seconds=clock.laps,
    )


def predict_seconds(predict: Callable[[Floats], object], matrix: Floats) -> float:
    """Processor seconds to score the rows once."""
    start = time.process_time()
    predict(matrix)
    return time.process_time() - start


class Stopwatch:
    """Processor seconds between laps: they do not depend on what else the machine does."""

    def __init__(self) -> None:
        self.laps: dict[str, float] = {}
        self._last = time.process_time()

    def lap(self, name: str) -> None:
        """Keep the processor seconds since the last lap."""
        now = time.process_time()
        self.laps[name] = now - self._last
        self._last = now
