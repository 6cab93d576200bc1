"""The palette: text on a cell of a heat map can be read whatever the cell's share."""

import pytest
from support.palette import DARK

from journey.report.style import LIGHT, STRONG

#: Contrast of the texts of a heat map at the least; a ramp from light to dark has a middle on which the two
#: inks are equally far from it.
LEAST = 3.8


def channels(colour):
    return [int(colour[place : place + 2], 16) for place in (1, 3, 5)]


def luminance(rgb):
    """Relative luminance as WCAG 2 defines it."""
    linear = [
        value / 12.92 if value <= 0.03928 else ((value + 0.055) / 1.055) ** 2.4
        for value in (channel / 255 for channel in rgb)
    ]
    return sum(part * value for part, value in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one, other):
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("percent", range(0, 101, 2))
def test_the_text_of_a_cell_can_be_read(theme, percent):
    share = percent / 100
    step = min(int(4 * share), 3)
    ends = zip(channels(theme[f"ramp-{step + 1}"]), channels(theme[f"ramp-{step + 2}"]), strict=True)
    cell = [low + (high - low) * (4 * share - step) for low, high in ends]
    assert contrast(cell, channels(theme["paper" if share > STRONG else "ink"])) >= LEAST
