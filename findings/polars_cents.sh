#!/usr/bin/env bash
# Guess:   a whole number of cents divided by 100 is the double nearest to the amount, as in Python, NumPy, pandas
#          and DuckDB; and a row gives the same whether it stands alone or in a column.
# Truth:   Polars multiplies a column by the inverse of a constant divisor. One in seven of the amounts up to 1,000.00
#          is a last bit off, among them 0.35 and 0.41; the same row alone is exact, and so is a division by a column.
# Version: polars 2.1.0, duckdb 2.0.0, pandas 3.1.1, Python 3.11.
# Source:  Polars issues 23741 and 27753, both closed without a change.
# Why:     amounts in cents and times in microseconds are divided by a constant in every shop's pipeline. A join, a
#          group or a filter on the result (price == 0.35) loses rows that the same code in pandas or SQL finds, and
#          two engines that are compared for equality differ though both are right to the cent.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/python" -m pip install --quiet --disable-pip-version-check \
  polars==2.1.0 duckdb==2.0.0 pandas==3.1.1
"$folder/env/bin/python" - <<'PY'
import duckdb
import pandas as pd
import polars as pl

cents = list(range(1, 100_001))
exact = [each / 100 for each in cents]
frame = pl.DataFrame({"cents": cents, "hundred": [100] * len(cents)})
by_constant = frame.select(pl.col("cents") / 100).to_series().to_list()
by_column = frame.select(pl.col("cents") / pl.col("hundred")).to_series().to_list()
alone = [pl.DataFrame({"cents": [each]}).select(pl.col("cents") / 100).item() for each in (35, 41)]
in_pandas = (pd.Series(cents) / 100).tolist()
in_duckdb = [row[0] for row in duckdb.sql("select i / 100 from range(1, 100001) as t(i) order by i").fetchall()]

off = [each for each, value, right in zip(cents, by_constant, exact) if value != right]
print(f"Polars by a constant: {len(off):,} of {len(cents):,} differ, first {off[:4]}")
print(f"0.35 is found in {frame.filter(pl.col('cents') / 100 == 0.35).height} rows; alone it is {alone[0]!r}")
assert len(off) == 13_929, "another share differs now"
assert off[:2] == [35, 41]
assert frame.filter(pl.col("cents") / 100 == 0.35).height == 0
assert alone == [0.35, 0.41]
assert by_column == in_pandas == in_duckdb == exact
PY
