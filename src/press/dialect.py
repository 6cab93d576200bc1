"""The dialect: every key, option and class that is understood. All else is an error with its line.

A schema maps a key to the schema of its value; the key `*` stands for names that a project chooses. The
items of a list are checked against the schema of the list.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from press.errors import PressError

Schema = dict[str, Any]
ANY: Schema = {"*": {}}


def _keys(*names: str) -> Schema:
    return {name: {} for name in " ".join(names).split()}


_SHARED = {
    **_keys(
        "lang toc toc-depth toc-title number-sections bibliography code-fold code-summary code-tools",
        "jupyter output-file",
    ),
    **dict.fromkeys(("include-in-header", "include-before-body", "include-after-body"), _keys("text")),
}
HTML = _SHARED | {
    **_keys("css html-math-method page-layout anchor-sections link-external-newwindow"),
    **_keys("respect-user-color-scheme"),
    "format-links": _keys("text href format icon"),
    "execute": _keys("echo output include eval warning error daemon"),
}
TYPST = _SHARED | {
    **_keys(
        "papersize mainfont fontsize font-paths monofont mathfont linestretch columns page-numbering",
        "section-numbering template-partials pdf-standard linkcolor suppress-bibliography",
    ),
    "margin": ANY,
}
# Options that take only these values; the first is the default.
VALUES: dict[str, tuple[Any, ...]] = {
    **dict.fromkeys(("echo", "include", "eval", "warning"), (True, False)),
    **dict.fromkeys(("error", "daemon", "code-tools", "number-sections"), (False, True)),
    "suppress-bibliography": (False, True),
    "link-external-newwindow": (False,),
    "anchor-sections": (True,),
    "output": (True, False, "asis"),
    "respect-user-color-scheme": (True,),
    "code-fold": (False, True, "show"),
    "html-math-method": ("mathml",),
    "page-layout": ("article", "full"),
    "format": ("html", "typst"),
}
_FORMATS: Schema = {"html": HTML, "typst": TYPST}
PAGE = HTML | _keys("title subtitle description description-meta abstract author date") | {"format": _FORMATS}

_THEMED = HTML | {"theme": _keys("light dark")}
_ITEM = _keys("href text section icon aria-label target rel")
_ITEM |= {"menu": _ITEM, "contents": _ITEM}
PROJECT: Schema = _THEMED | {
    "project": _keys("type title output-dir pre-render render resources execute-dir"),
    "website": {
        **_keys("title description site-url page-navigation bread-crumbs favicon open-graph"),
        "search": ANY,
        "navbar": {"title": {}, "left": _ITEM, "right": _ITEM},
        "sidebar": {"style": {}, "contents": _ITEM},
        "page-footer": _keys("left center right"),
    },
    "format": _FORMATS | {"html": _THEMED},
}
CELL = _keys(
    "label echo include output eval warning error fig-cap fig-alt tbl-cap code-fold code-summary",
    "layout-ncol classes",
)
LANGUAGES = {"python"}
# Class of a callout: its default title, its colour and its tint in Typst.
CALLOUTS = {
    "note": ("Note", "0758E5", "dae6fb"),
    "tip": ("Tip", "00A047", "ccf1e3"),
    "warning": ("Warning", "EB9113", "fcefdc"),
    "caution": ("Caution", "FC5300", "ffe5d0"),
    "important": ("Important", "CC1914", "f7dddc"),
}
FLOATS = {"fig", "tbl"}
REFERENCES = {"fig": "Figure", "tbl": "Table", "eq": "Equation", "sec": "Section"}
FOREIGN_REFERENCES = _keys("lst thm lem cor prp cnj def exm exr sol rem alg tip nte wrn imp cau vid dia")
DIV_CLASSES = _keys(
    "column-margin column-page column-page-left column-page-right column-screen",
    "column-body column-body-outset content-visible content-hidden",
    *(f"callout-{kind}" for kind in CALLOUTS),
)
FOREIGN_DIV_PREFIXES = ("callout-", "panel-", "column-", "content-")
FOREIGN_DIV_CLASSES = _keys(
    "columns column aside incremental nonincremental fragment notes landscape proof solution remark theorem",
    "listing callout",
)
FOREIGN_DIV_ATTRIBUTES = _keys(
    "layout layout-nrow layout-align layout-valign when-profile unless-profile when-meta unless-meta",
    "filename code-line-numbers lst-cap",
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
