"""Colours of the page by role, as its style sheet has them."""

from __future__ import annotations

import re

from support.places import ROOT

from journey.report.style import LIGHT


def declared(selector: str) -> dict[str, str]:
    """Colours that a rule of the style sheet gives to roles."""
    sheet = (ROOT / "assets" / "site.css").read_text(encoding="utf-8")
    block = re.search(rf"^{re.escape(selector)} {{(.*?)^}}", sheet, re.DOTALL | re.MULTILINE)
    assert block is not None
    return dict(re.findall(r"--([a-z0-9-]+): (#[0-9a-f]{6});", block[1]))


DARK = {role: declared("body.quarto-dark")[role] for role in LIGHT}
