"""The static chart of the executive summary, for page and PDF."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from journey.report.style import colour, matplotlib_style


def attribution(frame: pd.DataFrame, rules: dict[str, str]) -> Figure:
    """Share of credit of each channel under some rules (rule -> palette role), against the truth."""
    order = frame.groupby("channel")["truth"].first().sort_values().index
    style: Any = matplotlib_style()
    with plt.rc_context(style):
        figure, axes = plt.subplots(figsize=(6.6, 2.9), layout="constrained")
        for offset, (rule, role) in zip((-0.12, 0.12), rules.items(), strict=True):
            rows = frame[frame["rule"].eq(rule)].set_index("channel").loc[order]
            heights = [index + offset for index in range(len(order))]
            axes.errorbar(
                rows["share"],
                heights,
                xerr=[rows["share"] - rows["low"], rows["high"] - rows["share"]],
                fmt="o",
                markersize=5,
                color=colour(role),
                label=rule,
            )
        truth = frame.groupby("channel")["truth"].first().loc[order]
        axes.plot(
            truth,
            range(len(order)),
            "|",
            markersize=17,
            markeredgewidth=2.5,
            color=colour("series-2"),
            label="truth",
        )
        axes.set_yticks(range(len(order)), [channel.replace("_", " ") for channel in order])
        axes.set_xlabel("Share of the credit for purchases")
        axes.set_ylabel("Channel")
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
        axes.set_xlim(0, None)
        axes.legend(loc="lower right", frameon=False)
        plt.close(figure)
    return figure
