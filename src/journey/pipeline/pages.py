"""What the code of a page rests on: its cells, its inline expressions, its SQL."""

from __future__ import annotations

import ast
import contextlib
import re
from collections.abc import Iterable
from pathlib import Path

from journey.paths import Paths
from journey.pipeline.inputs import Inputs
from journey.pipeline.sight import digest
from journey.report.notebooks_work import work

CELL = re.compile(r"^```\{python\}\n(.*?)^```$", re.DOTALL | re.MULTILINE)
INLINE = re.compile(r"`\{python\} ([^`]+)`")
SQL = "%%sql"
PACKAGE = Path(__file__).resolve().parents[1]
#: A function whose source a page shows; of code that is read a comment counts too.
SHOWN = re.compile(r'"(journey(?:\.\w+)+):\w+"')


def page_files(paths: Paths) -> list[Path]:
    """Sources of the pages, in order; an editor's own files are none of them."""
    found = [*paths.root.glob("*.qmd"), *paths.root.glob("chapters/**/*.qmd")]
    return sorted(file for file in found if file.name[0] != "." and file.is_file())


def page_code(page: Path) -> str:
    """All Python of a page as one text; a cell of SQL becomes a text that says it."""
    source = page.read_text(encoding="utf-8")
    cells = [_cell(cell) for cell in CELL.findall(source)]
    return "\n".join([*cells, *(f"({inline})" for inline in INLINE.findall(source))])


def page_inputs(inputs: Inputs, page: Path) -> dict[str, str]:
    """Everything that the code of a page rests on besides the page itself."""
    return inputs.of(inputs.code.sight(page=page_code(page)), page=True) | shown_files(inputs, page)


def page_digests(inputs: Inputs) -> dict[str, str]:
    """For the renderer: a page's path below the root -> digest of what its code rests on."""
    return {inputs.label(page): _digest(page_inputs(inputs, page)) for page in page_files(inputs.paths)}


def page_modules(pages: Iterable[Path]) -> list[str]:
    """Modules that pages import, for the renderer to import once for all.

    Of one that is taken whole (`import *`) what it imports: itself, it speaks to the IPython that it finds.
    """
    found = _imported(map(page_code, pages))
    whole = {module for module, name in found if name == "*"}
    found |= _imported(_file(module).read_text(encoding="utf-8") for module in whole)
    names = {name for module, part in found for name in (module, f"{module}.{part}")}
    return sorted(name for name in names - whole if _file(name).is_file())


def notebook_keys(inputs: Inputs) -> dict[Path, str]:
    """A page that is offered as a notebook -> digest of what its code rests on; the tools are none."""
    apart = (inputs.paths.root, inputs.paths.root / "chapters" / "tools")
    pages = [page for page in page_files(inputs.paths) if page.parent not in apart]
    return {page: _digest(notebook_page_inputs(inputs, page)) for page in pages}


def notebook_page_inputs(inputs: Inputs, page: Path) -> dict[str, str]:
    """What the code of a page rests on, with the analysis that only its notebook has."""
    return inputs.of(inputs.code.sight(page=notebook_code(page)), page=True) | shown_files(inputs, page)


def shown_files(inputs: Inputs, page: Path) -> dict[str, str]:
    """Files of the package whose functions a page shows."""
    modules = SHOWN.findall(page_code(page))
    return inputs.files(inputs.paths.root / "src" / f"{name.replace('.', '/')}.py" for name in modules)


def notebook_code(page: Path) -> str:
    """All Python of a page and of the analysis in its notebook."""
    return "\n".join([page_code(page), *CELL.findall(work(page.stem))])


def notebook_inputs(inputs: Inputs) -> dict[str, str]:
    """Everything that the notebooks rest on."""
    found = inputs.of(inputs.code.sight("journey.pipeline.work:write_notebooks"))
    for page in notebook_keys(inputs):
        seen = notebook_page_inputs(inputs, page)
        # Of one module two pages may see different parts.
        found |= {label: value for label, value in seen.items() if not label.startswith("code ")}
        found[f"page {inputs.label(page)}"] = _digest(seen)
        found |= inputs.files([page])
    return found


def _imported(texts: Iterable[str]) -> set[tuple[str, str]]:
    """Module and name of all that is imported by name; what cannot be read says so when it runs."""
    found = set()
    for text in texts:
        with contextlib.suppress(SyntaxError):
            froms = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ImportFrom)]
            found |= {(node.module or "", alias.name) for node in froms for alias in node.names}
    return found


def _file(module: str) -> Path:
    """Where a module of the package would lie."""
    return PACKAGE.parent / f"{module.replace('.', '/')}.py"


def _digest(values: dict[str, str]) -> str:
    return digest(f"{label}={value}" for label, value in sorted(values.items()))


def _cell(code: str) -> str:
    before, magic, sql = code.partition(SQL)
    if magic and not re.sub(r"^\s*(#.*)?$", "", before, flags=re.MULTILINE).strip():
        return repr(sql) + ".sql"
    return "\n".join(line for line in code.splitlines() if not line.startswith(("%", "!")))
