"""SQL in chapters: the statement folded, its result as a table.

`show_query("name")` runs a file of the library. `%%sql` runs SQL written in the chapter::

    ```{python}
    #| output: asis
    %%sql channels --caption "Sessions by channel"
    select channel, count(*) as sessions from marts.sessions group by channel order by channel
    ```

IPython wants `%%sql` on the first line of what it runs. Quarto takes the option comments off before it runs a
cell; where they are still there, as in press or in a notebook, an input transformer takes them off.
"""

from __future__ import annotations

import argparse
import html
import re
import shlex
from collections.abc import Mapping
from functools import lru_cache
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any, NoReturn

import duckdb
import pandas as pd
from pygments.lexers.python import PythonLexer
from pygments.lexers.sql import PostgresLexer
from pygments.token import Comment, Keyword, Literal, Name, Operator, _TokenType

from journey.errors import JourneyError
from journey.paths import project
from journey.report.markup import raw_block
from journey.report.sqlcolumns import Format, with_intervals
from journey.report.tables import show_result
from journey.warehouse.connect import connect
from journey.warehouse.head import Value
from journey.warehouse.macros import definitions_used
from journey.warehouse.query import find, query, run

SUMMARY = "SQL"
#: token -> tag; the two that are everywhere have short ones, for the weight of the library's page
MARKS = {
    Comment: "i",
    Keyword: "b",
    Operator.Word: "b",
    Literal.String: "span class=st",
    Literal.Number: "span class=dv",
    Name.Function: "span class=fu",
}
LEXERS = {"sql": PostgresLexer, "python": PythonLexer}

_OPTION = re.compile(r"#\s*\|")


def show_query(
    name: str,
    *,
    caption: str | None = None,
    id: str | None = None,
    limit: int | None = None,
    columns: Mapping[str, tuple[str, Format]] | None = None,
    **parameters: Value,
) -> None:
    """Print a query of the library, folded, and its result; call it in a cell with `output: asis`.

    Parameters
    ----------
    name
        File name in `sql/analysis/` without `.sql`.
    caption, id
        As in `show_table`; the query's question is the caption when none is given.
    limit
        Rows shown; a note below the table says how many there are in all.
    columns
        Name -> (heading, format), as in `show_table`; told from the names when omitted.
    parameters
        Values of the query's named parameters.

    Raises
    ------
    JourneyError
        For an unknown name, parameter or column.
    """
    spec = find(name)
    frame = query(name, workbench(), **parameters)
    print(sql_block(runnable(spec.sql, dict(spec.parameters) | parameters)))
    _show_result(frame, caption or spec.question, id, limit, columns)


def workbench() -> duckdb.DuckDBPyConnection:
    """The simulated shop's warehouse for reading, opened once in a session."""
    return _opened(project().warehouse("simulated"))


@lru_cache(maxsize=2)
def _opened(path: Path) -> duckdb.DuckDBPyConnection:
    return connect(path)


def sql_block(sql: str) -> str:
    """Markdown of a statement, highlighted as SQL and folded; nothing in a PDF.

    A fence of Markdown would get an anchor for every line, a third of the weight of the library's page.
    """
    return folded_code(sql.strip(), "sql", SUMMARY)


def folded_code(text: str, language: str, summary: str, after: str = "") -> str:
    """Raw HTML of a code's text, highlighted, below its summary; `after` is HTML at the end."""
    return raw_block(
        "html",
        f'<details class="code-fold"><summary>{summary}</summary>\n'
        f'<div class="sourceCode"><pre class="sourceCode {language}"><code class="{language}">'
        f"{highlighted(text, language)}</code></pre></div>{after}</details>",
    )


def highlighted(text: str, language: str = "sql") -> str:
    """SQL or Python as HTML, its lines as they were; keywords, texts, numbers and comments are marked."""
    tokens = LEXERS[language](stripnl=False, ensurenl=False).get_tokens(text)
    marked = ((_mark(kind, text), text) for kind, text in tokens)
    parts = []
    # The lexer cuts a quoted text in three; neighbours of one kind become one piece.
    for mark, group in groupby(marked, key=itemgetter(0)):
        text = html.escape("".join(piece for _, piece in group), quote=False)
        parts.append(f"<{mark}>{text}</{mark.split()[0]}>" if mark else text)
    return "".join(parts)


def _mark(kind: _TokenType, text: str) -> str:
    """Tag of a token; the lexer takes the point of `marts.sessions` for a number."""
    return "" if text == "." else next((tag for token, tag in MARKS.items() if kind in token), "")


