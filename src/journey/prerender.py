"""Runs once before any page is rendered: brings data, results and numbers up to date."""

from __future__ import annotations

import sys

MISSING = (
    "journey: {module} is missing in the Python that Quarto uses; run "
    "`python3 -m venv .venv && . .venv/bin/activate && pip install --editable .`, then `quarto render` again."
)

if __name__ == "__main__":
    try:
        from journey.cli import run
    except ModuleNotFoundError as error:
        # Quarto takes the first Python it finds, which need not be the one that the project is installed in.
        print(MISSING.format(module=error.name), file=sys.stderr)
        sys.exit(2)
    sys.exit(run(["build"]))
