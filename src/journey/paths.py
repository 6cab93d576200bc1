"""Where things live. Every path of the project is named here and nowhere else."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Paths:
    """Folders of one checkout, all below `root`."""

    root: Path

    @property
    def sql(self) -> Path:
        """SQL files: staging, marts, analysis."""
        return self.root / "sql"

    @property
    def evidence(self) -> Path:
        """Committed results on real data and of long simulations."""
        return self.root / "data" / "evidence"

    @property
    def datasets(self) -> Path:
        """The list of downloadable data sets."""
        return self.root / "data" / "datasets.toml"

    @property
    def raw(self) -> Path:
        """Raw data as obtained; never edited."""
        return self.root / "data" / "raw"

    @property
    def processed(self) -> Path:
        """The warehouse and feature tables."""
        return self.root / "data" / "processed"

    @property
    def results(self) -> Path:
        """Artefacts that chapters load."""
        return self.root / "data" / "results"

    @property
    def numbers(self) -> Path:
        """The numbers ledger; the site publishes it as `numbers.json`."""
        return self.root / "numbers.json"

    @property
    def assumptions(self) -> Path:
        """Business assumptions a reader may edit."""
        return self.root / "assumptions.toml"

    @property
    def site(self) -> Path:
        """The rendered site."""
        return self.root / "_site"

    def store(self, name: str) -> Path:
        """Canonical events of a store (`simulated`, `retailrocket`)."""
        return self.raw / name

    def warehouse(self, store: str) -> Path:
        """DuckDB file of a store."""
        return self.processed / f"{store}.duckdb"


@dataclass(frozen=True)
class ShopPaths(Paths):
    """The folders of an imported store: its own data, results and site, the project's SQL and sources."""

    shop: str = ""

    @property
    def home(self) -> Path:
        """Everything that an import and a build of this store make, but for the warehouse and the site."""
        return self.root / "data" / "stores" / self.shop

    @property
    def results(self) -> Path:
        """Artefacts that the pages of this store load."""
        return self.home / "results"

    @property
    def numbers(self) -> Path:
        """The store's own numbers ledger."""
        return self.home / "numbers.json"

    @property
    def site(self) -> Path:
        """The rendered report of this store."""
        return self.root / f"_site-{self.shop}"

    @property
    def report(self) -> Path:
        """The import report."""
        return self.home / "import.json"

    @property
    def project(self) -> Path:
        """The Quarto project that the site is rendered from, put together by the build."""
        return self.home / "site"

    def store(self, name: str) -> Path:
        """Canonical events: this store's are in its own folder."""
        return self.home / "raw" if name == self.shop else self.raw / name


def approved(paths: Paths) -> Path:
    """Folder of the ledger's numbers as a person approved them; no result depends on it."""
    return paths.root / "data" / "approved"


def project() -> Paths:
    """Paths of the project that holds the working folder, or of `JOURNEY_ROOT` when it is set."""
    if override := os.environ.get("JOURNEY_ROOT"):
        return Paths(Path(override).resolve())
    here = Path.cwd().resolve()
    for folder in (here, *here.parents):
        if (folder / "_quarto.yml").is_file() and (folder / "assumptions.toml").is_file():
            return Paths(folder)
    return Paths(Path(__file__).resolve().parents[2])
