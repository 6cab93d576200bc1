#!/usr/bin/env bash
# Guess:   confint_proportions_2indep(..., method="score", compare="diff") inverts the score test of
#          Miettinen and Nurminen, as its documentation says.
# Truth:   with arms of different sizes it does not. For 11 of 59 against 5 of 36 it gives -0.1198 to 0.1912; inverting
#          the test by hand gives -0.1220 to 0.1937. With 1 of 10 against 5 of 20 it finds no root and raises an error.
#          For the ratio of the same counts it is right.
# Version: statsmodels 0.15.0, SciPy 1.16, Python 3.11.
# Source:  statsmodels issue 10269 (`count0` stands where `nobs0` belongs in `_score_confint_inversion`).
# Why:     whoever checks an interval for small arms against this function "corrects" a right one. Use its ratio, or
#          printed values, to test the difference.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/python" -m pip install --quiet --disable-pip-version-check statsmodels==0.15.0 scipy==1.16.3
"$folder/env/bin/python" - <<'PY'
import warnings

import numpy as np
from scipy.optimize import brentq, minimize_scalar
from statsmodels.stats.proportion import confint_proportions_2indep

warnings.simplefilter("ignore")
Z = 1.959964


def score(difference, x1, n1, x2, n2):
    """The statistic of Miettinen and Nurminen: the variance under the difference, by maximum likelihood."""

    def loss(p):
        q = p + difference
        return -(x1 * np.log(q) + (n1 - x1) * np.log(1 - q) + x2 * np.log(p) + (n2 - x2) * np.log(1 - p))

    ends = max(0.0, -difference) + 1e-12, min(1.0, 1 - difference) - 1e-12
    p = minimize_scalar(loss, bounds=ends, method="bounded", options={"xatol": 1e-12}).x
    q, n = p + difference, n1 + n2
    variance = (q * (1 - q) / n1 + p * (1 - p) / n2) * n / (n - 1)
    return (x1 / n1 - x2 / n2 - difference) / np.sqrt(variance)


counts = 11, 59, 5, 36
seen = np.array(confint_proportions_2indep(*counts, method="score", compare="diff"))
point = counts[0] / counts[1] - counts[2] / counts[3]
right = np.array(
    [
        brentq(lambda d: score(d, *counts) - Z, -0.99, point),
        brentq(lambda d: score(d, *counts) + Z, point, 0.99),
    ]
)
print("statsmodels:", seen.round(4), " by hand:", right.round(4))
assert np.allclose(right, [-0.1220, 0.1937], atol=2e-4), right
assert np.abs(seen - right).max() > 0.002, "the interval is right now: issue 10269 is fixed"
try:
    confint_proportions_2indep(1, 10, 5, 20, method="score", compare="diff")
except ValueError as error:
    print("1 of 10 against 5 of 20:", error)
else:
    raise SystemExit("no error any more")
PY
