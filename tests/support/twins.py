"""The JavaScript of the tools, called from Python: what a page computes against what the package computes."""

from __future__ import annotations

import json
import math
import shutil
import subprocess
from typing import Any

import pytest
from support.places import ROOT

needs_node = pytest.mark.skipif(shutil.which("node") is None, reason="needs Node")
#: How far a page may be from Python.
TOLERANCE = 1e-6


def in_node(module: str, name: str, inputs: list[Any], shared: Any = None) -> list[Any]:
    """Answers of one function of `assets/tools/<module>.js`, one an input."""
    given = {"module": str(ROOT / "assets" / "tools" / f"{module}.js"), "name": name, "inputs": inputs}
    if shared is not None:
        given["shared"] = shared
    program = ROOT / "tests" / "support" / "tools.mjs"
    done = subprocess.run(
        ["node", str(program)],
        input=json.dumps(given, allow_nan=False),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def apart(page: Any, python: Any, path: str = "") -> list[str]:
    """Where two answers differ by more than the tolerance, absolute or relative; keys of Python's decide."""
    if isinstance(python, dict):
        return [
            line for key, value in python.items() for line in apart(page.get(key), value, f"{path}.{key}")
        ]
    if isinstance(python, list | tuple):
        if not isinstance(page, list) or len(page) != len(python):
            return [f"{path}: {page} is no list like {python}"]
        return [
            line
            for i, pair in enumerate(zip(page, python, strict=True))
            for line in apart(*pair, f"{path}[{i}]")
        ]
    if isinstance(python, float) and math.isinf(python):
        return [] if page is None else [f"{path}: {page} instead of infinity"]
    if isinstance(python, float) and isinstance(page, int | float):
        near = abs(page - python) <= TOLERANCE * max(1.0, abs(python))
        return [] if near else [f"{path}: {page!r} instead of {python!r}"]
    return [] if page == python else [f"{path}: {page!r} instead of {python!r}"]
