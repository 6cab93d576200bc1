"""The map of the package against its imports, and the reference against its docstrings."""

import importlib
import inspect

import pytest

from journey.paths import project
from journey.report.code import CALLABLE, PACKAGE, ROOMS, function_rows, room_rows

SOURCES = project().root / "src" / PACKAGE


def test_every_folder_is_a_room_and_stands_above_what_it_imports():
    folders = {file.parent.name for file in SOURCES.glob("*/__init__.py")}
    assert folders <= set(ROOMS)
    rows = room_rows(SOURCES).set_index("room")
    assert set(rows.index) == folders
    assert rows["holds"].str.len().gt(10).all()
    for room, imports in rows["imports"].items():
        for other in imports.split(", "):
            assert other == "\u2013" or ROOMS.index(other) < ROOMS.index(room), f"{room} imports {other}"


@pytest.mark.parametrize("room", [room for room in CALLABLE if (SOURCES / room).is_dir()])
def test_functions_are_there_with_these_arguments(room):
    for row in function_rows(SOURCES, room).itertuples():
        module, _, name = row.function.rpartition(".")
        function = getattr(importlib.import_module(f"{PACKAGE}.{room}.{module}"), name)
        names = [each.lstrip("*") for each in row.arguments.split(", ") if each]
        assert [name for name in inspect.signature(function).parameters if name in names] == names
        assert row.gives


def test_a_private_function_is_not_shown(tmp_path):
    (tmp_path / "room").mkdir()
    (tmp_path / "room" / "part.py").write_text(
        'def shown(a, *, b):\n    """Adds `a`, e.g. 1. Twice."""\n\n'
        'def _hidden():\n    """Not this."""\n\n'
        "def bare():\n    pass\n"
    )
    assert function_rows(tmp_path, "room").to_dict("records") == [
        {"function": "part.shown", "arguments": "a, b", "gives": "Adds a, e.g. 1"}
    ]
