"""YAML that remembers the line of every key, and a check of the keys against the dialect."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from press import dialect
from press.errors import PressError

Lines = dict[tuple[Any, ...], int]


def read(text: str, file: Path, first_line: int = 1) -> tuple[dict[str, Any], Lines]:
    """Parse a YAML mapping.

    Parameters
    ----------
    text
        The YAML source; `first_line` is the line of `file` on which it starts.

    Returns
    -------
    tuple
        The data, and the line of every key by its path.

    Raises
    ------
    PressError
        When the text is not YAML or not a mapping.
    """
    try:
        data = yaml.safe_load(text)
        tree = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        offset = error.problem_mark.line if error.problem_mark else 0
        raise PressError(f"not valid YAML: {error.problem}", file, first_line + offset) from None
    if data is None:
        return {}, {}
    if not isinstance(data, dict):
        raise PressError("a mapping of keys to values was expected", file, first_line)
    lines: Lines = {}
    _positions(tree, (), first_line, lines)
    return data, lines


def _positions(node: Any, path: tuple[Any, ...], first_line: int, lines: Lines) -> None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            lines[(*path, key.value)] = first_line + key.start_mark.line
            _positions(value, (*path, key.value), first_line, lines)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            lines[(*path, index)] = first_line + value.start_mark.line
            _positions(value, (*path, index), first_line, lines)


def check(
    data: Any, schema: dict[str, Any], file: Path, lines: Lines, what: str, path: tuple[Any, ...] = ()
) -> None:
    """Raise PressError for the first key that `schema` does not know, and for code inside YAML."""
    if isinstance(data, list):
        for index, item in enumerate(data):
            check(item, schema, file, lines, what, (*path, index))
    elif isinstance(data, dict):
        for key, value in data.items():
            here = (*path, key)
            if key not in schema and "*" not in schema:
                within = ".".join(str(part) for part in path if not isinstance(part, int))
                place = f" under {within}" if within else ""
                raise PressError(f"unknown {what} '{key}'{place}", file, lines.get(here, 1))
            if (allowed := dialect.VALUES.get(key)) and value not in allowed:
                known = " or ".join(str(item).lower() for item in allowed)
                raise PressError(f"{key} can only be {known} here", file, lines.get(here, 1))
            check(value, schema.get(key, schema), file, lines, what, here)
    elif isinstance(data, str) and "`{python}" in data:
        raise PressError("inline code does not run inside YAML", file, lines.get(path, 1))
