"""The place of a tool on its page: a static result, the start settings, and the script that takes over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from journey.report.markup import checked_id, escape, raw_block, script_json

#: From a page in `chapters/tools/` to the root of the site.
UP = "../../"
NOTE = "The settings need JavaScript. Below is the result for the start settings."
CARDS = '"tool-cards"'


def show_tool(
    id: str,
    *,
    label: str,
    answer: str,
    facts: Sequence[tuple[str, str]] = (),
    table: str = "",
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
    table
        The same as a table, where one says more: HTML, escaped.
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
    parts = (
        f'<link rel="stylesheet" href="{UP}assets/tools/tools.css">',
        f'<section class="tool" id="{id}" aria-label="{escape(label)}"{data}>',
        f'<script type="application/json">{script_json(settings or {})}</script>',
        f'<p class="tool-note">{NOTE}</p>',
        f'<div class="tool-head"><p class="tool-answer">{escape(answer)}</p></div>',
        f'<div class="tool-result">{f"<dl class={CARDS}>{rows}</dl>" if rows else ""}{table}</div>',
        f'</section>\n<script type="module" src="{UP}assets/tools/{id}.js"></script>',
    )
    print(raw_block("html", "\n".join(parts)))
