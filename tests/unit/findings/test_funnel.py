"""Chapter 02: what SQL and pandas count must agree, all of it."""

from __future__ import annotations

import pandas as pd
import pytest

from journey.findings.funnel.collect import COUNTS, METRICS
from journey.paths import project
from journey.report.ledger import Numbers

TABLE = project().results / "funnel" / "agreement.parquet"


@pytest.mark.skipif(not TABLE.is_file(), reason="the funnel has not been built")
def test_all_compared_metrics_agree() -> None:
    table = pd.read_parquet(TABLE)
    assert table["agree"].all(), table[~table["agree"]].to_string()
    named = {name.replace("_", " ") for name in (*COUNTS, *METRICS)}
    assert named <= set(table["metric"])
    assert (abs(table["sql"] - table["python"]) <= 1e-6 * abs(table["sql"])).all()
    numbers = Numbers(TABLE.with_name("numbers.json"))
    assert numbers.funnel.agreeing.value == numbers.funnel.compared.value == len(table)
