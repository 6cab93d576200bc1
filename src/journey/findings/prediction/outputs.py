"""Files of chapter 05 for other tools: models, metrics, predictions, and the scorer for a page."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from journey.files import replacing, write_json, write_text
from journey.findings.desk import Desk
from journey.findings.prediction.decided import Decided
from journey.inference.resampling import sampled_rows
from journey.models.landed import landed_values, linear_values
from journey.models.runs import STORE, log_run
from journey.models.scorer import evaluate_scorer, export_scorer, scorer_text

CHECKED_ROWS, SEED = 1000, 5
DIGITS = 6


def write_outputs(
    desk: Desk, decided: dict[str, Decided], metrics: list[dict[str, Any]], headline: str, threshold: float
) -> None:
    """Write `data/results/models`, `metrics` and `predictions`."""
    results = desk.paths.results
    models = results / "models"
    for each in decided.values():
        files = {part: models / f"{each.decision}_{part}.json" for part in ("logistic", "xgboost")}
        each.model.boosted.save(files["xgboost"])
        about = {"decision": each.decision, "calibration": each.model.calibrations["logistic"].as_dict()}
        write_json(files["logistic"], linear_values(each.model.linear) | about)
        contents = {part: file.read_bytes() for part, file in files.items()}
        landed = landed_values(each.model, each.periods.test, contents)
        write_json(models / f"{each.decision}_landed.json", landed)
        log_runs(desk, each, metrics)
    write_json(results / "metrics" / "model_metrics.json", metric_values(metrics))
    write_predictions(desk, decided)
    write_scorer(desk, decided[headline], threshold)


def metric_values(metrics: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows of the table of scores without what changes from run to run."""
    return [
        {
            name: round(value, DIGITS) if isinstance(value, float) else value
            for name, value in row.items()
            if not name.endswith("_seconds")
        }
        for row in metrics
    ]


def log_runs(desk: Desk, each: Decided, metrics: list[dict[str, Any]]) -> None:
    """One run a model: settings, calibration, scores."""
    settings: dict[str, dict[str, Any]] = {
        "logistic": {"strength": each.model.linear.strength, "decays": each.model.linear.design.decays},
        "xgboost": dict(vars(each.model.boosted.setting)),
        "blend": {"of": "logistic, xgboost"},
    }
    for name, parameters in settings.items():
        row = next(row for row in metrics if row["decision_id"] == each.decision and row["model_id"] == name)
        given = {
            key: float(value)
            for key, value in row.items()
            if isinstance(value, float) and not key.endswith(("_low", "_high"))
        }
        log_run(
            desk.paths.results / "models" / "runs",
            f"{each.decision}-{name}",
            parameters | {"calibration": each.model.calibrations[name].method},
            given | {"validation_log_loss": each.model.validation_loss[name]},
            store=desk.paths.results / STORE,
        )


def write_predictions(desk: Desk, decided: dict[str, Decided]) -> None:
    """One row a decision of the test period, for a dashboard tool."""
    parts = []
    for each in decided.values():
        test = each.periods.test
        parts.append(
            pd.DataFrame(
                {
                    "decision": each.decision,
                    "decision_id": test.decision_id,
                    "session_id": test.session_id,
                    "user_id": test.user_id,
                    "decided_at": test.decided_at,
                    "probability": each.chosen.round(DIGITS),
                    "probability_logistic": each.probabilities["logistic"].round(DIGITS),
                    "probability_xgboost": each.probabilities["xgboost"].round(DIGITS),
                    "decile": 10 - np.argsort(np.argsort(-each.chosen, kind="stable")) * 10 // len(test),
                    "bought": test.label.astype(int),
                    "revenue_after": test.revenue_after.round(2),
                }
            ).join(test.slices.astype({"is_new_user": int}))
        )
    with replacing(desk.paths.results / "predictions" / "conversion_predictions.csv") as temporary:
        pd.concat(parts, ignore_index=True).to_csv(temporary, index=False, lineterminator="\n")


def write_scorer(desk: Desk, each: Decided, threshold: float) -> None:
    """The trees for a page, and rows with the scores that the page has to reproduce."""
    model, calibration = each.model.boosted, each.model.calibrations["xgboost"]
    known, test = each.periods.known, each.periods.test
    scorer = export_scorer(model, calibration, known.matrix, each.decision) | {"threshold": threshold}
    text = scorer_text(scorer)
    rows = sampled_rows(len(test), CHECKED_ROWS, SEED)
    # Rounded first and scored then, so that what is written gives exactly what is expected.
    matrix = test.matrix[rows].round(DIGITS)
    expected = calibration(model.predict(matrix))
    gap = float(np.abs(evaluate_scorer(scorer, matrix) - expected).max())
    folder = desk.paths.results / "models"
    write_text(folder / "browser_scorer.json", text)
    checks = {"rows": matrix.tolist(), "expected": expected.round(9).tolist(), "features": list(model.names)}
    write_text(folder / "browser_scorer_check.json", scorer_text(checks))
    for name, value, function, label in (
        ("kilobytes", len(text.encode()) / 1000, "scorer_text", "Size of the exported trees, kB"),
        ("trees", len(scorer["trees"]), "export_scorer", "Trees of the exported model"),
    ):
        source = f"journey.models.scorer:{function}"
        desk.ledger.add(f"prediction.scorer_{name}", value, "count", label=label, source=source)
    desk.ledger.add(
        "prediction.scorer_agrees",
        "yes" if gap < 1e-6 else "no",
        n=len(rows),
        label="Exported trees and XGBoost agree within one in a million",
        source="journey.models.scorer:evaluate_scorer",
    )
