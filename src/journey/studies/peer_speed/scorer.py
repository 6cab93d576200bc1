"""The scorer of the what-if page, run by Node on the page's own files, beside XGBoost's own prediction."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping
from typing import Any

import numpy as np
import xgboost as xgb

from journey.errors import JourneyError
from journey.inference.arrays import Floats
from journey.models.calibration import Calibration
from journey.paths import Paths
from journey.studies.peer_speed.way import Once

#: Scores every row with the function that the page calls, and says what that took.
SCRIPT = """
import { readFileSync } from "node:fs";
const { engine, scorer, rows, copies, repeats } = JSON.parse(readFileSync(0, "utf8"));
const { probability } = await import(engine);
const given = Array.from({ length: copies }, () => rows).flat();
const [seconds, processor] = [[], []];
let scores = [];
for (let time = 0; time < repeats; time += 1) {
  const [start, before] = [performance.now(), process.cpuUsage()];
  scores = given.map((row) => probability(scorer, row));
  const used = process.cpuUsage(before);
  seconds.push((performance.now() - start) / 1000);
  processor.push((used.user + used.system) / 1e6);
}
process.stdout.write(JSON.stringify({ seconds, processor, scores, version: process.version.slice(1) }));
"""


def node() -> str | None:
    """Where Node is; None without it."""
    return shutil.which("node")


def page_files(paths: Paths) -> dict[str, Any]:
    """What is scored, and by what.

    Returns
    -------
    dict
        `engine`, the address of the page's script; `scorer`, the file that the page loads; `rows`, decisions
        of the test period; `expected`, their chances; `model`, XGBoost's own file.

    Raises
    ------
    JourneyError
        Before a build has written them.
    """
    models = paths.results / "models"
    files = {
        "scorer": paths.results / "tools" / "page" / "whatif.json",
        "check": models / "browser_scorer_check.json",
        "model": models / "after_3_events_xgboost.json",
    }
    if missing := [file for file in files.values() if not file.is_file()]:
        raise JourneyError(f"{missing[0].name} is missing; run `journey build`, then compare")
    scorer, check = (json.loads(files[name].read_text(encoding="utf-8")) for name in ("scorer", "check"))
    engine = (paths.root / "assets" / "tools" / "whatif-engine.js").as_uri()
    rows, expected = check["rows"], check["expected"]
    return {"engine": engine, "scorer": scorer, "rows": rows, "expected": expected, "model": files["model"]}


def in_node(given: Mapping[str, Any], rows: int, repeats: int) -> tuple[Floats, dict[str, Any]]:
    """Score so many rows in Node, the same ones again and again: their scores, and what it took.

    Raises
    ------
    JourneyError
        With the last line of what Node said.
    """
    asked = {name: given[name] for name in ("engine", "scorer", "rows")}
    done = subprocess.run(
        [node() or "node", "--input-type=module", "-e", SCRIPT],
        input=json.dumps(asked | {"copies": copies(given, rows), "repeats": repeats}, allow_nan=False),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        said = (done.stderr.strip().splitlines() or ["nothing"])[-1]
        raise JourneyError(f"Node did not score; it said: {said}")
    told = json.loads(done.stdout)
    return np.array([told.pop("scores")]), told


def boosted(given: Mapping[str, Any], rows: int, *, together: bool) -> Once:
    """XGBoost's own prediction of the same rows on one thread: all in one call, or one by one.

    Rows are taken as they lie in memory, without a matrix of its own, its fastest way. The calibration, which
    the page does row by row, follows in one call.
    """
    booster = xgb.Booster(model_file=given["model"])
    booster.set_param({"nthread": 1})
    matrix = np.tile(np.array(given["rows"], dtype=np.float32), (copies(given, rows), 1))
    parts = [matrix] if together else [row[None, :] for row in matrix]
    said = given["scorer"]["calibration"]
    calibration = Calibration(said["method"], tuple(said["knots"]), tuple(said["values"]))

    def once() -> Floats:
        scores = [booster.inplace_predict(part, validate_features=False) for part in parts]
        return calibration(np.concatenate(scores))[None, :]

    return once


def copies(given: Mapping[str, Any], rows: int) -> int:
    """How often the given rows are scored to make so many."""
    return max(1, round(rows / len(given["rows"])))
