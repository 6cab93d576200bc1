"""Business assumptions from `assumptions.toml`: the only numbers that are chosen, not computed."""

from __future__ import annotations

import math
import tomllib
from dataclasses import dataclass
from pathlib import Path

from journey.errors import JourneyError


@dataclass(frozen=True)
class Assumption:
    """One chosen number: its value, the range it may take, its unit and why."""

    name: str
    value: float
    low: float
    high: float
    unit: str
    why: str


class Assumptions:
    """All assumptions, by dotted name: `assumptions["shop.gross_margin"]` is the value."""

    def __init__(self, entries: dict[str, Assumption]) -> None:
        self._entries = entries

    def __getitem__(self, name: str) -> float:
        return self.entry(name).value

    def entry(self, name: str) -> Assumption:
        """The assumption itself.

        Raises
        ------
        JourneyError
            For an unknown name; the message lists the known ones.
        """
        if name not in self._entries:
            raise JourneyError(
                f"assumptions.toml has no {name!r}; it has {', '.join(sorted(self._entries))}: add the entry"
            )
        return self._entries[name]

    def __iter__(self):  # type: ignore[no-untyped-def]
        return iter(self._entries.values())


def load_assumptions(path: Path) -> Assumptions:
    """Read and check `assumptions.toml`.

    Raises
    ------
    JourneyError
        For a missing or unreadable file, a missing key, or a value outside its own range.
    """
    if not path.is_file():
        raise JourneyError(f"{path.name} is missing: restore it from the repository")
    try:
        sections = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise JourneyError(f"{path.name} is not valid TOML ({error}): correct the line it names") from error
    entries: dict[str, Assumption] = {}
    for section, members in sections.items():
        for key, entry in members.items() if isinstance(members, dict) else ():
            name = f"{section}.{key}"
            missing = [part for part in ("value", "low", "high", "unit", "why") if part not in entry]
            if missing:
                raise JourneyError(f"{path.name}: {name} lacks {', '.join(missing)}")
            value, low, high = entry["value"], entry["low"], entry["high"]
            numeric = all(
                isinstance(number, int | float) and not isinstance(number, bool) and math.isfinite(number)
                for number in (value, low, high)
            )
            if not numeric:
                raise JourneyError(f"{path.name}: {name} must have numbers as value, low and high")
            if not low <= value <= high:
                raise JourneyError(f"{path.name}: {name} = {value} is outside its range {low} to {high}")
            entries[name] = Assumption(
                name, float(value), float(low), float(high), entry["unit"], entry["why"]
            )
    return Assumptions(entries)
