"""Rows of a request, held against the feature catalogue: a matrix, or one sentence that names the feature."""

from __future__ import annotations

import difflib
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from journey.errors import JourneyError
from journey.features.catalogue import FEATURES
from journey.features.ranges import RANGES
from journey.inference.arrays import Floats

NUMBERS = frozenset({int, float})
KEYS = ("row", "rows", "contributions")
WHAT = {str: "text", bool: "true or false", list: "a list", dict: "an object"}
LONGEST = 60  # characters of what was sent that an answer repeats
FILLS = {feature.name: feature.fill for feature in FEATURES}


class UnreadableError(JourneyError):
    """A body that is not JSON."""


class TooLargeError(JourneyError):
    """More than the service takes at once."""


@dataclass(frozen=True)
class Asked:
    """What a request asks: rows as an (n, k) matrix, whether it was a single row, and contributions."""

    matrix: Floats
    single: bool
    contributions: bool


class Reader:
    """Reads requests for a model.

    Parameters
    ----------
    names
        Features of the model, all of the catalogue.
    most
        Rows a request may have.
    """

    def __init__(self, names: Sequence[str], most: int) -> None:
        self.names, self.most = tuple(names), most
        self._known = frozenset(names)
        self._take = itemgetter(*names)
        self._low = np.array([RANGES[name].low for name in names])
        self._high = np.array([RANGES[name].high for name in names])
        self._whole = np.flatnonzero([RANGES[name].whole for name in names])

    def __call__(self, body: bytes) -> Asked:
        """Read the body of a request.

        Raises
        ------
        UnreadableError
            When it is not JSON.
        TooLargeError
            For too many rows.
        JourneyError
            For anything else that is wrong, in one sentence.
        """
        given = parse(body)
        if not isinstance(given, dict) or ("row" in given) == ("rows" in given):
            raise JourneyError(
                'send an object with either "row", a row of features, or "rows", a list of rows'
            )
        if unknown := next((key for key in given if key not in KEYS), None):
            raise JourneyError(f"{shown(unknown)} is not known beside {', '.join(KEYS)}; leave it out")
        contributions = given.get("contributions", False)
        if not isinstance(contributions, bool):
            raise JourneyError(f'"contributions" is {shown(contributions)}; give true or false')
        single = "row" in given
        rows = [given["row"]] if single else given["rows"]
        if not isinstance(rows, list) or not rows:
            raise JourneyError('"rows" must be a list with at least one row of features')
        if len(rows) > self.most:
            raise TooLargeError(f"{len(rows):,} rows were sent; send at most {self.most:,} at once")
        return Asked(self.matrix(rows), single, contributions)

    def matrix(self, rows: list[Any]) -> Floats:
        """Rows as an (n, k) matrix in the order of the model.

        Raises
        ------
        JourneyError
            For the first feature of the first row that is unknown, missing, no number, or out of range.
        """
        try:
            taken = [self._take(row) for row in rows]
            plain = all(
                len(row) == len(self.names) and NUMBERS.issuperset(map(type, each))
                for row, each in zip(rows, taken, strict=True)
            )
            matrix = np.array(taken, dtype=np.float64) if plain else None
        except (KeyError, TypeError, OverflowError):
            matrix = None
        # A comparison with NaN is false.
        if matrix is None or not self._within(matrix).all():
            raise JourneyError(self._first_fault(rows))
        return matrix

    def _within(self, matrix: Floats) -> NDArray[np.bool_]:
        whole = matrix[:, self._whole]
        found = (matrix >= self._low) & (matrix <= self._high)
        found[:, self._whole] &= whole == np.rint(whole)
        return found

    def _first_fault(self, rows: list[Any]) -> str:
        for number, row in enumerate(rows, 1):
            if fault := self._fault(row):
                return fault if len(rows) == 1 else f"row {number}: {fault}"
        raise AssertionError("a row was refused without a reason")

    def _fault(self, row: Any) -> str | None:
        if not isinstance(row, dict):
            return f"a row is {shown(row)}, not an object of features"
        for name in row:
            if name not in self._known:
                near = difflib.get_close_matches(name[:LONGEST], self.names, n=1)
                hint = f"; did you mean {near[0]!r}?" if near else "; leave it out"
                return f"{shown(name)} is not a feature of this model{hint}"
        for name in self.names:
            if name not in row:
                return f"feature {name!r} is missing; where there is nothing to measure give {FILLS[name]:g}"
        return next((fault for name in self.names if (fault := value_fault(name, row[name]))), None)


def value_fault(name: str, value: Any) -> str | None:
    """What is wrong with a value of a feature, in one sentence; None where nothing is."""
    allowed = RANGES[name]
    if value is None:
        return f"feature {name!r} is null; where there is nothing to measure give {FILLS[name]:g}"
    if type(value) not in NUMBERS:
        return f"feature {name!r} is {WHAT.get(type(value), 'something')}, not a number; it must be {allowed}"
    if isinstance(value, float) and not math.isfinite(value):
        kind = "not a number (NaN)" if math.isnan(value) else "infinite"
        return f"feature {name!r} is {kind}; it must be {allowed}"
    if not allowed.low <= value <= allowed.high or (allowed.whole and value != int(value)):
        return f"feature {name!r} is {shown(value)}; it must be {allowed}"
    return None


def parse(body: bytes) -> Any:
    """JSON of a body; NaN and infinity, which are no JSON, are read so that their feature can be named.

    Raises
    ------
    UnreadableError
        When it is neither.
    """
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        try:
            return json.loads(body)
        except (ValueError, RecursionError) as error:
            reason = str(error).split("\n")[0][:LONGEST]
            raise UnreadableError(f"the body is not JSON ({reason})") from error


def shown(value: Any) -> str:
    """What was sent, cut to a length that an answer can repeat."""
    if isinstance(value, list | dict):
        return WHAT[type(value)]
    try:
        text = repr(value)
    except ValueError:  # a whole number of thousands of digits
        return "a very long number"
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
