"""Findings on the fits of customer value: what they take here and in two other libraries."""

from __future__ import annotations

from typing import Any

import pandas as pd

from journey.findings.desk import Desk
from journey.studies.fit_speed.study import SAME
from journey.studies.fit_speed.ways import COUNTS, LIFETIMES, MONEY, OWN, SAMPLER
from journey.studies.registry import kept

NAMES = {OWN: "this project", LIFETIMES: "lifetimes", SAMPLER: "pymc-marketing, its default sampler"}
SOURCE = "journey.studies.fit_speed.study:measure_fits"


def add_fits(desk: Desk) -> None:
    """Save one row a way, and register how many times faster this project fits both models."""
    found = kept("cdnow_fit_speed", desk.paths).results
    rows = fit_rows(found)
    desk.save("fits", rows)
    _add(desk, "fit_customers", found["customers"], "count", "Customers whose histories are fitted")
    for way, name in ((LIFETIMES, "lifetimes"), (SAMPLER, "sampler")):
        label = f"Both fits by {NAMES[way]} over ours, processor time"
        _add(desk, f"fit_{name}", found["times"][way], "ratio", label, 0)
    both = rows.set_index("name")["both"]
    _add(desk, "fit_own", float(1000 * both[NAMES[OWN]]), "ratio", "Both fits here, processor ms", 0)
    _add(desk, "fit_load", found["load"], "ratio", "Processes at work on that machine", 0)
    versions = " and ".join(f"{way} {text}" for way, text in found["versions"].items() if way != OWN)
    _add(desk, "fit_versions", versions, "text", "Libraries that were compared, with their versions")
    apart = max(each["apart"] for each in found["fits"] if each["way"] == LIFETIMES)
    _add(desk, "fit_apart", f"{apart:.0e}", "text", "Largest difference of two maxima, in log-likelihood")
    _add(desk, "fit_same", f"{SAME:.0e}", "text", "Largest accepted difference of two maxima")
    _add(desk, "fit_ended", ended(found), "text", "Whether the sampler ended, and where its means lie")


def fit_rows(found: dict[str, Any]) -> pd.DataFrame:
    """One row a way.

    Returns
    -------
    DataFrame
        `name`; processor seconds of `counts` (BG/NBD), `money` (Gamma-Gamma) and `both`; `clock` of both;
        `times` the processor seconds of this project; `repeats`.
    """
    fits = pd.DataFrame(found["fits"]).pivot(index="way", columns="model").reindex(list(NAMES))
    rows = pd.DataFrame(
        {
            "name": list(NAMES.values()),
            "counts": fits["processor", COUNTS].to_numpy(),
            "money": fits["processor", MONEY].to_numpy(),
            "both": fits["processor"].sum(axis=1).to_numpy(),
            "clock": fits["seconds"].sum(axis=1).to_numpy(),
            "repeats": fits["repeats", COUNTS].to_numpy(),
        }
    )
    return rows.assign(times=rows["both"] / rows["both"].iloc[0])


def ended(found: dict[str, Any]) -> str:
    """What became of the sampler, in a sentence."""
    sampled = [each for each in found["fits"] if each["way"] == SAMPLER]
    if any(each["stopped"] for each in sampled):
        stopped = " and ".join(each["model"] for each in sampled if each["stopped"])
        return f"The sampler was stopped after {found['limit']} s at {stopped}: its time is a lower bound."
    furthest = max(each["apart"] for each in sampled)
    chains, draws = (sampled[0]["more"][name] for name in ("chain", "draw"))
    return (
        f"The means of the {chains} × {draws:,} draws that the sampler makes by default lie within "
        f"{furthest:.1f} standard errors of the maximum."
    )


def _add(desk: Desk, name: str, value: float | str, unit: str, label: str, digits: int | None = None) -> None:
    desk.ledger.add(
        f"scale.{name}", value, unit, digits=digits, label=label, source=SOURCE, dataset="cdnow_master"
    )
