"""One study: what it answers, how it is computed, and on what it depends."""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from journey.models.runs import STORE, STUDY_EXPERIMENT, track
from journey.paths import Paths
from journey.studies.evidence import DEFAULT_TOLERANCE
from journey.studies.lineage import version

PACKAGE = Path(__file__).resolve().parents[1]
DATASETS = "journey.stores.datasets"


@dataclass(frozen=True)
class Study:
    """One committed result.

    Attributes
    ----------
    name
        Its file is data/evidence/<name>.json.
    answers
        The question it answers.
    run
        The function that computes it, `module:function`.
    datasets
        Real data that it needs.
    loader
        Function of `journey.stores.datasets` whose result `run` takes.
    in_build
        Whether a build computes it again where its data are present.
    simulates
        Whether `run` takes the project's paths.
    beside
        Further definitions that it reaches by a computed name.
    tolerance
        Largest accepted difference, as for `evidence`.
    libraries
        Libraries of an extra that it needs, and the extra.
    part, part_says
        For a very long one: a function that computes the beginning of its results, and which part that is.
    whole_sql
        Whether it depends on every SQL file.
    made_from
        What it rests on, in words, where it is no data set of the catalogue.
    """

    name: str
    answers: str
    run: str
    datasets: tuple[str, ...] = ()
    loader: str | None = None
    in_build: bool = False
    simulates: bool = False
    beside: tuple[str, ...] = ()
    tolerance: float | Mapping[str, float] = DEFAULT_TOLERANCE
    libraries: tuple[str, ...] = ()
    extra: str | None = None
    part: str | None = None
    part_says: str = ""
    whole_sql: bool = False
    made_from: str = "a simulation"

    @property
    def roots(self) -> tuple[str, ...]:
        """Definitions from which its version is read."""
        loader = (f"{DATASETS}:{self.loader}",) if self.loader else ()
        return (self.run, *loader, *self.beside)

    def version(self, paths: Paths) -> str:
        """Version of the code that computes it."""
        return version(self.roots, PACKAGE, paths.sql, whole_sql=self.whole_sql)

    def compute(self, paths: Paths) -> Mapping[str, Any]:
        """The results, as JSON values."""
        if self.loader:
            return named_function(self.run)(named_function(f"{DATASETS}:{self.loader}")())
        return named_function(self.run)(paths) if self.simulates else named_function(self.run)()


def named_function(named: str) -> Callable[..., Any]:
    """The function `module:function`."""
    module, _, name = named.partition(":")
    found: Callable[..., Any] = getattr(importlib.import_module(module), name)
    return found


def log_study(name: str, seconds: float, paths: Paths) -> bool:
    """Add a study that was just computed to MLflow, where it is installed: identity, time, single numbers.

    The file of the result goes with it. Gives whether MLflow is installed.
    """
    file = paths.evidence / f"{name}.json"
    committed = json.loads(file.read_text(encoding="utf-8"))
    parameters = {"study": name, "code_version": committed["code_version"], "changed": committed["date"]}
    parameters |= {f"data_{dataset}": digest for dataset, digest in committed["data_checksum"].items()}
    single = {
        key: float(value)
        for key, value in committed["results"].items()
        if isinstance(value, int | float) and not isinstance(value, bool)
    }
    return track(
        paths.results / STORE, STUDY_EXPERIMENT, name, parameters, single | {"seconds": seconds}, [file]
    )
