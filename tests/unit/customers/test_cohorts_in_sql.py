"""Retention by cohort is the same in Python and in the query library, on the same visits."""

from __future__ import annotations

import numpy as np

from journey.customers.cohorts import cohort_retention
from journey.customers.summary import purchase_days
from journey.paths import project
from journey.stores.simulator import ShopParameters, simulate
from journey.warehouse.build import build_warehouse
from journey.warehouse.connect import connect
from journey.warehouse.query import query


def test_weekly_retention_of_visitors_agrees_with_the_query(tmp_path):
    simulate(tmp_path / "store", ShopParameters(users=400, items=60, days=40, seed=2))
    build_warehouse(tmp_path / "store", tmp_path / "shop.duckdb", project().sql, features=False)
    with connect(tmp_path / "shop.duckdb") as connection:
        visits = connection.execute("select user_id, session_start from marts.sessions order by 2, 1").df()
        sql = query("cohort_retention", connection)
    days = purchase_days(visits["user_id"], visits["session_start"], np.ones(len(visits)))
    ours = cohort_retention(days, int(days.day.max()), "week").set_index(["cohort", "age"])
    theirs = sql[sql["weeks_since_first"] > 0]
    keys = list(zip(theirs["cohort_week"].astype(str).str[:10], theirs["weeks_since_first"], strict=True))
    assert sorted(ours.index) == sorted(keys)
    assert ours.loc[keys, "n"].tolist() == theirs["cohort_visitors"].tolist()
    assert ours.loc[keys, "bought"].tolist() == theirs["retained_visitors"].tolist()
