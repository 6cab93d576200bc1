"""The place of a tool on its page: a static result, what the tool starts from, and the script that takes over."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from journey.report.markup import checked_id, escape, raw_block, script_json

#: From a page in `chapters/tools/` to the root of the site.
UP = "../../"


def show_tool(
    id: str,
    *,
    label: str,
    answer: str,
    facts: Sequence[tuple[str, str]] = (),
    settings: Mapping[str, object] | None = None,
    file: str | None = None,
) -> None:
    """Print a tool as raw HTML; it works as text where no script runs.

    Parameters
    ----------
    id
        Name of the tool: its script is `assets/tools/<id>.js`.
    label
        What the region is called for screen readers.
    answer
        The result for the start settings, one sentence.
    facts
        The figures behind it: what, and how much.
    settings
        What the tool's fields start with.
    file
        Data that the script loads, below the root of the site.

    Raises
    ------
    JourneyError
        For an id that is no HTML id.
    """
    checked_id(id, "tool")
    rows = "".join(f"<div><dt>{escape(what)}</dt><dd>{escape(value)}</dd></div>" for what, value in facts)
    data = f' data-file="{UP}{escape(file)}"' if file else ""
    print(
        raw_block(
            "html",
            f'<link rel="stylesheet" href="{UP}assets/tools/tools.css">\n'
            f'<section class="tool" id="{id}" aria-label="{escape(label)}"{data}>\n'
            f'<script type="application/json">{script_json(settings or {})}</script>\n'
            '<p class="tool-note">The settings need JavaScript. Below is the result for the start settings.</p>\n'
            f'<div class="tool-result"><p class="tool-answer">{escape(answer)}</p>'
            + (f'<dl class="tool-cards">{rows}</dl>' if rows else "")
            + f'</div>\n</section>\n<script type="module" src="{UP}assets/tools/{id}.js"></script>',
        )
    )
