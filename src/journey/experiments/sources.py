"""Which modules a committed result of this package depends on."""

from __future__ import annotations

import importlib
import pkgutil
from types import ModuleType

import journey.experiments


def engine_modules(*, without: tuple[str, ...]) -> list[ModuleType]:
    """Modules of the engine, except those whose name starts with one of `without`.

    By their package names, so that a module that runs as a script counts as itself.
    """
    names = [module.name for module in pkgutil.iter_modules(journey.experiments.__path__)]
    return [
        importlib.import_module(f"journey.experiments.{name}")
        for name in names
        if not name.startswith(without)
    ]
