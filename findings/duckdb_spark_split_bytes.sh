#!/usr/bin/env bash
# Guess:   Spark 4 reads every Parquet file that DuckDB writes: the library below it, parquet-java, knows all encodings
#          of the format's second version.
# Truth:   with `parquet_version v2` DuckDB splits the bytes of doubles that repeat little. Spark's fast reader refuses
#          such columns until 4.2 ("Unsupported encoding: BYTE_STREAM_SPLIT"); its slow one reads them, and whole
#          numbers and texts of the same file are read by both. From 4.3 on both read all.
# Version: duckdb 2.0.0, pyspark 4.2.0 and 4.3.0, Python 3.11, Java 17.
# Source:  seen by running; SPARK-56894, apache/spark pull request 55921, adds it to the fast reader.
# Why:     a store of events written for speed and size is unreadable to the clusters of before, in its
#          money columns alone. Spark must be told not to read in vectors, or the file be written in version 1.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
pip() { "$folder/env/bin/python" -m pip install --quiet --disable-pip-version-check "$@"; }
pip duckdb==2.0.0
"$folder/env/bin/python" - "$folder" <<'PY'
import sys

import duckdb

rows = "select i as number, 'item ' || i % 50 as item, i * 1.37 + sqrt(i) as price from range(100000) t(i)"
duckdb.sql(f"copy ({rows}) to '{sys.argv[1]}/v2.parquet' (format parquet, parquet_version v2)")
said = duckdb.sql(f"select path_in_schema, encodings from parquet_metadata('{sys.argv[1]}/v2.parquet')").fetchall()
print(said)
assert ("price", "BYTE_STREAM_SPLIT") in said, "DuckDB does not split the bytes any more"
PY
for version in 4.2.0 4.3.0; do
  pip "pyspark==$version"
  PYSPARK_PYTHON="$folder/env/bin/python" "$folder/env/bin/python" - "$folder/v2.parquet" "$version" 2>"$folder/log" <<'PY'
import sys

from pyspark.sql import SparkSession

settings = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false")
session = settings.config("spark.log.level", "OFF").getOrCreate()


def read(column, fast):
    session.conf.set("spark.sql.parquet.enableVectorizedReader", fast)
    try:
        (row,) = session.read.parquet(sys.argv[1]).selectExpr(f"max({column})").collect()
    except Exception as error:
        assert "BYTE_STREAM_SPLIT" in str(error), error
        row = ["refused"]
    print(f"Spark {sys.argv[2]}, fast reader {fast}, largest {column}: {row[0]}")
    return row[0]


assert read("number", "true") == 99999
assert read("item", "true") == "item 9"
assert read("price", "false") > 100000
refused = read("price", "true") == "refused"
assert refused == (sys.argv[2] == "4.2.0"), "the fast reader does otherwise now"
PY
done
