"""Options of the Typst format."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pypdf
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen

import press

Small = Callable[..., Path]
FRONT = """\
---
title: Short
format-links: [html]
format:
  html: default
  typst:
    output-file: out.pdf
    papersize: a5
    margin: {x: 1cm, y: 1cm}
%s
---

"""
PARTS = "    template-partials: [typst-template.typ, typst-show.typ]"
TEMPLATE = "#let article(title: none, doc) = { [Partial for #title]; parbreak(); %s doc }\n"
SHOW = "#show: doc => article(title: [$title$], doc)\n"


def render(root: Path) -> pypdf.PdfReader:
    press.render(root)
    return pypdf.PdfReader(root / "_site" / "out.pdf")


def test_paper(small: Small) -> None:
    reader = render(small(FRONT % "" + "## Part\n\nText.\n"))
    assert [round(float(length)) for length in reader.pages[0].mediabox[2:]] == [420, 595]
    assert "Part" in reader.pages[0].extract_text()


def test_template_of_the_project(small: Small) -> None:
    files = {"typst-template__typ": TEMPLATE % "", "typst-show__typ": SHOW}
    reader = render(small(FRONT % PARTS + "## Part\n\nText.\n", **files))
    assert [round(float(length)) for length in reader.pages[0].mediabox[2:]] == [420, 595]
    assert "Partial for Short" in reader.pages[0].extract_text()


def test_fonts_from_a_folder_of_the_project(small: Small) -> None:
    files = {"typst-template__typ": TEMPLATE % 'set text(font: "Own Face");', "typst-show__typ": SHOW}
    root = small(FRONT % f"{PARTS}\n    font-paths: [fonts]" + "Text.\n", **files)
    family = {"familyName": "Own Face", "styleName": "Regular", "psName": "OwnFace-Regular"}
    builder = FontBuilder(1000)
    builder.setupGlyphOrder([".notdef", "T", "e", "x", "t", "S"])
    builder.setupCharacterMap({ord(letter): letter for letter in "TextS"})
    pen = TTGlyphPen(None)
    pen.moveTo((0, 0))
    pen.lineTo((0, 500))
    pen.lineTo((400, 0))
    pen.closePath()
    glyph = pen.glyph()
    builder.setupGlyf(dict.fromkeys([".notdef", "T", "e", "x", "t", "S"], glyph))
    builder.setupHorizontalMetrics(dict.fromkeys([".notdef", "T", "e", "x", "t", "S"], (500, 0)))
    builder.setupHorizontalHeader(ascent=800, descent=-200)
    builder.setupNameTable(family)
    builder.setupOS2()
    builder.setupPost()
    (root / "fonts").mkdir()
    builder.save(root / "fonts" / "own.ttf")
    fonts = render(root).pages[0]["/Resources"]["/Font"].values()
    assert any("OwnFace" in font.get_object()["/BaseFont"] for font in fonts)


def test_same_source_gives_the_same_bytes(small: Small) -> None:
    root = small(FRONT % "" + "Text with $a^2$.\n")
    render(root)
    first = (root / "_site" / "out.pdf").read_bytes()
    shutil.rmtree(root / ".press")
    press.render(root)
    assert (root / "_site" / "out.pdf").read_bytes() == first
