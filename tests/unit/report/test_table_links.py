"""Links in tables: https only, everything escaped, and a Typst link that compiles."""

from __future__ import annotations

import pandas as pd
import pytest
import typst

from journey.errors import JourneyError
from journey.report.columns import formatter
from journey.report.markup import Link
from journey.report.tables import show_table, table_text, typst_table

ADDRESS = "https://example.org/a?b=1&c=%3C2"


def frame() -> pd.DataFrame:
    return pd.DataFrame({"what": ["one", "two"], "source": [("A <b> & co", ADDRESS), None]})


COLUMNS = {"what": ("What", "text"), "source": ("Source", "link")}


def html_part(capsys: pytest.CaptureFixture[str]) -> str:
    """What the page gets; the Typst block holds the same texts unescaped, as string literals."""
    return capsys.readouterr().out.split("{=typst}")[0]


def test_a_link_is_escaped_in_the_page(capsys: pytest.CaptureFixture[str]) -> None:
    show_table(frame(), columns=COLUMNS, caption="Sources")
    page = html_part(capsys)
    assert (
        '<td data-label="Source"><a href="https://example.org/a?b=1&amp;c=%3C2">A &lt;b&gt; &amp; co</a></td>'
        in page
    )
    assert ">–</td>" in page
    assert "<b>" not in page


def test_a_link_in_typst_compiles() -> None:
    header, rows, numeric = table_text(frame(), columns=COLUMNS)
    source = typst_table(header, rows, numeric, None)
    assert 'link("https://example.org/a?b=1&c=%3C2", "A <b> & co")' in source
    assert typst.compile(source.encode(), format="svg")


@pytest.mark.parametrize(
    "address",
    [
        "http://example.org",
        "javascript:alert(1)",
        "https://",
        "https://example.org/a b",
        'https://example.org/"onmouseover="x',
        "https://example.org/<script>",
        "https://user@example.org/",
        " https://example.org",
        "",
    ],
)
def test_any_other_address_is_refused(address: str) -> None:
    write, number = formatter("link")
    assert not number
    with pytest.raises(JourneyError, match="is not an https address"):
        write(("text", address))


def test_a_link_says_something() -> None:
    with pytest.raises(JourneyError, match="has no text"):
        Link("  ", "https://example.org")


def test_text_that_looks_like_a_link_stays_text(capsys: pytest.CaptureFixture[str]) -> None:
    show_table(pd.DataFrame({"a": ["https://example.org"], "b": ['<a href="x">']}))
    assert "<a " not in html_part(capsys)
