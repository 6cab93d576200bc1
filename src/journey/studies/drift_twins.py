"""Do the alarms of the drift monitor come from what was planted? Shops with it and without it. On request.

Every seed is simulated twice: as it is, and without the promotion weekend and the shift of channels. In the
quiet twin nothing planted happens while the monitor watches, so every alarm there is a false one. In a third
step the calendar is taken out altogether: each user's record is moved by a random number of weeks, and the
monitor is calibrated and run again. Takes about five minutes on one core.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from journey.features import FeatureFrame, load_features
from journey.inference.arrays import Floats, Ints
from journey.models import watch
from journey.models.drift import MEASURES
from journey.models.ranked import rank_outcomes
from journey.models.scores import log_loss
from journey.paths import Paths
from journey.stores.simulator import ShopParameters, simulate
from journey.warehouse.build import build_warehouse
from journey.warehouse.connect import connect

DECISION = "after_3_events"
SEEDS = tuple(range(7, 19))
ROTATIONS, DRAWS = 10, 1000
#: Rule of thumb of the stability index.
RULE = 0.1
SINGLE = 0.05
#: Variables whose values are kept for every week.
SHOWN = ("channel", "device", "coupon_pct", "score")
TWINS = ("planted", "quiet")


@dataclass(frozen=True)
class QuietShop(ShopParameters):
    """A shop without a promotion weekend and without a shift of channels; all else is the same."""

    @property
    def promotion(self) -> tuple[int, ...]:
        """No day."""
        return ()

    @property
    def drift_day(self) -> int:
        """After the last day."""
        return self.days


def watch_shop(frame: FeatureFrame, *, seed: int = 0) -> tuple[watch.Log, watch.Log, Floats]:
    """Run the monitor: over all short features, over those whose chance is a matter of users, and the scores.

    Returns
    -------
    Log, Log, (n,) float64
        With and without features of the item, and the frozen model's probabilities.
    """
    weeks = watch.week_of(frame)
    scores = watch.frozen_scores(frame, weeks, seed=seed)
    columns = watch.shop_columns(frame, watch.short_features(), scores)
    everything = watch.watch_columns(columns, frame.user_id, weeks, draws=DRAWS, seed=seed)
    names = (*watch.user_features(), *watch.CATEGORIES, watch.SCORE)
    return everything, watch.log_looks(everything.looks, names=names), scores


def shop_findings(frame: FeatureFrame, *, seed: int = 0) -> dict[str, Any]:
    """What rings when, and how good the scores stay; JSON values.

    Variables come with their weeks, as text: `psi` and `gap` ring by that measure, `single` lie beyond what
    one look exceeds once in twenty, `rule` beyond the rule of thumb.
    """
    everything, users, scores = watch_shop(frame, seed=seed)
    table = users.table
    kinds = {measure: table[f"{measure}_rings"] for measure in MEASURES}
    kinds |= {"single": table["psi_p"] <= SINGLE, "rule": table["psi"] > RULE}
    shown = table.pivot(index="variable", columns="week", values="psi").loc[list(SHOWN)]
    return {
        "all": {"psi": weeks_by_variable(everything.table[everything.table["psi_rings"]])},
        "users": {kind: weeks_by_variable(table[rows]) for kind, rows in kinds.items()},
        "shown": {name: " ".join(f"{value:.5f}" for value in row) for name, row in shown.T.items()},
        "performance": performance(frame, scores, seed),
    }


def weeks_by_variable(rows: pd.DataFrame) -> dict[str, str]:
    """Variable -> its weeks, as text with spaces between."""
    return {str(name): " ".join(map(str, each)) for name, each in rows.groupby("variable")["week"]}


def performance(frame: FeatureFrame, frozen: Floats, seed: int) -> dict[str, float]:
    """Quality in the last three weeks: of the frozen model, the last one before them, and each week's own.

    Names ending in `_late` are of the last two weeks, whose own models have seen some of the shift.
    """
    weeks = watch.week_of(frame)
    start = int(weeks.max()) - 2
    shifted, late = weeks >= start, weeks > start
    rolling = watch.rolling_scores(frame, weeks, before=start, seed=seed)
    own = rolling.to_numpy()[np.arange(len(rolling)), weeks[shifted] - start]
    before, inside = rolling[start].to_numpy(), late[shifted]
    label = frame.label
    return {
        "auc_frozen": area(label[shifted], frozen[shifted]),
        "observed": int(label[shifted].sum()),
        "expected_frozen": float(frozen[shifted].sum()),
        "expected_before": float(before.sum()),
        "auc_before": area(label[shifted], before),
        "observed_late": int(label[late].sum()),
        "expected_before_late": float(before[inside].sum()),
        "expected_weekly_late": float(own[inside].sum()),
        "auc_before_late": area(label[late], before[inside]),
        "auc_weekly_late": area(label[late], own[inside]),
        "loss_before_late": log_loss(label[late], before[inside]),
        "loss_weekly_late": log_loss(label[late], own[inside]),
    }


def area(label: NDArray[np.bool_], score: Floats) -> float:
    """Area under the ROC curve."""
    ranked = rank_outcomes(label, score)
    return float(ranked.profile(ranked.ones())["roc_auc"][0])


def rotated_weeks(users: Ints, weeks: Ints, rng: np.random.Generator) -> Ints:
    """Move every user's record by a random number of weeks, around the end; weeks lose their meaning."""
    member = np.unique(users, return_inverse=True)[1]
    first, count = int(weeks.min()), int(weeks.max() - weeks.min()) + 1
    moved = rng.integers(count, size=int(member.max()) + 1)
    return first + (weeks - first + moved[member]) % count


