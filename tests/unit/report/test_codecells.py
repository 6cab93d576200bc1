"""Code on the pages is the source as it stands, and what is shown is what runs."""

from __future__ import annotations

import ast
import html
import inspect
import re

import pytest

from journey.customers.agreement import adjusted_rand
from journey.errors import JourneyError
from journey.paths import Paths, project
from journey.pipeline.inputs import Inputs
from journey.pipeline.pages import SHOWN, page_digests
from journey.pipeline.sight import Code
from journey.report.codecells import code_block, source

ROOT = project().root
CHAPTERS = sorted(ROOT.glob("chapters/*.qmd"))
NAME = "journey.customers.agreement:adjusted_rand"


def without_docstring(text: str) -> str:
    function = ast.parse(text).body[0]
    assert isinstance(function, ast.FunctionDef)
    function.body = function.body[1:]
    return ast.dump(function)


def test_the_source_is_that_of_the_function_that_runs():
    file, line, text = source(NAME, ROOT)
    lines, number = inspect.getsourcelines(adjusted_rand)
    assert (str(file), line) == (inspect.getsourcefile(adjusted_rand), number)
    assert without_docstring(text) == without_docstring("".join(lines))
    assert ast.get_docstring(ast.parse(text).body[0]) == inspect.getdoc(adjusted_rand).splitlines()[0]


@pytest.mark.parametrize("page", CHAPTERS, ids=lambda page: page.stem)
def test_every_chapter_shows_a_screenful_of_code(page):
    names = re.findall(r"show_code\((.+)\)", page.read_text(encoding="utf-8"))
    assert len(names) == 1
    texts = [source(name, ROOT)[2] for name in re.findall(r'"([^"]+)"', names[0])]
    assert 5 <= sum(len(text.splitlines()) for text in texts) <= 60


def test_what_is_marked_reads_as_the_source_and_brings_no_element(tmp_path):
    folder = tmp_path / "src" / "journey"
    folder.mkdir(parents=True)
    text = 'def f(x):\n    """One."""\n    return "<script>alert(1)</script>" if x < 1 else not x  # a & b'
    (folder / "made.py").write_text(f"X = 1\n\n\n{text}\n\n\nY = 2\n", encoding="utf-8")
    block = code_block("journey.made:f", tmp_path)
    assert "<script" not in block
    assert "src/journey/made.py, line 4" in block
    code = re.search(r"<code[^>]*>(.*)</code>", block, re.DOTALL)
    assert code is not None
    assert html.unescape(re.sub(r"<[^>]+>", "", code[1])) == text
    assert "<b>not</b>" in code[1]
    assert "<i># a &amp; b</i>" in code[1]


@pytest.mark.parametrize(
    "name", ["journey.customers.agreement:gone", "journey.nowhere:adjusted_rand", NAME[:-1]]
)
def test_a_function_that_is_not_there_is_one_sentence(name):
    with pytest.raises(JourneyError, match=r"there is no function '\w+' in journey"):
        source(name, ROOT)


def test_a_comment_of_shown_code_makes_its_page_anew(tmp_path):
    paths = Paths(tmp_path)
    module = tmp_path / "src" / "journey" / "made.py"
    module.parent.mkdir(parents=True)
    module.write_text("def f():\n    return 1  # as it was\n", encoding="utf-8")
    (tmp_path / "index.qmd").write_text('```{python}\nshow_code("journey.made:f")\n```\n', encoding="utf-8")
    assert SHOWN.findall('show_code("journey.made:f")') == ["journey.made"]
    before = page_digests(Inputs(paths, Code(module.parent)))
    module.write_text("def f():\n    return 1  # as it is\n", encoding="utf-8")
    assert page_digests(Inputs(paths, Code(module.parent))) != before
