"""Offline renderer for the Quarto dialect of this report, out of nbclient, pandoc, Typst and Pagefind.

`render` turns a Quarto website project into a site with Quarto's element ids and class names. It exists for
machines that cannot install Quarto, and does what the pages of this project use; all else raises
`PressError`, which names file and line. What Quarto does and it does not:

- cells that show their code, values, plots or errors: a cell says `include: false`, or `output: asis` and
  prints Markdown; all other options, languages and places of a cell (indented, quoted) are refused;
- shortcodes (`include`, `var`, `meta`, `pagebreak`) and a second metadata block in a page;
- images, footnotes, sub-figures, numbered equations, sections and listings, headings inside a block;
- cross-references but `@fig-x` and `@tbl-x`, alone, to a div of the page whose last paragraph is its caption;
- callouts without a title, with an appearance or an icon, or open at first;
- tabs, columns, margin notes, grids, layouts, code tools, page layouts, authors, dates, abstracts;
- menus, icons, nested sections and links out of the site in the navigation; sitemaps;
- callouts, citations and tables of raw HTML in Typst; links of a PDF into the site (their text stays);
- Sass (rules of a theme belong into `css`); JavaScript of Bootstrap;
- raw HTML is passed on as it is: no link in it is rewritten, no file that only it names is copied;
- freezing and caching: code runs again when it or what it is said to rest on changes, once for all formats;
- a command line, profiles, previews, pre-render commands: who has run them calls `render`, one at a time (it
  looks for no other process); post-render commands run when any page was rendered and get no list of files.
"""

from press.errors import PressError
from press.site import render

__all__ = ["PressError", "render"]
