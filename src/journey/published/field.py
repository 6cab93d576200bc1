"""Published readings of two public A/B tests; ours come from committed evidence."""

from __future__ import annotations

from functools import partial

from journey.published.entry import Published, Source, Values
from journey.published.evidence import committed

TOPIC = "Tests in the field"
entry = partial(Published, TOPIC)

LANDING = Source(
    "Udacity's landing-page test, as usually quoted",
    "https://www.kaggle.com/datasets/zhangluyuan/ab-testing",
    digits_read=False,
)
COOKIE_CATS = Source(
    "Cookie Cats, an analysis by D. Alkan", "https://github.com/dorukalkan/cookie-cats-ab-test"
)
COOKIE_CATS_RATIO = Source(
    "Cookie Cats, sample-ratio test",
    "https://www.kaggle.com/datasets/mursideyarkin/mobile-games-ab-testing-cookie-cats",
    digits_read=False,
)


def _landing(*keys: str, scale: float = 1.0) -> Values:
    found = committed("landing_page")
    return [scale * (found[key] if key in found else found["effect"][key]) for key in keys]


def _cats(key: str, scale: float = 1.0) -> Values:
    return scale * float(committed("cookie_cats")["effects"]["retention_7"][key])


ENTRIES = (
    entry(
        "landing_rows",
        "Landing page: rows with the wrong page, users that remain",
        LANDING,
        ("3,893", "290,584"),
        partial(_landing, "mismatched", "users"),
    ),
    entry(
        "landing_rates",
        "Landing page: conversion, old and new page",
        LANDING,
        ("12.039", "11.881"),
        partial(_landing, "control_rate", "treatment_rate", scale=100.0),
        unit="%",
    ),
    entry(
        "landing_effect",
        "Landing page: difference and its 95% interval",
        LANDING,
        ("-0.158", "-0.394", "0.078"),
        partial(_landing, "estimate", "low", "high", scale=100.0),
        unit="pp",
    ),
    entry(
        "landing_test",
        "Landing page: z and p",
        LANDING,
        ("-1.31", "0.190"),
        partial(_landing, "z", "p"),
    ),
    entry(
        "cats_retention",
        "Cookie Cats: change of seven-day retention",
        COOKIE_CATS,
        ("-0.82",),
        partial(_cats, "estimate", 100.0),
        unit="pp",
    ),
    entry("cats_p", "Cookie Cats: its p value", COOKIE_CATS, ("0.0016",), partial(_cats, "p")),
    entry(
        "cats_ratio",
        "Cookie Cats: sample-ratio test against 50/50, p",
        COOKIE_CATS_RATIO,
        ("0.0086",),
        lambda: committed("cookie_cats")["ratio_p"],
    ),
)
