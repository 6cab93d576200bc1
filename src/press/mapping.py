"""Reads YAML and checks every key against the dialect; what is wrong is told with its line."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from press import dialect
from press.errors import PressError


def read(
    text: str, file: Path, schema: dialect.Schema, what: str = "key", first_line: int = 1
) -> dict[str, Any]:
    """Parse and check a YAML mapping; `first_line` is the line of `file` on which `text` starts.

    Raises
    ------
    PressError
        When the text is not YAML or not a mapping, and for the first key or value outside the schema.
    """
    loader = yaml.SafeLoader(text)
    try:
        node = loader.get_single_node()
        data = loader.construct_document(node) if node else {}
    except yaml.MarkedYAMLError as error:
        offset = error.problem_mark.line if error.problem_mark else 0
        raise PressError(f"not valid YAML: {error.problem}", file, first_line + offset) from None
    if not isinstance(data, dict):
        raise PressError("a mapping of keys to values was expected", file, first_line)
    for problem, offset in _problems(node, data, schema, what) if node else ():
        raise PressError(problem, file, first_line + offset)
    return data


def _problems(
    node: yaml.Node, data: Any, schema: dialect.Schema, what: str, within: str = ""
) -> Iterator[tuple[str, int]]:
    """Everything outside the schema, with its line counted from 0."""
    if isinstance(data, list):
        for item, value in zip(node.value, data, strict=True):
            yield from _problems(item, value, schema, what, within)
    elif isinstance(data, dict):
        for key_node, value_node in node.value:
            key, line = key_node.value, key_node.start_mark.line
            value, allowed = data.get(key), dialect.VALUES.get(key)
            if key not in schema and "*" not in schema:
                yield f"unknown {what} '{key}'" + (f" under {within}" if within else ""), line
            elif allowed and not isinstance(value, dict) and value not in allowed:
                yield f"{key} can only be {' or '.join(str(item).lower() for item in allowed)} here", line
            elif key == "date" and not isinstance(value, datetime.date):
                yield "a date is written as YYYY-MM-DD, without quotes", line
            else:
                inner = f"{within}.{key}" if within else key
                yield from _problems(value_node, value, schema.get(key, schema), what, inner)
    elif isinstance(data, str) and "`{python}" in data:
        yield "inline code does not run inside YAML", node.start_mark.line
