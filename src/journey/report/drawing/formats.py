"""Texts of ticks and of hovering: the part of Plotly's formats that the report uses, with the same result."""

from __future__ import annotations

import html
import math
import re
from collections.abc import Mapping

_FORMAT = re.compile(r"(\+?)(,?)(?:\.(\d+))?(~?)([%fgd]?)")
_FIELD = re.compile(r"%\{([\w.]+)(?:\[(\d+)\])?(?::([^}]*))?\}")


def say(value: object, form: str) -> str:
    """A number in a format of d3; anything else as it is.

    Raises
    ------
    ValueError
        For a format that no figure has needed so far.
    """
    if not isinstance(value, int | float):
        return html.unescape(str(value))
    found = _FORMAT.fullmatch(form)
    if found is None:
        raise ValueError(f"the format '{form}' is not one that drawings know")
    sign, comma, places, trim, kind = found.groups()
    if kind == "g":
        text = _significant(value, int(places or 6), trim=bool(trim))
    else:
        decimals = places if places is not None else ("0" if kind in ("d", "%") else None)
        unit = "%" if kind == "%" else "f"
        text = f"{value:{comma}}" if decimals is None else f"{value:{comma}.{decimals}{unit}}"
    if sign and not text.startswith("-"):
        text = f"+{text}"
    return text.replace("-", "−")


def _significant(value: float, digits: int, *, trim: bool) -> str:
    if value == 0:
        return "0" if trim else f"{0:.{digits - 1}f}"
    power = math.floor(math.log10(abs(value)))
    text = f"{value:.{max(digits - 1 - power, 0)}f}"
    return text.rstrip("0").rstrip(".") if trim and "." in text else text


def plain(value: float, step: float) -> str:
    """A number with as many decimals as the distance of ticks asks for."""
    places = max(0, -math.floor(math.log10(abs(step)) + 1e-9)) if step else 0
    while places < 6 and abs(round(step, places) - step) > 1e-9 * abs(step or 1):
        places += 1
    return f"{value:,.{places}f}".replace("-", "−")


def hover(template: str, values: Mapping[str, object]) -> str:
    """What a hover template says of one mark, without the box beside it."""

    def field(match: re.Match[str]) -> str:
        value = values[match[1]]
        if match[2] is not None and isinstance(value, list):
            value = value[int(match[2])]
        return say(value, match[3] or "")

    return html.unescape(re.sub(r"<br>", ", ", _FIELD.sub(field, template.split("<extra>")[0])))