def false_alarms(frame: FeatureFrame, *, rotations: int, draws: int = DRAWS, seed: int = 0) -> dict[str, int]:
    """How many of `rotations` shops without any calendar ring at all, by measure.

    Weeks before the burn-in are left out. The weeks are those of the watch: reference first, then looks.
    """
    weeks = watch.week_of(frame)
    rows = frame.take(weeks >= watch.BURN_IN)
    weeks = weeks[weeks >= watch.BURN_IN]
    columns = watch.shop_columns(rows, watch.user_features())
    rng = np.random.default_rng(seed)
    rang = dict.fromkeys(MEASURES, 0)
    for number in range(rotations):
        moved = rotated_weeks(rows.user_id, weeks, rng)
        log = watch.watch_columns(columns, rows.user_id, moved, draws=draws, seed=number)
        for measure in MEASURES:
            rang[measure] += int(log.table[f"{measure}_rings"].any())
    return rang


def drift_twins(paths: Paths) -> dict[str, Any]:
    """Findings of both twins of every seed, and of the shops without a calendar."""
    shops: dict[str, Any] = {}
    rang = dict.fromkeys(MEASURES, 0)
    with tempfile.TemporaryDirectory() as temporary, threadpool_limits(limits=1):
        for seed in SEEDS:
            shops[str(seed)] = {}
            for twin, kind in zip(TWINS, (ShopParameters, QuietShop), strict=True):
                folder = Path(temporary) / f"{seed}-{twin}"
                frame = simulated_frame(folder, kind(seed=seed), paths)
                shops[str(seed)][twin] = shop_findings(frame)
                if twin == "quiet":
                    for measure, count in false_alarms(frame, rotations=ROTATIONS, seed=seed).items():
                        rang[measure] += count
            print(f"seed {seed}: done", flush=True)
    return {"shops": shops, "rotated": {"runs": ROTATIONS * len(SEEDS), **rang}}


def simulated_frame(folder: Path, parameters: ShopParameters, paths: Paths) -> FeatureFrame:
    """Decisions of a shop simulated into a folder."""
    simulate(folder / "store", parameters)
    build_warehouse(folder / "store", folder / "shop.duckdb", paths.sql, threads=1)
    with connect(folder / "shop.duckdb") as connection:
        return load_features(connection, DECISION)


def alarm_table(shops: dict[str, Any], family: str, measure: str) -> pd.DataFrame:
    """Alarms of all shops: one row each, with `seed`, `twin`, `week`, `variable`."""
    rows = [
        (int(seed), twin, int(week), variable)
        for seed, twins in shops.items()
        for twin, found in twins.items()
        for variable, weeks in found[family][measure].items()
        for week in weeks.split()
    ]
    return pd.DataFrame(rows, columns=["seed", "twin", "week", "variable"])
