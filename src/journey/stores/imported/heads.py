"""The first lines of a CSV: where its columns are named, and how its lines end."""

from __future__ import annotations

import csv
import gzip
from pathlib import Path
from typing import IO

from journey.errors import JourneyError

HEAD_BYTES = 1 << 16
#: Lines at the head of a file among which the names of the columns are looked for.
SEARCHED = 20


def opened(file: Path) -> IO[bytes]:
    """A file as its bytes, unpacked where it is gzip."""
    with file.open("rb") as stream:
        packed = stream.read(2) == b"\x1f\x8b"
    return gzip.open(file) if packed else file.open("rb")  # type: ignore[return-value]


def first_line(file: Path, skip: int = 0) -> str:
    """The line that names the columns, or the first row where none does.

    Raises
    ------
    JourneyError
        When it is empty, no UTF-8, or lines end in carriage returns alone.
    """
    with opened(file) as stream:
        for _ in range(skip):
            stream.readline()
        line = stream.readline(HEAD_BYTES)
    try:
        text = line.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise JourneyError(
            f"{file}, line {skip + 1}: not UTF-8 text (byte {error.start}); save the file as UTF-8"
        ) from None
    text = text.rstrip("\r\n")
    if not text.strip():
        raise JourneyError(f"{file}, line {skip + 1}: empty, where the names of the columns should stand")
    if "\r" in text:
        raise JourneyError(f"{file}: its lines end in carriage returns alone; save it with line feeds")
    return text


def header_of(
    file: Path, delimiter: str, skip: int = 0, other: tuple[Path, tuple[str, ...]] | None = None
) -> tuple[str, ...]:
    """The names of the columns; `other` is a file before this one, and its names.

    Raises
    ------
    JourneyError
        When a name is there twice, they stand further down, or none is one of the other file.
    """
    names = tuple(
        name.strip() for name in next(csv.reader([first_line(file, skip)], delimiter=delimiter), [])
    )
    lowered = [name.lower() for name in names]
    if other and not {*lowered} & {name.lower() for name in other[1]}:
        raise JourneyError(
            f"{file}, line {skip + 1}: names no column that {other[0]} has; write the names of the columns"
            " there, or leave the file out"
        )
    if twice := [name for place, name in enumerate(names) if name and name.lower() in lowered[:place]]:
        raise JourneyError(
            f"{file}, line {skip + 1}: column {twice[0]!r} is there twice among {len(names)};"
            " rename one of them"
        )
    if lower := lines_above(file, skip):
        raise JourneyError(
            f"{file}, line {skip + 1}: fewer columns than the lines below it; where line {lower + 1} names"
            f" the columns, say so under [file]: skip = {lower}"
        )
    # pandas writes its index as a column without a name
    return tuple(name or f"column {place}" for place, name in enumerate(names, 1))


def lines_above(file: Path, skip: int = 0) -> int:
    """Lines above the names of the columns, narrower than the table, such as a title; 0 for none."""
    with opened(file) as stream:
        lines = [stream.readline(HEAD_BYTES).decode("utf-8", "replace") for _ in range(SEARCHED)]
    if any("\r" in line.rstrip("\r\n") for line in lines):
        return 0
    delimiter = max(",;\t|", key=lambda sign: max(line.count(sign) for line in lines))
    widths = [len(next(csv.reader([line.rstrip("\r\n")], delimiter=delimiter), [])) for line in lines]
    widest = max(widths)
    found = next((place for place in range(skip, len(widths)) if widths[place] == widest), skip)
    whole = all(
        width in (widest, 0) for width, line in zip(widths[found:], lines[found:], strict=True) if line
    )
    # A title is much narrower; rows that only end in one more separator are not what is looked for.
    return found if found > skip and whole and 2 * widths[skip] <= widest else 0


def other_line_end(file: Path) -> int:
    """The first line that ends otherwise than the one before it, counted from 1; 0 where none does."""
    before = b""
    with opened(file) as stream:
        for number, line in enumerate(stream, 1):
            end = line[len(line.rstrip(b"\r\n")) :]
            if before and end and end != before:
                return number
            before = end
    return 0
