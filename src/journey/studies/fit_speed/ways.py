"""One way to fit BG/NBD or Gamma-Gamma, by the clock: run as a script, by a Python that has its library.

    python ways.py WAY MODEL HISTORIES TOLD REPEATS

Nothing of the project is imported but by its own way, so that a Python with other libraries can run this.
"""

from __future__ import annotations

import json
import resource
import sys
import time
import warnings
from collections.abc import Callable, Mapping
from importlib.metadata import version
from typing import Any

import numpy as np

OWN, LIFETIMES, SAMPLER = "ecommerce-journey", "lifetimes", "pymc-marketing"
COUNTS, MONEY = "BG/NBD", "Gamma-Gamma"
WEEK, SEED = 7.0, 1
#: Model -> its parameters, in the order of `journey.customers`.
NAMES = {COUNTS: ("r", "alpha", "a", "b"), MONEY: ("p", "q", "v")}
Columns = Mapping[str, Any]
#: Fits once: parameters by name, the log-likelihood that the library gives them (None for a sampler), more.
Once = Callable[[], tuple[dict[str, float], float | None, dict[str, Any]]]


def own(model: str, columns: Columns) -> Once:
    """This project's fits."""
    from journey.customers.bgnbd import fit_bgnbd
    from journey.customers.gamma_gamma import fit_gamma_gamma
    from journey.customers.summary import Summary
    from journey.customers.value import positive

    summary = Summary(*(columns[name] for name in ("customer", "frequency", "recency", "age", "money")))
    kept = positive(summary)

    def once() -> tuple[dict[str, float], float | None, dict[str, Any]]:
        fit = (fit_bgnbd(summary) if model == COUNTS else fit_gamma_gamma(summary, weights=kept)).fit
        values = dict(zip(fit.names, fit.values.tolist(), strict=True))
        return values, fit.log_likelihood, {"errors": fit.standard_errors.tolist()}

    return once


def lifetimes(model: str, columns: Columns) -> Once:
    """Maximum likelihood by lifetimes, as its guide calls it."""
    from lifetimes import BetaGeoFitter, GammaGammaFitter

    data = list(_floats(model, columns).values())
    rows = len(data[0])

    def once() -> tuple[dict[str, float], float | None, dict[str, Any]]:
        fitter = (BetaGeoFitter() if model == COUNTS else GammaGammaFitter()).fit(*data)
        values = {name: float(fitter.params_[name]) for name in NAMES[model]}
        # What it keeps of the fit is for a time that it rescales; its function gives the value for weeks.
        mean = fitter._negative_log_likelihood(np.log(list(values.values())), *data, np.ones(rows), 0.0)
        return values, -float(mean) * rows, {}

    return once


def pymc_marketing(model: str, columns: Columns) -> Once:
    """The posterior by the default sampler and priors of pymc-marketing; its means are the parameters."""
    import pandas as pd
    from pymc_marketing import clv

    frame = pd.DataFrame(_floats(model, columns)).assign(customer_id=lambda data: range(len(data)))

    def once() -> tuple[dict[str, float], float | None, dict[str, Any]]:
        fitted = (clv.BetaGeoModel if model == COUNTS else clv.GammaGammaModel)(data=frame)
        fitted.fit(random_seed=SEED, progressbar=False)
        posterior = fitted.idata["posterior"]
        values = {name: float(posterior[name].mean()) for name in NAMES[model]}
        sizes = {name: int(posterior.sizes[name]) for name in ("chain", "draw")}
        return values, None, sizes | {"sampling": float(posterior.attrs["sampling_time"])}

    return once


WAYS = {OWN: own, LIFETIMES: lifetimes, SAMPLER: pymc_marketing}


def _floats(model: str, columns: Columns) -> dict[str, Any]:
    """Columns as the other libraries name them: in weeks; for money, those who bought again for money."""
    frequency = columns["frequency"].astype(np.float64)
    if model == COUNTS:
        weeks = {"recency": columns["recency"] / WEEK, "T": columns["age"] / WEEK}
        return {"frequency": frequency, **weeks}
    kept = columns["money"] > 0
    return {"frequency": frequency[kept], "monetary_value": columns["money"][kept]}


def _processor() -> float:
    """Processor seconds of this process and of those that it started and that ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def main(way: str, model: str, histories: str, told: str, repeats: str) -> None:
    """Fit so many times; write what was found, and the seconds of every time."""
    warnings.simplefilter("ignore")
    with np.load(histories) as file:
        once = WAYS[way](model, {name: file[name] for name in file.files})
    seconds, processor = [], []
    for _ in range(int(repeats)):
        start, before = time.perf_counter(), _processor()
        values, log_likelihood, more = once()
        seconds.append(time.perf_counter() - start)
        processor.append(_processor() - before)
    found = {"values": values, "log_likelihood": log_likelihood, "more": more, "version": version(way)}
    with open(told, "w", encoding="utf-8") as file:  # noqa: PTH123 (a name from the command line)
        json.dump(found | {"seconds": seconds, "processor": processor}, file)


if __name__ == "__main__":
    main(*sys.argv[1:])
