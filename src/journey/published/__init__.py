"""Figures published by others beside ours on the same input: one list for the tests and for the site.

An entry names who printed the digits and holds the call that gives ours. Nothing here is fitted to agree:
a figure that is not met stays in the list with its reason, and a test fails when the reason has gone.
"""

from journey.published import causal, customers, experiments, field, journeys, prediction, recommend, uplift
from journey.published.entry import (
    Allowance,
    Comparison,
    Published,
    Source,
    compare,
    last_digit,
    tolerance,
    value,
)

MODULES = (experiments, field, prediction, recommend, customers, journeys, causal, uplift)
TOPICS = tuple(module.TOPIC for module in MODULES)
ENTRIES: tuple[Published, ...] = tuple(entry for module in MODULES for entry in module.ENTRIES)


def published(id: str) -> Published:
    """The entry of that id; KeyError when there is none."""
    return {entry.id: entry for entry in ENTRIES}[id]


__all__ = [
    "ENTRIES",
    "TOPICS",
    "Allowance",
    "Comparison",
    "Published",
    "Source",
    "compare",
    "last_digit",
    "published",
    "tolerance",
    "value",
]
