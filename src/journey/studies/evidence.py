"""Evidence: results on real data, kept as small JSON so that they can be shown where the data are absent.

Where the data are present the results are computed again and must agree with the committed ones. In both
cases the caller gets the committed values, so that a site built with the data and one built without show
the same digits.
"""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from journey.errors import JourneyError
from journey.files import write_json
from journey.paths import Paths, project
from journey.stores.locate import locate

VARIABLE = "JOURNEY_EVIDENCE"
DEFAULT_TOLERANCE = 1e-6


@dataclass(frozen=True)
class Evidence:
    """A committed result.

    Attributes
    ----------
    name : str
        Name of the result; its file is data/evidence/<name>.json.
    datasets : tuple of str
        Data sets behind it; empty for a long simulation.
    data_checksum : mapping of str to str
        Identity of each data set.
    code_version : str
        Version of the code that computed it.
    date : str
        Day on which the results last changed, UTC, YYYY-MM-DD.
    seconds : float
        How long that computation took.
    results : dict
        The results: JSON values only.
    recomputed : bool
        True when they were computed again just now and agreed.
    code_current : bool
        False when that code changed since; never when `recomputed`.
    checked : str or None
        Of a result too long to repeat: the part that the current code computed again, and that agrees.
    made_from : str
        What it rests on, in words, where it is no data set of the catalogue.
    """

    name: str
    datasets: tuple[str, ...]
    data_checksum: Mapping[str, str]
    code_version: str
    date: str
    seconds: float
    results: dict[str, Any]
    recomputed: bool
    code_current: bool
    checked: str | None = None
    made_from: str = "a simulation"

    @property
    def label(self) -> str:
        """One sentence for the page."""
        data = ", ".join(self.datasets) or self.made_from
        if self.recomputed:
            return f"Computed from {data} in this build; agrees with the results of {self.date}."
        told = f"Computed from {data} on {self.date} ({self.seconds:.0f} s); not repeated in this build."
        if self.checked:
            return f"{told} The code has changed since; by the current code {self.checked} agree."
        return told if self.code_current else f"{told} The code has changed since."


def evidence(
    name: str,
    dataset: str | Sequence[str] | None,
    compute: Callable[[], Mapping[str, Any]],
    *,
    version: str = "",
    tolerance: float | Mapping[str, float] = DEFAULT_TOLERANCE,
    root: Paths | None = None,
    update: bool = False,
) -> Evidence:
    """Give a committed result, computed again where its data are present.

    Where the environment variable JOURNEY_EVIDENCE is `committed`, nothing is computed.

    Parameters
    ----------
    name : str
        Name of the result.
    dataset : str, sequence of str or None
        Data sets it needs. None for what is computed on request only.
    compute : callable
        Gives the results: nested dicts, lists, numbers, text; NumPy scalars and arrays are converted. NaN is
        refused. Nothing that changes from run to run, such as a time.
    version : str
        Version of the code that decides the results, from `journey.studies.lineage`.
    tolerance : float or mapping of str to float
        Largest accepted difference of a number, relative above 1 and absolute below; whole numbers, which
        are counts, must be equal. A mapping gives it by key, dotted from the top, for whole numbers too; the
        longest matching beginning counts, '' is the default.
    root : Paths, optional
        The project; found from the working folder when left out.
    update : bool
        Compute, and rewrite the file where results, data or code changed.

    Returns
    -------
    Evidence

    Raises
    ------
    JourneyError
        When the computed results disagree with the committed ones (names the key and both values), when
        there is no committed result, or its file is broken.
    """
    from journey.stores.datasets import data_checksum  # slow to import

    paths = root or project()
    path = paths.evidence / f"{name}.json"
    datasets = (dataset,) if isinstance(dataset, str) else tuple(dataset or ())
    checksums = {each: data_checksum(each) for each in datasets}
    committed = _read(path) if path.is_file() else None
    present = all(locate(each, root=paths) is not None for each in datasets)
    if update and not present:
        raise JourneyError(f"{name} needs its data ({', '.join(datasets)}); run `journey fetch`.")
    if update or (present and datasets and not _committed_only()):
        start = time.perf_counter()
        results = plain(compute())
        seconds = round(time.perf_counter() - start, 1)
        if update:
            committed = _update(path, committed, results, seconds, checksums, version, name, tolerance)
        elif committed is None:
            raise JourneyError(f"{path} is missing: run `journey study {name}` to write it, and commit it.")
        elif difference := disagreement(committed["results"], results, tolerance):
            raise JourneyError(
                f"{path}: {difference}; find out why, and if the new value is right "
                f"run `journey study {name}`."
            )
        return _evidence(committed, version, recomputed=True)
    if committed is None:
        absent = (
            f"the data ({', '.join(datasets)}) are absent" if datasets else "it is computed on request only"
        )
        raise JourneyError(f"{path} is missing and {absent}; restore the file from the repository.")
    return _evidence(committed, version, recomputed=False)


