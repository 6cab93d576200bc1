"""The version of a result follows the definitions that it reaches, and nothing else."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from journey.errors import JourneyError
from journey.paths import project
from journey.stores.catalog import load_catalog
from journey.studies.lineage import Package, version
from journey.studies.registry import STUDIES
from journey.studies.study import PACKAGE

STUDY = '''
"""A study."""
from shop.parts import helper as used
from shop import parts


def compute(rows: int, parts=None) -> int:
    """Say so."""
    from shop.late import last
    return used(rows) + last()


def other():
    return parts.SIZE


def unrelated():
    return parts.helper
'''
PARTS = "SIZE = 3\nSTEP = 2\n\n\ndef helper(x):\n    return x * STEP\n\n\nclass Thing:\n    pass\n"
LATE = "def last():\n    return 1\n"


def made(folder: Path, **files: str) -> Path:
    package = folder / "shop"
    package.mkdir(parents=True)
    texts = {"__init__": "", "study": STUDY, "parts": PARTS, "late": LATE} | files
    for name, text in texts.items():
        (package / f"{name}.py").write_text(text, encoding="utf-8")
    return package


def of(folder: Path, root: str = "shop.study:compute", **files: str) -> str:
    return version([root], made(folder, **files))


def test_a_version_is_the_same_on_every_python(tmp_path: Path):
    """Later releases dump a tree in other words: new fields, no empty lists, empty texts in f-strings."""
    statement = '''
@cache
def told(x: int, *, y: str | None = None) -> str:
    """Words."""
    import math
    z: float = 1_000.5
    return f"{x:>{y}}" if x else [None, "", "journey.a.b:c"]
'''
    assert Package(made(tmp_path)).texts(("m", "told"), ast.parse(statement).body) == [
        "told\nFunctionDef(name='told', args=arguments(posonlyargs=[], args=[arg(arg='x')], "
        "kwonlyargs=[arg(arg='y')], kw_defaults=[Constant(value=None)], defaults=[]), "
        "body=[AnnAssign(target=Name(id='z', ctx=Store()), annotation=Constant(value=None), "
        "value=Constant(value=1000.5), simple=1), "
        "Return(value=IfExp(test=Name(id='x', ctx=Load()), "
        "body=JoinedStr(values=[FormattedValue(value=Name(id='x', ctx=Load()), conversion=-1, "
        "format_spec=JoinedStr(values=[Constant(value='>'), "
        "FormattedValue(value=Name(id='y', ctx=Load()), conversion=-1)]))]), "
        "orelse=List(elts=[Constant(value=None), Constant(value=''), Constant(value='c')], ctx=Load())))], "
        "decorator_list=[Name(id='cache', ctx=Load())])"
    ]


def test_only_what_is_reached_counts(tmp_path: Path):
    first = of(tmp_path / "a")
    assert of(tmp_path / "b", study=STUDY.replace("A study", "Another").replace("rows: int", "rows")) == first
    assert of(tmp_path / "c", parts=PARTS.replace("SIZE = 3", "SIZE = 4")) == first
    assert of(tmp_path / "d", parts=PARTS.replace("STEP = 2", "STEP = 5")) != first
    assert of(tmp_path / "e", parts=PARTS.replace("x * STEP", "x + STEP")) != first
    assert of(tmp_path / "f", late=LATE.replace("1", "2")) != first, "imports inside functions count"


def test_a_move_changes_nothing(tmp_path: Path):
    study = STUDY.replace("from shop.parts import helper as used", "from shop.moved import helper as used")
    parts, moved = "SIZE = 3\n", PARTS.replace("SIZE = 3\n", "")
    assert of(tmp_path / "a") == of(tmp_path / "b", study=study, parts=parts, moved=moved)


def test_names_are_followed_through_modules_and_re_exports(tmp_path: Path):
    first = of(tmp_path / "a", "shop.study:other")
    assert of(tmp_path / "b", "shop.study:other", parts=PARTS.replace("SIZE = 3", "SIZE = 4")) != first
    assert of(tmp_path / "c", "shop.study:other", parts=PARTS.replace("STEP = 2", "STEP = 4")) == first
    package = made(tmp_path / "d", **{"__init__": "from shop.parts import helper\n"})
    assert set(Package(package).reached(["shop:helper"])) == {
        ("shop.parts", "helper"),
        ("shop.parts", "STEP"),
    }


def test_a_package_may_import_its_own_modules(tmp_path: Path):
    package = made(tmp_path, **{"__init__": "from shop import parts\n\nALL = (parts,)\n"})
    assert ("shop.parts", "STEP") in Package(package).reached(["shop:ALL"])


def test_a_name_that_is_only_another_scopes_is_the_modules(tmp_path: Path):
    study = (
        "def compute():\n    def inner():\n        later = 1\n    return [later for later in ()], later()\n"
    )
    package = made(tmp_path, study=f"{study}\n\ndef later():\n    return 2\n")
    assert ("shop.study", "later") in Package(package).reached(["shop.study:compute"])


def test_everything_that_a_star_imports_is_followed(tmp_path: Path):
    study = "def compute():\n    from shop.parts import *\n    return helper(2)\n"
    assert ("shop.parts", "STEP") in Package(made(tmp_path, study=study)).reached(["shop.study:compute"])


def test_a_parameter_hides_a_module_of_the_same_name(tmp_path: Path):
    reached = Package(made(tmp_path)).reached(["shop.study:compute"])
    assert ("shop.parts", "Thing") not in reached


def test_queries_count_by_name_and_comments_do_not(tmp_path: Path):
    package = made(tmp_path, study='def compute():\n    return query("orders_by_day")\n')
    sql = tmp_path / "sql" / "analysis"
    sql.mkdir(parents=True)
    (sql / "orders_by_day.sql").write_text("select 1 -- one\n", encoding="utf-8")
    first = version(["shop.study:compute"], package, sql.parent)
    (sql / "orders_by_day.sql").write_text("select 1 -- the first\n", encoding="utf-8")
    (sql / "other.sql").write_text("select 2\n", encoding="utf-8")
    assert version(["shop.study:compute"], package, sql.parent) == first
    (sql / "orders_by_day.sql").write_text("select 2\n", encoding="utf-8")
    assert version(["shop.study:compute"], package, sql.parent) != first


def test_a_root_that_is_gone_is_named(tmp_path: Path):
    with pytest.raises(JourneyError, match=r"shop\.study:gone: there is no such definition"):
        of(tmp_path, "shop.study:gone")


def test_every_study_reaches_more_than_itself_and_names_real_definitions():
    package = Package(PACKAGE)
    for study in STUDIES.values():
        least = 10 if study.name == "site_build" else 20  # it only starts commands
        assert len(package.reached(study.roots)) > least, study.name
    coupon = {name for _, name in package.reached(STUDIES["coupon_bias"].roots)}
    assert {"coupon_covariates", "COUPON", "build_warehouse"} <= coupon
    assert len(STUDIES["coupon_bias"].version(project())) == 16


def test_studies_name_data_sets_that_exist():
    catalogue = load_catalog(project().datasets)
    assert {name for study in STUDIES.values() for name in study.datasets} <= set(catalogue)
