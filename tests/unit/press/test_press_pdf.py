"""Options of the Typst format."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pypdf
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from support.press_site import CONFIG

import press

Small = Callable[..., Path]
FRONT = """\
---
title: Short
format:
  typst:
    output-file: out.pdf
    papersize: a5
    margin: {x: 1cm, y: 1cm}
    mainfont: DejaVu Serif
    fontsize: 9pt
%s
---

"""


def render(root: Path) -> pypdf.PdfReader:
    press.render(root)
    return pypdf.PdfReader(root / "_site" / "out.pdf")


def test_paper_and_a_page_without_html(small: Small) -> None:
    root = small(FRONT % "" + "## Part\n\nText.\n")
    reader = render(root)
    assert [round(float(length)) for length in reader.pages[0].mediabox[2:]] == [420, 595]
    assert "Part" in reader.pages[0].extract_text()
    assert not (root / "_site" / "index.html").exists()


def test_raw_includes_and_numbered_sections(small: Small) -> None:
    more = (
        '    number-sections: true\n    include-in-header:\n      text: "#let shout(it) = upper(it)"\n'
        "    include-before-body:\n      text: '#shout[before]'"
    )
    text = render(small(FRONT % more + "## Part {#sec-part}\n\nSee @sec-part.\n")).pages[0].extract_text()
    assert "BEFORE" in text
    assert "1 Part" in text
    assert "See Section\xa01." in text


def test_template_partial_replaces_presss_own(small: Small) -> None:
    partial = "#let article(title: none, ..rest, doc) = { [Partial for #title]; parbreak(); doc }\n"
    root = small(FRONT % "    template-partials: [typst-template.typ]" + "Text.\n")
    (root / "typst-template.typ").write_text(partial, "utf-8")
    assert "Partial for Short" in render(root).pages[0].extract_text()


def test_bibliography_can_be_left_out(small: Small) -> None:
    def text(more: str) -> str:
        bibliography = CONFIG + "bibliography: refs.bib\n"
        book = "@article{one, title={Paper}, author={Writer, B}, year={1999}}\n"
        return (
            render(small(FRONT % more + "As [@one].\n", bibliography, refs__bib=book)).pages[0].extract_text()
        )

    assert "References" in text("")
    short = text("    suppress-bibliography: true")
    assert "Writer" in short
    assert "References" not in short
    assert "Paper" not in short


def test_fonts_from_a_folder_of_the_project(small: Small) -> None:
    root = small((FRONT % "    font-paths: [fonts]").replace("DejaVu Serif", "Own Face") + "Text.\n")
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


def test_images_are_found_from_any_folder(small: Small) -> None:
    root = small("text\n", box__svg='<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>')
    (root / "sub").mkdir()
    page = FRONT % "" + '![](../box.svg){fig-alt="A box"}\n\n![](/box.svg){fig-alt="Again"}\n'
    (root / "sub" / "page.qmd").write_text(page, "utf-8")
    press.render(root)
    assert (root / "_site" / "sub" / "out.pdf").is_file()


def test_same_source_gives_the_same_bytes(small: Small) -> None:
    root = small(FRONT % "" + "Text with $a^2$.\n")
    render(root)
    first = (root / "_site" / "out.pdf").read_bytes()
    press.render(root, fresh=True)
    assert (root / "_site" / "out.pdf").read_bytes() == first
