#!/usr/bin/env bash
# Guess:   a model saved as JSON can be scored elsewhere by comparing each feature with `split_conditions`, in double
#          precision, after rounding the feature to single precision as XGBoost does.
# Truth:   the thresholds are written as the shortest decimal that names a single-precision number. Parsed as a double
#          that is another number, so a feature that equals the threshold goes left in one and right in the other.
#          Round both sides: in JavaScript `Math.fround(x) < Math.fround(t)`.
# Version: xgboost-cpu 3.2.0, Python 3.11.
# Source:  seen by running; the format is described in XGBoost's "Introduction to Model IO", which does not say it.
# Why:     prices, shares and rates repeat exactly, so thresholds fall on values that occur: many rows are wrong, not a few.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/python" -m pip install --quiet --disable-pip-version-check xgboost-cpu==3.2.0 numpy==2.3.5
"$folder/env/bin/python" - "$folder" <<'PY'
import json
import sys

import numpy as np
import xgboost as xgb

random = np.random.default_rng(1)
prices = random.integers(100, 9_999, 60) / 100
x = random.choice(prices, (4_000, 3))
y = (x[:, 0] + x[:, 1] > 100).astype(float)
settings = {"max_depth": 4, "eta": 0.3, "objective": "reg:squarederror", "base_score": 0.0, "tree_method": "exact"}
model = xgb.train(settings, xgb.DMatrix(x, y), 30)
file = f"{sys.argv[1]}/model.json"
model.save_model(file)
trees = json.load(open(file))["learner"]["gradient_booster"]["model"]["trees"]


def score(rows, threshold):
    total = np.zeros(len(rows))
    for tree in trees:
        left, right, on, at = (tree[key] for key in ("left_children", "right_children", "split_indices", "split_conditions"))
        for place, row in enumerate(rows):
            node = 0
            while left[node] != -1:
                node = left[node] if np.float32(row[on[node]]) < threshold(at[node]) else right[node]
            total[place] += at[node]
    return total


# The values that the thresholds stand for: the ties.
cuts = sorted({float(np.float32(at)) for tree in trees for at, child in zip(tree["split_conditions"], tree["left_children"]) if child != -1})
rows = random.choice(cuts, (500, 3))
truth = model.predict(xgb.DMatrix(rows))
wrong = [int((np.abs(score(rows, kind) - truth) > 1e-4).sum()) for kind in (np.float64, np.float32)]
print("rows scored wrongly, thresholds as doubles:", wrong[0], " as single precision:", wrong[1], " of", len(rows))
assert wrong[1] == 0, wrong
assert wrong[0] > 0, "doubles do as well now"
PY
