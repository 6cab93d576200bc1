"""Runs once before any page is rendered: brings data, results and numbers up to date."""

from __future__ import annotations

import sys

from journey.cli import run

if __name__ == "__main__":
    sys.exit(run(["build"]))
