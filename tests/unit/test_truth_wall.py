"""Nothing but the evaluation reads the truth: not the package, not the SQL, not a chapter."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from support.places import ROOT

PACKAGE = ROOT / "src" / "journey"

#: may name the folder: the evaluation reads it, the simulator writes it
INSIDE = ("evaluation", "stores/simulator")
#: lists what a store folder may hold, and opens nothing in it
LISTS_FOLDERS = ("stores/schema/layout.py",)

READER = "journey.evaluation.truth"
FOLDER = re.compile(r"(^|[/\\'\"])truth[/\\]|[/\\]truth($|[/\\'\"])")
#: what joins a bare name to a path
JOINING = ("Path", "PurePath", "joinpath", "join", "open", "truth_file", "read_truth")


def python_breaches(source: str, where: str) -> list[str]:
    """Lines that import the reader of the truth or name its folder in a string that is not documentation.

    A bare "truth" is the name of many a column; it names the folder when it is joined to a path.
    """
    tree = ast.parse(source)
    documentation = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    joined = {id(piece) for node in ast.walk(tree) for piece in _joined_to_a_path(node)}
    found = []
    for node in ast.walk(tree):
        line = f"{where}:{getattr(node, 'lineno', 0)}"
        if _imports_the_reader(node):
            found.append(f"{line} imports {READER}")
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documentation:
            bare = node.value == "truth" and id(node) in joined
            if bare or FOLDER.search(node.value) or READER in node.value:
                found.append(f"{line} names the truth folder")
    return found


def _imports_the_reader(node: ast.AST) -> bool:
    if isinstance(node, ast.Import):
        return any(alias.name.startswith(READER) for alias in node.names)
    if isinstance(node, ast.ImportFrom):
        module = node.module or ""
        reached = [module, *(f"{module}.{alias.name}" for alias in node.names)]
        # The dots of a relative import may stand for anything above the evaluation.
        ends = "evaluation.truth" if node.level else READER
        return any(name == ends or name.endswith(f".{ends}") or f"{ends}." in name for name in reached)
    return isinstance(node, ast.Attribute) and ast.unparse(node).endswith("evaluation.truth")


def _joined_to_a_path(node: ast.AST) -> list[ast.expr]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
        return [node.left, node.right]
    if isinstance(node, ast.Call):
        name = ast.unparse(node.func).rsplit(".", 1)[-1]
        return list(node.args) if name in JOINING else []
    return []


def sql_breaches(source: str, where: str) -> list[str]:
    """Lines of SQL, comments left out, that name the truth folder or a schema of that name."""
    return [
        f"{where}:{number} names the truth folder"
        for number, line in enumerate(source.splitlines(), 1)
        if FOLDER.search(code := line.split("--")[0]) or re.search(r"\btruth\s*\.", code)
    ]


def chapter_breaches(source: str, where: str) -> list[str]:
    """Breaches in the cells and inline expressions of a chapter; its prose may speak of the truth."""
    found = []
    for cell in re.finditer(r"^```+\s*\{(python|sql)[^\n]*\n(.*?)^```", source, flags=re.S | re.M):
        line = source[: cell.start(2)].count("\n")
        language, code = cell.groups()
        if language == "sql" or code.lstrip().startswith("%%sql") or "\n%%sql" in code:
            found += sql_breaches(code, f"{where}+{line}")
        else:
            # Magics are no Python; the rest of the cell is checked without them.
            plain = re.sub(r"^\s*[%!].*$", "", code, flags=re.M)
            found += python_breaches(plain, f"{where}+{line}")
    for inline in re.finditer(r"(?<!`)`\{python\}\s*([^`]*)`", source):
        found += python_breaches(
            inline.group(1).strip(), f"{where}+{source[: inline.start()].count(chr(10))}"
        )
    return found


def guarded(package: Path) -> list[Path]:
    """Python files of the package outside the evaluation and the simulator."""
    return [
        file
        for file in sorted(package.rglob("*.py"))
        if not file.relative_to(package).as_posix().startswith(tuple(f"{folder}/" for folder in INSIDE))
        and file.relative_to(package).as_posix() not in LISTS_FOLDERS
    ]


def relative(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()


def test_no_module_outside_the_evaluation_reads_the_truth() -> None:
    files = guarded(PACKAGE)
    assert len(files) > 20
    assert not [line for file in files for line in python_breaches(file.read_text("utf-8"), relative(file))]


def test_no_sql_reads_the_truth() -> None:
    files = sorted((ROOT / "sql").rglob("*.sql"))
    assert len(files) > 15
    assert not [line for file in files for line in sql_breaches(file.read_text("utf-8"), relative(file))]


def test_no_chapter_reads_the_truth() -> None:
    files = [*sorted(ROOT.glob("*.qmd")), *sorted((ROOT / "chapters").rglob("*.qmd"))]
    assert not [line for file in files for line in chapter_breaches(file.read_text("utf-8"), relative(file))]


def test_the_files_that_may_list_the_folder_open_nothing() -> None:
    for name in LISTS_FOLDERS:
        source = (PACKAGE / name).read_text("utf-8")
        uses = [line for line in source.splitlines() if '"truth"' in line]
        assert uses, f"{name} need not be listed any more"
        assert all("is_dir()" in line or "known" in line for line in uses), uses


@pytest.mark.parametrize(
    "source",
    [
        "from journey.evaluation.truth import read_truth",
        "from journey.evaluation import truth",
        "import journey.evaluation.truth as t",
        "from ..evaluation.truth import read_truth",
        "from ..evaluation import truth",
        "import importlib\nimportlib.import_module('journey.evaluation.truth')",
        "import journey.evaluation\njourney.evaluation.truth.read_truth(store, 'dirt')",
        "path = store / 'truth' / 'dirt.parquet'",
        "path = f'{store}/truth/dirt.parquet'",
        "path = Path(store, 'truth')",
        "path = store.joinpath('truth')",
        "path = os.path.join(store, 'truth')",
        "query = \"select * from read_parquet('data/raw/simulated/truth/dirt.parquet')\"",
        'def f():\n    """Reads."""\n    return open("truth/users.parquet")',
    ],
)
def test_the_wall_notices_python(source: str) -> None:
    assert python_breaches(source, "planted")


@pytest.mark.parametrize(
    "source",
    [
        '"""Compares with the truth/ folder, through the evaluation."""',
        "truth = 0.5\nassert estimate == truth",
        "from journey.evaluation.cleaning import cleaning_quality",
        "title = 'Estimate and truth'",
        "row = frame['truth'] / frame['estimate']",
        "'truth/ is not read here'",
    ],
)
def test_the_wall_lets_harmless_python_pass(source: str) -> None:
    assert not python_breaches(source, "harmless")


def test_the_wall_notices_sql_and_chapters() -> None:
    assert sql_breaches("select * from 'data/raw/simulated/truth/dirt.parquet'", "planted")
    assert sql_breaches("select * from truth.dirt", "planted")
    assert not sql_breaches("select 1 -- the truth/ folder is not read", "harmless")
    cell = "Prose on `truth/`.\n\n```{python}\n#| label: x\nread(store / 'truth')\n```\n"
    assert chapter_breaches(cell, "planted") == ["planted+3:2 names the truth folder"]
    assert chapter_breaches("A number `{python} open('truth/a')` here.", "planted")
    assert chapter_breaches("```{python}\n%%sql\nselect * from 'truth/dirt.parquet'\n```\n", "planted")
    assert not chapter_breaches(
        "Prose on `truth/`.\n\n```{python}\nshow('Truth and estimate')\n```\n", "harmless"
    )
