"""The dialect: every key, option, class and shortcode that is understood. All else is an error.

A schema maps a key to the schema of its value; `ANY` accepts whatever follows, and the key `*` stands for
names that a project chooses. The items of a list are checked against the schema of the list.
"""

from __future__ import annotations

from typing import Any

ANY: dict[str, Any] = {"*": {}}


def _keys(*names: str) -> dict[str, Any]:
    return dict.fromkeys(" ".join(names).split(), ANY)


def _names(*names: str) -> frozenset[str]:
    return frozenset(" ".join(names).split())


EXECUTE = _keys("echo output include eval warning error daemon")
_SHARED = _keys(
    "lang toc toc-depth toc-title number-sections bibliography csl link-citations code-fold code-summary",
    "code-tools fig-width fig-height fig-format fig-dpi jupyter include-in-header include-before-body",
    "include-after-body output-file",
) | {"execute": EXECUTE}
HTML = _SHARED | _keys(
    "css html-math-method page-layout body-classes anchor-sections highlight-style code-copy",
    "link-external-newwindow respect-user-color-scheme",
)
TYPST = _SHARED | _keys(
    "papersize margin mainfont fontsize font-paths monofont mathfont linestretch columns page-numbering",
    "section-numbering template-partials pdf-standard linkcolor",
)
# Options that take only these values; the first is the default. `highlight-style` is the one option that is
# taken and not heeded: the theme colours code by its classes.
VALUES: dict[str, tuple[Any, ...]] = {
    **dict.fromkeys(("echo", "include", "eval", "warning"), (True, False)),
    **dict.fromkeys(("error", "daemon", "code-tools", "number-sections"), (False, True)),
    "link-external-newwindow": (False,),
    "anchor-sections": (True,),
    "output": (True, False, "asis"),
    "code-copy": ("hover", True),
    "respect-user-color-scheme": (True,),
    "code-fold": (False, True, "show"),
    "html-math-method": ("mathml",),
    "page-layout": ("article", "full"),
}
FORMATS: dict[str, Any] = {"html": HTML, "typst": TYPST, "ipynb": _keys("output-file")}
PAGE = HTML | _keys(
    "title subtitle description description-meta abstract author date pagetitle sidebar search",
)
PAGE["format"] = FORMATS

_ITEM = _keys("href text file icon aria-label target rel url")
_ITEM["menu"] = _ITEM
_CONTENTS: dict[str, Any] = _ITEM | _keys("section part")
_CONTENTS["contents"] = _CONTENTS
_THEMED = HTML | _keys("theme")
PROJECT: dict[str, Any] = _THEMED | {
    "project": _keys("type title output-dir pre-render render resources execute-dir"),
    "website": {
        **_keys(
            "title description site-url repo-url page-navigation bread-crumbs search favicon",
            "open-graph image",
        ),
        "navbar": {
            **_keys("title logo logo-alt search"),
            "left": _ITEM,
            "right": _ITEM,
        },
        "sidebar": {
            **_keys("title style search collapse-level"),
            "contents": _CONTENTS,
        },
        "page-footer": _keys("left center right"),
    },
    "format": FORMATS | {"html": _THEMED},
    "press": _keys("depends"),
}

CELL = _keys(
    "label echo include output eval warning error fig-cap fig-alt tbl-cap code-fold code-summary",
    "layout-ncol classes column",
)
LANGUAGES = _names("python")
SHORTCODES = _names("var meta pagebreak include")
# Class of a callout: its default title, its colour and its tint in Typst.
CALLOUTS = {
    "note": ("Note", "0758E5", "dae6fb"),
    "tip": ("Tip", "00A047", "ccf1e3"),
    "warning": ("Warning", "EB9113", "fcefdc"),
    "caution": ("Caution", "FC5300", "ffe5d0"),
    "important": ("Important", "CC1914", "f7dddc"),
}
REFERENCES = {"fig": "Figure", "tbl": "Table", "eq": "Equation", "sec": "Section"}
FOREIGN_REFERENCES = _names("lst thm lem cor prp cnj def exm exr sol rem alg tip nte wrn imp cau vid dia")
DIV_CLASSES = _names(
    "panel-tabset column-margin column-page column-page-left column-page-right column-screen",
    "column-body column-body-outset content-visible content-hidden",
    *(f"callout-{kind}" for kind in CALLOUTS),
)
FOREIGN_DIV_PREFIXES = ("callout-", "panel-", "column-", "content-")
FOREIGN_DIV_CLASSES = _names(
    "columns column aside incremental nonincremental fragment notes landscape proof solution remark theorem",
    "listing callout",
)
FOREIGN_DIV_ATTRIBUTES = _names(
    "layout layout-nrow layout-align layout-valign when-profile unless-profile when-meta unless-meta"
)
