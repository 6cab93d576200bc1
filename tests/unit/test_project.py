"""The project against its own rules: README, pages, ledger and repository."""

import ast
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from journey import __version__
from journey.findings.desk import lay_out
from journey.inference.estimate import Estimate
from journey.paths import Paths, project
from journey.pipeline.pages import page_files
from journey.report.checks import stale_readme_figures, update_readme, used_numbers
from journey.report.ledger import Ledger, Numbers

ROOT = project().root
PAGES = page_files(project())
CHAPTER_PAGES = [page for page in PAGES if page.parent.name == "chapters"]


@pytest.fixture(scope="module")
def numbers():
    if not project().numbers.is_file():
        pytest.fail("numbers.json is missing: run `make site` first")
    return Numbers(project().numbers)


def names(paths):
    return [str(path.relative_to(ROOT)) for path in paths]


def test_readme_says_what_the_ledger_says(numbers):
    assert stale_readme_figures(ROOT / "README.md", numbers) == []


def test_a_stale_readme_is_noticed_and_mended(tmp_path):
    ledger = Ledger()
    ledger.add("a.b", Estimate(0.5, 0.4, 0.6), "share", n=10, source="m:f")
    ledger.write(tmp_path / "numbers.json")
    readme = tmp_path / "README.md"
    readme.write_text("**1.0%**<!-- a.b --> (**0% to 1%**<!-- a.b:ci -->), n = **10**<!-- a.b:n -->")
    known = Numbers(tmp_path / "numbers.json")
    assert len(stale_readme_figures(readme, known)) == 2
    assert update_readme(readme, known) == 2
    assert stale_readme_figures(readme, known) == []
    assert readme.read_text().startswith("**50.0%**<!-- a.b --> (**40.0% to 60.0%**")


@pytest.mark.parametrize("page", PAGES, ids=names(PAGES))
def test_every_number_of_a_page_is_in_the_ledger(page, numbers):
    assert used_numbers(page) <= {number.id for number in numbers}


@pytest.mark.parametrize("page", CHAPTER_PAGES, ids=names(CHAPTER_PAGES))
def test_every_chapter_opens_with_question_answer_decision(page):
    text = page.read_text(encoding="utf-8")
    head = text[text.index("::: {.answer-box}") :].split(":::\n", 1)[0]
    before_first_heading = text.index("::: {.answer-box}") < text.index("\n## ")
    assert before_first_heading
    assert [word for word in ("Question", "Answer", "Decision") if f"**{word}.**" not in head] == []
    assert "change our mind" in text


def prose(text):
    """Text of a page without front matter, code, attributes, links and inline expressions."""
    text = re.sub(r"\A---\n.*?\n---\n", "", text, flags=re.S)
    text = re.sub(r"^```.*?^```", "", text, flags=re.S | re.M)
    return re.sub(r"`[^`]*`|\]\([^)]*\)|\{[^}]*\}|@[\w-]+|^:::.*$", " ", text, flags=re.M)


@pytest.mark.parametrize("page", [*PAGES, ROOT / "README.md"], ids=names([*PAGES, ROOT / "README.md"]))
def test_no_result_is_typed_into_prose(page):
    text = prose(page.read_text(encoding="utf-8"))
    text = re.sub(r"\*\*[^*]+\*\*<!--[^>]*-->", " ", text)
    typed = re.findall(r"[$€£]\s?\d[\d,.]*|\b\d[\d,]*\.\d+(?!\.)|\b\d+\s?%", text)
    # A version of a language and an error level are not results.
    assert [hit for hit in typed if hit not in {"3.11", "5%", "95%"}] == []


def test_every_page_is_in_the_menu_and_every_menu_entry_is_a_page():
    config = yaml.safe_load((ROOT / "_quarto.yml").read_text(encoding="utf-8"))

    def entries(items):
        for item in items:
            if isinstance(item, str):
                yield item
            elif "contents" in item:
                yield from entries(item["contents"])
            else:
                yield item["href"]

    listed = list(entries(config["website"]["sidebar"]["contents"]))
    assert len(listed) == len(set(listed))
    # What stands in for a page that is not there is found by no menu.
    assert sorted(listed) == sorted(set(names(PAGES)) - {"404.qmd"})


