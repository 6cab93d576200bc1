"""Find a file of a real data set: JOURNEY_DATA_DIR first, then data/raw."""

from __future__ import annotations

import os
from pathlib import Path

from journey.errors import JourneyError
from journey.paths import Paths, project
from journey.stores.catalog import Dataset, dataset

VARIABLE = "JOURNEY_DATA_DIR"


class DatasetAbsent(JourneyError):
    """A real data set is not on this machine; callers may fall back to committed evidence."""


def source_folder() -> Path | None:
    """Give the folder that JOURNEY_DATA_DIR names, or None when it is unset.

    Raises
    ------
    JourneyError
        When it names something that is not a folder.
    """
    value = os.environ.get(VARIABLE)
    if not value:
        return None
    folder = Path(value).expanduser()
    if not folder.is_dir():
        raise JourneyError(
            f"{VARIABLE} is {value!r}, which is not a folder; point it at a folder laid out like data/raw"
            " or unset it."
        )
    return folder


def locate(
    name: str, path: str | None = None, *, root: Paths | None = None, source: Path | None = None
) -> Path | None:
    """Find the file to read for a data set, without verifying it.

    Parameters
    ----------
    name : str
        Data set of `data/datasets.toml`.
    path : str, optional
        Which of its files; the first when left out.
    root : Paths, optional
        The project; found from the working folder when left out.
    source : Path, optional
        Read-only folder in front of data/raw; JOURNEY_DATA_DIR when left out.

    Returns
    -------
    Path or None
        The file in the source folder, else the one in data/raw, else None.
    """
    entry = dataset(name)
    file = entry.file(path) if path else entry.files[0]
    return find(entry, file.path, root or project(), source or source_folder())


def find(entry: Dataset, path: str, root: Paths, source: Path | None) -> Path | None:
    """Find one file of a data set in the source folder, then in data/raw."""
    candidates = [source / folder / path for folder in entry.folders] if source else []
    candidates.append(root.raw / entry.folder / path)
    return next((candidate for candidate in candidates if candidate.is_file()), None)


def require(name: str, path: str | None = None, *, root: Paths | None = None) -> Path:
    """Find the file to read for a data set.

    Raises
    ------
    DatasetAbsent
        When it is neither in data/raw nor in the folder of `VARIABLE`.
    """
    found = locate(name, path, root=root)
    if found is None:
        entry = dataset(name)
        file = entry.file(path) if path else entry.files[0]
        raise DatasetAbsent(
            f"The data set {name} is not here: {entry.folder}/{file.path} is neither in data/raw nor in the"
            f" folder of {VARIABLE}; run `journey fetch {name}`."
        )
    return found
