"""The `press` command."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from press.errors import PressError
from press.site import render as render_site

application = typer.Typer(add_completion=False, pretty_exceptions_enable=False, no_args_is_help=True)
main = application


@application.callback()
def about() -> None:
    """Render a Quarto website without Quarto, as far as its dialect goes."""


@application.command()
def render(
    pages: Annotated[
        list[Path] | None, typer.Argument(help="Pages to render; all of them when none is given.")
    ] = None,
    root: Annotated[Path, typer.Option(help="Folder of _quarto.yml.")] = Path(),
    pre_render: Annotated[bool, typer.Option(help="Run the project's pre-render commands first.")] = True,
    fresh: Annotated[bool, typer.Option("--fresh", help="Execute and render every page again.")] = False,
) -> None:
    """Render the site, or only some pages. What is unchanged is not rendered again.

    Exit status 2 means that something is outside the dialect or failed; the message names file and line.
    """
    try:
        site = render_site(root, pages or None, pre_render=pre_render, fresh=fresh)
    except PressError as error:
        print(error, file=sys.stderr)
        raise typer.Exit(2) from None
    print(f"Site: {site}")
