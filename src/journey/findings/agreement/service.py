"""The scoring service: what the load test measured, beside what is said of such services."""

from __future__ import annotations

import pandas as pd

from journey.findings.desk import Desk
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
    busiest = max(each["others"] for each in results["scenarios"])
    for name, value, unit, digits, label in (
        ("p50", compared["p50_ms"], "ratio", 1, "Median latency of one row, ms"),
        ("p95", compared["p95_ms"], "ratio", 1, "Latency of one row, 95% quantile, ms"),
        ("p99", compared["p99_ms"], "ratio", 1, "Latency of one row, 99% quantile, ms"),
        ("rate", compared["requests_per_second"], "count", 0, "Requests of one row a second"),
        ("connections", compared["connections"], "count", 0, "Connections of that load test"),
        ("batch_rate", batch["rows_per_second"], "count", 0, "Rows a second in requests of 1,000"),
        ("target_p50", results["target"]["p50_ms"], "count", 0, "Target: median latency, ms"),
        ("target_rate", results["target"]["requests_per_second"], "count", 0, "Target: requests a second"),
        ("claimed_p50", results["claimed"]["p50_ms"], "count", 0, "Claimed elsewhere: median latency, ms"),
        (
            "claimed_rate",
            results["claimed"]["requests_per_second"],
            "count",
            0,
            "Claimed elsewhere: requests a second",
        ),
        ("load", results["load_before"]["minute"], "ratio", 1, "Load average before the load test"),
        ("others", busiest, "share", 0, "Processor time taken by others during the load test, at most"),
    ):
        desk.ledger.add(
            f"agreement.service_{name}",
            value,
            unit,
            digits=digits,
            n=compared["requests"] if name in ("p50", "p95", "p99", "rate") else None,
            label=label,
            source=SOURCE,
            dataset="load test on loopback",
        )
