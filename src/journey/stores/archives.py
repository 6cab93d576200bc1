"""Take the wanted file out of what was downloaded: zip members, and the workbook as Parquet."""

from __future__ import annotations

import shutil
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Any

from journey.errors import JourneyError
from journey.stores.catalog import DataFile

#: Text shrinks to a fiftieth at most; what shrinks to less is made to fill a disk.
LARGEST_RATIO = 50
LEAST_REFUSED = 1 << 20


def extract(archive: Path, file: DataFile, target: Path, *, scratch: Path) -> bool:
    """Write one member of a zip archive to `target`, a workbook as Parquet.

    The member is recognised by its name at any depth, also inside a zip within the zip; failing that, by
    its exact size, because publishers rename files more often than they change them.

    Parameters
    ----------
    archive : Path
        The downloaded archive.
    file : DataFile
        What to take.
    target : Path
        Where to write; not kept when the content is wrong (the caller verifies it before using it).
    scratch : Path
        Folder for what is needed in between.

    Returns
    -------
    bool
        False when an optional file is not in the archive.

    Raises
    ------
    JourneyError
        When `archive` is not a zip, is damaged, or lacks the member.
    """
    member = file.member or file.path
    raw = scratch / "workbook.xlsx" if member.lower().endswith(".xlsx") else target
    try:
        with zipfile.ZipFile(archive) as opened:
            if not _copy(opened, file, member, raw):
                if file.optional:
                    return False
                names = [info.filename for info in opened.infolist() if not info.is_dir()]
                listed = ", ".join(names[:10]) + (", ..." if len(names) > 10 else "")
                raise JourneyError(
                    f"{archive.name} has no member {member!r} ({len(names)} members: {listed}); the publisher"
                    " may have changed it: correct `member` in data/datasets.toml."
                )
    except (RuntimeError, NotImplementedError) as error:
        raise JourneyError(
            f"{archive.name} holds {member!r} encrypted or packed in a way that cannot be read ({error}); the"
            " publisher may have changed it: get it with a browser and unpack it."
        ) from None
    except (zipfile.BadZipFile, zlib.error, EOFError):
        raise JourneyError(
            f"{archive.name} ({archive.stat().st_size:,} bytes) is not a complete zip archive; the download"
            " was cut short or the address returned a page instead: try again, or get it with a browser."
        ) from None
    if raw is not target:
        workbook_to_parquet(raw, file, target)
        raw.unlink()
    return True


def workbook_to_parquet(workbook: Path, file: DataFile, target: Path) -> None:
    """Convert the first sheet of a workbook to Parquet with the columns of the list.

    A workbook stores codes such as 536365 as numbers and 536365A as text; a text column writes both as
    text, without a decimal point. Empty cells become nulls.

    Raises
    ------
    JourneyError
        When the workbook cannot be read, its columns differ, or a cell does not fit its column.
    """
    import pyarrow
    import pyarrow.parquet
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        with CalamineWorkbook.from_path(workbook) as book:
            rows = book.get_sheet_by_index(0).to_python()
    except (CalamineError, OSError) as error:
        raise JourneyError(
            f"{file.member} cannot be read as a workbook: {error}; download it again."
        ) from None
    expected = [column.source for column in file.columns]
    found = [str(cell) for cell in rows[0]] if rows else []
    if found != expected:
        raise JourneyError(
            f"{file.member} has columns {', '.join(found) or 'none'}, expected {', '.join(expected)};"
            " the publisher changed it, or the download is broken."
        )
    cells = zip(*rows[1:], strict=True) if len(rows) > 1 else iter([()] * len(expected))
    arrays = []
    for column, values in zip(file.columns, cells, strict=True):
        convert, kind = _arrow(column.type)
        try:
            arrays.append(pyarrow.array([None if v == "" else convert(v) for v in values], type=kind))
        except (pyarrow.ArrowInvalid, pyarrow.ArrowTypeError, TypeError, ValueError) as error:
            raise JourneyError(
                f"{file.member}: column {column.source} has a cell that is not {column.type}: {error}"
                f" ({len(rows) - 1:,} rows); download it again."
            ) from None
    table = pyarrow.Table.from_arrays(arrays, names=expected)
    pyarrow.parquet.write_table(table, target, compression="zstd")


def _copy(opened: zipfile.ZipFile, file: DataFile, member: str, target: Path) -> bool:
    wanted = PurePosixPath(member).name.casefold()
    infos = [info for info in opened.infolist() if not info.is_dir()]
    named = [info for info in infos if PurePosixPath(info.filename).name.casefold() == wanted]
    sized = [info for info in infos if file.bytes is not None and info.file_size == file.bytes]
    for info in (*named, *sized):
        _refuse_far_larger(info, file)
        with opened.open(info) as source, target.open("wb") as sink:
            shutil.copyfileobj(source, sink)
        return True
    for info in infos:
        if info.filename.lower().endswith(".zip"):
            with opened.open(info) as stream, zipfile.ZipFile(stream) as inner:
                if _copy(inner, file, member, target):
                    return True
    return False


def _refuse_far_larger(info: zipfile.ZipInfo, file: DataFile) -> None:
    """Refuse a member that says it unpacks to far more than it should, before it is unpacked.

    Raises
    ------
    JourneyError
        When it says so of more than `LEAST_REFUSED` bytes and more than twice those expected.
    """
    expected = file.bytes or LARGEST_RATIO * info.compress_size
    if info.file_size > max(2 * expected, LEAST_REFUSED):
        raise JourneyError(
            f"{info.filename} would unpack to {info.file_size:,} bytes, expected about {expected:,}: not"
            " the file of the list, so it stays packed; download it again."
        )


def _arrow(kind: str) -> tuple[Callable[[Any], Any], Any]:
    import pyarrow

    def text(value: object) -> str:
        return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)

    def whole(value: object) -> int:
        if isinstance(value, (int, float)) and float(value).is_integer():
            return int(value)
        raise ValueError(f"{value!r} is not a whole number")

    def same(value: object) -> object:
        return value

    return {
        "VARCHAR": (text, pyarrow.string()),
        "INTEGER": (whole, pyarrow.int32()),
        "BIGINT": (whole, pyarrow.int64()),
        "DOUBLE": (same, pyarrow.float64()),
        "TIMESTAMP": (same, pyarrow.timestamp("us")),
    }[kind]