def check_part(
    name: str,
    compute: Callable[[], Mapping[str, Any]],
    says: str,
    *,
    version: str,
    tolerance: float | Mapping[str, float] = DEFAULT_TOLERANCE,
    root: Paths | None = None,
) -> None:
    """Compute a part of a committed result again; where it agrees the file says which part, and by what code.

    Parameters
    ----------
    compute : callable
        Gives the part: some keys of the results, and lists that begin as theirs do.
    says : str
        The part in words, in the plural.

    Raises
    ------
    JourneyError
        When it disagrees, or there is no committed result.
    """
    path = (root or project()).evidence / f"{name}.json"
    if not path.is_file():
        raise JourneyError(f"{path} is missing: run `journey study {name}` to write it, and commit it.")
    committed, part = _read(path), plain(compute())
    if difference := disagreement(_beginning(committed["results"], part), part, tolerance):
        raise JourneyError(f"{path}: {difference}; run `journey study {name}` to compute all of it.")
    write_json(path, {**committed, "checked": {"code_version": version, "part": says}})


def _beginning(whole: Any, part: Any) -> Any:
    """What of a result stands where a part of it stands."""
    if isinstance(whole, dict) and isinstance(part, dict):
        return {key: _beginning(whole[key], part[key]) for key in part if key in whole}
    if isinstance(whole, list) and isinstance(part, list):
        return [_beginning(old, new) for old, new in zip(whole, part, strict=False)]
    return whole


def plain(value: Any, key: str = "results") -> Any:
    """Convert a result to JSON values.

    Raises
    ------
    JourneyError
        For NaN, infinity and foreign types; the message names the key.
    """
    import numpy as np

    if isinstance(value, Mapping):
        return {str(inner): plain(each, f"{key}.{inner}") for inner, each in value.items()}
    if isinstance(value, np.ndarray | np.generic):
        return plain(value.tolist(), key)
    if isinstance(value, list | tuple):
        return [plain(each, f"{key}.{index}") for index, each in enumerate(value)]
    if isinstance(value, float) and not math.isfinite(value):
        raise JourneyError(f"Evidence {key} is {value}; give a finite number or None.")
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise JourneyError(
        f"Evidence {key} is of type {type(value).__name__}; give numbers, text, lists or dicts."
    )


def disagreement(old: Any, new: Any, tolerance: float | Mapping[str, float]) -> str | None:
    """Say where two results differ by more than the tolerance, or None when they agree.

    The tolerance is a share of the value, of 1 where that is more, and for the bounds of an interval of its
    width: a bound that happens to lie near 0 is not known better than the interval is wide.
    """
    before, after = dict(_leaves(old)), dict(_leaves(new))
    if gone := sorted(before.keys() - after.keys()):
        return f"{gone[0]} was {before[gone[0]]!r} when committed and is not computed any more"
    if added := sorted(after.keys() - before.keys()):
        return f"{added[0]} is computed as {after[added[0]]!r} and is not in the committed results"
    for key, was in before.items():
        now = after[key]
        allowed = _allowed(key, was, now, tolerance)
        agrees = now == was if allowed is None else abs(now - was) <= allowed * _size(before, key)
        if not agrees:
            margin = "" if allowed is None else f" (tolerance {allowed:g})"
            return f"{key} was {was!r} when committed and is now {now!r}{margin}"
    return None


