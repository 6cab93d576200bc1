"""Published parameters and forecasts of customer value on CDNOW; ours come from committed evidence."""

from __future__ import annotations

from functools import partial
from typing import Any

from journey.published.entry import Published, Source, Values
from journey.published.evidence import committed

TOPIC = "Customer value"
entry = partial(Published, TOPIC)

COUNTING = Source(
    "Fader, Hardie & Lee (2005), Marketing Science",
    "https://doi.org/10.1287/mksc.1040.0098",
    digits_read=False,
)
MONETARY = Source(
    "Fader & Hardie (2013), note on the Gamma-Gamma model",
    "https://www.brucehardie.com/notes/025/",
    digits_read=False,
)


def _fit(model: str, name: str) -> Any:
    return committed("cdnow_value")["fits"][model][name]


def _values(model: str) -> Values:
    return list(_fit(model, "values"))


ENTRIES = (
    entry(
        "cdnow_customers",
        "CDNOW sample: customers, and those who bought again in 39 weeks",
        COUNTING,
        ("2,357", "946"),
        lambda: [committed("cdnow_value")[name] for name in ("customers", "repeaters")],
    ),
    entry(
        "cdnow_bgnbd",
        "BG/NBD on CDNOW: r, alpha, a, b",
        COUNTING,
        ("0.243", "4.414", "0.793", "2.426"),
        partial(_values, "BG/NBD"),
    ),
    entry(
        "cdnow_likelihood",
        "BG/NBD on CDNOW: log-likelihood",
        COUNTING,
        ("-9582.43",),
        lambda: float(_fit("BG/NBD", "log_likelihood")),
    ),
    entry(
        "cdnow_example",
        "Purchases in 39 weeks of a customer with 2, the last after 30.43 of 38.86 weeks",
        COUNTING,
        ("1.226",),
        lambda: float(committed("cdnow_value")["example"]["BG/NBD"]),
    ),
    entry(
        "cdnow_gamma_gamma",
        "Gamma-Gamma on CDNOW: p, q, v",
        MONETARY,
        ("6.25", "3.74", "15.44"),
        partial(_values, "Gamma-Gamma"),
    ),
)
