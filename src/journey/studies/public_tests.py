"""Two public A/B tests read by the engine: a landing page, and a gate in a mobile game."""

from __future__ import annotations

from typing import Any

import pandas as pd

from journey.experiments.effects import Effect
from journey.experiments.proportions import two_proportions
from journey.experiments.sample_ratio import sample_ratio_test
from journey.experiments.statistics import Proportion


def plain_effect(effect: Effect) -> dict[str, float]:
    """Estimate, limits and p value as plain numbers."""
    return {
        "estimate": float(effect.estimate),
        "low": float(effect.low),
        "high": float(effect.high),
        "p": float(effect.p_value),
        "z": float(effect.statistic),
    }


def landing_page(frame: pd.DataFrame) -> dict[str, Any]:
    """The landing-page test: drop rows whose group and page disagree, keep a user's first row, compare.

    Parameters
    ----------
    frame
        Columns `user_id, timestamp, group, landing_page, converted`.
    """
    agree = frame["group"].eq("treatment") == frame["landing_page"].eq("new_page")
    users = frame[agree].sort_values("timestamp", kind="stable").drop_duplicates("user_id")
    arms = [users.loc[users["group"].eq(arm), "converted"] for arm in ("control", "treatment")]
    effect = two_proportions(*(Proportion.from_values(arm.to_numpy()) for arm in arms))
    check = sample_ratio_test([len(arm) for arm in arms])
    return {
        "rows": len(frame),
        "mismatched": int((~agree).sum()),
        "duplicates": int(agree.sum()) - len(users),
        "users": len(users),
        "control_rate": float(arms[0].mean()),
        "treatment_rate": float(arms[1].mean()),
        "ratio_p": check.p_value,
        "effect": plain_effect(effect),
    }


def cookie_cats(frame: pd.DataFrame) -> dict[str, Any]:
    """The Cookie Cats test: first the sample ratio, then, for what it is worth, retention.

    Parameters
    ----------
    frame
        Columns `userid, version, retention_1, retention_7`.
    """
    arms = [frame[frame["version"].eq(gate)] for gate in ("gate_30", "gate_40")]
    check = sample_ratio_test([len(arm) for arm in arms])
    return {
        "players": len(frame),
        "gate_30": len(arms[0]),
        "gate_40": len(arms[1]),
        "ratio_p": check.p_value,
        "effects": {
            metric: plain_effect(
                two_proportions(*(Proportion.from_values(arm[metric].to_numpy().astype(int)) for arm in arms))
            )
            for metric in ("retention_1", "retention_7")
        },
    }
