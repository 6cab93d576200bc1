"""Will this visit buy: models on what the log records, against baselines, with intervals and calibration."""

from __future__ import annotations

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from journey.errors import JourneyError
from journey.features import FeatureFrame, load_features
from journey.findings.desk import flat
from journey.findings.prediction.decided import NAMES, reliability_bins
from journey.findings.store.desk import ShopDesk
from journey.findings.store.funnel import ALONE
from journey.inference.resampling import sampled_rows
from journey.models.baselines import RULES, fit_baseline
from journey.models.boosting import contributions
from journey.models.explain import importance
from journey.models.scores import Scores, check_calibration, measure
from journey.models.training import Periods, PurchaseModel, split_periods, train_models

SOURCE = "findings.store.prediction"
SEED, REPLICATES, TRIALS = 5, 200, 3
#: decision -> (short name, in words)
DECISIONS = {
    "session_start": ("start", "at the start of a visit"),
    "after_3_events": ("third", "after three events"),
    "first_cart": ("cart", "at the first cart"),
}
#: buyers and others that each period must have
LEAST = {"train": 60, "validation": 20, "test": 20}
LEAST_DAYS = 10
#: Qualities in the table of scores.
METRICS = ("roc_auc", "pr_auc", "lift_10", "brier", "log_loss")
#: visits of the test period whose scores are taken apart
EXPLAINED = 3_000
#: of more visits of a period than this, all buyers and as many others stay as make it up; see `thinned`
MOST = {"train": 120_000, "validation": 60_000, "test": 120_000}


def collect(desk: ShopDesk) -> None:
    """Register the numbers of the predictions and save their tables."""
    if desk.days < LEAST_DAYS:
        sentence = f"Prediction needs {LEAST_DAYS} days, to be judged on later ones; the log has {desk.days}."
        for short, _ in DECISIONS.values():
            desk.absent(short, sentence)
        desk.absent("scores", sentence)
        return
    if {kind for kind, rows_of in desk.imported["kinds"].items() if rows_of} == {"purchase"}:
        for section in ("scores", *(short for short, _ in DECISIONS.values())):
            desk.absent(section, ALONE)
        return
    rows: list[dict[str, object]] = []
    bins: list[pd.DataFrame] = []
    with threadpool_limits(limits=1):
        for decision, (short, _) in DECISIONS.items():
            desk.attempt(short, lambda decision=decision: add_decision(desk, decision, rows, bins))  # type: ignore[misc]
    if not rows:
        desk.absent("scores", next(iter(desk.reasons.values())))
        return
    desk.save("scores", pd.DataFrame(rows))
    desk.save("reliability", pd.concat(bins, ignore_index=True))


def add_decision(
    desk: ShopDesk, decision: str, rows: list[dict[str, object]], bins: list[pd.DataFrame]
) -> None:
    """Train and judge the models of one decision."""
    short, words = DECISIONS[decision]
    periods, left_out = learnable(desk, decision)
    model = train_models(periods, seed=SEED, trials=TRIALS)
    test = periods.test
    baselines = {
        name: fit_baseline(name, periods.known).predict(test)
        for name in RULES
        if RULES[name][0] in test.names
    }
    for name, probability in (baselines | model.predict(test.matrix)).items():
        scores = measure(test.label, probability, test.user_id, replicates=REPLICATES, seed=SEED)
        row = {"decision": words, "model": NAMES[name], "chosen": name == model.chosen}
        row |= {"n": scores.n, "positives": scores.positives}
        rows.append(row | flat({metric: getattr(scores, metric) for metric in METRICS}))
        if name == model.chosen:
            add_chosen(desk, short, words, periods, model, scores)
        elif name == "bought_before":
            label = f"ROC-AUC {words}, rule “bought before”"
            desk.add(f"{short}_rule", scores.roc_auc, "ratio", label, "models.scores:measure", n=scores.n)
    bins.append(add_calibration(desk, short, words, test, model.predict(test.matrix)[model.chosen]))
    # The drivers shown are those of the latest decision that most visits reach.
    if short == "third" or (short == "start" and len(rows)):
        given, _ = contributions(model.boosted, test.matrix[:EXPLAINED])
        ranked = importance(given, model.names).head(12)
        desk.save("features", ranked.assign(feature=ranked["feature"].str.replace("_", " ")))
        desk.save(
            "left_out", pd.DataFrame({"feature": [name.replace("_", " ") for name in left_out] or ["none"]})
        )


