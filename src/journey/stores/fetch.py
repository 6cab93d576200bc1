"""Obtain real data sets: found in place, or downloaded, verified and written whole."""

from __future__ import annotations

import csv
import shutil
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from journey.errors import JourneyError
from journey.paths import Paths
from journey.stores.archives import extract
from journey.stores.catalog import DataFile, Dataset, load_catalog, unknown_name
from journey.stores.locate import DatasetAbsent, find, source_folder
from journey.stores.verify import Verification, verify


@dataclass(frozen=True)
class FetchResult:
    """One data set after `fetch`.

    Attributes
    ----------
    name : str
        Data set.
    origin : str
        `source folder` (used in place), `present` (already in data/raw), `placed by hand` (an archive
        found in data/raw) or `downloaded`.
    paths : tuple of Path
        The files to read.
    rows : int
        Rows of all files.
    bytes : int
        Size of all files.
    totals : tuple of (str, float)
        Totals that were verified.
    seconds : float
        Time taken.
    """

    name: str
    origin: str
    paths: tuple[Path, ...]
    rows: int
    bytes: int
    totals: tuple[tuple[str, float], ...]
    seconds: float

    def __str__(self) -> str:
        return (
            f"{self.name}: {self.rows:,} rows, {self.bytes / 1e6:,.1f} MB, {self.origin}, verified"
            f" ({len(self.totals)} totals, {self.seconds:.1f} s)"
        )


def fetch(names: Sequence[str] | None, *, root: Paths, source: Path | None = None) -> list[FetchResult]:
    """Make real data sets available and verify them.

    Parameters
    ----------
    names : sequence of str, optional
        Data sets, or folders that hold several (`cdnow`). None means all but those marked `on_request`.
    root : Paths
        The project; downloads go below its data/raw.
    source : Path, optional
        Read-only folder in front of the download, laid out like data/raw; JOURNEY_DATA_DIR when left out.
        Its files are used in place and never copied.

    Returns
    -------
    list of FetchResult
        In the order asked for.

    Raises
    ------
    JourneyError
        For an unknown name, a wrong checksum or total, a damaged archive, or no network. Data sets before
        and after the failing one are kept; nothing of the failing one is written.
    """
    source = source if source is not None else source_folder()
    if source is not None and not source.is_dir():
        raise JourneyError(
            f"The source folder {str(source)!r} (JOURNEY_DATA_DIR) is not a folder; correct or unset it."
        )
    results, failures = [], []
    for entry in select(names, load_catalog(root.datasets)):
        try:
            results.append(_obtain(entry, root, source))
        except JourneyError as error:
            failures.append(error)
    if len(failures) == 1:
        raise failures[0]
    if failures:
        told = "\n".join(f"- {error}" for error in failures)
        raise JourneyError(
            f"{len(failures)} of {len(failures) + len(results)} data sets could not be obtained:\n{told}"
        )
    return results


def select(names: Sequence[str] | None, known: dict[str, Dataset]) -> list[Dataset]:
    """Resolve names of data sets or of folders; none means all that are not on request.

    Raises
    ------
    JourneyError
        For an unknown name; the message lists the known ones.
    """  # noqa: DOC501 (unknown_name makes a JourneyError)
    if not names:
        return [entry for entry in known.values() if not entry.on_request]
    chosen: dict[str, Dataset] = {}
    for name in names:
        if name in known:
            chosen[name] = known[name]
        elif group := {key: entry for key, entry in known.items() if entry.folder == name}:
            chosen |= group
        else:
            raise unknown_name("data set", name, known)
    return list(chosen.values())


def _obtain(entry: Dataset, root: Paths, source: Path | None) -> FetchResult:
    start = time.perf_counter()
    found = {file.path: find(entry, file.path, root, source) for file in entry.files}
    missing = [file for file in entry.files if found[file.path] is None and not file.optional]
    if missing:
        origin = _download(entry, root)
        found = {file.path: find(entry, file.path, root, source) for file in entry.files}
    else:
        first = found[entry.files[0].path]
        in_source = source is not None and first is not None and first.is_relative_to(source)
        origin = "source folder" if in_source else "present"
    checked: list[tuple[Path, Verification]] = []
    for file in entry.files:
        if path := found[file.path]:
            checked.append((path, _verified(entry, file, path)))
    return FetchResult(
        name=entry.name,
        origin=origin,
        paths=tuple(path for path, _ in checked),
        rows=sum(verification.rows for _, verification in checked),
        bytes=sum(path.stat().st_size for path, _ in checked),
        totals=tuple(total for _, verification in checked for total in verification.totals),
        seconds=time.perf_counter() - start,
    )


