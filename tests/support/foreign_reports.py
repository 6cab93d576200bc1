"""The findings of an imported store, made in a project of the test's own."""

from __future__ import annotations

import json
from pathlib import Path

from journey.findings.store import PARTS
from journey.paths import ShopPaths
from journey.pipeline import work
from journey.pipeline.shop import collect_part
from journey.report.ledger import Numbers

ROOT = Path(__file__).resolve().parents[2]


def found(
    folder: Path, name: str = "mine", parts: tuple[str, ...] = (*PARTS, "decisions")
) -> tuple[Numbers, dict[str, dict[str, str]]]:
    """Build warehouse and findings of an imported store; its ledger, and why sections are absent, by part."""
    if not (folder / "sql").exists():
        (folder / "sql").symlink_to(ROOT / "sql")
    paths = ShopPaths(folder, name)
    work.fill_warehouse(paths, name, lambda done, total: None)
    for part in parts:
        collect_part(paths, part)
    ledgers = [paths.results / part / "numbers.json" for part in parts]
    work.gather(paths, ledgers)
    reasons = {file.parent.name: json.loads(file.read_text()) for file in paths.results.glob("*/absent.json")}
    return Numbers(paths.numbers), reasons
