#!/usr/bin/env bash
# Guess:   `arg_min(value, key)` translated to Spark gives the same value: sqlglot knows the function there, MIN_BY.
# Truth:   DuckDB passes over rows whose value is null, Spark does not: it gives the null of the smallest key.
#          sqlglot says nothing at any `unsupported_level`.
# Version: sqlglot 30.30.0, duckdb 2.0.0, pyspark 4.0.1, Python 3.11, Java 17.
# Source:  seen by running.
# Why:     "the first known device of a session" becomes "nothing" wherever the first event has none.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/python" -m pip install --quiet --disable-pip-version-check \
  duckdb==2.0.0 pyspark==4.0.1 sqlglot==30.30.0
PYSPARK_PYTHON="$folder/env/bin/python" "$folder/env/bin/python" - <<'PY'
import duckdb
import sqlglot
from pyspark.sql import SparkSession
from sqlglot import ErrorLevel

settings = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false")
session = settings.config("spark.ui.showConsoleProgress", "false").getOrCreate()
query = "select arg_min(device, moment) as first_device from (values (null, 1), ('phone', 2)) as events(device, moment)"
(said,) = sqlglot.transpile(query, read="duckdb", write="spark", unsupported_level=ErrorLevel.RAISE)
ours, theirs = duckdb.connect().execute(query).fetchone()[0], session.sql(said).collect()[0][0]
print(f"{said}: DuckDB {ours!r}, Spark {theirs!r}")
assert "MIN_BY" in said.upper(), "another function is used now"
assert (ours, theirs) == ("phone", None), "they agree now"
PY