def _verified(entry: Dataset, file: DataFile, path: Path, *, shown: str | None = None) -> Verification:
    """Verify a file; of one whose lines cannot be told apart say so, instead of what a parser makes of it.

    Raises
    ------
    JourneyError
        As `verify`, and for a line with a carriage return but no line feed.
    csv.Error
        When the parser refuses the file for another reason.
    """
    try:
        return verify(entry, file, path, shown=shown)
    except (csv.Error, JourneyError):
        if file.format == "csv" and (line := _bare_return(path)):
            raise JourneyError(
                f"{shown or path} cannot be read as csv: line {line} holds a carriage return without a line "
                f"feed, so lines cannot be told apart; get it again from {entry.home}, or end its lines "
                "with line feeds."
            ) from None
        raise


def _bare_return(path: Path) -> int:
    """The first line that holds a carriage return without a line feed, counted from 1; 0 when none does."""
    number = 1
    with path.open("rb") as stream:
        while piece := stream.readline(65_536):
            if b"\r" in piece.rstrip(b"\r\n"):
                return number
            number += piece.endswith(b"\n")
    return 0


def _download(entry: Dataset, root: Paths) -> str:
    """Get what is missing into a scratch folder, verify it there, then move it into place."""
    folder = root.raw / entry.folder
    root.raw.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=f".fetch-{entry.name}.", dir=root.raw))
    try:
        by_hand = folder / entry.archive if entry.archive else None
        if by_hand is not None and by_hand.is_file():
            origin, obtained, whence = "placed by hand", by_hand, str(by_hand)
        else:
            origin, obtained, whence = "downloaded", _retrieve(entry, scratch, folder), entry.url
        ready: list[tuple[DataFile, Path]] = []
        for number, file in enumerate(entry.files):
            place = scratch / f"{number}" / Path(file.path).name
            place.parent.mkdir()
            if entry.archive is None:
                obtained.rename(place)
            elif not extract(obtained, file, place, scratch=scratch):
                continue
            _verified(entry, file, place, shown=f"{file.path} from {whence}")
            ready.append((file, place))
        folder.mkdir(parents=True, exist_ok=True)
        for file, place in ready:
            place.replace(folder / file.path)
        return origin
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _retrieve(entry: Dataset, scratch: Path, folder: Path) -> Path:
    """Download with a progress bar. The content is verified later, file by file, after extraction.

    Raises
    ------
    DatasetAbsent
        When the download fails.
    """
    import pooch
    import requests

    name = entry.archive or Path(entry.files[0].path).name
    bar = _Bar(entry.name)
    log = pooch.get_logger()
    level = log.level
    log.setLevel("WARNING")
    try:
        path = pooch.retrieve(
            entry.url,
            known_hash=None,
            fname=f"download-{name}",
            path=scratch,
            downloader=pooch.HTTPDownloader(progressbar=bar, chunk_size=1 << 16, timeout=30),
        )
    except (requests.RequestException, OSError) as error:
        raise DatasetAbsent(
            f"{entry.name} could not be downloaded from {entry.url} ({_reason(error)}); without a network,"
            f" get it with a browser, put it at {folder / name} and run `journey fetch {entry.name}` again."
        ) from None
    finally:
        bar.close()
        log.setLevel(level)
    return Path(path)


def _reason(error: Exception) -> str:
    import requests

    if isinstance(error, requests.HTTPError) and error.response is not None:
        return f"the server answered {error.response.status_code} {error.response.reason}"
    if isinstance(error, requests.Timeout):
        return "the server did not answer in time"
    if isinstance(error, requests.ConnectionError):
        return "no connection"
    return " ".join(str(error).split())


class _Bar:
    """A rich progress bar with the face of tqdm, which is what pooch drives."""

    def __init__(self, name: str) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            DownloadColumn(),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            transient=True,
        )
        self._task = self._progress.add_task(f"Downloading {name}", total=None)
        self._progress.start()

    @property
    def total(self) -> float | None:
        return self._progress.tasks[0].total

    @total.setter
    def total(self, value: int) -> None:
        # a server that compresses on the fly states no length: the bar then shows activity only
        self._progress.update(self._task, total=value or None)

    def update(self, amount: int) -> None:
        self._progress.update(self._task, advance=amount)

    def reset(self) -> None:
        self._progress.reset(self._task)

    def close(self) -> None:
        self._progress.stop()
