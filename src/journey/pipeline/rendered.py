"""What the site was rendered from, by whichever renderer, and whether it is still that."""

from __future__ import annotations

import shutil
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

from journey.files import write_json
from journey.paths import Paths
from journey.pipeline.inputs import Inputs, read_json
from journey.pipeline.pages import page_digests, page_files
from journey.pipeline.sight import digest
from journey.pipeline.state import file_digest

if TYPE_CHECKING:
    from journey.pipeline.run import Build

#: What every page rests on besides its own source and what its code can see.
COMMON = (
    "_quarto.yml",
    "_quarto.yml.local",
    "_variables.yml",
    "references.bib",
    "assets/*.*",
    "assets/tools/*.*",
    "assets/vendor/*.*",
    "src/journey/postrender.py",
)


def record(paths: Paths) -> Path:
    """Where it is written down."""
    return paths.processed / ".site.json"


def page_keys(inputs: Inputs) -> dict[str, str]:
    """A page's path below the root -> digest of all that it is rendered from."""
    root = inputs.paths.root
    common = [file for pattern in COMMON for file in sorted(root.glob(pattern)) if file.is_file()]
    shared = [f"{label}={value}" for label, value in inputs.files(common).items()]
    code = page_digests(inputs)
    sources = {inputs.label(page): inputs.digest(page) for page in page_files(inputs.paths)}
    return {page: digest([code[page], source, *shared]) for page, source in sources.items()}


def site_files(paths: Paths) -> dict[str, str]:
    """Every file of the site with its digest."""
    files = (file for file in paths.site.rglob("*") if file.is_file())
    return {file.relative_to(paths.root).as_posix(): file_digest(file) for file in files}


def besides(planned: Build, renderer: str) -> str:
    """Digest of what the site is made of besides its pages: the renderer, assets, what the build wrote."""
    root = planned.inputs.paths.root
    files = [file for folder in ("src/press", "assets") for file in sorted((root / folder).rglob("*.*"))]
    outputs = {
        label: value for each in planned.state.stages.values() for label, value in each["outputs"].items()
    }
    found = planned.inputs.files(file for file in files if file.suffix != ".pyc" and file.is_file()) | outputs
    return digest([renderer, *(f"{label}={value}" for label, value in sorted(found.items()))])


def as_it_was(paths: Paths, keys: dict[str, str], files: dict[str, str], rest: str) -> bool:
    """Whether the whole site is what a renderer left, and would be made of just the same again."""
    return read_json(record(paths)) == {"pages": keys, "files": files, "rest": rest}


def remember(
    paths: Paths, keys: dict[str, str], before: dict[str, str], chosen: Collection[str], rest: str
) -> None:
    """Write down what pages were rendered from, and the files that came of it.

    Parameters
    ----------
    keys
        From `page_keys`, taken before the renderer ran.
    before
        The site's files before it ran: one that it left alone counts as it was when it was written.
    chosen
        The pages that were asked for; all when empty.
    rest
        From `besides`; it counts when all pages were asked for.
    """
    known = read_json(record(paths))
    old_pages, old_files = known.get("pages", {}), known.get("files", {})
    pages = {page: keys[page] if page in chosen or not chosen else old_pages.get(page, "") for page in keys}
    files = {
        name: old_files.get(name, now) if before.get(name) == now else now
        for name, now in site_files(paths).items()
    }
    write_json(record(paths), {"pages": pages, "files": files, "rest": "" if chosen else rest})


def forget(paths: Paths) -> None:
    """Nothing is known of what the site was rendered from, by this record or the offline renderer's."""
    record(paths).unlink(missing_ok=True)
    shutil.rmtree(paths.root / ".press", ignore_errors=True)


def stale_pages(paths: Paths, inputs: Inputs) -> list[str]:
    """What of the site is not what its sources give, one sentence each."""
    known = read_json(record(paths))
    pages, files = known.get("pages", {}), known.get("files", {})
    if not pages or not paths.site.is_dir():
        return ["the site is not rendered yet"]
    stale = [
        f"{page} or what its code rests on changed since it was rendered"
        for page, key in page_keys(inputs).items()
        if pages.get(page) != key
    ]
    now = site_files(paths)
    return stale + [
        f"{name} is not as the renderer left it"
        for name, was in sorted(files.items())
        if now.get(name) != was
    ]
