"""Notebooks of the chapters: what a reader finds in them, and that running one again shows the same."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import nbformat
import pytest
import yaml
from nbclient import NotebookClient

from journey.errors import JourneyError
from journey.paths import project
from journey.pipeline.state import Written
from journey.report.notebooks import EXTENSION, ROWS, plain_markdown, shown, write_notebooks

ROOT = project().root
#: The tools are scripts of a page: there is nothing to run in a notebook.
PAGES = sorted(page for page in (ROOT / "chapters").rglob("*.qmd") if page.parent.name != "tools")
MARKUP = ("::: ", "{=html}", "{=typst}", "{.", "{#", "`{python}", "data-number", 'class="')
RICH = {"text/html", "image/svg+xml"}


def written(page: Path) -> nbformat.NotebookNode:
    file = page.with_suffix(".ipynb")
    if not file.is_file():
        pytest.fail(f"{file.name} is missing: run `make site` first", pytrace=False)
    return nbformat.read(file, as_version=4)


def outputs(notebook: nbformat.NotebookNode) -> list[dict]:
    return [output["data"] for cell in notebook.cells for output in cell.get("outputs", [])]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_notebook_holds_prose_code_and_what_it_shows_but_no_markup_of_the_page(page: Path) -> None:
    notebook = written(page)
    nbformat.validate(notebook)
    first, *cells = notebook.cells
    assert "make site" in first.source
    assert page.with_suffix(".ipynb").relative_to(ROOT).as_posix() in first.source
    assert next(cell for cell in cells if cell.cell_type == "code").source.startswith(EXTENSION)
    texts = [cell.source for cell in cells if cell.cell_type == "markdown"]
    texts += [text for data in outputs(notebook) for kind, text in data.items() if kind.startswith("text/")]
    assert [(sign, text[:80]) for text in texts for sign in MARKUP if sign in text] == []
    assert [data for data in outputs(notebook) if RICH & data.keys()]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_notebook_shows_every_figure_and_table_of_its_page(page: Path) -> None:
    source = page.read_text(encoding="utf-8")
    found = outputs(written(page))
    figures = [data for data in found if "image/svg+xml" in data]
    assert len(figures) == source.count("show_figure(") + source.count("show_sketch(")
    assert len([data for data in found if "<table>" in data.get("text/html", "")]) >= source.count(
        "show_table("
    )
    assert [data for data in figures if len(data["text/plain"]) < 20] == []
    for picture in (ElementTree.fromstring(data["image/svg+xml"]) for data in figures):
        assert picture.get("role") == "img"
        assert len(picture.get("aria-label", "")) >= 20
        assert "var(" not in ElementTree.tostring(picture, encoding="unicode")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_links_its_notebook_and_no_renderer_makes_another(page: Path) -> None:
    front = yaml.safe_load(page.read_text(encoding="utf-8").split("\n---\n")[0])
    (link,) = front["format-links"]
    assert link["href"] == f"{page.stem}.ipynb"
    settings = yaml.safe_load((ROOT / "_quarto.yml").read_text(encoding="utf-8"))
    assert "ipynb" not in settings["format"]
    assert "/chapters/**/*.ipynb" in settings["project"]["resources"]


def test_sql_is_shown_as_code_and_a_notebook_has_no_times() -> None:
    texts = [
        text
        for data in outputs(written(ROOT / "chapters/appendix/sql-library.qmd"))
        for text in data.values()
    ]
    assert len([text for text in texts if text.startswith("```sql\n")]) >= 24
    assert [text for text in texts if re.search(r"\bTime: \d", str(text))] == []


@pytest.mark.parametrize("page", sorted((ROOT / "chapters").glob("*.qmd")), ids=lambda page: page.stem)
def test_a_chapters_notebook_analyses_and_agrees_with_the_ledger(page: Path) -> None:
    code = [cell.source for cell in written(page).cells if cell.cell_type == "code"]
    start = next(place for place, source in enumerate(code) if source.startswith("from math import isclose"))
    work = code[start + 1 :]
    assert 3 <= len(work) <= 6
    assert len([source for source in work if re.search(r"assert .*\bn[.\[]", source, re.DOTALL)]) >= 2
    assert [source for source in work if "table(" in source and "show_table(" not in source] == []
    loads = ("query(", "read_csv(", "load_", "load_shop(", "cleaning_quality(", "contact_log(")
    assert any(call in source for source in work for call in loads)


def test_the_data_of_a_figure_stand_below_it_and_a_long_table_is_cut() -> None:
    rows = "\n".join(f"<tr><td>{row}</td></tr>" for row in range(40))
    table = '<div class="table-scroll"><table class="compact"><thead><tr><th>n</th></tr></thead>\n'
    table += f"<tbody>\n{rows}\n</tbody></table></div><p>The first 40 of 90 rows.</p>"
    figure = (
        '<figure><figcaption class="figure-title">A</figcaption><div role="img" aria-label="B"></div>'
        '<script type="application/json">{"data":[]}</script>'
        '<details class="figure-data"><summary>Data</summary>\n'
        f"{table}\n</details>\n</figure>"
    )
    *_, last = shown(f"\n```{{=html}}\n{figure}\n```\n")
    assert last["text/html"].count("<tr>") == ROWS + 1
    assert last["text/html"].endswith(f"</table><p>The first {ROWS} of 40 rows.</p>")
    assert last["text/plain"].splitlines()[0] == "n"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_running_a_notebook_again_shows_what_it_holds(page: Path) -> None:
    notebook = written(page)
    before = outputs(notebook)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = []
    NotebookClient(notebook, kernel_name="python3", resources={"metadata": {"path": str(ROOT)}}).execute()
    assert outputs(notebook) == before


@pytest.fixture
def project_of_one(tmp_path: Path) -> Path:
    (tmp_path / "references.bib").write_text("@article{doe2020,\n  author = {Doe, A and Roe, B},\n}\n")
    (tmp_path / "page.qmd").write_text(
        '---\ntitle: "A page"\n---\n\n```{python}\n#| include: false\ntotal = 6 * 7\n```\n\n'
        "It is `{python} total`, says [@doe2020].\n\n```{python}\n#| output: asis\nprint(total)\n```\n"
    )
    return tmp_path


def test_two_runs_write_the_same_bytes_and_unchanged_code_is_not_run_again(project_of_one: Path) -> None:
    page, kept = project_of_one / "page.qmd", project_of_one / "data/processed/kept"
    runs: list[int] = []

    def write() -> bytes:
        write_notebooks(project_of_one, {page: ""}, kept=kept, report=lambda done, total: runs.append(done))
        return page.with_suffix(".ipynb").read_bytes()

    first = write()
    assert b"It is 42, says (Doe et al. 2020)." in first
    (kept / "page.json").unlink()
    assert write() == first
    assert len(runs) == 2
    page.write_text(page.read_text().replace("It is", "It was"))
    written = Written(project_of_one)
    assert b"It was 42" in write()
    assert len(runs) == 2
    assert kept / "page.json" in written.since(), "what is kept is not made again, so a build takes it away"
    page.write_text(page.read_text().replace("6 * 7", "6 * 8"))
    assert b"It was 48" in write()
    assert len(runs) == 3


def test_what_a_library_writes_past_python_is_no_answer(project_of_one: Path) -> None:
    page = project_of_one / "page.qmd"
    page.write_text(
        page.read_text().replace("total = 6 * 7", 'import os; os.write(1, b"\\r100% done"); total = 42')
    )
    write_notebooks(project_of_one, {page: ""}, kept=project_of_one / "kept")
    assert "It is 42" in page.with_suffix(".ipynb").read_text()


def test_a_failing_cell_is_named_and_nothing_is_written(project_of_one: Path) -> None:
    page = project_of_one / "page.qmd"
    page.write_text(page.read_text().replace("print(total)", "print(totals)"))
    with pytest.raises(JourneyError, match=r"page\.qmd, cell 2 failed: NameError: name 'totals'"):
        write_notebooks(project_of_one, {page: ""}, kept=project_of_one / "kept")
    assert not page.with_suffix(".ipynb").exists()


def test_pandoc_markup_is_shown_as_plain_markdown() -> None:
    text = (
        '## Head {#sec-a}\n\n::: {.callout-note title="Method" collapse="true"}\n'
        "See @tbl-b and [x](y.qmd#z).\n:::\n"
    )
    assert plain_markdown(text, {"tbl-b": "Counts"}, {}) == (
        "## Head\n\n**Method**\nSee the table “Counts” and [x](y.html#z)."
    )


def test_raw_blocks_are_shown_and_those_of_the_pdf_are_not() -> None:
    printed = '\n```{=html}\n<p class="a">1 &lt; 2</p>\n```\n\n```{=typst}\n#strong[no]\n```\n\nplain\n'
    assert shown(printed) == [
        {"text/html": "<p>1 &lt; 2</p>", "text/plain": "1 < 2"},
        {"text/markdown": "plain", "text/plain": "plain"},
    ]
