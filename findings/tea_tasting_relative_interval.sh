#!/usr/bin/env bash
# Guess:   in one row of an A/B result, the p-value and the interval of the relative effect tell the same: p below 0.05
#          where the 95% interval leaves out zero.
# Truth:   for proportions with arms of different sizes they contradict each other, in both directions. 30 of 1,000
#          against 2 of 200: p = 0.17, the interval -88% to -8%. 90 of 900 against 19 of 100: p = 0.01, the interval
#          -0.4% to +263%. The default table prints just these two, not the absolute interval, which agrees with p. The
#          interval of the logarithm of the ratio is made with the variance under "no difference" (pooled), where each
#          arm's own would be needed. `equal_var=False` takes them; the setting of that name for all metrics is ignored.
# Version: tea-tasting 1.14.0, SciPy 1.16, Python 3.11.
# Source:  tea_tasting/metrics/proportion.py (`_2sample_proportion_distr`); the documentation of `Proportion` says that
#          `equal_var` is True whatever the global setting, "as pooled variance is optimal for proportion tests".
# Why:     with 90% of visitors in one arm a decision by the interval and one by the p-value differ. Whoever reproduces
#          such a table with another library finds the absolute interval and not the relative one.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/python" -m pip install --quiet --disable-pip-version-check \
  tea-tasting==1.14.0 scipy==1.16.3 pandas==2.3.3
"$folder/env/bin/python" - <<'PY'
import pandas as pd
import tea_tasting as tt


def analysed(control, users, treated, others, **chosen):
    """p-value, bounds of the absolute and of the relative effect."""
    bought = [1] * control + [0] * (users - control) + [1] * treated + [0] * (others - treated)
    frame = pd.DataFrame({"variant": [0] * users + [1] * others, "bought": bought})
    found = tt.Experiment(share=tt.Proportion("bought", **chosen)).analyze(frame)["share"]
    return (
        found.pvalue,
        (found.effect_size_ci_lower, found.effect_size_ci_upper),
        (found.rel_effect_size_ci_lower, found.rel_effect_size_ci_upper),
    )


for counts in ((30, 1000, 2, 200), (90, 900, 19, 100)):
    p, absolute, relative = analysed(*counts)
    print(counts, f"p = {p:.3f}, absolute {absolute[0]:.4f} to {absolute[1]:.4f}, relative {relative[0]:.3f} to {relative[1]:.3f}")
    assert (p < 0.05) == (not absolute[0] <= 0 <= absolute[1]), "the absolute interval agrees"
    assert (p < 0.05) == (relative[0] <= 0 <= relative[1]), "the relative interval agrees now"
    p, _, relative = analysed(*counts, equal_var=False)
    print("  each arm's own variance:", f"p = {p:.3f}, relative {relative[0]:.3f} to {relative[1]:.3f}")

with tt.config_context(equal_var=False):
    assert analysed(30, 1000, 2, 200) == analysed(30, 1000, 2, 200, equal_var=True), "the global setting counts now"
print("the global equal_var=False changes nothing")
p, _, relative = analysed(90, 900, 90, 900)
assert p > 0.9 and relative[0] < 0 < relative[1]
PY
