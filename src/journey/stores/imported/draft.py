"""A map as it is drafted: its entries with the evidence above them, written anew or added to a map."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from journey.errors import JourneyError


@dataclass(frozen=True)
class Entry:
    """One entry of a map, or a remark.

    Attributes
    ----------
    key
        Its name in its section; empty for a remark.
    lines
        Its lines, comments first.
    open
        What a person has to decide here; empty when it is decided.
    """

    key: str
    lines: tuple[str, ...]
    open: str = ""


#: section -> its entries, in the order of the file
Draft = Mapping[str, Sequence[Entry]]


def open_points(draft: Draft) -> list[str]:
    """What is left to be decided."""
    return [entry.open for entries in draft.values() for entry in entries if entry.open]


def text_of(draft: Draft) -> Iterator[str]:
    """The lines of a new map."""
    for section, entries in draft.items():
        if entries:
            yield f"\n[{section}]"
            for entry in entries:
                yield from entry.lines


def missing(draft: Draft, decided: Mapping[str, Mapping[str, Any]]) -> dict[str, list[Entry]]:
    """The entries of a draft that a map does not have, remarks left out; an empty text decides nothing."""
    return {
        section: [entry for entry in entries if entry.key and not settled(decided, section, entry.key)]
        for section, entries in draft.items()
    }


def settled(decided: Mapping[str, Mapping[str, Any]], section: str, key: str) -> bool:
    """Whether a map says something under a key."""
    return decided.get(section, {}).get(key, "") not in ("", [])


def continued(text: str, additions: Draft, name: str) -> tuple[str, list[str]]:
    """A map with additions at the ends of its sections; its text, and the entries that it now has besides.

    No line of the map is changed, but for an entry left empty that an addition fills: that one goes.

    Raises
    ------
    JourneyError
        When the map writes a section in a way that nothing can be added to.
    """
    before, lines = tomllib.loads(text), text.rstrip("\n").split("\n")
    for section, entries in additions.items():
        proposed = [line for entry in entries for line in entry.lines]
        # What an earlier draft asked is not asked twice.
        new = [line for line in proposed if line[0] != "#" or line not in lines]
        if not new:
            continue
        start = next((n for n, line in enumerate(lines) if re.match(rf"\s*\[\s*{section}\s*\]", line)), None)
        if start is None:
            lines += ["", f"[{section}]", *new]
            continue
        end = next((n for n in range(start + 1, len(lines)) if re.match(r"\s*\[[^\[\]]+\]", lines[n])), None)
        end = len(lines) if end is None else end
        while end > start + 1 and not lines[end - 1].strip():
            end -= 1
        said = {entry.key for entry in entries if any(not line.startswith("#") for line in entry.lines)}
        empty = re.compile(rf"\s*({'|'.join(said)})\s*=\s*(\"\"|\[\s*\])\s*(#.*)?$") if said else None
        kept = [line for line in lines[start + 1 : end] if not (empty and empty.match(line))]
        lines[start + 1 : end] = [*kept, *new]
    made = "\n".join(lines) + "\n"
    return made, _added(before, made, name)


def _added(before: Mapping[str, Any], made: str, name: str) -> list[str]:
    """Entries that a text has and the map before had not.

    Raises
    ------
    JourneyError
        When the text has lost or changed an entry of the map that said something.
    """
    try:
        after = tomllib.loads(made)
    except tomllib.TOMLDecodeError:
        after = {}
    for section, entries in before.items():
        for key in entries:
            if settled(before, section, key) and after.get(section, {}).get(key) != entries[key]:
                raise JourneyError(
                    f"{name}: [{section}] is written so that nothing can be added to it; write it as lines of"
                    " the form key = value"
                )
    return [
        f"[{section}] {key}"
        for section, entries in after.items()
        for key in entries
        if not settled(before, section, key)
    ]
