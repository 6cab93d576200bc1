"""The landed models of one decision: what decides, its calibration, and the rows it was judged on.

The trees and the coefficients have files of their own; the values here say what is done with them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import xgboost as xgb

from journey.features import FeatureFrame
from journey.inference.arrays import Floats, Ints
from journey.models.boosting import THREADS, Boosted, Setting, contributions
from journey.models.calibration import Calibration
from journey.models.drift import count_bins
from journey.models.linear import CYCLES, HALF_LIVES, Design, Linear
from journey.models.stability import Bins, numeric_bins
from journey.models.training import PurchaseModel, raw_scores
from journey.models.watch import SCORE

DIGITS = 12


@dataclass(frozen=True)
class Reference:
    """Rows that later ones are compared with: every feature and the score, cut into bins.

    Attributes
    ----------
    rows
        Number of rows.
    bins
        Of the k features and of the score, the score last.
    counts
        Counts of all bins, variable after variable.
    """

    rows: int
    bins: tuple[Bins, ...]
    counts: Floats

    def codes(self, values: Floats) -> Ints:
        """Bins of (n, k + 1) rows, the score in the last column."""
        return np.column_stack([each(values[:, place]) for place, each in enumerate(self.bins)])


@dataclass(frozen=True)
class InPlace(Boosted):
    """Trees that read a matrix where it lies: the same scores in less than half the time for one row."""

    def predict(self, matrix: Floats) -> Floats:
        """Probabilities of the rows of an (n, k) matrix of finite features in the order of the names."""
        return self.booster.inplace_predict(matrix, validate_features=False).astype(np.float64)


@dataclass(frozen=True)
class Landed:
    """The models of one decision, read back.

    Attributes
    ----------
    decision
        What is decided.
    chosen
        The model that decides: `logistic`, `xgboost` or `blend`.
    linear, boosted
        The two models.
    calibration
        From the score of the model that decides to a probability.
    reference
        Rows of the test period.
    digest
        Identity of the files, which name each other's.
    """

    decision: str
    chosen: str
    linear: Linear
    boosted: InPlace
    calibration: Calibration
    reference: Reference
    digest: str

    @property
    def names(self) -> tuple[str, ...]:
        """Features, in the order of the matrix."""
        return self.boosted.names

    def predict(self, matrix: Floats) -> Floats:
        """Calibrated probabilities of the rows of an (n, k) matrix of finite features."""
        return self.calibration(raw_scores(self.linear, self.boosted, matrix)[self.chosen])

    def contributions(self, matrix: Floats) -> tuple[Floats, float]:
        """What each feature adds to the log-odds before calibration; (n, k), and the base they add to.

        Notes
        -----
        Base and contributions of a row add up to the log-odds of its score. Trees: exact TreeSHAP. Logistic
        regression: coefficient times standardised value, so the average training row has none. For the mean
        of both models, the mean of both.
        """
        parts = []
        if self.chosen != "xgboost":
            parts.append(linear_contributions(self.linear, matrix))
        if self.chosen != "logistic":
            parts.append(contributions(self.boosted, matrix))
        values = np.mean([each for each, _ in parts], axis=0)
        return values, float(np.mean([base for _, base in parts]))


def linear_contributions(model: Linear, matrix: Floats) -> tuple[Floats, float]:
    """Coefficient times standardised column, summed by feature; (n, k), and the intercept."""
    found = np.zeros(matrix.shape)
    of_columns = model.design.columns(matrix) * model.coefficients
    for place, column in zip(column_owners(model.design), of_columns.T, strict=True):
        found[:, place] += column
    return found, model.intercept


def column_owners(design: Design) -> list[int]:
    """Place of the feature that each column of a design is made from."""
    owners = list(range(len(design.names)))
    if design.decays:
        for place, name in enumerate(design.names):
            if name.startswith("days_since"):
                owners += [place] * len(HALF_LIVES)
            elif name in CYCLES:
                owners += [place] * 2
    return owners


def file_digest(content: bytes) -> str:
    """Identity of a file by its content."""
    return hashlib.sha256(content).hexdigest()


def landed_values(model: PurchaseModel, judged: FeatureFrame, files: Mapping[str, bytes]) -> dict[str, Any]:
    """What decides and what later rows are compared with, for JSON.

    Parameters
    ----------
    files
        Contents of the files of its parts, `logistic` and `xgboost`; their digests are kept.
    judged
        Rows that the models have not learned from: of seen rows a model is surer.
    """
    scores = model.predict(judged.matrix)[model.chosen]
    values = np.column_stack([judged.matrix, scores])
    bins = [numeric_bins(name, column) for name, column in zip((*model.names, SCORE), values.T, strict=True)]
    counts = count_bins(bins, np.column_stack([each(values[:, i]) for i, each in enumerate(bins)]))
    return {
        "decision": model.decision,
        "chosen": model.chosen,
        "files": {part: file_digest(content) for part, content in files.items()},
        "calibration": model.calibrations[model.chosen].as_dict(),
        "setting": asdict(model.boosted.setting),
        "reference": {
            "rows": len(judged),
            "bins": [{"name": each.name, "edges": list(each.edges)} for each in bins],
            "counts": [int(count) for count in counts],
        },
    }


def linear_values(linear: Linear) -> dict[str, Any]:
    """Coefficients and transformations of a logistic regression, for JSON."""
    design = linear.design
    return {
        "features": list(design.names),
        "logged": [bool(flag) for flag in design.logged],
        "decays": design.decays,
        "centre": [float(value) for value in design.centre],
        "scale": [float(value) for value in design.scale],
        "intercept": linear.intercept,
        "coefficients": [float(value) for value in linear.coefficients],
        "strength": linear.strength,
    }


def read_linear(values: Mapping[str, Any]) -> Linear:
    """The inverse of `linear_values`."""
    design = Design(
        names=tuple(values["features"]),
        logged=np.array(values["logged"], dtype=bool),
        decays=values["decays"],
        centre=np.array(values["centre"]),
        scale=np.array(values["scale"]),
    )
    return Linear(design, values["intercept"], np.array(values["coefficients"]), values["strength"])


def read_landed(landed: bytes, files: Mapping[str, bytes]) -> Landed:
    """Models from the contents of their files.

    Parameters
    ----------
    landed
        JSON of `landed_values`.
    files
        Contents of the files of its parts.

    Raises
    ------
    KeyError, TypeError
        For contents that are something else.
    ValueError
        Likewise, and when a file is not the one that was made with `landed`.

    Notes
    -----
    XGBoost ends the process on some damaged files, so digests are compared before it sees one.
    """
    values = json.loads(landed)
    for part, content in files.items():
        if values["files"][part] != file_digest(content):
            raise ValueError(f"the file of {part} is not the one that was made with it")
    read = read_linear(json.loads(files["logistic"]))
    booster = xgb.Booster(model_file=bytearray(files["xgboost"]))
    booster.set_param({"nthread": THREADS})
    given, reference = values["calibration"], values["reference"]
    bins = tuple(Bins(each["name"], tuple(each["edges"])) for each in reference["bins"])
    return Landed(
        decision=values["decision"],
        chosen=values["chosen"],
        linear=read,
        boosted=InPlace(read.design.names, booster, Setting(**values["setting"])),
        calibration=Calibration(given["method"], tuple(given["knots"]), tuple(given["values"])),
        reference=Reference(reference["rows"], bins, np.array(reference["counts"], dtype=np.float64)),
        digest=file_digest(landed)[:DIGITS],
    )
