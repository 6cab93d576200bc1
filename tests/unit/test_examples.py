"""Every example of a docstring gives what it says."""

import doctest
import importlib

import pytest

from journey.paths import project

SOURCES = project().root / "src"
SHOWN = sorted(
    ".".join(file.relative_to(SOURCES).with_suffix("").parts)
    for file in SOURCES.rglob("*.py")
    if ">>> " in file.read_text(encoding="utf-8")
)


@pytest.mark.parametrize("module", SHOWN)
def test_the_examples_of(module):
    found = doctest.testmod(importlib.import_module(module), optionflags=doctest.NORMALIZE_WHITESPACE)
    assert found.attempted or "query" in module  # one needs a warehouse and is only shown
    assert not found.failed
