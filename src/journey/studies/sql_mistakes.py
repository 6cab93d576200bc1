"""How many mistakes in the SQL do the recounts notice? One mistake at a time, in statement after statement.

The recounts are the project's tests, which nothing in the package may import; so this study runs them as
processes of their own, side by side, and reads what they found.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from journey.errors import JourneyError
from journey.paths import Paths
from journey.studies.sql_equivalents import equivalent
from journey.studies.sql_mutants import Mutant

TEST = "tests/unit/warehouse/test_sql_mistakes.py"
OPTION = "--sql-mistakes"
#: Part of the SQL -> of its mistakes, one in so many is made. A wrong model costs more than a wrong query,
#: because all that follows from it is made again.
PARTS = {"basic": 1, "intermediate": 1, "advanced": 1, "marts": 1, "features": 5}
#: Longest text of a mistake that is kept.
LONGEST = 100


def sql_mistakes(paths: Paths) -> dict[str, Any]:
    """Put mistakes into the statements of sql/ and count those that a recount notices.

    Returns
    -------
    dict
        As `summary` gives it.

    Raises
    ------
    JourneyError
        When the tests are not here, or fail.
    """
    return summary(_found(paths, tuple(PARTS)))


def basic_mistakes(paths: Paths) -> dict[str, Any]:
    """The same for the basic queries alone: their part of the results."""
    return {"parts": summary(_found(paths, ("basic",)))["parts"]}


def _found(paths: Paths, parts: tuple[str, ...]) -> dict[str, Any]:
    if not (paths.root / TEST).is_file():
        raise JourneyError(f"{TEST} is missing: this study needs a checkout with its tests")
    with tempfile.TemporaryDirectory() as folder:
        files = {part: Path(folder) / f"{part}.json" for part in parts}
        running = {part: _started(paths.root, part, file) for part, file in files.items()}
        for part, process in running.items():
            said, _ = process.communicate()
            if process.returncode or not files[part].is_file():
                last = (said.strip() or "nothing was said").splitlines()[-1]
                raise JourneyError(f"{TEST}, part {part}, did not finish ({last}); run it alone to see why")
        return {part: json.loads(file.read_text(encoding="utf-8")) for part, file in files.items()}


def _started(root: Path, part: str, file: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", TEST]
    command += ["-k", f"all_mistakes and {part}", f"{OPTION}={file}"]
    return subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def summary(parts: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Join what the parts found.

    Parameters
    ----------
    parts
        By name, each with `noticed` (by kind), `refused` and `unseen` (each mistake with its statement).

    Returns
    -------
    dict
        `tried` (mistakes that run and can change a result), `noticed`, `refused` (DuckDB does not run them),
        `kinds` (the first two by kind), `parts` (the same by part, with how many mistakes each stands for),
        `share` (noticed, each part weighted by all its mistakes), `equivalent` (reason -> mistakes that
        change no result), `unseen` (what went by).
    """
    noticed: Counter[str] = Counter()
    same: Counter[str] = Counter()
    refused = 0
    unseen: list[dict[str, str]] = []
    by_part: dict[str, dict[str, int]] = {}
    for name_of_part, part in parts.items():
        noticed.update(part["noticed"])
        refused += part["refused"]
        seen, missed_before = sum(part["noticed"].values()), len(unseen)
        for each in part["unseen"]:
            told = dict(each)
            name = told.pop("statement")
            why = equivalent(name, Mutant(**told))
            if why is not None:
                same[why] += 1
                continue
            kept = ("within", "kind", "before", "after")
            unseen.append({"statement": name} | {key: _cut(told[key]) for key in kept})
        tried_here = seen + len(unseen) - missed_before
        by_part[name_of_part] = {"tried": tried_here, "noticed": seen, "one_in": PARTS[name_of_part]}
    missed = Counter(each["kind"] for each in unseen)
    tried = noticed + missed
    return {
        "tried": tried.total(),
        "noticed": noticed.total(),
        "refused": refused,
        "kinds": {kind: {"tried": tried[kind], "noticed": noticed[kind]} for kind in sorted(tried)},
        "parts": by_part,
        "share": _weighted(by_part, "noticed") / _weighted(by_part, "tried"),
        "equivalent": dict(sorted(same.items())),
        "unseen": unseen,
    }


def _weighted(parts: Mapping[str, Mapping[str, int]], what: str) -> int:
    return sum(part[what] * part["one_in"] for part in parts.values())


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
