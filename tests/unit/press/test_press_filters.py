"""Every element of the dialect on a few lines of Markdown, in HTML and in Typst."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from support.press_site import parse

from press.errors import PressError

Convert = Callable[..., str]


def test_callout_title_comes_from_attribute_heading_or_kind(convert: Convert) -> None:
    text = convert(
        '::: {.callout-note title="Given *title*"}\nA\n:::\n\n'
        "::: {.callout-tip}\n## From heading\n\nB\n:::\n\n"
        "::: {.callout-important}\nC\n:::\n"
    )
    titles = [box.text for box in parse(text).all(cls="callout-title-container")]
    assert titles == ["Given title", "From heading", "Important"]
    assert "<h2" not in text


def test_collapsed_callout_names_what_it_opens(convert: Convert) -> None:
    tree = parse(convert('::: {.callout-warning collapse="true"}\nHidden\n:::\n'))
    header = tree.one(cls="callout-header")
    assert "collapsed" in header.classes
    assert header.attributes["aria-expanded"] == "false"
    assert tree.one(id=header.attributes["aria-controls"]).classes[-1] == "collapse"
    shown = parse(convert('::: {.callout-warning collapse="false"}\nShown\n:::\n'))
    assert "show" in shown.one(cls="callout-collapse").classes


def test_callout_appearance_and_icon(convert: Convert) -> None:
    tree = parse(convert('::: {.callout-note icon="false" appearance="simple" #mine}\nA\n:::\n'))
    box = tree.one(id="mine")
    assert {"callout", "callout-style-simple", "callout-note", "no-icon"} <= set(box.classes)


def test_callout_in_typst(convert: Convert) -> None:
    text = convert('::: {.callout-tip title="T"}\nBody\n:::\n', "typst")
    assert "#callout(" in text
    assert text.index("title: [") < text.index("body: [") < text.index("Body")


def test_conditional_content(convert: Convert) -> None:
    source = (
        '::: {.content-visible when-format="html"}\nweb\n:::\n\n'
        '::: {.content-visible unless-format="html"}\nprint\n:::\n\n'
        '::: {.content-hidden when-format="html:js"}\nnot on the web\n:::\n\n'
        '[span]{.content-visible when-format="typst"}\n'
    )
    assert "web" in convert(source)
    assert not {"print", "not on the web", "span"} & set(parse(convert(source)).text.split(" ")[1:])
    printed = convert(source, "typst")
    assert "print" in printed
    assert "span" in printed
    assert "\nweb\n" not in printed


def test_layout_puts_blocks_in_rows(convert: Convert) -> None:
    tree = parse(convert("::: {layout-ncol=2}\na\n\nb\n\nc\n:::\n"))
    assert [len(row.all(cls="quarto-layout-cell")) for row in tree.all(cls="quarto-layout-row")] == [2, 1]
    assert "#grid(columns: (1fr,) * 2" in convert("::: {layout-ncol=2}\na\n\nb\n:::\n", "typst")


def test_figures_and_tables_are_numbered_apart(convert: Convert) -> None:
    text = convert(
        "::: {#fig-a}\nx\n\nFirst\n:::\n\n::: {#fig-b}\ny\n\nSecond\n:::\n\n"
        "| h |\n|---|\n| 1 |\n\n: Cap *tion* {#tbl-a}\n\n"
        "@fig-b, @Fig-a, [-@fig-b], [Fig. @fig-b], [@fig-a; @tbl-a]\n"
    )
    tree = parse(text)
    assert [caption.text for caption in tree.all(tag="figcaption")] == [
        "Figure 1: First",
        "Figure 2: Second",
        "Table 1: Cap tion",
    ]
    links = [(link.attributes["href"], link.text) for link in tree.all(cls="quarto-xref")]
    assert links == [
        ("#fig-b", "Figure 2"),
        ("#fig-a", "Figure 1"),
        ("#fig-b", "2"),
        ("#fig-b", "Fig. 2"),
        ("#fig-a", "Figure 1"),
        ("#tbl-a", "Table 1"),
    ]


def test_float_markup_is_quartos(convert: Convert) -> None:
    tree = parse(convert("::: {#tbl-a .wide}\n| h |\n|---|\n| 1 |\n\nCaption\n:::\n"))
    outer = tree.one(id="tbl-a")
    assert {"quarto-float", "quarto-figure", "wide"} <= set(outer.classes)
    figure = outer.one(tag="figure")
    assert {"quarto-float-tbl", "figure"} <= set(figure.classes)
    caption = figure.one(tag="figcaption")
    assert "quarto-float-caption-top" in caption.classes
    described = [box.attributes.get("aria-describedby") for box in figure.all(tag="div")]
    assert caption.attributes["id"] in described
    assert {"table", "caption-top"} <= set(figure.one(tag="table").classes)


def test_floats_and_references_in_typst(convert: Convert) -> None:
    text = convert("::: {#fig-a}\nx\n\nFirst\n:::\n\n@fig-a and [-@fig-a]\n", "typst")
    assert 'kind: "quarto-float-fig", supplement: "Figure")<fig-a>' in text
    assert "#ref(<fig-a>, supplement: [Figure])" in text
    assert "#ref(<fig-a>, supplement: [])" in text


def test_equation_number(convert: Convert) -> None:
    text = convert("$$\na = b\n$$ {#eq-one}\n\nSee @eq-one.\n")
    assert parse(text).one(cls="quarto-xref").text == "Equation 1"
    assert "<math" in parse(text).one(id="eq-one").children[0].tag or parse(text).one(id="eq-one").all("math")
    assert r"\qquad(1)" in text
    typst = convert("$$ a = b $$ {#eq-one}\n\nSee @eq-one.\n", "typst")
    assert 'numbering: "(1)"' in typst
    assert "<eq-one>" in typst


def test_section_reference_counts_like_the_headings(convert: Convert) -> None:
    source = "## A\n\n## B\n\n### C {#sec-c}\n\n## D {.unnumbered}\n\nSee @sec-c.\n"
    text = convert(source, **{"number-sections": True})
    assert parse(text).one(cls="quarto-xref").text == "Section 2.1"
    assert parse(text).one(id="sec-c").attributes["data-number"] == "2.1"


def test_image_takes_its_alternative_text(convert: Convert, small: Callable[..., object]) -> None:
    small("", icon__svg="<svg/>")
    tree = parse(convert('![Caption](icon.svg){#fig-x fig-alt="What is seen"}\n'))
    image = tree.one(tag="img")
    assert image.attributes["alt"] == "What is seen"
    assert "img-fluid" in image.classes
    assert 'alt: "What is seen"' in convert('![Caption](icon.svg){#fig-x fig-alt="What is seen"}\n', "typst")


def test_html_table_reaches_typst(convert: Convert) -> None:
    raw = "```{=html}\n<table><tr><td>cell</td></tr></table>\n```\n"
    assert "[cell]" in convert(raw, "typst")
    kept = raw.replace("<table>", '<table data-quarto-disable-processing="true">')
    assert "cell" not in convert(kept, "typst")


def test_raw_blocks_go_to_their_format_only(convert: Convert) -> None:
    source = "```{=html}\n<b>web</b>\n```\n\n```{=typst}\n#v(1em)\n```\n"
    assert "<b>web</b>" in convert(source)
    assert "#v(1em)" not in convert(source)
    assert "#v(1em)" in convert(source, "typst")


@pytest.mark.parametrize(
    ("markdown", "message"),
    [
        ("text\n\n@fig-none\n", "3: @fig-none refers to nothing on this page"),
        ("See @sec-a\n\n## A {#sec-a}\n", "1: @sec-a needs number-sections: true"),
        ("@thm-a\n", "1: @thm-a is of a kind outside the dialect"),
        ("a\n\n::: {#fig-a}\nx\n\nc\n:::\n\n::: {#fig-a}\nx\n\nc\n:::\n", "3: label 'fig-a' is used twice"),
        ("::: {.callout-danger}\nx\n:::\n", "1: class 'callout-danger' is outside"),
        ("\n::: {.panel-fill}\nx\n:::\n", "2: class 'panel-fill' is outside"),
        ("::: {.columns}\nx\n:::\n", "1: class 'columns' is outside"),
        ('::: {layout="[1,2]"}\nx\n:::\n', "1: attribute 'layout' is outside"),
        ("::: {layout-ncol=many}\nx\n:::\n", "1: layout-ncol needs a number"),
        ("::: {#thm-a}\nx\n:::\n", "1: '#thm-a' is of a kind outside"),
        ("a\n\n::: {.panel-tabset}\n\n## Tab {.active}\n\n:::\n", "3: class 'panel-tabset' is outside"),
        ("::: {#fig-a}\n::: {#fig-b}\nx\n\nB\n:::\n\nA\n:::\n", "2: 'fig-b' inside 'fig-a': sub-figures"),
        ("::: {#fig-a}\n| h |\n|---|\n| 1 |\n\n: T {#tbl-b}\n\nA\n:::\n", "6: 'tbl-b' inside 'fig-a'"),
        ("a [b]{.aside}\n", "1: class 'aside' is outside"),
        ('```{.python filename="a.py"}\nx\n```\n', "1: attribute 'filename' is outside"),
        ("::: {.callout-note appearance=minimal}\nx\n:::\n", "1: a callout's appearance"),
        ("# Top\n", "1: the page title is the only first-level heading"),
        ("a\n\n[link](gone.qmd#x)\n", "3: gone.qmd does not exist"),
        ("![](gone.png)\n", "1: gone.png does not exist"),
        ("[@nobody]\n", "1: citation @nobody, but there is no bibliography"),
    ],
)
def test_foreign_markup_is_an_error_with_its_line(convert: Convert, markdown: str, message: str) -> None:
    with pytest.raises(PressError) as caught:
        convert(markdown)
    assert f"index.qmd:{message}" in str(caught.value)
