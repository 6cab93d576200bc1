"""The static chart of the executive summary, for page and PDF."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from journey.report.style import colour, matplotlib_style


def coupon_effects(frame: pd.DataFrame, truth: float) -> Figure:
    """Estimated effect of coupons by method, with intervals, against the truth."""
    rows = frame.iloc[::-1].reset_index(drop=True)
    style: Any = matplotlib_style()
    with plt.rc_context(style):
        figure, axes = plt.subplots(figsize=(6.6, 2.5), layout="constrained")
        axes.axvline(truth, color=colour("series-2"), linewidth=2)
        axes.annotate(
            "truth",
            (truth, 1.0),
            xycoords=("data", "axes fraction"),
            xytext=(0, 3),
            textcoords="offset points",
            ha="center",
            color=colour("series-2"),
        )
        naive = rows["method"].str.startswith("naive")
        for part, role in ((rows[naive], "series-3"), (rows[~naive], "series-1")):
            axes.errorbar(
                part["estimate"],
                part.index,
                xerr=[part["estimate"] - part["low"], part["high"] - part["estimate"]],
                fmt="o",
                markersize=6,
                color=colour(role),
            )
        axes.set_yticks(range(len(rows)), list(rows["method"]))
        axes.set_xlabel("Effect of a coupon on the share of sessions that buy, with 95% interval")
        axes.set_ylabel("Method")
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
        axes.set_xlim(0, None)
        axes.set_ylim(-0.6, len(rows) - 0.4)
        plt.close(figure)
    return figure
