"""Mistakes that change no result, each by a rule with its reason."""

from __future__ import annotations

from journey.studies.sql_mutants import Mutant


def equivalent(name: str, mutant: Mutant) -> str | None:
    """Why a mistake in a statement cannot change its result; None when it could."""
    return None
