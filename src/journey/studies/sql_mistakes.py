"""How many mistakes in the SQL do the recounts notice? Every statement, one mistake at a time.

The recounts are the project's tests, which nothing in the package may import; so this study runs them as a
process of their own and reads what they found.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from journey.errors import JourneyError
from journey.paths import Paths

TEST = "tests/unit/warehouse/test_sql_mistakes.py"
OPTION = "--sql-mistakes"


def sql_mistakes(paths: Paths) -> dict[str, Any]:
    """Put every mistake into every statement of sql/ and count those that a recount notices.

    Returns
    -------
    dict
        `tried` (mistakes that run and change something), `noticed`, `refused` (DuckDB does not run them),
        `kinds` (the first two by kind of mistake), `equivalent` (reason -> mistakes that change no result),
        `unseen` (the mistakes that went by).

    Raises
    ------
    JourneyError
        When the tests are not here, or fail.
    """
    if not (paths.root / TEST).is_file():
        raise JourneyError(f"{TEST} is missing: this study needs a checkout with its tests")
    with tempfile.TemporaryDirectory() as folder:
        found = Path(folder) / "found.json"
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", TEST, f"{OPTION}={found}"]
        ran = subprocess.run(command, cwd=paths.root, capture_output=True, text=True, check=False)
        if ran.returncode or not found.is_file():
            last = (ran.stdout.strip() or ran.stderr.strip() or "nothing was said").splitlines()[-1]
            raise JourneyError(f"{TEST} did not finish ({last}); run it alone to see why")
        results: dict[str, Any] = json.loads(found.read_text(encoding="utf-8"))
    return results
