"""The code behind a result, folded: the very source of a function, read when the page is made."""

from __future__ import annotations

import ast
import html
from pathlib import Path

from journey.errors import JourneyError
from journey.paths import project
from journey.report.sqlcells import folded_code


def show_code(*names: str) -> None:
    """Print the source of functions, folded; call it in a cell with `output: asis`.

    Parameters
    ----------
    names
        Each `module:function`, such as `journey.customers.agreement:adjusted_rand`, where it is defined.
        `pipeline.pages` reads them from the page, so that a change of their file renders it again.

    Raises
    ------
    JourneyError
        For a function that is not there.
    """
    print("".join(code_block(name, project().root) for name in names))


def code_block(name: str, root: Path) -> str:
    """Markdown of a function's source, highlighted as Python and folded; nothing in a PDF."""
    file, line, text = source(name, root)
    title = html.escape(f"Show the code: {name.partition(':')[2]}")
    place = f"{file.relative_to(root).as_posix()}, line {line}"
    return folded_code(text, "python", title, f'\n<p class="figure-source">{place}</p>')


def source(name: str, root: Path) -> tuple[Path, int, str]:
    """File, line and text of a function; of its docstring only the first line, the rest is in `help`.

    Raises
    ------
    JourneyError
        For a function that is not there.
    """
    module, _, function = name.partition(":")
    file = root / "src" / f"{module.replace('.', '/')}.py"
    text = file.read_text(encoding="utf-8") if file.is_file() else ""
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef) and node.name == function:
            lines = text.splitlines()
            first, last = node.lineno, node.end_lineno or node.lineno
            said = node.body[0]
            if ast.get_docstring(node) and (said.end_lineno or 0) > said.lineno:
                # From the end, so that places before it stay.
                lines[said.lineno - 1 : said.end_lineno] = [f'{lines[said.lineno - 1]}"""']
                last -= (said.end_lineno or 0) - said.lineno
            return file, first, "\n".join(lines[first - 1 : last])
    raise JourneyError(
        f"show_code: there is no function {function!r} in {module}; name it where it is defined"
    )
