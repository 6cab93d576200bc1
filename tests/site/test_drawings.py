"""Every figure of the site as it stands in its page, as wide as the text and for a phone."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from support.drawn import faults

pytestmark = pytest.mark.site

_FIGURE = re.compile(r'<figure [^>]*id="(plot-[\w-]+)".*?</figure>', re.DOTALL)
_SVG = re.compile(r"<svg.*?</svg>", re.DOTALL)


def test_no_text_of_a_figure_leaves_it_or_lies_on_another_or_on_a_line(site: Path):
    drawings = {
        f"{page.stem} {figure[1]} {place}": svg
        for page in site.rglob("*.html")
        for figure in _FIGURE.finditer(page.read_text(encoding="utf-8"))
        for place, svg in enumerate(_SVG.findall(figure[0]))
    }
    assert len(drawings) > 100
    found = {name: faults(ElementTree.fromstring(svg)) for name, svg in drawings.items()}
    assert {name: wrong for name, wrong in found.items() if wrong} == {}
