"""What every chapter has at hand. Its first cell is `from journey.report.chapter import *`.

Chapters load results and explain them. Nothing here computes or trains.
"""

from __future__ import annotations

from functools import cache

import duckdb
import pandas as pd

from journey.assumptions import load_assumptions
from journey.paths import project
from journey.report.about import About, load_about
from journey.report.cards import Card, show_cards
from journey.report.codecells import show_code
from journey.report.columns import bounded
from journey.report.figures import show_figure
from journey.report.ledger import Numbers
from journey.report.results import load_table
from journey.report.sketch import Mark, show_sketch, sketch
from journey.report.sqlcells import register_magics, show_query
from journey.report.tables import show_table
from journey.report.wording import above, below, how_many, out_of, say, side, spans, zero
from journey.warehouse.connect import connect
from journey.warehouse.query import query

__all__ = [
    "Card",
    "Mark",
    "about",
    "above",
    "assumptions",
    "below",
    "bounded",
    "db",
    "how_many",
    "n",
    "out_of",
    "query",
    "say",
    "show_cards",
    "show_code",
    "show_figure",
    "show_query",
    "show_sketch",
    "show_table",
    "side",
    "sketch",
    "spans",
    "table",
    "zero",
]

_paths = project()
n = Numbers(_paths.numbers)
assumptions = load_assumptions(_paths.assumptions)


@cache
def db() -> duckdb.DuckDBPyConnection:
    """The simulated shop's warehouse, read-only, opened when first used."""
    return connect(_paths.warehouse("simulated"))


def about() -> About:
    """Who made the report and where it lives."""
    return load_about(_paths)


def table(name: str) -> pd.DataFrame:
    """A result table by `chapter/name`, as its findings saved it."""
    return load_table(_paths, name)


register_magics()
