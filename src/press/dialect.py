"""The dialect: every key, option and class that is understood. All else is an error with its line.

A schema maps a key to the schema of its value, which also holds for every item of a list.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from press.errors import PressError

Schema = dict[str, Any]


def _keys(*names: str) -> Schema:
    return {name: {} for name in " ".join(names).split()}


_HTML = _keys("toc toc-depth toc-title") | {"format-links": _keys("text href icon")}
_TYPST = _keys("output-file papersize font-paths template-partials pdf-standard suppress-bibliography")
PAGE = _HTML | _keys("title subtitle description-meta")
PAGE |= {"format": {"html": _HTML, "typst": _TYPST | {"margin": _keys("x y top bottom left right")}}}
_SITE_HTML = _HTML | _keys(
    "css include-after-body html-math-method code-fold code-summary anchor-sections",
    "link-external-newwindow respect-user-color-scheme",
)
_LINK = _keys("href text")
PROJECT: Schema = {
    **_keys("lang bibliography jupyter"),
    "project": _keys("type output-dir pre-render post-render render resources execute-dir"),
    "website": {
        **_keys("title description page-navigation bread-crumbs favicon site-url repo-url repo-actions"),
        "open-graph": _keys("image"),
        "twitter-card": _keys("image card-style"),
        "search": _keys("location type"),
        "navbar": {"left": _LINK, "right": _LINK},
        "sidebar": {"style": {}, "contents": _LINK | {"section": {}, "contents": _LINK}},
        "page-footer": _keys("left right"),
    },
    "execute": _keys("echo warning daemon"),
    "format": {"html": _SITE_HTML | {"theme": _keys("light dark")}},
}
CELL = _keys("include output")
# Options that take only these values: most are what Quarto has to be told to do what is done here anyway.
VALUES: dict[str, tuple[Any, ...]] = {
    **dict.fromkeys(("echo", "warning", "daemon", "link-external-newwindow"), (False,)),
    **dict.fromkeys(("page-navigation", "bread-crumbs", "anchor-sections"), (True,)),
    **dict.fromkeys(("toc", "suppress-bibliography", "code-fold", "include"), (True, False)),
    "respect-user-color-scheme": (True,),
    "output": ("asis",),
    "html-math-method": ("mathml",),
    "toc-depth": (2, 3, 4, 5, 6),
    "location": ("navbar",),
    "style": ("docked",),
    "execute-dir": ("project",),
    "repo-actions": ("source",),
    "card-style": ("summary_large_image",),
}
# Colours of the callouts are the style sheet's.
CALLOUTS = _keys("callout-note callout-tip callout-warning callout-caution callout-important")
FLOATS = {"fig": "Figure", "tbl": "Table"}
FOREIGN_KINDS = _keys("sec eq lst thm lem cor prp cnj def exm exr sol rem alg tip nte wrn imp cau vid dia")
CLASSES = CALLOUTS | _keys("content-visible content-hidden")
FOREIGN_PREFIXES = ("callout-", "panel-", "column-", "content-", "g-col-")
FOREIGN_CLASSES = _keys(
    "columns column grid aside incremental nonincremental fragment notes landscape proof solution remark",
    "theorem listing callout unlisted",
)
FOREIGN_ATTRIBUTES = _keys(
    "layout layout-ncol layout-nrow layout-align layout-valign when-profile unless-profile when-meta",
    "unless-meta filename code-line-numbers lst-cap",
)


def kind(label: str) -> str:
    """What a label is for, such as `fig` of `fig-funnel`; empty when it says nothing."""
    return label.partition("-")[0] if "-" in label else ""


def read(text: str, file: Path, schema: Schema, what: str = "key", first_line: int = 1) -> dict[str, Any]:
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
    node: yaml.Node, data: Any, schema: Schema, what: str, within: str = ""
) -> Iterator[tuple[str, int]]:
    """Everything outside the schema, with its line counted from 0."""
    if isinstance(data, list):
        for item, value in zip(node.value, data, strict=True):
            yield from _problems(item, value, schema, what, within)
    elif isinstance(data, dict):
        for key_node, value_node in node.value:
            key, line = key_node.value, key_node.start_mark.line
            value, allowed = data.get(key), VALUES.get(key)
            inner = schema.get(key, {})
            if key not in schema:
                yield f"unknown {what} '{key}'" + (f" under {within}" if within else ""), line
            elif allowed and value not in allowed:
                yield f"{key} can only be {' or '.join(str(item).lower() for item in allowed)} here", line
            elif inner and isinstance(value, (str, int)) and value != "default":
                yield f"{key} is written with {' or '.join(inner)} below it here", line
            else:
                yield from _problems(value_node, value, inner, what, f"{within}.{key}" if within else key)
    elif isinstance(data, str) and "`{python}" in data:
        yield "inline code does not run inside YAML", node.start_mark.line
