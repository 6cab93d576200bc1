"""Writes a page as a Jupyter notebook for download."""

from __future__ import annotations

from collections.abc import Iterator

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from press.cells import filled
from press.kernel import Results
from press.source import Page, Prose


def render(page: Page, results: Results) -> str:
    """The notebook: prose with its inline results, cells with their options and outputs.

    Outputs printed for pandoc (`output: asis`) are left out: a notebook would show their markup.
    """
    inline = iter(results.inline)
    cells = [new_markdown_cell(f"# {page.front.get('title', page.stem)}"), *_cells(page, results, inline)]
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number}"
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = new_notebook(cells=cells, metadata={"kernelspec": kernel, "language_info": {"name": "python"}})
    return str(nbformat.writes(notebook))


def _cells(page: Page, results: Results, inline: Iterator[str]) -> Iterator[nbformat.NotebookNode]:
    for part in page.parts:
        if isinstance(part, Prose):
            text = filled(part, inline).strip()
            if text:
                yield new_markdown_cell(text)
            continue
        outputs = [] if part.options.get("output") == "asis" else results.outputs.get(part.number, [])
        nodes = [nbformat.from_dict(output) for output in outputs]
        yield new_code_cell(part.source, execution_count=part.number, outputs=nodes)
