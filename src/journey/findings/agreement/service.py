"""The scoring service: what the load test measured, beside what is said of such services."""

from __future__ import annotations

import pandas as pd

from journey.findings.desk import Desk, Row, add_rows
from journey.studies.registry import kept

SOURCE = "journey.studies.service_load.study:measure_service"
#: Scenario -> in words.
SAYS = {
    "one_row_alone": "one row, one connection",
    "one_row": "one row, {connections} connections",
    "one_row_many": "one row, {connections} connections",
    "one_row_contributions": "one row with contributions, {connections} connections",
    "hundred_rows": "100 rows, {connections} connections",
    "thousand_rows": "1,000 rows, {connections} connections",
}
#: The scenario that is compared with targets and claims.
COMPARED = "one_row"
SHOWN = ("p50_ms", "p95_ms", "p99_ms", "requests_per_second", "rows_per_second", "processor_ms")


def add_service(desk: Desk) -> None:
    """Save the table of scenarios and register what is compared with targets and claims."""
    results = kept("service_load", desk.paths).results
    rows = [
        {"what": SAYS[each["name"]].format(**each)} | {name: each[name] for name in SHOWN}
        for each in results["scenarios"]
    ]
    rows += [{"what": name} | results[key] for key, name in (("target", "target"), ("claimed", "claims"))]
    desk.save("service", pd.DataFrame(rows))
    by_name = {each["name"]: each for each in results["scenarios"]}
    compared, batch = by_name[COMPARED], by_name["thousand_rows"]
    target, claimed, sent = results["target"], results["claimed"], {"n": compared["requests"]}
    tenths = {"digits": 1}
    busiest = max(each["others"] for each in results["scenarios"])
    rates = "requests_per_second"
    numbers: tuple[Row, ...] = (
        ("p50", compared["p50_ms"], "ratio", "Median latency of one row, ms", sent | tenths),
        ("p95", compared["p95_ms"], "ratio", "Latency of one row, 95% quantile, ms", sent | tenths),
        ("p99", compared["p99_ms"], "ratio", "Latency of one row, 99% quantile, ms", sent | tenths),
        ("rate", compared[rates], "count", "Requests of one row a second", sent),
        ("connections", compared["connections"], "count", "Connections of that load test"),
        ("batch_rate", batch["rows_per_second"], "count", "Rows a second in requests of 1,000"),
        ("target_p50", target["p50_ms"], "count", "Target: median latency, ms"),
        ("target_rate", target[rates], "count", "Target: requests a second"),
        ("claimed_p50", claimed["p50_ms"], "count", "Claimed elsewhere: median latency, ms"),
        ("claimed_rate", claimed[rates], "count", "Claimed elsewhere: requests a second"),
        ("load", results["load_before"]["minute"], "ratio", "Load average before the load test", tenths),
        ("others", busiest, "share", "Processor time taken by others during the load test, at most"),
    )
    named = [(f"service_{name}", *rest) for name, *rest in numbers]
    add_rows(desk, named, digits=0, source=SOURCE, dataset="load test on loopback")
