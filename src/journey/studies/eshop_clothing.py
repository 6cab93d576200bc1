"""What a clickstream without purchases can say: depth, flow between categories, where sessions end."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from journey.inference.intervals import wilson_interval
from journey.journeys.paths import paths_from_steps
from journey.journeys.transitions import transition_matrix

#: Codes of `main_category` in the e-shop clothing data (UCI 553).
CATEGORIES = {1: "trousers", 2: "skirts", 3: "blouses", 4: "sale"}
DEEPEST = 20


def describe_clickstream(clicks: pd.DataFrame) -> dict[str, Any]:
    """Describe the e-shop clothing clickstream.

    Parameters
    ----------
    clicks
        One row a click: `session_id`, `click` (1, 2, ... within the session), `main_category`, `page`.

    Returns
    -------
    dict
        `clicks`, `sessions`; quartiles of clicks a session; `one_click` with a Wilson interval; `depth`:
        sessions that reach each click up to the twentieth and the share that go on from it; `flow`: moves
        between categories, with start and end; `last_category`: where sessions end, against where clicks
        fall; and `sale_last` and `sale_all`, the shares of the sale category in both.
    """
    ordered = clicks.sort_values(["session_id", "click"], kind="stable")
    per_session = ordered.groupby("session_id").size()
    n = len(per_session)
    reached = np.array([(per_session >= depth).sum() for depth in range(1, DEEPEST + 2)])
    single = int((per_session == 1).sum())
    low, high = wilson_interval([single], [n])
    names = list(CATEGORIES.values())
    codes = ordered["main_category"].map({code: index for index, code in enumerate(CATEGORIES)}).to_numpy()
    flow = transition_matrix(paths_from_steps(ordered["session_id"].to_numpy(), codes, names))
    last = ordered.groupby("session_id")["main_category"].last().map(CATEGORIES).value_counts(normalize=True)
    everywhere = ordered["main_category"].map(CATEGORIES).value_counts(normalize=True)
    quartiles = per_session.quantile([0.25, 0.5, 0.75, 0.95])
    return {
        "clicks": len(ordered),
        "sessions": n,
        "mean_clicks": float(per_session.mean()),
        "quartiles": [float(value) for value in quartiles],
        "longest": int(per_session.max()),
        "one_click": {"value": single / n, "low": float(low[0]), "high": float(high[0])},
        "depth": [
            {
                "click": depth,
                "sessions": int(reached[depth - 1]),
                "go_on": float(reached[depth] / reached[depth - 1]),
            }
            for depth in range(1, DEEPEST + 1)
        ],
        "flow": {
            "labels": list(flow.labels),
            "counts": flow.counts.tolist(),
            "probability": np.nan_to_num(flow.probability).round(6).tolist(),
        },
        "categories": [
            {"category": name, "clicks": float(everywhere[name]), "last": float(last[name])} for name in names
        ],
    }
