"""Learn a sparse target: sampled pairs with weights, trees on top of what needs no learning, or no trees."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import xgboost as xgb

from journey.errors import JourneyError
from journey.inference.arrays import Flags, Floats, Ints, Singles
from journey.inference.labels import checked_labels
from journey.models.boosting import MOST_ROUNDS, PATIENCE, fit_boosting, search_boosting
from journey.models.calibration import logit
from journey.sparse.pairs import Pairs
from journey.sparse.shop import TEST, TRAIN, PairShop

FOLDS = 3
SESSION_SPACE = {
    "max_depth": (3,),
    "min_child_weight": (15.0,),
    "subsample": (0.8,),
    "colsample_bytree": (0.25,),
    "reg_lambda": (10.0,),
}
#: Trees on pairs. A leaf needs the weight of about five expected positives.
PAIR_SETTING = {
    "max_depth": 4,
    "min_child_weight": 5.0,
    "subsample": 0.8,
    "colsample_bytree": 0.5,
    "reg_lambda": 5.0,
    "learning_rate": 0.08,
    "objective": "binary:logistic",
    "eval_metric": "logloss",
    "tree_method": "hist",
    "max_bin": 64,
}


@dataclass(frozen=True)
class Purchase:
    """Log-odds that each session buys anything, (sessions,), from models that have not seen its outcome.

    Attributes
    ----------
    log_odds
        Before the test period by a model that was trained on other users; in it by one trained on all before.
    in_sample
        Of the sessions before the test period, by the model that was trained on them.
    """

    log_odds: Floats
    in_sample: Floats


def purchase_log_odds(shop: PairShop, *, seed: int, threads: int = 1) -> Purchase:
    """Score all sessions at their start with boosted trees on the features of chapter 05."""
    frame, known = shop.frame, np.flatnonzero(shop.period != TEST)
    train, held = shop.period == TRAIN, (shop.period != TRAIN) & (shop.period != TEST)
    setting = search_boosting(
        (frame.matrix[train], frame.label[train]),
        (frame.matrix[held], frame.label[held]),
        frame.names,
        seed=seed,
        trials=1,
        space=SESSION_SPACE,
        threads=threads,
    )[0].setting

    def fitted(rows: Ints) -> Floats:
        model = fit_boosting(
            frame.matrix[rows], frame.label[rows], frame.names, setting, seed=seed, threads=threads
        )
        return logit(model.predict(frame.matrix))

    whole = fitted(known)
    result = whole.copy()
    users, member = np.unique(frame.user_id, return_inverse=True)
    fold = np.random.default_rng(seed).integers(FOLDS, size=len(users))[member]
    for number in range(FOLDS):
        mine = known[fold[known] == number]
        result[mine] = fitted(known[fold[known] != number])[mine]
    return Purchase(result, whole[known])


@dataclass(frozen=True)
class Sample:
    """Pairs to learn from, (n,) arrays.

    Attributes
    ----------
    row, item
        Row counts within the sessions that were described.
    weight
        How many pairs each stands for.
    """

    row: Ints
    item: Ints
    weight: Floats


def sample_pairs(pairs: Pairs, positive: Flags, *, touched: int, others: int, seed: int) -> Sample:
    """All positive pairs, and some of the others: those the user had touched before, and those not.

    Parameters
    ----------
    positive
        (sessions, items) pairs that are kept whatever happens.
    touched, others
        About how many negative pairs to keep of either kind.

    Notes
    -----
    Weights are one over the chance of being kept, so weighted sums estimate sums over all pairs.
    """
    seen = np.zeros(positive.shape, dtype=np.bool_)
    seen[pairs.past.row, pairs.past.item] = True
    chance = np.where(
        seen, min(1.0, touched / max(1, int(seen.sum()))), min(1.0, others / max(1, int((~seen).sum())))
    ).astype(np.float32)
    chance[positive] = 1.0
    kept = np.random.default_rng(seed).random(positive.shape, dtype=np.float32) < chance
    row, item = np.nonzero(kept)
    return Sample(row, item, 1.0 / chance[row, item].astype(np.float64))


@dataclass(frozen=True)
class PairModel:
    """Trees on top of a margin: log-odds that take no learning about the pair.

    Attributes
    ----------
    names
        Features.
    booster
        None when no tree helped on the validation period: the margin alone predicts.
    shift
        Added to the margin so that its mean probability is the base rate of training.
    rounds
        Number of trees.
    loss
        Weighted log loss on the validation period, before the fit on all rows.
    threads
        Of scoring.
    """

    names: tuple[str, ...]
    booster: xgb.Booster | None
    shift: float
    rounds: int
    loss: float
    threads: int = 1

    def predict(self, matrix: Singles, margin: Floats) -> Floats:
        """Log-odds of pairs; (n,)."""
        start = margin + self.shift
        if self.booster is None:
            return start
        data = xgb.DMatrix(matrix, base_margin=start, feature_names=list(self.names), nthread=self.threads)
        return np.asarray(self.booster.predict(data, output_margin=True), dtype=np.float64)


def margins(pairs: Pairs) -> Floats:
    """Log-odds of a purchase plus log share of the item: knows both but not the pair; (n, items)."""
    return np.asarray(pairs.purchase[:, None] + pairs.popularity(), dtype=np.float64)


def fit_pairs(
    matrix: Singles,
    outcome: Flags,
    margin: Floats,
    weight: Floats,
    held: Flags,
    names: Sequence[str],
    *,
    seed: int,
    threads: int = 1,
) -> PairModel:
    """Stop the trees on the held rows, then fit as many on all rows.

    Parameters
    ----------
    matrix, outcome, margin, weight
        (n, k) features and (n,) outcomes, margins and weights of the rows before the test period.
    held
        (n,) rows of the validation period.

    Raises
    ------
    JourneyError
        When training or validation rows have no positive, or an outcome is not 0 or 1.
    """
    outcome = checked_labels(outcome)
    if not outcome[held].any() or not outcome[~held].any():
        raise JourneyError(
            f"{int(outcome[~held].sum())} positives to learn from and {int(outcome[held].sum())} to stop by; "
            f"both are needed: use more users"
        )
    shift = level(margin[~held], outcome[~held], weight[~held])

    def data(rows: Flags) -> xgb.DMatrix:
        return xgb.DMatrix(
            matrix[rows],
            label=outcome[rows].astype(float),
            weight=weight[rows],
            base_margin=margin[rows] + shift,
            feature_names=list(names),
            nthread=threads,
        )

    settings = PAIR_SETTING | {"seed": seed, "nthread": threads}
    watched = data(held)
    booster = xgb.train(
        settings,
        data(~held),
        MOST_ROUNDS,
        evals=[(watched, "held")],
        early_stopping_rounds=PATIENCE,
        verbose_eval=False,
    )
    without = log_loss(margin[held] + shift, outcome[held], weight[held])
    if booster.best_score >= without:
        return PairModel(tuple(names), None, level(margin, outcome, weight), 0, without)
    rounds = booster.best_iteration + 1
    shift = level(margin, outcome, weight)
    final = xgb.train(settings, data(np.ones(len(outcome), dtype=np.bool_)), rounds)
    return PairModel(tuple(names), final, shift, rounds, float(booster.best_score), threads)


def level(margin: Floats, outcome: Flags, weight: Floats) -> float:
    """What to add to the log-odds so that their mean probability is the share of positives."""
    shift, target = 0.0, float(weight @ outcome)
    for _ in range(50):
        chance = 1 / (1 + np.exp(-(margin + shift)))
        step = np.log(target / float(weight @ chance))
        shift += float(step)
        if abs(step) < 1e-10:
            break
    return shift


def log_loss(margin: Floats, outcome: Flags, weight: Floats) -> float:
    """Weighted mean negative log-likelihood of log-odds."""
    loss = np.logaddexp(0.0, np.where(outcome, -margin, margin))
    return float(weight @ loss / weight.sum())