def _size(before: Mapping[str, Any], key: str) -> float:
    """What a tolerance is a share of: the value, 1, or the width of the interval that it bounds."""
    stem = key.removesuffix("_low").removesuffix("_high")
    low, high = before.get(f"{stem}_low"), before.get(f"{stem}_high")
    if stem != key and isinstance(low, int | float) and isinstance(high, int | float):
        return max(1.0, abs(before[key]), high - low)
    return max(1.0, abs(before[key]))


def _committed_only() -> bool:
    """Whether JOURNEY_EVIDENCE says that nothing is computed.

    Raises
    ------
    JourneyError
        When it says anything else than `committed`.
    """
    value = os.environ.get(VARIABLE, "")
    if value not in ("", "committed"):
        raise JourneyError(f"{VARIABLE} is {value!r}; it may be unset or 'committed'.")
    return value == "committed"


def _allowed(key: str, was: Any, now: Any, tolerance: float | Mapping[str, float]) -> float | None:
    """The tolerance of one value; None when it must be equal: text, truth values, unnamed whole numbers."""
    if any(isinstance(each, bool) or not isinstance(each, int | float) for each in (was, now)):
        return None
    named = ""
    if isinstance(tolerance, Mapping):
        matching = [prefix for prefix in tolerance if key == prefix or key.startswith(f"{prefix}.")]
        named = max(matching, key=len, default="")
        tolerance = tolerance.get(named, DEFAULT_TOLERANCE)
    return None if not named and isinstance(was, int) and isinstance(now, int) else tolerance


def _leaves(value: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    """Every scalar of a nested result under its dotted key; an empty container counts as a scalar."""
    items: Any = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    inner = [(f"{key}.{name}" if key else str(name), each) for name, each in items]
    if not inner:
        yield key, value
    for name, each in inner:
        yield from _leaves(each, name)


def _update(
    path: Path,
    committed: dict[str, Any] | None,
    results: Any,
    seconds: float,
    checksums: dict[str, str],
    version: str,
    name: str,
    tolerance: float | Mapping[str, float],
) -> dict[str, Any]:
    """Write what changed; results that agree keep their digits, date and seconds."""
    if committed is not None and disagreement(committed["results"], results, tolerance) is None:
        fresh = {**committed, "data_checksum": checksums, "code_version": version}
        fresh.pop("checked", None)
    else:
        fresh = {
            "name": name,
            "data_checksum": checksums,
            "code_version": version,
            "date": datetime.now(UTC).date().isoformat(),
            "seconds": seconds,
            "results": results,
        }
    if fresh != committed:
        write_json(path, fresh)
    return fresh


def _read(path: Path) -> dict[str, Any]:
    fields = {"name", "data_checksum", "code_version", "date", "seconds", "results"}
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise JourneyError(f"{path} is not valid JSON ({error}); restore it from the repository.") from None
    if not isinstance(value, dict) or set(value) - {"checked"} != fields:
        raise JourneyError(f"{path} must hold {', '.join(sorted(fields))}; restore it from the repository.")
    return value


def _evidence(value: dict[str, Any], version: str, *, recomputed: bool) -> Evidence:
    part = value.get("checked", {})
    checked = part.get("part") if part.get("code_version") == version else None
    return Evidence(
        name=value["name"],
        datasets=tuple(value["data_checksum"]),
        data_checksum=value["data_checksum"],
        code_version=value["code_version"],
        date=value["date"],
        seconds=value["seconds"],
        results=value["results"],
        recomputed=recomputed,
        code_current=recomputed or value["code_version"] == version or checked is not None,
        checked=checked,
    )
