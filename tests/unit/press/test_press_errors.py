"""What is outside the dialect fails with file and line, and nothing is written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from support.press_site import CONFIG

import press

Small = Callable[..., Path]


@pytest.mark.parametrize(
    ("page", "line", "message"),
    [
        ("---\ntitle: A\nlisting: x\n---\n", 3, "unknown front-matter key 'listing'"),
        ("---\nauthor: A\n---\n", 2, "unknown front-matter key 'author'"),
        ("---\npage-layout: full\n---\n", 2, "unknown front-matter key 'page-layout'"),
        ("---\nformat:\n  pdf: default\n---\n", 3, "unknown front-matter key 'pdf' under format"),
        ("---\nformat: pdf\n---\n", 2, "format is written with html or typst below it"),
        ("---\nformat:\n  typst: default\n---\n", 2, "a page without html"),
        ("---\nformat:\n  typst:\n    marging: 1cm\n---\n", 4, "'marging' under format.typst"),
        ("---\nformat:\n  html: default\n  typst: default\n---\n", 2, "with `html` in the list"),
        ("---\ntoc: true\nformat-links:\n  - {href: a.txt}\n---\n", 3, "format-links needs text"),
        ("---\nformat-links: [docx]\n---\n", 2, "format-links needs text"),
        ("---\nformat-links:\n  - {format: typst}\n---\n", 3, "unknown front-matter key 'format'"),
        ("---\ntitle: [\n---\n", 3, "not valid YAML"),
        ("---\ntitle: A `{python} 1`\n---\n", 2, "inline code does not run inside YAML"),
        ("---\ntoc-depth: two\n---\n", 2, "toc-depth can only be 2 or 3 or 4 or 5 or 6 here"),
        ("---\ntoc: maybe\n---\n", 2, "toc can only be true or false"),
        ("---\ntitle: A\n---\n\ntext\n\n---\ntitle: B\n---\n", 7, "a second metadata block"),
        ("text\n\n---\nb: 1\n...\n", 3, "a second metadata block"),
        ("a\n\n{{< video x.mp4 >}}\n", 3, "shortcodes are outside"),
        ("{{< include _x.qmd >}}\n", 1, "shortcodes are outside"),
        ("a\n{{< meta\ntitle >}}\n", 2, "shortcodes are outside"),
        ("a\n\n```{r}\n1\n```\n", 3, "a cell starts with ```{python}"),
        ("a `{r} 1`\n", 1, "inline code in 'r' is outside the dialect"),
        ("a\n\n```{python}\n1\n```\n", 3, "a cell needs `include: false` or `output: asis`"),
        ("```{python}\n#| output: false\n1\n```\n", 2, "output can only be asis"),
        ("```{python}\n#| include: false\n#| label: a\n1\n```\n", 3, "unknown cell option 'label'"),
        ("```{python}\n#| output: [\n1\n```\n", 2, "not valid YAML"),
        ("```{python}\n#| output: asis\n1\n```\n", 1, "a value of type text/plain is outside"),
        ("a\n\n```{python}\n#| include: false\n1\n", 3, "this cell is never closed"),
        (
            "a\n\n```{python}\n#| include: false\n1 / 0\n```\n",
            3,
            "failed: ZeroDivisionError: division by zero",
        ),
        ("a\n\nb `{python} nope`\n", 3, "inline code `nope` failed: NameError"),
        (
            "```{python}\n#| include: false\nimport os; os._exit(3)\n```\n",
            1,
            "the kernel was lost in this cell",
        ),
        ("a\n\n- item\n\n  ```{python}\n  1\n  ```\n", 5, "a cell starts with ```{python}, not indented"),
        ("a\n\n> ```{python}\n> 1\n> ```\n", 3, "a cell starts with ```{python}, not indented, not quoted"),
        ("- ```{python}\n  1\n  ```\n", 1, "a cell starts with ```{python}"),
        ("a\n\n~~~{python}\n1\n~~~\n", 3, "a cell starts with ```{python}"),
        ("a\n\n```{python echo=false}\n1\n```\n", 3, "and nothing follows"),
        ("a\n\n```{{python}}\n1\n```\n", 3, "a cell starts with ```{python}"),
        ("a\nb `{python} 1 +\n2`\n", 2, "inline code must end on the line on which it starts"),
        ("a\nb `{python}\n2`\n", 2, "inline code must end on the line on which it starts"),
        ("a\n\nb `{python} 1` `{r} 1`\n", 3, "inline code in 'r' is outside"),
        ("a\nb `{python} 1``{python} 2`\n", 2, "inline code must not touch another backtick"),
        ('a\n\nb `{python} r"c\\d"`\n', 3, "gives a text with a backslash or line break"),
        ('a\n\nb `{python} "c\\nd"`\n', 3, "gives a text with a backslash or line break"),
        ("$$ a $$ {#eq-a}\n", 1, "numbered equations are outside"),
        ("## A {#x}\n\n[y]{#x}\n", 1, "id 'x' is used more than once"),
        ("text\n\n## A {#it}\n\n## B {#it}\n", 3, "pandoc: [WARNING] Duplicate identifier 'it'"),
        ("text\n\n::: {.a}\n", None, "pandoc: [WARNING] Div"),
        ("a\n\n```{=html}\n<a href='index.qmd#x'>a</a>\n```\n", 4, "raw HTML links to index.qmd#x"),
        ('a <a\nhref="index.qmd">a</a>\n', 2, "raw HTML links to index.qmd"),
        ('a\n\n<img src="/a.svg" alt="A">\n', 3, "raw HTML links to /a.svg"),
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


def test_a_cell_cannot_print_metadata(small: Small) -> None:
    root = small('```{python}\n#| output: asis\nprint("---\\ntitle: B\\n---")\n```\n')
    with pytest.raises(press.PressError, match=r"index\.qmd:1: code of this page prints a metadata block"):
        press.render(root)


def test_cells_that_would_show_their_code(small: Small) -> None:
    root = small("```{python}\n#| output: asis\n1\n```\n", CONFIG.replace("echo: false, ", ""))
    with pytest.raises(press.PressError, match=r"index\.qmd:1: cells need `execute: \{echo: false"):
        press.render(root)


def test_failing_cell_shows_code_and_traceback(small: Small) -> None:
    root = small("```{python}\n#| include: false\nvalue = 1\nvalue.missing\n```\n")
    with pytest.raises(press.PressError) as caught:
        press.render(root)
    text = str(caught.value)
    assert "value = 1\nvalue.missing" in text
    assert "AttributeError: 'int' object has no attribute 'missing'" in text
    assert "\x1b" not in text


@pytest.mark.parametrize(
    ("config", "line", "message"),
    [
        (CONFIG + "extra: 1\n", 8, "unknown key 'extra'"),
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
            CONFIG.replace("type: website", "type: website\n  resources: ['/*.txt', '!a.txt']"),
            3,
            "resources: '!a.txt' is outside the dialect",
        ),
        (
            CONFIG.replace("type: website", "type: website\n  resources: ['*.txt']"),
            3,
            "resources: '*.txt' is outside the dialect; start it with a slash",
        ),
        (CONFIG.replace("html: default", "pdf: default"), 7, "unknown key 'pdf' under format"),
        (CONFIG.replace("html: default", "html: {css: no.css}"), 7, "no.css does not exist"),
        (
            CONFIG.replace("html: default", "html: {theme: cosmo}"),
            7,
            "theme is written with light or dark below it",
        ),
        (CONFIG.replace("html: default", "html: {html-math-method: katex}"), 7, "can only be mathml"),
        (CONFIG.replace("title: Small", "search: false"), 4, "search is written with location or type"),
        (CONFIG.replace("title: Small", "page-footer: me"), 4, "page-footer is written with left or right"),
        (CONFIG.replace("echo: false", "echo: true"), 5, "echo can only be false here"),
        (CONFIG + "jupyter: julia-9\n", 8, "the Jupyter kernel 'julia-9' does not start"),
        (
            CONFIG.replace("title: Small", "navbar:\n    left: [{text: M}]"),
            5,
            "what the navigation names needs href, or contents",
        ),
        (
            CONFIG.replace("title: Small", "navbar:\n    left: [{text: M, menu: []}]"),
            5,
            "unknown key 'menu' under website.navbar.left",
        ),
        (
            CONFIG.replace("title: Small", "navbar:\n    left: ['https://example.org']"),
            5,
            "the navigation names https://example.org, which is not a page",
        ),
    ],
)
def test_project_error(small: Small, config: str, line: int | None, message: str) -> None:
    root = small("`{python} 1`\n", config)
    with pytest.raises(press.PressError) as caught:
        press.render(root)
    assert message in str(caught.value)
    assert line is None or str(caught.value).startswith(f"{root / '_quarto.yml'}:{line}: ")


def test_unknown_citation(small: Small) -> None:
    root = small(
        "a\n\n[@nobody]\n", CONFIG + "bibliography: refs.bib\n", refs__bib="@book{some, title={A}}\n"
    )
    with pytest.raises(press.PressError, match=r"index\.qmd:3: pandoc: .*citation nobody not found"):
        press.render(root)


def test_rules_of_a_theme(small: Small) -> None:
    config = CONFIG.replace("html: default", "html:\n    theme: {light: [cosmo, a.scss]}")
    root = small("text\n", config, a__scss="$a: 1;\n/*-- scss:rules --*/\np { color: red; }\n")
    with pytest.raises(press.PressError, match=r"a\.scss:2: rules of a theme are outside the dialect"):
        press.render(root)


def test_typst_error_is_typsts_own(small: Small) -> None:
    formats = "format-links: [html]\nformat: {html: default, typst: default}"
    root = small(f"---\n{formats}\n---\n\n```{{=typst}}\n#nothing-of-the-kind()\n```\n")
    with pytest.raises(press.PressError, match="unknown variable: nothing-of-the-kind"):
        press.render(root)


def test_no_project(tmp_path: Path) -> None:
    with pytest.raises(press.PressError, match=r"there is no _quarto\.yml here"):
        press.render(tmp_path)


def test_a_page_of_elsewhere(small: Small) -> None:
    root = small("---\ntitle: Fine\n---\n\ntext\n")
    press.render(root, [root / "index.qmd"])
    assert (root / "_site" / "index.html").is_file()
    with pytest.raises(press.PressError, match="this is not a page of the project"):
        press.render(root, [root / "elsewhere.qmd"])
