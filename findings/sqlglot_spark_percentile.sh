#!/usr/bin/env bash
# Guess:   sqlglot translates `percentile_cont(0.9) within group (order by x)` to Spark's function of the same name,
#          which interpolates exactly.
# Truth:   it writes PERCENTILE_APPROX, which gives an element of the data, and says nothing at any `unsupported_level`.
#          Spark 3.3 and later has PERCENTILE_CONT itself.
# Version: sqlglot 30.30.0, Python 3.11.
# Source:  seen by running; Spark's SQL reference lists both functions.
# Why:     a dashboard moved from DuckDB to Spark shows other percentiles, most of all in small groups.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/python" -m pip install --quiet --disable-pip-version-check sqlglot==30.30.0
"$folder/env/bin/python" - <<'PY'
import sqlglot
from sqlglot import ErrorLevel

query = "select percentile_cont(0.9) within group (order by revenue) as p90 from orders"
(seen,) = sqlglot.transpile(query, read="duckdb", write="spark", unsupported_level=ErrorLevel.RAISE)
print(seen)
assert "PERCENTILE_APPROX" in seen.upper(), "it stays exact now"
PY
