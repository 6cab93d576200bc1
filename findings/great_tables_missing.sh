#!/usr/bin/env bash
# Guess:   a value that is missing is shown as missing, whichever data frame a table is made from.
# Truth:   from pandas the cell holds the characters <NA> as they are, which a browser takes for an element of
#          unknown name: the cell is blank, also after fmt_number, as if there were nothing to know. From Polars
#          the same cell says None. sub_missing mends both.
# Version: great-tables 0.20.0, pandas 3.0.1, polars 1.40.1, Python 3.11.
# Source:  posit-dev/great-tables issue 225, open since March 2024; `_utils_render_html.py` writes str() of the
#          missing value; seen by running.
# Why:     in a table of intervals a bound that could not be computed looks like a cell that nobody filled, and
#          a test that looks for "NA" in the HTML finds it there.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/python" -m pip install --quiet --disable-pip-version-check \
  great-tables==0.20.0 pandas==3.0.1 polars==1.40.1 lxml==6.0.2
"$folder/env/bin/python" - <<'PY'
import pandas as pd
import polars as pl
from great_tables import GT
from lxml import html

VALUES = {"low": [0.25, None]}


def seen(table):
    """What a reader sees in each cell, and the element that the last one holds."""
    cells = html.fromstring(table.as_raw_html()).xpath("//td")
    return [cell.text_content() for cell in cells], [child.tag for child in cells[-1]]


pandas, polars = GT(pd.DataFrame(VALUES)), GT(pl.DataFrame(VALUES))
for name, table in (("pandas", pandas), ("pandas, formatted", pandas.fmt_number("low")), ("Polars", polars)):
    print(f"{name}: {seen(table)}")
assert seen(pandas) == (["0.25", ""], ["na"]), "a missing value of pandas is seen now, or hidden otherwise"
assert seen(pandas.fmt_number("low")) == (["0.25", ""], ["na"])
assert seen(polars) == (["0.25", "None"], [])
for table in (pandas, polars):
    assert seen(table.sub_missing(missing_text="not known")) == (["0.25", "not known"], [])
PY