def runnable(sql: str, parameters: Mapping[str, Value]) -> str:
    """The statement as a reader can run it: its macros defined ahead, values in place of parameters."""
    notes = [f"{name} = {value!r}" for name, value in parameters.items()]
    filled = re.sub(r"\$([a-z_]+)", lambda found: repr(parameters[found.group(1)]), sql)
    parts = [definitions_used(sql), f"-- {', '.join(notes)}" if notes else "", filled]
    return "\n".join(part for part in parts if part)


def register_magics() -> None:
    """Make `%%sql` known to the running IPython; without one, do nothing. Calling it again is harmless."""
    from IPython.core.getipython import get_ipython

    shell = get_ipython()
    if shell is None:
        return

    def sql(line: str, cell: str) -> None:
        sql_cell(line, cell, shell.user_ns)

    shell.magics_manager.register_function(sql, magic_kind="cell", magic_name="sql")
    transforms = shell.input_transformer_manager.cleanup_transforms
    if options_before_magic not in transforms:
        transforms.insert(0, options_before_magic)


def options_before_magic(lines: list[str]) -> list[str]:
    """Take `#|` comments and empty lines off a cell whose first other line is a cell magic."""
    for place, line in enumerate(lines):
        if line.startswith("%%"):
            return lines[place:]
        if line.strip() and not _OPTION.match(line):
            break
    return lines


def sql_cell(line: str, cell: str, namespace: dict[str, Any]) -> None:
    """Run a `%%sql` cell: `%%sql [name] [--caption TEXT] [--id ID] [--limit N]`.

    Parameters
    ----------
    line
        The rest of the magic's line. With a `name` the result is also kept in a variable of that name.
    cell
        One SQL statement. `$name` in it stands for the Python variable of that name.
    namespace
        Variables of the chapter.

    Raises
    ------
    JourneyError
        For an unknown option, a `$name` without a variable, or a statement DuckDB refuses.
    """
    options = _parse(line)
    frame = run(
        cell,
        workbench(),
        _variables(cell, namespace),
        origin=f"the %%sql cell {options.name!r}" if options.name else "a %%sql cell",
    )
    if options.name:
        namespace[options.name] = frame
    print(sql_block(cell))
    _show_result(frame, options.caption, options.id, options.limit, None)


def _show_result(
    frame: pd.DataFrame,
    caption: str | None,
    id: str | None,
    limit: int | None,
    columns: Mapping[str, tuple[str, Format]] | None,
) -> None:
    shown, told = with_intervals(frame if limit is None else frame.head(limit))
    show_result(shown, caption=caption, id=id, columns=columns or told)
    if len(shown) < len(frame):
        print(
            f"\n::: {{.figure-source}}\nThe first {len(shown):,} of the result's {len(frame):,} rows.\n:::\n"
        )


def _variables(sql: str, namespace: Mapping[str, Any]) -> dict[str, Value]:
    """Values for the `$name` parameters of a statement.

    Raises
    ------
    JourneyError
        When the chapter has no variable of the name of a parameter.
    """
    if "$" not in sql:
        return {}
    import sqlglot  # slow to import, and few cells have parameters
    from sqlglot import exp

    try:
        tree = sqlglot.parse_one(sql, read="duckdb")
    except sqlglot.errors.SqlglotError:
        return {}  # DuckDB's own message about the statement is the better one
    names = sorted({node.name for node in tree.find_all(exp.Parameter, exp.Placeholder)})
    if missing := [name for name in names if name not in namespace]:
        raise JourneyError(f"a %%sql cell uses ${missing[0]}, but the chapter has no variable {missing[0]!r}")
    return {name: namespace[name] for name in names}


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise JourneyError(f"%%sql: {message}; write %%sql [name] [--caption TEXT] [--id ID] [--limit N]")


def _parse(line: str) -> argparse.Namespace:
    parser = _Parser(prog="%%sql", add_help=False)
    parser.add_argument("name", nargs="?")
    parser.add_argument("--caption")
    parser.add_argument("--id")
    parser.add_argument("--limit", type=int)
    try:
        words = shlex.split(line)
    except ValueError as error:
        raise JourneyError(f"%%sql: {error} in {line!r}") from error
    options = parser.parse_args(words)
    if options.name and not options.name.isidentifier():
        raise JourneyError(f"%%sql: {options.name!r} cannot name a variable; quote a caption after --caption")
    return options
