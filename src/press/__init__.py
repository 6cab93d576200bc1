"""Offline renderer for the Quarto dialect of this report: Jupyter, pandoc and Typst from the package index.

`render` turns a Quarto website project into a site with Quarto's element ids and class names. What lies
outside the dialect raises `PressError`, which names file and line.
"""

from press.errors import PressError
from press.site import render

__all__ = ["PressError", "render"]
