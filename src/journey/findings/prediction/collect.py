"""Findings of chapter 05: will this session buy, how close to the possible, and when is it worth acting?"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from journey.features import DECISIONS, load_features
from journey.findings.desk import Desk, Row, add_rows, flat
from journey.findings.prediction import ceilings as prediction_ceilings
from journey.findings.prediction import differences as prediction_differences
from journey.findings.prediction import drivers as prediction_drivers
from journey.findings.prediction import field as prediction_field
from journey.findings.prediction import leaks as prediction_leaks
from journey.findings.prediction import outputs as prediction_outputs
from journey.findings.prediction import value as prediction_value
from journey.findings.prediction.decided import NAMES, SHORT, Decided, reliability_bins
from journey.inference.estimate import Estimate
from journey.models.baselines import RULES, fit_baseline
from journey.models.scores import Scores, check_calibration, measure
from journey.models.slices import slice_scores
from journey.models.training import MODELS, predict_seconds, split_periods, train_models
from journey.studies.registry import kept

SOURCE = "journey.findings.prediction.collect"
MEASURE = "journey.models.scores:measure"
SEED, REPLICATES = 5, 400
HEADLINE = "after_3_events"
METRICS = {
    "roc_auc": "ROC-AUC",
    "pr_auc": "PR-AUC",
    "precision_1": "Buyers in the top hundredth",
    "precision_5": "Buyers in the top twentieth",
    "precision_10": "Buyers in the top tenth",
    "lift_1": "Lift of the top hundredth",
    "lift_5": "Lift of the top twentieth",
    "lift_10": "Lift of the top tenth",
    "brier": "Brier score",
    "log_loss": "Log loss",
}
METHOD = "bootstrap over users, centred"
GAP = "Mean calibration gap"
SLICES = {
    "device": "Device",
    "channel": "Channel",
    "country": "Country",
    "visitor": "Visitor",
}


def collect(desk: Desk) -> None:
    """Register the chapter's numbers, save its tables, and write models, metrics and predictions."""
    # Sums over several threads end in other last digits on other machines, and small ones gain nothing.
    with threadpool_limits(limits=1):
        add_everything(desk)


def add_everything(desk: Desk) -> None:
    """All findings of the chapter, in the order of its sections."""
    decided = {decision: decide(desk, decision) for decision in DECISIONS}
    metrics = add_scores(desk, decided)
    prediction_differences.add_differences(desk, decided, replicates=REPLICATES, seed=SEED)
    add_libraries(desk)
    add_calibration(desk, decided)
    add_slices(desk, decided[HEADLINE])
    prediction_ceilings.add_ceilings(desk, decided)
    prediction_drivers.add_drivers(desk, decided[HEADLINE])
    threshold = prediction_value.add_value(desk, decided, HEADLINE)
    prediction_leaks.add_leaks(desk, decided["session_start"], SEED)
    prediction_leaks.add_resampling(desk, decided["session_start"], SEED)
    prediction_field.add_field(desk)
    prediction_outputs.write_outputs(desk, decided, metrics, HEADLINE, threshold)


def decide(desk: Desk, decision: str) -> Decided:
    """Train the models of one decision and score its test period."""
    periods = split_periods(load_features(desk.warehouse, decision))
    model = train_models(periods, seed=SEED)
    probabilities = {
        name: fit_baseline(name, periods.known).predict(periods.test) for name in RULES
    } | model.predict(periods.test.matrix)
    return Decided(decision, periods, model, probabilities)