def add_calibration(
    desk: ShopDesk, short: str, words: str, test: FeatureFrame, chosen: np.ndarray
) -> pd.DataFrame:
    """The gap between what the model that decides says and what happens; both by bins of its scores."""
    source, n = "models.scores:check_calibration", len(test)
    check = check_calibration(test.label, chosen, seed=SEED, draws=300)
    gap = f"Mean calibration gap {words}"
    desk.add(f"{short}_calibration", check.gap, "ratio", gap, source, n=n, digits=4)
    p = f"p value: calibration gap {words}"
    desk.add(f"{short}_calibration_p", check.p_value, "p", p, source, n=n)
    return reliability_bins(words, test.label, chosen)


def learnable(desk: ShopDesk, decision: str) -> tuple[Periods, list[str]]:
    """Decisions by period, after the left edge, without features that never vary; and those features.

    Raises
    ------
    JourneyError
        When a period has too few visits that buy, or too few that do not.
    """
    frame = load_features(desk.warehouse, decision)
    if not len(frame):
        raise JourneyError(f"no visit of the log has a decision {DECISIONS[decision][1]}")
    begin = frame.decided_at.min().astype("datetime64[D]") + np.timedelta64(desk.left_edge, "D")
    periods = split_periods(frame.take(frame.decided_at >= begin))
    for name, least in LEAST.items():
        part: FeatureFrame = getattr(periods, name)
        buyers = int(part.label.sum())
        if min(buyers, len(part) - buyers) < least:
            raise JourneyError(
                f"{DECISIONS[decision][1]} the {name} period must have {least} visits that buy later and as"
                f" many that do not, and has {buyers:,} and {len(part) - buyers:,}"
            )
    varies = [
        name for place, name in enumerate(periods.train.names) if np.ptp(periods.train.matrix[:, place]) > 0
    ]
    left_out = [name for name in frame.names if name not in varies]
    train, validation, test = (thinned(getattr(periods, name).select(varies), MOST[name]) for name in LEAST)
    return Periods(train, validation, test, periods.shared_users), left_out


def thinned(frame: FeatureFrame, most: int) -> FeatureFrame:
    """At most so many rows, drawn at random: shares stay what they are, intervals become wider."""
    if len(frame) <= most:
        return frame
    return frame.take(sampled_rows(len(frame), most, SEED))


def add_chosen(
    desk: ShopDesk, short: str, words: str, periods: Periods, model: PurchaseModel, scores: Scores
) -> None:
    """Numbers of the model that decides."""
    for name, unit, digits, label in (
        ("roc_auc", "ratio", 3, "ROC-AUC"),
        ("pr_auc", "ratio", 3, "PR-AUC"),
        ("precision_10", "share", 1, "Buyers in the tenth with the highest scores"),
        ("lift_10", "ratio", 1, "Lift of that tenth"),
    ):
        row = (f"{short}_{name}", getattr(scores, name), unit, f"{label} {words}, test period")
        method = "bootstrap over users, centred"
        desk.add_rows([row], "models.scores:measure", method=method, n=scores.n, digits=digits)
    here, training = f"{SOURCE}:add_chosen", "models.training"
    known, first = periods.known, pd.Timestamp(periods.test.decided_at.min())
    base, day = scores.positives / scores.n, f"{first:%-d %B %Y}"
    for name, value, unit, label, source, n in (
        ("base", base, "share", "Share of visits that buy, judged", here, scores.n),
        ("model", NAMES[model.chosen], "text", "Model that decides", f"{training}:train_models", None),
        ("learned", known.label.sum(), "count", "Visits that buy, to learn from", here, len(known)),
        ("from", day, "text", "First day of the test period,", f"{training}:split_periods", None),
        ("features", len(model.names), "count", "Features that this log gives", f"{SOURCE}:learnable", None),
    ):
        desk.add(f"{short}_{name}", value, unit, f"{label} {words}", source, n=n)
