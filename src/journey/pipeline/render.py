"""Render the site: by Quarto where it is installed, else by the offline renderer."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from journey.errors import JourneyError
from journey.paths import Paths
from journey.pipeline.pages import page_digests, page_files, page_modules
from journey.pipeline.rendered import as_it_was, besides, forget, page_keys, remember, site_files
from journey.pipeline.run import plan, prepare


def render_site(paths: Paths, pages: Sequence[Path], engine: str, console: Console) -> Path:
    """Build what the pages need and render them; return the folder of the site.

    Parameters
    ----------
    pages
        Pages to render, relative to the working folder; the whole site when empty.
    engine
        `quarto`, `press` or `auto` (Quarto when it is on the path).

    Raises
    ------
    JourneyError
        For an unknown engine, a missing page, or a renderer that fails.
    """
    quarto = chosen_engine(engine)
    if missing := [page for page in pages if not page.is_file()]:
        raise JourneyError(f"page {missing[0]} does not exist; pages end in .qmd and lie in the project")
    # Both renderers are left with pages alone: what runs before them has run here, with its progress bars.
    planned = prepare(paths)
    planned.run([stage.name for stage in planned.stages], console)
    keys, before = page_keys(planned.inputs), site_files(paths)
    rest = besides(planned, "press" if quarto is None else quarto)
    if quarto is None and not pages and as_it_was(paths, keys, before, rest):
        return paths.site
    if quarto is not None:
        run_quarto(quarto, paths, pages)
    else:
        run_press(paths, pages, page_digests(planned.inputs))
    planned.inputs.code.keep()
    if page_keys(plan(paths).inputs) == keys:
        remember(paths, keys, before, [planned.inputs.label(page.resolve()) for page in pages], rest)
    else:
        forget(paths)
        console.print("Sources of pages changed meanwhile; run the same command again.")
    return paths.site


def chosen_engine(engine: str) -> str | None:
    """Where Quarto is, when it is to render; None for the offline renderer.

    Raises
    ------
    JourneyError
        For an unknown engine, and where Quarto is asked for and is not there.
    """
    if engine not in {"auto", "quarto", "press"}:
        raise JourneyError(f"unknown engine {engine!r}; use auto, quarto or press")
    quarto = shutil.which("quarto")
    if engine == "quarto" and quarto is None:
        raise JourneyError("quarto is not on the path: install it, or use --engine press")
    return None if engine == "press" else quarto


def run_press(paths: Paths, pages: Sequence[Path], depends: dict[str, str]) -> None:
    """Run the offline renderer.

    Raises
    ------
    JourneyError
        When the renderer raises a `PressError`, with its message.
    """
    import press
    from press.errors import PressError

    try:
        press.render(
            paths.root,
            [page.resolve() for page in pages] or None,
            depends=depends,
            modules=page_modules(page_files(paths)),
        )
    except PressError as error:
        raise JourneyError(str(error)) from error


def run_quarto(quarto: str, paths: Paths, pages: Sequence[Path]) -> None:
    """Run Quarto with this environment's Python, once per page or once for the site.

    Raises
    ------
    JourneyError
        When Quarto fails; its own message is printed before.
    """
    environment = os.environ | {
        "QUARTO_PYTHON": sys.executable,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",
    }
    for target in pages or [paths.root]:
        finished = subprocess.run(
            [quarto, "render", str(target)], cwd=paths.root, env=environment, check=False
        )
        if finished.returncode:
            raise JourneyError(f"quarto could not render {target.name}; its message is above")