def add_scores(desk: Desk, decided: dict[str, Decided]) -> list[dict[str, Any]]:
    """Every model and baseline at every decision; the table and its main numbers."""
    rows: list[dict[str, Any]] = []
    for each in decided.values():
        test = each.periods.test
        for name, probability in each.probabilities.items():
            scores = measure(test.label, probability, test.user_id, replicates=REPLICATES, seed=SEED)
            rows.append(score_row(each, name, scores) | seconds(each, name))
            if name in MODELS or name == "bought_before":
                what = {"blend": "mean of both models", "bought_before": "rule “bought before”"}
                for metric in ("roc_auc", "pr_auc"):
                    label = f"{METRICS[metric]} {each.when}, {what.get(name, NAMES[name])}"
                    add_estimate(
                        desk, f"{each.short}_{name}_{metric}", getattr(scores, metric), scores, label
                    )
            if name == each.model.chosen:
                add_chosen(desk, each, scores)
    desk.save("scores", pd.DataFrame(rows))
    start = decided["session_start"].periods
    for name, frame in (("train", start.train), ("validation", start.validation), ("test", start.test)):
        period = "training" if name == "train" else name
        source = "journey.models.training:split_periods"
        first, label = pd.Timestamp(frame.decided_at.min()), f"First day of the {period} period"
        desk.ledger.add(f"prediction.{name}_from", f"{first:%-d %B %Y}", label=label, source=source)
    features, source = len(start.train.names), "journey.features.load:load_features"
    desk.ledger.add(
        "prediction.features", features, "count", label="Features known at a decision", source=source
    )
    return rows


def score_row(each: Decided, name: str, scores: Scores) -> dict[str, Any]:
    """One row of the table of scores."""
    row: dict[str, Any] = {
        "decision": SHORT[each.decision][1],
        "decision_id": each.decision,
        "model": NAMES[name],
        "model_id": name,
        "chosen": name == each.model.chosen,
        "n": scores.n,
        "positives": scores.positives,
    }
    qualities = flat({metric: getattr(scores, metric) for metric in METRICS})
    return row | qualities | {"calibration_error": scores.calibration_error}


def seconds(each: Decided, name: str) -> dict[str, float | None]:
    """Processor seconds of training, and of scoring the test rows; only the models take any to speak of."""
    if name not in MODELS:
        return {"fit_seconds": None, "predict_seconds": None}
    models = {
        "logistic": each.model.linear.predict,
        "xgboost": each.model.boosted.predict,
        "blend": each.model.predict,
    }
    taken = predict_seconds(models[name], each.periods.test.matrix)
    return {"fit_seconds": round(each.model.fit_seconds[name], 1), "predict_seconds": round(taken, 2)}


def add_chosen(desk: Desk, each: Decided, scores: Scores) -> None:
    """Numbers of the model that decides, under short names."""
    for metric in METRICS:
        label = f"{METRICS[metric]} {each.when}, test period"
        add_estimate(desk, f"{each.short}_{metric}", getattr(scores, metric), scores, label)
    chosen, train, base = NAMES[each.model.chosen], each.periods.known.label, scores.positives / scores.n
    n, what, here = scores.n, f"sessions judged {each.when}", f"{SOURCE}:add_chosen"
    trained = "journey.models.training:train_models"
    for name, value, unit, of, label, source in (
        ("model", chosen, "text", None, f"Model that decides {each.when}", trained),
        ("sessions", n, "count", None, what.capitalize(), MEASURE),
        ("buyers", scores.positives, "count", n, f"Buyers among {what}", MEASURE),
        ("base_rate", base, "share", n, f"Share of buyers among {what}", here),
        ("train_buyers", int(train.sum()), "count", len(train), f"Buyers to learn from {each.when}", here),
    ):
        desk.ledger.add(f"prediction.{each.short}_{name}", value, unit, n=of, label=label, source=source)


def add_estimate(desk: Desk, name: str, estimate: Estimate, scores: Scores, label: str) -> None:
    """Register one quality with its interval."""
    unit = "share" if name.rpartition("_")[0].endswith("precision") else "ratio"
    digits = {"lift": 1, "brier": 4, "log_loss": 4}
    ends = next((places for end, places in digits.items() if f"_{end}" in name), None)
    desk.ledger.add(
        f"prediction.{name}",
        estimate,
        unit,
        method=METHOD,
        n=scores.n,
        digits=ends,
        label=label,
        source=MEASURE,
    )


def add_libraries(desk: Desk) -> None:
    """LightGBM and CatBoost next to XGBoost, as committed."""
    found = kept("boosting_comparison", desk.paths)
    desk.save("libraries_evidence", pd.DataFrame({"note": [found.label]}))
    widest = max(found.results["differences"], key=lambda row: abs(row["roc_auc"]))
    sign = -1.0 if widest["roc_auc"] < 0 else 1.0
    low, high = sorted(sign * widest[f"roc_auc_{end}"] for end in ("low", "high"))
    spread = Estimate(sign * widest["roc_auc"], low, high, method=prediction_differences.METHOD)
    label = "Largest ROC-AUC difference of boosting libraries at a decision"
    source = "journey.studies.boosting_comparison:compare_libraries"
    add_rows(desk, [("libraries_spread", spread, "ratio", label)], source=source)