def test_the_menu_gives_every_chapter_its_number_and_its_title():
    config = yaml.safe_load((ROOT / "_quarto.yml").read_text(encoding="utf-8"))
    sections = [item["contents"] for item in config["website"]["sidebar"]["contents"] if "section" in item]
    texts = {entry["href"]: entry["text"] for items in sections for entry in items if isinstance(entry, dict)}
    for page in CHAPTER_PAGES:
        title = yaml.safe_load(page.read_text(encoding="utf-8").split("---\n")[1])["title"]
        assert texts[str(page.relative_to(ROOT))] == f"{int(page.name[:2])} · {title}"


def test_two_runs_of_the_findings_give_the_same_ledger(tmp_path, monkeypatch):
    # Real data are read once by the build; here only determinism is asked for.
    monkeypatch.setenv("JOURNEY_EVIDENCE", "committed")
    paths = project()
    copies = []
    for run in ("first", "second"):
        root = tmp_path / run
        root.mkdir()
        for name in ("sql", "assumptions.toml", "data", "_quarto.yml"):
            if name == "data":
                (root / "data").mkdir()
                for part in ("raw", "processed", "evidence", "datasets.toml"):
                    (root / "data" / part).symlink_to(paths.root / "data" / part)
            else:
                (root / name).symlink_to(paths.root / name)
        import importlib

        for chapter in ("audit", "funnel", "journeys"):
            module = importlib.import_module(f"journey.findings.{chapter}.collect")
            lay_out(chapter, module.collect, Paths(root))
        copies.append(root / "data" / "results")
    for chapter in ("audit", "funnel", "journeys"):
        one, two = (copy / chapter / "numbers.json" for copy in copies)
        assert one.read_bytes() == two.read_bytes()
        assert one.read_bytes() == (paths.results / chapter / "numbers.json").read_bytes()


def tracked_files():
    if not shutil.which("git") or not (ROOT / ".git").exists():
        pytest.skip("not a git checkout: nothing is tracked")
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [ROOT / line for line in listed.splitlines() if (ROOT / line).is_file()]


def test_no_file_names_a_registry_host_or_a_large_data_file():
    hosts = re.compile(
        r"pypi" + r"\.org|pythonhosted" + r"\.org|registry\.npmjs" + r"\.org|deb\.debian" + r"\.org"
    )
    for path in tracked_files():
        assert path.stat().st_size < 1_000_000, path
        if path.suffix not in {".woff2", ".ttf", ".png"}:
            assert not hosts.search(path.read_text(encoding="utf-8", errors="replace")), path


def test_source_files_stay_short():
    long = [
        f"{path.relative_to(ROOT)}: {lines} lines"
        for path in tracked_files()
        if path.suffix in {".py", ".sql", ".js"}
        and "tests" not in path.parts
        and (lines := len(path.read_text(encoding="utf-8").splitlines())) > 400
    ]
    assert long == []


def test_functions_of_the_findings_stay_short():
    long = [
        f"{path.relative_to(ROOT)}: {function.name}, {lines} lines"
        for path in sorted((ROOT / "src" / "journey" / "findings").rglob("*.py"))
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        and function.end_lineno is not None
        and (lines := function.end_lineno - function.lineno + 1) > 40
    ]
    assert long == []


def test_raw_data_are_never_tracked():
    tracked = {str(path.relative_to(ROOT)) for path in tracked_files()}
    assert not [
        name for name in tracked if name.startswith(("data/raw/", "data/processed/", "data/results/"))
    ]
    assert not [
        name for name in tracked if Path(name).suffix in {".csv", ".parquet", ".xlsx"} and "tests" not in name
    ]


def test_one_version_everywhere():
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    newest = re.findall(r"^## (\d+\.\d+\.\d+)$", changes, re.MULTILINE)[0]
    assert newest == citation["version"] == __version__
