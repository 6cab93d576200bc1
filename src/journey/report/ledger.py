"""The numbers ledger: every result is registered once and read everywhere.

Analysis registers numbers with `Ledger.add`; chapters, README and PDF read them with `Numbers`:
`n.funnel.conversion_rate` is the formatted text, `n.funnel.conversion_rate.ci` its interval.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self, TypeVar

from journey.errors import JourneyError
from journey.files import write_json
from journey.inference.estimate import Estimate
from journey.report.formats import MINUS, format_interval, format_number
from journey.report.markup import markdown_text

IDENTIFIER = re.compile(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*")
P_VALUE = re.compile(r"p [=<] [0-9.]+")
WORD_JOINER, NO_BREAK_SPACE = "\u2060", "\u00a0"
Bound = TypeVar("Bound")


@dataclass(frozen=True)
class Number:
    """One result. `low` and `high` bound it at confidence `level`; `n` is the sample size."""

    id: str
    value: float | str
    unit: str
    text: str
    source: str
    dataset: str
    label: str = ""
    query: str | None = None
    low: float | None = None
    high: float | None = None
    level: float | None = None
    interval: str | None = None
    method: str | None = None
    n: int | None = None


def significant(value: float) -> float:
    """Twelve significant digits: the last bits of a sum depend on the number of threads."""
    return float(f"{float(value):.12g}")


class Ledger:
    """Numbers under construction. Ids are `chapter.name`, in lower case, each registered once."""

    def __init__(self) -> None:
        self._numbers: dict[str, Number] = {}

    def add(
        self,
        id: str,
        value: float | str | Estimate,
        unit: str = "ratio",
        *,
        source: str,
        dataset: str = "simulated",
        label: str = "",
        query: str | None = None,
        method: str | None = None,
        n: int | None = None,
        digits: int | None = None,
    ) -> Number:
        """Register a number and return it.

        Parameters
        ----------
        id
            `chapter.name`, for example `funnel.conversion_rate`.
        value
            The number in its base unit (a share between 0 and 1), an estimate, which brings its bounds,
            level, n and method, or a text with unit `text`.
        source
            The function that computed it, as `module:function`.
        query
            The SQL file it came from, if any.
        method, n
            How the interval was made, and the number of observations behind the value; they stand before an
            estimate's own.

        Raises
        ------
        JourneyError
            For a malformed or repeated id, a value outside its interval, or a value that is not finite.
        """
        if not IDENTIFIER.fullmatch(id):
            raise JourneyError(f"number id {id!r} must look like chapter.name in lower case")
        if id in self._numbers:
            raise JourneyError(f"number {id!r} is registered twice")
        low = high = level = interval = None
        if isinstance(value, Estimate):
            estimate = value
            value, low, high, level = estimate.value, estimate.low, estimate.high, estimate.level
            n, method = estimate.n if n is None else n, method or estimate.method
        if isinstance(value, str):
            text, unit = value, "text"
        else:
            value = significant(value)
            text = format_number(value, unit, digits)
            if low is not None and high is not None:
                low, high = significant(low), significant(high)
                slack = 1e-9 * max(1.0, abs(value))
                if not low - slack <= value <= high + slack:
                    raise JourneyError(f"number {id!r}: {value} lies outside its interval [{low}, {high}]")
                interval = format_interval(low, high, unit, digits)
        number = Number(
            id=id,
            value=value,
            unit=unit,
            text=text,
            source=source,
            dataset=dataset,
            label=label,
            query=query,
            low=low,
            high=high,
            level=level,
            interval=interval,
            method=method,
            n=None if n is None else int(n),
        )
        self._numbers[id] = number
        return number

    def __iter__(self) -> Iterator[Number]:
        return iter(sorted(self._numbers.values(), key=lambda number: number.id))

    def __len__(self) -> int:
        return len(self._numbers)

    def write(self, path: Path) -> None:
        """Write the ledger as JSON, sorted by id, in one step."""
        write_json(path, {"numbers": [asdict(number) for number in self]})


class PageText(str):
    """Text that a page shows as it is: as a cell's value it gives Markdown with every sign escaped.

    Text of a number of the ledger carries its id to the page, where a reader can ask for its source.
    """

    number_id: str | None

    def __new__(cls, text: str, number_id: str | None = None) -> Self:
        """Make the text `text`, part of the number `number_id`."""
        made = super().__new__(cls, text)
        made.number_id = number_id
        return made

    def _repr_markdown_(self) -> str:
        # A line must not end after a minus, nor within "p = 0.04".
        kept = str(self).replace(MINUS, MINUS + WORD_JOINER)
        if P_VALUE.fullmatch(kept):
            kept = kept.replace(" ", NO_BREAK_SPACE)
        escaped = markdown_text(kept)
        return f'[{escaped}]{{.traced data-number="{self.number_id}"}}' if self.number_id else escaped


class Figure(PageText):
    """The formatted text of a number, carrying the number itself.

    It is a `str`, so a page shows it as it is. `.value`, `.low`, `.high` give the parts, `.ci` the interval
    in words, `.n` the sample size.
    """

    number: Number

    @classmethod
    def of(cls, number: Number) -> Self:
        """Make the text of `number`."""
        figure = cls(number.text, number.id)
        figure.number = number
        return figure

    @property
    def value(self) -> float:
        """The unformatted value.

        Raises
        ------
        JourneyError
            When it is a text.
        """
        if isinstance(self.number.value, str):
            raise JourneyError(f"number {self.number.id!r} is a text and has no numeric value")
        return self.number.value

    @property
    def low(self) -> float:
        """Lower bound of the interval; an error when none was registered."""
        return self._bound(self.number.low)

    @property
    def high(self) -> float:
        """Upper bound of the interval; an error when none was registered."""
        return self._bound(self.number.high)

    def _bound(self, bound: Bound | None) -> Bound:
        if bound is None:
            raise JourneyError(f"number {self.number.id!r} was registered without an interval")
        return bound

    @property
    def ci(self) -> PageText:
        """The interval, as `4.9% to 5.4%`; an error when none was registered."""
        return PageText(self._bound(self.number.interval), self.number_id)

    @property
    def p(self) -> PageText:
        """A p value as it stands in a sentence: `p = 0.043` or `p < 0.001`."""
        return PageText(f"p {self}" if self.startswith("<") else f"p = {self}", self.number_id)

    @property
    def n(self) -> PageText:
        """The sample size as text.

        Raises
        ------
        JourneyError
            When none was registered.
        """
        if self.number.n is None:
            raise JourneyError(f"number {self.number.id!r} was registered without a sample size")
        return PageText(format_number(self.number.n, "count"), self.number_id)


class Chapter:
    """The numbers of one chapter, as attributes."""

    def __init__(self, name: str, numbers: dict[str, Number], path: Path) -> None:
        self._name, self._numbers, self._path = name, numbers, path

    def __getattr__(self, key: str) -> Figure:
        if key.startswith("_"):
            raise AttributeError(key)
        try:
            return Figure.of(self._numbers[f"{self._name}.{key}"])
        except KeyError:
            raise unknown_number(f"{self._name}.{key}", self._numbers, self._path) from None


class Numbers:
    """A finished ledger, read from `numbers.json`."""

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            raise JourneyError(f"{path.name} is missing: run `journey numbers` to compute the ledger first")
        try:
            entries = json.loads(path.read_text(encoding="utf-8"))["numbers"]
            self._numbers = {entry["id"]: Number(**entry) for entry in entries}
        except (ValueError, KeyError, TypeError) as error:
            raise JourneyError(
                f"{path.name} is not a numbers ledger ({error}): run `journey numbers` again"
            ) from error
        self._path = path
        self._chapters = {id.partition(".")[0] for id in self._numbers}

    def __getattr__(self, chapter: str) -> Chapter:
        if chapter.startswith("_"):
            raise AttributeError(chapter)
        if chapter not in self._chapters:
            raise unknown_number(f"{chapter}.…", self._numbers, self._path)
        return Chapter(chapter, self._numbers, self._path)

    def __getitem__(self, id: str) -> Figure:
        if id not in self._numbers:
            raise unknown_number(id, self._numbers, self._path)
        return Figure.of(self._numbers[id])

    def __iter__(self) -> Iterator[Number]:
        return iter(self._numbers.values())

    def __len__(self) -> int:
        return len(self._numbers)


def unknown_number(id: str, known: dict[str, Number], path: Path) -> JourneyError:
    """The error for an id that nobody registered, with the closest known ones."""
    close = difflib.get_close_matches(id, known, n=3, cutoff=0.5)
    hint = f"; did you mean {', '.join(close)}?" if close else ""
    return JourneyError(f"number {id!r} is not in {path.name} ({len(known)} numbers){hint}")


def merge(parts: list[Path], target: Path) -> Ledger:
    """Join the ledgers of all chapters into one file.

    Raises
    ------
    JourneyError
        When two chapters register one id, or a part is missing or no ledger.
    """
    whole = Ledger()
    for part in parts:
        for number in Numbers(part):
            if number.id in whole._numbers:
                raise JourneyError(f"number {number.id!r} is registered by two chapters ({part})")
            whole._numbers[number.id] = number
    whole.write(target)
    return whole
