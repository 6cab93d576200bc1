"""What is outside the dialect fails with file and line, and nothing is written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from support.press_site import CONFIG
from typer.testing import CliRunner

import press
from press.cli import application

Small = Callable[..., Path]


@pytest.mark.parametrize(
    ("page", "line", "message"),
    [
        ("---\ntitle: A\nlisting: x\n---\n", 3, "unknown front-matter key 'listing'"),
        ("---\nformat:\n  pdf: default\n---\n", 3, "unknown front-matter key 'pdf' under format"),
        ("---\nformat: pdf\n---\n", 2, "format can only be html or typst"),
        ("---\nauthor: {name: A}\n---\n", 2, "unknown front-matter key 'name' under author"),
        ("---\nformat:\n  typst:\n    marging: 1cm\n---\n", 4, "'marging' under format.typst"),
        ("---\ntoc: true\nformat-links:\n  - {href: a.txt}\n---\n", 3, "format-links needs text"),
        ("---\nformat-links:\n  - {format: typst, text: PDF}\n---\n", 2, "this page has no format 'typst'"),
        ("---\nformat-links: [{format: docx}]\n---\n", 2, "format can only be html or typst"),
        ("---\ntitle: [\n---\n", 3, "not valid YAML"),
        ("---\ntitle: A `{python} 1`\n---\n", 2, "inline code does not run inside YAML"),
        ("---\nhtml-math-method: katex\n---\n", 2, "html-math-method can only be mathml"),
        ("---\ntheme: cosmo\n---\n", 2, "unknown front-matter key 'theme'"),
        ("---\npage-layout: wide\n---\n", 2, "page-layout can only be article or full"),
        ("---\ntitle: A\ndate: today\n---\n", 3, "a date is written as YYYY-MM-DD"),
        ("```{python}\n#| echo: fenced\n1\n```\n", 2, "echo can only be true or false"),
        ("a\n\n{{< video x.mp4 >}}\n", 3, "unknown shortcode 'video'"),
        ("{{< var shop.name >}}\n", 1, "_variables.yml has no 'shop.name'"),
        ("{{< meta nothing >}}\n", 1, "the metadata has no 'nothing'"),
        ("a {{< include _x.qmd >}}\n", 1, "an include must stand on a line of its own"),
        ("\n{{< include _x.qmd >}}\n", 2, "included file _x.qmd does not exist"),
        ("{{< include index.qmd >}}\n", 1, "included file index.qmd would include itself"),
        ("a\n\n```{r}\n1\n```\n", 3, "cells in 'r' are outside the dialect"),
        ("a `{r} 1`\n", 1, "inline code in 'r' is outside the dialect"),
        ("```{python}\n#| label: a\n#| fig-width: 3\n1\n```\n", 3, "unknown cell option 'fig-width'"),
        ("```{python}\n#| label: [\n1\n```\n", 2, "not valid YAML"),
        ('```{python}\n#| fig-cap: "`{python} 1`"\n1\n```\n', 2, "inline code does not run inside YAML"),
        ("```{python}\n#| tbl-cap: A\n1\n```\n", 1, "tbl-cap needs a label that starts with tbl-"),
        ("```{python}\n#| label: lst-a\n1\n```\n", 1, "label 'lst-a' is of a kind outside"),
        ("a\n\n```{python}\n1\n", 3, "this cell is never closed"),
        ("a\n\n```{python}\n1 / 0\n```\n", 3, "cell 1 failed: ZeroDivisionError: division by zero"),
        ("a\n\nb `{python} nope`\n", 3, "inline code `nope` failed: NameError"),
        ("```{python}\nimport os; os._exit(3)\n```\n", 1, "the kernel died in cell 1"),
        ("---\njupyter: julia-9\n---\n\n`{python} 1`\n", None, "there is no Jupyter kernel 'julia-9'"),
        ("a\n\n- item\n\n  ```{python}\n  1\n  ```\n", 5, "a cell starts with ```{python}, not indented"),
        ("a\n\n~~~{python}\n1\n~~~\n", 3, "a cell starts with ```{python}"),
        ("a\n\n```{python echo=false}\n1\n```\n", 3, "the options of a cell stand in its own lines"),
        ("a\n\n```{{python}}\n1\n```\n", 3, "a cell that is shown and not run"),
        ("a\nb `{python} 1 +\n2`\n", 2, "inline code must end on the line on which it starts"),
        ("a\nb `{python}\n2`\n", 2, "inline code must end on the line on which it starts"),
        ("a\n\nb `{python} 1` `{r} 1`\n", 3, "inline code in 'r' is outside"),
        ('a\n\nb `{python} r"c\\d"`\n', 3, "gives a text with a backslash or line break"),
        ('a\n\nb `{python} "c\\nd"`\n', 3, "gives a text with a backslash or line break"),
        ("```{python}\n#| label: fig-a\n#| fig-cap: [A, B]\n1\n```\n", 1, "fig-cap must be one text"),
        ("---\ntoc: true\n---\n\n{{< meta toc >}}\n", 5, "'toc' is no text or number"),
        ("## A {#x}\n\n[y]{#x}\n", 1, "id 'x' is used more than once"),
    ],
)
def test_page_error(small: Small, page: str, line: int | None, message: str) -> None:
    root = small(page)
    with pytest.raises(press.PressError) as caught:
        press.render(root)
    text = str(caught.value)
    assert message in text
    assert line is None or text.startswith(f"{root / 'index.qmd'}:{line}: ")
    assert not (root / "_site").exists()


def test_error_in_an_included_file_names_that_file(small: Small) -> None:
    root = small("a\n\n{{< include _part.qmd >}}\n", _part__qmd="one\n\n{{< oops >}}\n")
    with pytest.raises(press.PressError, match=r"_part\.qmd:3: unknown shortcode 'oops'"):
        press.render(root)


def test_failing_cell_shows_code_and_traceback(small: Small) -> None:
    root = small("```{python}\nvalue = 1\nvalue.missing\n```\n")
    with pytest.raises(press.PressError) as caught:
        press.render(root)
    text = str(caught.value)
    assert "value = 1\nvalue.missing" in text
    assert "AttributeError: 'int' object has no attribute 'missing'" in text
    assert "\x1b" not in text


@pytest.mark.parametrize(
    ("config", "line", "message"),
    [
        (CONFIG + "extra: 1\n", 7, "unknown key 'extra'"),
        (CONFIG.replace("title: Small", "titel: Small"), 4, "unknown key 'titel' under website"),
        (CONFIG.replace("type: website", "type: book"), 1, "project type 'book' is outside the dialect"),
        (
            CONFIG.replace("type: website", "type: website\n  render: ['*.qmd', no/*.qmd]"),
            3,
            "project.render: no/*.qmd matches no page",
        ),
        (
            CONFIG.replace("title: Small", "sidebar:\n    contents: [x.qmd]"),
            5,
            "names x.qmd, which is not a page",
        ),
        (
            CONFIG.replace("type: website", "type: website\n  resources: ['*.txt', '!a.txt']"),
            3,
            "resources: '!a.txt' is outside the dialect",
        ),
        (CONFIG.replace("html: default", "pdf: default"), 6, "unknown key 'pdf' under format"),
        (
            CONFIG.replace("html: default", "html:\n    include-in-header: x.html"),
            None,
            "file that does not exist",
        ),
        (
            CONFIG.replace("type: website", "type: website\n  pre-render: 'false'"),
            None,
            "pre-render command failed: false",
        ),
    ],
)
def test_project_error(small: Small, config: str, line: int | None, message: str) -> None:
    root = small("text\n", config)
    with pytest.raises(press.PressError) as caught:
        press.render(root)
    assert message in str(caught.value)
    assert line is None or str(caught.value).startswith(f"{root / '_quarto.yml'}:{line}: ")


def test_unknown_citation(small: Small) -> None:
    root = small(
        "a\n\n[@nobody]\n", CONFIG + "bibliography: refs.bib\n", refs__bib="@book{some, title={A}}\n"
    )
    with pytest.raises(press.PressError, match=r"index\.qmd:3: citation @nobody is in no bibliography"):
        press.render(root)


def test_typst_error_is_typsts_own(small: Small) -> None:
    root = small("---\nformat: typst\n---\n\n```{=typst}\n#nothing-of-the-kind()\n```\n")
    with pytest.raises(press.PressError, match="unknown variable: nothing-of-the-kind"):
        press.render(root)
    assert not list(root.glob(".*.typ"))


def test_no_project(tmp_path: Path) -> None:
    with pytest.raises(press.PressError, match=r"there is no _quarto\.yml here"):
        press.render(tmp_path)


def test_command_line(small: Small) -> None:
    runner = CliRunner()
    root = small("---\ntitle: Fine\n---\n\ntext\n")
    good = runner.invoke(application, ["render", "--root", str(root), str(root / "index.qmd")])
    assert good.exit_code == 0
    assert (root / "_site" / "index.html").is_file()
    stranger = runner.invoke(application, ["render", "--root", str(root), "elsewhere.qmd"])
    assert stranger.exit_code == 2
    assert "not a page of the project" in stranger.stderr
    small("{{< oops >}}\n")
    bad = runner.invoke(application, ["render", "--root", str(root)])
    assert bad.exit_code == 2
    assert "index.qmd:1: unknown shortcode 'oops'" in bad.stderr
