"""Tables: accessible HTML on the page, a Typst table in the PDF, every text escaped.

Great-tables sets tables well, but not these: it has no Typst, puts text into the page as it finds it, gives
each table a style sheet of its own, heads the first column with an empty id, has no form for a phone, and
leaves the cell of a missing pandas value blank (`findings/great_tables_missing.sh`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pandas as pd

from journey.errors import JourneyError
from journey.report.columns import default_format, formatter
from journey.report.markup import Link, checked_id, escape, html_table, markdown_text, raw_block, typst_string
from journey.report.style import FONT_FIGURES, LIGHT

Columns = Mapping[str, tuple[str, str | Callable[[Any], str]]]
ALIGNMENTS = ("left", "right")
#: A result with more columns than this and no more rows than that stands on its side.
WIDE, FEW = 7, 6
#: Marks what only the simulation knows, in tables and beside figures.
TRUTH_MARK = "\u25c6"


def show_table(
    frame: pd.DataFrame,
    *,
    caption: str | None = None,
    id: str | None = None,
    columns: Columns | None = None,
    align: Mapping[str, str] | None = None,
    group: str | None = None,
    truth: Sequence[str] = (),
) -> None:
    """Print a table for the page and for the PDF; call it in a cell with `output: asis`.

    Parameters
    ----------
    frame
        Rows as shown; the first column names its row. The index is not shown.
    caption
        What the table shows. With an `id` that starts with `tbl-` it becomes the numbered caption that
        `@tbl-...` refers to.
    id
        Unique on the page: lower-case letters, digits, hyphens.
    columns
        Name -> (heading, format); chooses and orders the columns. Formats: see `columns.formatter`.
        Without it every column is shown under its own name.
    align
        Name -> `left` or `right`; numbers stand right and text left when omitted.
    group
        A column of text that names groups of rows: instead of a column it becomes rows of its own.
    truth
        Columns that only the simulation knows; they have their own mark and colour, and a line says so.

    Raises
    ------
    JourneyError
        For a frame without columns, an unknown column, format or alignment, or a `tbl-` id without caption.
    """
    header, rows, numeric = table_text(frame, columns=columns, align=align)
    known = known_only(columns or {}, truth)
    if any(known):
        header = [f"{TRUTH_MARK} {text}" if one else text for text, one in zip(header, known, strict=True)]
    groups = None if group is None else [str(name) for name in grouped(frame, group)]
    numbered = id is not None and id.startswith("tbl-")
    if id is not None:
        checked_id(id, "table")
    if numbered and not caption:
        raise JourneyError(f"table '{id}' has no caption; a numbered table needs one")
    own_caption = None if numbered else caption
    page = html_table(
        header,
        rows,
        numeric=numeric,
        caption=own_caption,
        label=caption or ", ".join(header),
        groups=groups,
        truth=known or None,
    ) + truth_key(any(known))
    if result := frame.attrs.get("result"):
        page = page.replace("<table ", f'<table data-result="{escape(result)}" ', 1)
    if id is not None and not numbered:
        page = f'<div id="{id}">{page}</div>'
    blocks = raw_block("html", page) + raw_block(
        "typst", typst_table(header, rows, numeric, own_caption, groups)
    )
    shown = markdown_text(" ".join((caption or "").split()))
    print(f"\n::: {{#{id}}}\n{blocks}\n{shown}\n:::\n" if numbered else blocks)


def grouped(frame: pd.DataFrame, group: str) -> pd.Series:
    """The column that names groups.

    Raises
    ------
    JourneyError
        When it is missing, or the rows of a group do not stand together.
    """
    if group not in frame.columns:
        raise JourneyError(
            f"the table has no column '{group}' to group by; it has {', '.join(map(str, frame.columns))}"
        )
    names = frame[group].reset_index(drop=True)
    starts = names[names.ne(names.shift())]
    if not starts.is_unique:
        raise JourneyError(f"rows of a group of '{group}' do not stand together; sort the table by it")
    return names


def known_only(columns: Columns, truth: Sequence[str]) -> list[bool]:
    """For each column whether only the simulation knows it.

    Raises
    ------
    JourneyError
        For a name in `truth` that is not shown.
    """
    for name in truth:
        if name not in columns:
            raise JourneyError(
                f"the table has no column '{name}' to mark as truth; it has {', '.join(columns)}"
            )
    return [name in truth for name in columns]


def truth_key(shown: bool) -> str:
    """The line that says what the mark of the truth means, where it is shown."""
    mark = f'<span aria-hidden="true">{TRUTH_MARK}</span>'
    return f'\n<p class="truth-key">{mark} Only the simulation knows this.</p>' if shown else ""


def table_text(
    frame: pd.DataFrame,
    *,
    columns: Columns | None = None,
    align: Mapping[str, str] | None = None,
) -> tuple[list[str], list[list[str]], list[bool]]:
    """Headings, written cells, and for each column whether it stands right.

    Raises
    ------
    JourneyError
        When there are no columns to show, and for an unknown column, format or alignment.
    """
    wanted = columns or {str(name): (str(name), default_format(frame[name])) for name in frame.columns}
    if not wanted:
        raise JourneyError(f"the table has no columns to show ({len(frame)} rows)")
    known = [str(name) for name in frame.columns]
    for name in (*wanted, *(align or {})):
        if name not in known:
            raise JourneyError(f"the table has no column '{name}'; it has {', '.join(known)}")
    written, numeric = [], []
    for name, (_, spec) in wanted.items():
        write, number = formatter(spec)
        side = (align or {}).get(name, "right" if number else "left")
        if side not in ALIGNMENTS:
            raise JourneyError(f"column '{name}' cannot stand '{side}'; use left or right")
        written.append([write(cell) for cell in frame[name].array])
        numeric.append(side == "right")
    return (
        [label for label, _ in wanted.values()],
        [list(row) for row in zip(*written, strict=True)],
        numeric,
    )


def show_result(
    frame: pd.DataFrame, *, columns: Columns, caption: str | None = None, id: str | None = None
) -> None:
    """Print the result of a query; one with many columns and few rows is turned, a column of it a row."""
    if len(columns) <= WIDE or len(frame) > FEW:
        show_table(frame, caption=caption, id=id, columns=columns)
        return
    header, rows, _ = table_text(frame, columns=columns)
    turned = pd.DataFrame(list(zip(*rows, strict=True)), dtype=object)
    turned.insert(0, "name", header)
    heads = {
        place: (text if len(rows) > 1 else "Value", "text") for place, text in enumerate(turned.iloc[0, 1:])
    }
    turned.columns = [str(name) for name in turned.columns]
    shown = turned if len(rows) == 1 else turned.iloc[1:]
    names = {"name": ("Column" if len(rows) == 1 else header[0], "text")}
    show_table(
        shown,
        caption=caption,
        id=id,
        columns=names | {str(place): head for place, head in heads.items()},
        align={str(place): "right" for place in heads},
    )


def data_behind(frame: pd.DataFrame, title: str, limit: int) -> str:
    """HTML of the first `limit` rows behind a figure, folded, with a note when there are more."""
    header, rows, numeric = table_text(frame.head(limit))
    label, look = f"Data behind the figure: {title}", "journey-table compact"
    table = html_table(header, rows, numeric=numeric, caption=None, label=label, css_class=look)
    if len(frame) > limit:
        table += f'<p class="figure-source">The first {limit:,} of {len(frame):,} rows.</p>'
    folded = '<details class="figure-data" data-pagefind-ignore><summary>Data behind this figure</summary>'
    return f"{folded}\n{table}\n</details>\n"


def typst_table(
    header: list[str],
    rows: list[list[str]],
    numeric: list[bool],
    caption: str | None,
    groups: Sequence[str] | None = None,
) -> str:
    """Typst source of a table with hairlines and a repeating head; cells are string literals."""
    sides = ", ".join("right" if number else "left" for number in numeric)
    # Columns of text share the room by their longest text, as far as that is not for more than two lines.
    longest = [min(max(map(len, column)), 28) or 1 for column in zip(header, *rows, strict=True)]
    widths = ", ".join(
        "auto" if number else f"{most}fr" for number, most in zip(numeric, longest, strict=True)
    )
    heads = ", ".join(f"strong({typst_string(text)})" for text in header)
    lines = []
    for place, row in enumerate(rows):
        if groups and (place == 0 or groups[place] != groups[place - 1]):
            lines.append(f"    table.cell(colspan: {len(header)}, strong({typst_string(groups[place])})),")
        lines.append("    " + ", ".join(typst_cell(cell) for cell in row) + ",")
    body = "\n".join(lines)
    table = (
        f"table(\n    columns: ({widths},), align: ({sides},), stroke: none, inset: (x: 5pt, y: 3.5pt),\n"
        f'    table.hline(stroke: 0.8pt + rgb("{LIGHT["ink"]}")),\n    table.header({heads}),\n'
        f'    table.hline(stroke: 0.5pt + rgb("{LIGHT["axis"]}")),\n{body}\n'
        f'    table.hline(stroke: 0.5pt + rgb("{LIGHT["axis"]}")),\n  )'
    )
    if caption:
        table = (
            f"figure({table}, kind: table, numbering: none, "
            f"caption: figure.caption(position: top, {typst_string(caption)}))"
        )
    return (
        "#block(width: 100%, above: 1.1em, below: 1.2em)[\n"
        f'  #set text(font: "{FONT_FIGURES}", size: 8.5pt, number-width: "tabular")\n'
        f"  #{table}\n]"
    )


def typst_cell(text: str) -> str:
    """Typst source of a cell: a string literal, or a link with one."""
    if isinstance(text, Link):
        return f"link({typst_string(text.address)}, {typst_string(text)})"
    return typst_string(text)