def add_calibration(desk: Desk, decided: dict[str, Decided]) -> None:
    """Predicted against observed shares, and how far apart chance alone would put them."""
    bins = []
    for each in decided.values():
        bins.append(reliability_bins(SHORT[each.decision][1], each.periods.test.label, each.chosen))
        add_gap(desk, each)
    desk.save("reliability", pd.concat(bins, ignore_index=True))


def add_gap(desk: Desk, each: Decided) -> None:
    """The gap between what is predicted at one decision and what happens, and what was done about it."""
    label = each.periods.test.label
    check = check_calibration(label, each.chosen, seed=SEED)
    drawn = {"method": "outcomes drawn from the probabilities"}
    means = {"digits": 2, "source": f"{SOURCE}:add_gap"}
    rows: tuple[Row, ...] = (
        ("calibration_noise", check.chance, "ratio", f"{GAP} by chance", drawn),
        ("calibration_error", check.gap, "ratio", GAP),
        ("calibration_p", check.p_value, "p", "p value: calibration gap", {"digits": None}),
        ("predicted", each.chosen.mean(), "share", "Mean predicted probability", means),
        ("observed", label.mean(), "share", "Observed share of buyers", means),
    )
    named = [
        (f"{each.short}_{name}", value, unit, f"{title} {each.when}, test period", *own)
        for name, value, unit, title, *own in rows
    ]
    add_rows(desk, named, digits=4, n=len(label), source="journey.models.scores:check_calibration")
    method = each.model.calibrations[each.model.chosen].method
    done = {"none": "none needed", "platt": "Platt", "isotonic": "isotonic"}[method]
    row = (f"{each.short}_calibration", done, "text", f"Calibration of the model that decides {each.when}")
    add_rows(desk, [row], source="journey.models.calibration:choose_calibration")


def add_slices(desk: Desk, each: Decided) -> None:
    """Ranking and calibration by device, channel, country and kind of visitor."""
    test = each.periods.test
    visitor = np.where(test.slices["is_new_user"], "new", "returning")
    tables = []
    for column, title in SLICES.items():
        members = visitor if column == "visitor" else test.slices[column].astype(str).to_numpy()
        table = slice_scores(test.label, each.chosen, test.user_id, members, seed=SEED)
        table.insert(0, "dimension", title)
        tables.append(table)
    whole = pd.concat(tables, ignore_index=True)
    desk.save("slices", whole)
    measured = whole.dropna(subset=["roc_auc"])
    off = measured[(measured["ratio_low"] > 1) | (measured["ratio_high"] < 1)]
    names = ", ".join(off["slice"].str.replace("_", " ")) if len(off) else "none"
    n, what = {"n": len(measured)}, "slices whose predicted share is off the observed"
    here = {"source": f"{SOURCE}:add_slices"}
    rows: list[Row] = [
        ("slices", len(whole), "count", "Slices by device, channel, country and visitor", here),
        ("slices_off", len(off), "count", what.capitalize(), n),
        ("slices_off_names", names, "text", f"Names of the {what}", n),
    ]
    area = measured["roc_auc"]
    for name, place in (("worst", area.idxmin()), ("best", area.idxmax())):
        row = measured.loc[place]
        text = f"{row['dimension'].lower()}: {row['slice'].replace('_', ' ')}"
        drawn = Estimate(row["roc_auc"], row["roc_auc_low"], row["roc_auc_high"], n=row["n"], method=METHOD)
        which = f"slice that is ranked {name}"
        rows += [
            (f"slice_{name}", text, "text", f"{which.capitalize()}, {each.when}", {"n": row["n"]}),
            (f"slice_{name}_auc", drawn, "ratio", f"ROC-AUC {each.when}, {which}"),
        ]
    add_rows(desk, rows, source="journey.models.slices:slice_scores")
