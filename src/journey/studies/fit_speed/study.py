"""How long both fits of customer value take on all customers of CDNOW, here and in two libraries. On request.

Every way fits the same histories in a process of its own, the two libraries in a Python of their own, so that
the project need not install them. Maxima must agree before a time counts; a posterior must lie around them.
Needs about ten minutes, most of them for the sampler.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from journey.customers.summary import Summary, purchase_days, summarise
from journey.errors import JourneyError
from journey.stores.datasets import load_cdnow_master
from journey.studies.customer_value.cdnow import END
from journey.studies.fit_speed import ways
from journey.studies.fit_speed.ways import LIFETIMES, NAMES, OWN, SAMPLER

#: Environment variable with the Python that has both libraries, and how such a one is made.
VARIABLE = "JOURNEY_PEERS"
PINNED = ("lifetimes==0.11.3", "pymc-marketing==0.19.2")
#: How often each way fits; the fastest counts.
REPEATS = {OWN: 50, LIFETIMES: 10, SAMPLER: 1}
#: Seconds after which a fit is stopped.
LIMIT = 600
#: Largest difference between two maxima of a log-likelihood, and of a posterior's mean, in standard errors.
SAME, AROUND = 1e-6, 1.0


def measure_fits() -> dict[str, Any]:
    """Measure every way on both models.

    Returns
    -------
    dict
        `fits`: one row a way and model, with `seconds` by the clock and `processor` seconds of the fastest of
        `repeats`, `stopped` (whether it was stopped at the limit, and these are a lower bound), the
        parameters, and how far the result lies `apart` from ours: in log-likelihood, or in standard errors.
        `times`: of every library, its processor seconds over ours, for both models together. `customers`,
        `limit`, `cores`, `load` and `versions`.

    Raises
    ------
    JourneyError
        When no Python with both libraries is named, a way fails, or a result is not ours.
    """
    python = peers()
    load = os.getloadavg()[0]
    frame = load_cdnow_master()
    summary = summarise(purchase_days(frame["customer_id"], frame["date"], frame["dollars"]), END)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_histories(summary, folder / "histories.npz")
        found = {
            (way, model): measure(sys.executable if way == OWN else python, way, model, folder)
            for way in REPEATS
            for model in NAMES
        }
    rows = [row_of(way, model, found) for way, model in found]
    used = {way: sum(row["processor"] for row in rows if row["way"] == way) for way in REPEATS}
    return {
        "fits": rows,
        "times": {way: round(used[way] / used[OWN], 1) for way in (LIFETIMES, SAMPLER)},
        "customers": len(summary),
        "limit": LIMIT,
        "cores": os.cpu_count() or 1,
        "load": round(load, 1),
        "versions": {way: one["version"] for (way, _), one in found.items() if "version" in one},
    }


def peers() -> str:
    """The Python that has both libraries.

    Raises
    ------
    JourneyError
        When none is named, or it lacks one.
    """
    named = os.environ.get(VARIABLE, "")
    code = "import importlib.util as u; print(all(map(u.find_spec, ('lifetimes', 'pymc_marketing'))))"
    try:
        asked = subprocess.run([named, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        asked = "none"
    if asked != "True":
        raise JourneyError(
            "study cdnow_fit_speed needs a Python with two other libraries: `python -m venv peers` and"
            f" `peers/bin/pip install {' '.join(PINNED)}`, then set {VARIABLE} to peers/bin/python"
        )
    return named


def write_histories(summary: Summary, path: Path) -> None:
    """Write the columns of a summary for another Python."""
    names = ("customer", "frequency", "recency", "age", "money")
    np.savez(path, **{name: getattr(summary, name) for name in names})


def measure(python: str, way: str, model: str, folder: Path, limit: float = LIMIT) -> dict[str, Any]:
    """Run one way in a process of its own: what it wrote, or `stopped` with the seconds that it had.

    Raises
    ------
    JourneyError
        With the last line of what it said, when it fails.
    """
    told = folder / "told.json"
    command = [python, ways.__file__, way, model, str(folder / "histories.npz"), str(told)]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    try:
        subprocess.run(
            [*command, str(REPEATS[way])], capture_output=True, text=True, check=True, timeout=limit
        )
    except subprocess.TimeoutExpired:
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        return {"stopped": True, "seconds": [limit], "processor": [used], "values": {}}
    except subprocess.CalledProcessError as error:
        said = (error.stderr.strip().splitlines() or ["nothing"])[-1]
        raise JourneyError(f"{way} did not fit {model}; it said: {said}") from None
    return dict(json.loads(told.read_text(encoding="utf-8")))


def row_of(way: str, model: str, found: dict[tuple[str, str], dict[str, Any]]) -> dict[str, Any]:
    """One row of `fits`; raises as `check` does."""
    one, ours = found[way, model], found[OWN, model]
    stopped = "stopped" in one
    return {
        "way": way,
        "model": model,
        "seconds": round(min(one["seconds"]), 5),
        "processor": round(min(one["processor"]), 5),
        "repeats": len(one["seconds"]),
        "stopped": stopped,
        "values": one["values"],
        "log_likelihood": one.get("log_likelihood"),
        "apart": None if stopped else check(way, model, one, ours),
        "more": {key: value for key, value in one.get("more", {}).items() if key != "errors"},
    }


def check(way: str, model: str, one: dict[str, Any], ours: dict[str, Any]) -> float:
    """How far a result lies from ours.

    Returns
    -------
    float
        Difference of the log-likelihoods; of a sampler, the furthest of its means in standard errors.

    Raises
    ------
    JourneyError
        When it is too far, so that no time is shown.
    """
    if one["log_likelihood"] is None:
        errors = zip(NAMES[model], ours["more"]["errors"], strict=True)
        apart = max(abs(one["values"][name] - ours["values"][name]) / error for name, error in errors)
        allowed, unit = AROUND, "standard errors"
    else:
        apart, allowed = abs(one["log_likelihood"] - ours["log_likelihood"]), SAME
        unit = "in log-likelihood"
    if not apart <= allowed:
        raise JourneyError(f"{way} fits {model} {apart:.2g} {unit} away from ours; no time is shown")
    return float(apart)
