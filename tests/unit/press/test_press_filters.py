"""Every element of the dialect on a few lines of Markdown, in HTML and in Typst."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from support.press_site import parse

from press.errors import PressError

Convert = Callable[..., str]


def test_callout(convert: Convert) -> None:
    tree = parse(convert('::: {.callout-note .mine #it title="Given *title*"}\nA\n:::\n'))
    box = tree.one(id="it")
    assert {"callout", "callout-style-default", "callout-note", "callout-titled", "mine"} == set(box.classes)
    assert box.one(cls="callout-title-container").text == "Given title"
    assert box.one(cls="callout-body").text == "A"
    assert not box.all(cls="callout-collapse")


def test_folded_callout_names_what_it_opens(convert: Convert) -> None:
    tree = parse(convert('::: {.callout-warning collapse="true" title="T"}\nHidden\n:::\n'))
    header = tree.one(cls="callout-header")
    assert "collapsed" in header.classes
    assert header.attributes["aria-expanded"] == "false"
    assert header.attributes["data-bs-target"] == ".callout-1-contents"
    assert tree.one(id=header.attributes["aria-controls"]).classes[-1] == "collapse"


def test_heading_makes_a_section_with_a_link_to_itself(convert: Convert) -> None:
    tree = parse(convert("## One *more* {#sec-a .mine}\n\na\n\n### Below\n\nb\n\n## Two\n\nc\n"))
    section = tree.one(id="sec-a")
    assert section.tag == "section"
    assert section.classes == ["level2", "mine"]
    assert section.one(id="below").classes == ["level3"]
    heading = section.one(tag="h2")
    assert heading.attributes == {"class": "mine anchored", "data-anchor-id": "sec-a"}
    link = heading.one(tag="a", cls="anchorjs-link")
    assert link.attributes["href"] == "#sec-a"
    assert link.attributes["aria-label"] == "Link to section: One more"
    assert [part.attributes["id"] for part in tree.children if not isinstance(part, str)] == ["sec-a", "two"]


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


def test_figures_and_tables_are_numbered_apart(convert: Convert) -> None:
    text = convert(
        "::: {#fig-a}\nx\n\nFirst\n:::\n\n::: {#fig-b}\ny\n\nSecond\n:::\n\n"
        "::: {#tbl-a}\n| h |\n|---|\n| 1 |\n\nCap *tion*\n:::\n\n@fig-b, [@fig-a], @tbl-a\n"
    )
    tree = parse(text)
    assert [caption.text for caption in tree.all(tag="figcaption")] == [
        "Figure 1: First",
        "Figure 2: Second",
        "Table 1: Cap tion",
    ]
    links = [(link.attributes["href"], link.text) for link in tree.all(cls="quarto-xref")]
    assert links == [("#fig-b", "Figure 2"), ("#fig-a", "Figure 1"), ("#tbl-a", "Table 1")]


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
    text = convert("::: {#fig-a}\nx\n\nFirst\n:::\n\n@fig-a\n", "typst")
    assert 'kind: "quarto-float-fig", supplement: "Figure")<fig-a>' in text
    assert "#ref(<fig-a>)" in text


def test_links_of_typst_stay_when_they_leave_the_site(convert: Convert) -> None:
    text = convert("[page](index.qmd), [web](https://example.org)\n", "typst")
    assert text.strip() == 'page, #link("https://example.org")[web]'


def test_raw_blocks_go_to_their_format_only(convert: Convert) -> None:
    source = "```{=html}\n<b>web</b>\n```\n\n```{=typst}\n#v(1em)\n```\n"
    assert "<b>web</b>" in convert(source)
    assert "#v(1em)" not in convert(source)
    assert "#v(1em)" in convert(source, "typst")


@pytest.mark.parametrize(
    ("markdown", "message"),
    [
        ("text\n\n@fig-none\n", "3: @fig-none refers to nothing on this page"),
        ("See @sec-a\n\n## A {#sec-a}\n", "1: @sec-a is of a kind outside the dialect"),
        ("@thm-a\n", "1: @thm-a is of a kind outside the dialect"),
        ("a\n\n::: {#fig-a}\nx\n\nc\n:::\n\nb [@fig-a; @key]\n", "9: a cross-reference stands alone"),
        ("a\n\n::: {#fig-a}\nx\n\nc\n:::\n\nb [@fig-a, p. 3]\n", "9: a cross-reference stands alone"),
        ("::: {#fig-a}\nx\n\nc\n:::\n\n[Fig. @fig-a]\n", "7: a cross-reference stands alone"),
        ("::: {#fig-a}\nx\n\nc\n:::\n\n[-@fig-a]\n", "7: a cross-reference stands alone"),
        ("a\n\n::: {#fig-a}\nx\n\nc\n:::\n\n::: {#fig-a}\nx\n\nc\n:::\n", "3: label 'fig-a' is used twice"),
        ("\n::: {#fig-a}\n```\nx\n```\n:::\n", "2: 'fig-a' needs a last paragraph, its caption"),
        ("::: {.callout-danger}\nx\n:::\n", "1: class 'callout-danger' is outside"),
        ("\n::: {.callout-tip}\nx\n:::\n", "2: a callout needs a title"),
        (
            '::: {.callout-tip title="T" appearance="simple"}\nx\n:::\n',
            "1: attribute 'appearance' is outside",
        ),
        ('a\n\n::: {.callout-tip title="T" collapse="yes"}\nx\n:::\n', "3: collapse can only be true"),
        ("\n::: {.panel-tabset}\nx\n:::\n", "2: class 'panel-tabset' is outside"),
        ("::: {.columns}\nx\n:::\n", "1: class 'columns' is outside"),
        ("a\n\n::: {.column-margin}\nx\n:::\n", "3: class 'column-margin' is outside"),
        ("::: {.g-col-6}\nx\n:::\n", "1: class 'g-col-6' is outside"),
        ('::: {layout="[1,2]"}\nx\n:::\n', "1: attribute 'layout' is outside"),
        ("\n::: {layout-ncol=2}\nx\n:::\n", "2: attribute 'layout-ncol' is outside"),
        ("::: {#thm-a}\nx\n:::\n", "1: '#thm-a' is of a kind outside"),
        ("| h |\n|---|\n| 1 |\n\n: T {#tbl-b}\n", "5: '#tbl-b' is of a kind outside"),
        ("::: {#fig-a}\n::: {#fig-b}\nx\n\nB\n:::\n\nA\n:::\n", "2: '#fig-b' inside '#fig-a': sub-figures"),
        ("a [b]{.aside}\n", "1: class 'aside' is outside"),
        ('```{.python filename="a.py"}\nx\n```\n', "1: attribute 'filename' is outside"),
        ("# Top\n", "1: the page title is the only first-level heading"),
        ("a\n\n::: {.box}\n## In it\n:::\n", "4: a heading inside a block"),
        ("a\n\n## A {.unlisted}\n", "3: class 'unlisted' is outside"),
        ("a\n\n::: {.content-visible when-profile=x}\na\n:::\n", "3: attribute 'when-profile' is outside"),
        ("a\n\n[link](gone.qmd#x)\n", "3: gone.qmd does not exist"),
        ("![](gone.png)\n", "1: images are outside"),
        ("a\n\nb[^1]\n\n[^1]: c\n", "3: footnotes are outside"),
        ("[@nobody]\n", "1: citation @nobody, but there is no bibliography"),
    ],
)
def test_foreign_markup_is_an_error_with_its_line(convert: Convert, markdown: str, message: str) -> None:
    with pytest.raises(PressError) as caught:
        convert(markdown)
    assert f"index.qmd:{message}" in str(caught.value)


def test_what_does_not_reach_typst(convert: Convert) -> None:
    table = "```{=html}\n%s<td>a</td></table>\n```\n"
    for markdown in ('::: {.callout-tip title="T"}\nBody\n:::\n', "[@nobody]\n"):
        with pytest.raises(PressError, match=r"index\.qmd:1: .* outside the dialect in Typst"):
            convert(markdown, "typst")
    with pytest.raises(PressError, match=r"index\.qmd:2: a table of raw HTML is outside"):
        convert(table % "<table>", "typst")
    assert not convert(table % '<table data-quarto-disable-processing="true">', "typst").strip()
