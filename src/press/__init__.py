"""Offline renderer for the Quarto dialect of this report, out of nbclient, pandoc, Typst and Pagefind.

`render` turns a Quarto website project into a site with Quarto's element ids and class names. It exists for
machines that cannot install Quarto and renders what the pages of this project use; all else raises
`PressError`, which names file and line.

What it does not do, though Quarto does:

- cells that show code, values, plots or errors: a cell says `include: false`, or `output: asis` and prints
  Markdown; every other option, language and place of a cell (indented, quoted) is refused;
- shortcodes (`include`, `var`, `meta`, `pagebreak`) and a second metadata block in a page;
- images, footnotes, sub-figures, numbered equations, numbered sections and listings;
- cross-references with a prefix, suffix or company: only `@fig-x` and `@tbl-x` alone, to divs of the page;
- callouts without a title, with an appearance or icon, or open at first; callouts in Typst;
- tabs, columns, margin notes, grids and layouts; headings inside divs;
- authors, dates, abstracts, a page layout, code tools, a description above the text;
- menus, icons, nested sections and links out of the project in the navigation; sites without a sidebar;
- sitemaps, social cards, Sass (a theme's rules belong into `css`), JavaScript of Bootstrap;
- themes without light and dark, sections of the navbar that only one page has;
- Typst templates other than the project's own `typst-template.typ` and `typst-show.typ`;
- freezing and caching as Quarto does them: a page's code runs again when its code or what the project names
  under `press: depends` changes, once for all formats.
"""

from press.errors import PressError
from press.site import render

__all__ = ["PressError", "render"]
