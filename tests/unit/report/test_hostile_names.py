"""Names that look like markup are shown letter by letter, wherever the report shows a text of the data."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser

import pandas as pd
import plotly.graph_objects as go
import pypandoc
import pytest

from journey.report.figures import figure_json
from journey.report.ledger import PageText
from journey.report.tables import show_table

NAMES = [
    "<b>bold</b>",
    "one<br>two",
    "&lt;i&gt; &amp; &nbsp;",
    r"\alpha \textbf{x} \\",
    "$x^2$ and $$y$$",
    "<script>stop</script>",
    "`code` **strong** _a_ ~b~ ^c^",
    "[text](address) @key {.class} #one",
    "<!-- gone -->",
    'a -- "b" ... | c',
    "{{< meta title >}}",
]


class Text(HTMLParser):
    """The text that a browser would show."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.text = ""
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.add(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


def rendered(markdown: str) -> Text:
    return Text(
        pypandoc.convert_text(markdown, "html", format="markdown", extra_args=["--mathml", "--wrap=none"])
    )


@pytest.mark.parametrize("name", NAMES)
def test_a_quote_of_the_ledger(name: str) -> None:
    page = rendered(f"before {PageText(name, 'a.b')._repr_markdown_()} after")
    assert page.text.strip() == f"before {name} after"
    assert page.tags == {"p", "span"}


@pytest.mark.parametrize("name", NAMES)
def test_a_table_its_caption_and_its_heading(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    show_table(pd.DataFrame({name: [name, "other"], "n": [1, 2]}), id="tbl-a", caption=name)
    printed = capsys.readouterr().out
    page = rendered(printed)
    # A long word may break where it has a mark for that.
    assert page.tags - {"wbr"} == {"div", "table", "thead", "tbody", "tr", "th", "td", "p"}
    assert re.sub(r"\s*\n\s*", "\n", page.text).count(name) == 3
    typst = printed[printed.index("{=typst}") :]
    assert json.dumps(name, ensure_ascii=False) in typst


@pytest.mark.parametrize("name", NAMES)
def test_a_figure_gives_plotly_no_tag_and_no_entity_of_a_name(name: str) -> None:
    figure = go.Figure(
        go.Bar(
            x=[1], y=[name], text=[name], name=name, customdata=[name], hovertemplate="%{y}<extra></extra>"
        )
    )
    figure.add_annotation(text=f"{name}\nbelow", x=0, y=0)
    spec = figure_json(figure, "the figure", 300)
    (trace,) = spec["data"]
    shown = [trace["y"][0], trace["text"][0], trace["name"], trace["customdata"][0]]
    assert [Text(text).text for text in shown] == [name] * 4
    assert all(Text(text).tags == set() for text in shown)
    assert trace["hovertemplate"] == "%{y}<extra></extra>"
    note = spec["layout"]["annotations"][0]["text"]
    assert note == f"{shown[0]}<br>below"
