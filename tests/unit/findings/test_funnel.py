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


@pytest.mark.skipif(not TABLE.is_file(), reason="the funnel has not been built")
def test_the_costliest_device_leads_by_the_difference_of_the_table() -> None:
    drops = pd.read_parquet(TABLE.with_name("drops.parquet"))
    late = drops[drops["dimension"].eq("device") & drops["step_id"].ne("cart")]
    first, second = late.groupby("segment")["value"].max().sort_values(ascending=False).head(2).items()
    funnel = Numbers(TABLE.with_name("numbers.json")).funnel
    assert (funnel.top_segment, funnel.second_segment) == (first[0], second[0])
    assert funnel.top_over_second.value == pytest.approx(first[1] - second[1])
    assert funnel.top_over_second.low <= funnel.top_over_second.value <= funnel.top_over_second.high
