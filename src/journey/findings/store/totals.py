"""Totals of users for a bootstrap, of as many bundles as there is time for."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from journey.metrics.bootstrap import BootstrapTotals, bundled_totals

REPLICATES, SEED = 1000, 2
#: Beyond so many users, users are drawn in bundles at random: totals vary as much, in less time.
BUNDLES = 20_000


def drawn(rows: pd.DataFrame, columns: Sequence[str]) -> BootstrapTotals:
    """Bootstrap of totals over users.

    Parameters
    ----------
    rows
        One or several rows a user, with `user_id`.
    columns
        What is added up; `users` counts the users.
    """
    whole = rows.groupby("user_id")[list(columns)].sum().astype(float)
    whole["users"] = 1.0
    sums = {name: whole[name] for name in whole}
    return bundled_totals(sums, bundles=BUNDLES, replicates=REPLICATES, seed=SEED)
