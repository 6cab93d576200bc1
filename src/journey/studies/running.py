"""Computes committed results again, side by side."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context

from journey.errors import JourneyError, require
from journey.paths import Paths
from journey.stores.locate import locate
from journey.studies.registry import STUDIES, kept, known, stale
from journey.studies.study import Study, log_study


def run_studies(names: Iterable[str], paths: Paths) -> Iterator[tuple[str, float]]:
    """Compute studies again, side by side in processes of one thread each.

    Gives the name of each when it is written, and the seconds that it took now. What is finished stays when
    the rest is interrupted.

    Raises
    ------
    JourneyError
        Before anything runs: for an unknown name, missing data, or a library that is not installed.
    """
    studies = [known(name) for name in dict.fromkeys(names)]
    for study in studies:
        _check_needs(study, paths)
    # Sums over several threads end in other last digits.
    os.environ["OMP_NUM_THREADS"] = "1"
    workers = max(1, min(len(studies), os.cpu_count() or 1))
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        running = [pool.submit(_renewed, study.name, paths) for study in studies]
        try:
            for done in as_completed(running):
                name, seconds = done.result()
                log_study(name, seconds, paths)
                yield name, seconds
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def listed(paths: Paths) -> Iterator[str]:
    """One line a study: name, whether its result is of the current code, seconds it took, data, question."""
    old = stale(paths)
    for name, study in STUDIES.items():
        file = paths.evidence / f"{name}.json"
        took = f"{json.loads(file.read_text(encoding='utf-8'))['seconds']:.0f} s" if file.is_file() else ""
        data = ", ".join(study.datasets) or study.made_from
        state = "changed" if name in old else "current"
        yield f"{name:<30} {state:<8} {took:>7}  {study.answers} ({data})"


def changed(paths: Paths) -> Iterator[tuple[str, str]]:
    """Name of each study whose code has changed since; and why it cannot run here, or an empty text."""
    for name in stale(paths):
        try:
            _check_needs(known(name), paths)
        except JourneyError as error:
            yield name, str(error)
        else:
            yield name, ""


def _renewed(name: str, paths: Paths) -> tuple[str, float]:
    start = time.perf_counter()
    kept(name, paths, update=True)
    return name, time.perf_counter() - start


def _check_needs(study: Study, paths: Paths) -> None:
    for dataset in study.datasets:
        if locate(dataset, root=paths) is None:
            raise JourneyError(f"study {study.name} needs the data {dataset}; run `journey fetch {dataset}`")
    if study.extra:
        require(f"study {study.name}", study.libraries, study.extra)
