"""Verify that data, warehouse, ledger, pages and README are what their sources give."""

from __future__ import annotations

from collections.abc import Iterator

from journey.errors import JourneyError
from journey.paths import Paths
from journey.pipeline.pages import page_files
from journey.pipeline.rendered import stale_pages
from journey.pipeline.run import plan
from journey.report.checks import stale_readme_figures, used_numbers
from journey.report.ledger import Numbers


def check_project(paths: Paths) -> Iterator[str]:
    """Yield one line per passed check.

    Raises
    ------
    JourneyError
        At the first check that fails.
    """
    from journey.stores.schema import validate_store

    planned = plan(paths)
    for stage, reasons in planned.stale().items():
        more = f" and {len(reasons) - 1} more" if len(reasons) > 1 else ""
        raise JourneyError(
            f"stage {stage} is out of date: {reasons[0]}{more} changed since it ran; run `journey build`"
        )
    outputs = sum(len(entry["outputs"]) for entry in planned.state.stages.values())
    yield f"build: {len(planned.stages)} stages are up to date, their {outputs:,} files as they left them"
    yield f"store simulated: {validate_store(paths.store('simulated'))}"
    numbers = Numbers(paths.numbers)
    yield f"ledger: {len(numbers):,} numbers"
    known = {number.id for number in numbers}
    pages = page_files(paths)
    for page in pages:
        if unknown := sorted(used_numbers(page) - known):
            raise JourneyError(
                f"{page.relative_to(paths.root)} uses number {unknown[0]!r}, which is not in the ledger: "
                f"correct the page"
            )
    if stale := stale_readme_figures(paths.root / "README.md", numbers):
        raise JourneyError(stale[0] + ": run `journey numbers --readme`")
    yield "README: its figures agree with the ledger"
    if stale := stale_pages(paths, planned.inputs):
        raise JourneyError(f"{stale[0]}: run `journey render`")
    yield f"pages: all {len(pages)} are rendered from what is here now, every file as the renderer left it"
