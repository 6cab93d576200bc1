"""The analysis in the notebooks of chapters 09 to 12; see `notebooks_work`."""

from __future__ import annotations

DECIDE = {
    "09-experiments": """
Check first, read later: did each arm get the users it should have?

```{python}
from journey import experiments

users = query("experiment_users", db())
arms = {name: rows["variant"].value_counts() for name, rows in users.groupby("experiment")}
for name, count in arms.items():
    check = experiments.sample_ratio_test([count["control"], count["treatment"]])
    print(f"{name}: {count['control']:,} and {count['treatment']:,}, p = {check.p_value:.4g}")
    assert isclose(check.p_value, n[f"experiments.{name}_ratio_p"].value, rel_tol=1e-6)
```

```{python}
tested = users[users["experiment"] == "free_shipping"]
control, treatment = (
    experiments.Proportion.from_values(tested.loc[tested["variant"] == arm, "converted"].to_numpy())
    for arm in ("control", "treatment")
)
effect = experiments.two_proportions(control, treatment)
print(f"free shipping: {float(effect.estimate):+.4f} ({float(effect.low):+.4f} to {float(effect.high):+.4f})")
assert isclose(float(effect.estimate), n.experiments.free_shipping_conversion.value, rel_tol=1e-9)
assert isclose(float(effect.p_value), n.experiments.free_shipping_conversion_p.value, rel_tol=1e-6)
```

How many users an arm would a test need that finds such an effect with a power of 80%?

```{python}
plan = experiments.proportion_sample_size(n.experiments.control_rate.value, float(effect.estimate))
had = arms["free_shipping"].min()
print(f"{plan.n_control:,} an arm; this test had {had:,}")
assert plan.n_control > had
```
""",
    "10-causal": """
First what everyone computes, the plain difference; then two estimates that adjust for what was known before.

```{python}
from journey import causal
from journey.causal.coupon import coupon_covariates

sessions = query("coupon_sessions", db())
covariates = pd.concat(coupon_covariates(sessions).values(), axis=1).to_numpy()
treated, bought = (sessions[name].to_numpy(dtype=float) for name in ("coupon", "converted"))
visitor = sessions["user_id"].to_numpy()
naive = causal.naive_difference(bought, treated, clusters=visitor)
print(f"naive: {naive.estimate:.4f} ({naive.low:.4f} to {naive.high:.4f})")
assert isclose(naive.estimate, n.causal.naive.value, rel_tol=1e-9)
```

```{python}
score = causal.fit_propensity(treated, covariates)
weighted = causal.inverse_probability_weighting(bought, treated, score, estimand="ATT", clusters=visitor)
print(f"weighted: {weighted.estimate:.4f} ({weighted.low:.4f} to {weighted.high:.4f})")
print(f"truth: {n.causal.truth.value:.4f}")
assert isclose(weighted.estimate, n.causal.weighting.value, rel_tol=1e-6)
```

How strong would a hidden cause have to be to explain the adjusted effect away?

```{python}
strength = causal.e_value_of_effect(weighted)
print(f"it would have to make both {strength.point:.2f} times as likely")
assert strength.point > strength.limit > 1
```
""",
    "11-uplift-and-roi": """
The experiment on free shipping, with what was known of each user when it began:

```{python}
from journey import uplift
from journey.findings.desk import Desk
from journey.findings.uplift.collect import load_trial

trial = load_trial(Desk("uplift", project()))
arms = [trial.data.bought[trial.data.treated == arm].mean() for arm in (1, 0)]
print(f"{len(trial.data.bought):,} users; effect on all of them {arms[0] - arms[1]:+.4f}")
assert isclose(arms[0] - arms[1], n.experiments.free_shipping_conversion.value, rel_tol=1e-9)
```

Rank the users by the stored scores: does free shipping do more for those at the top?

```{python}
scores = pd.read_csv(project().results / "predictions" / "uplift_scores.csv").set_index("user_id")
rank = scores["uplift"].reindex(trial.users["user_id"]).rank(pct=True).to_numpy()
for name, group in (("top third", rank > 2 / 3), ("the rest", rank <= 2 / 3)):
    shown, hidden = (trial.data.bought[group & (trial.data.treated == arm)].mean() for arm in (1, 0))
    print(f"{name}: {shown - hidden:+.4f}")
assert len(scores) == len(trial.users) == n.experiments.free_shipping_users.value
```

Only the simulation knows the true effect on each user, so that a ranking can be judged without noise.

```{python}
true = trial.truth["conversion"].to_numpy()
judged = uplift.compare_with_truth(true, scores["uplift"].reindex(trial.users["user_id"]).to_numpy())
print(f"rank correlation with the truth: {judged.spearman:.2f}")
assert judged.spearman > 0
```
""",
    "12-decisions": """
How large must the test of a repaired step be? From the share that goes on today to the share hoped for:

```{python}
from journey import experiments

shop = query("overall_metrics", db()).iloc[0]
carts = round(shop["sessions"] * shop["cart_rate"])
assert carts == n.funnel.cart_sessions.value

today = n.funnel.checkout_rate.value
effect, power = n.decisions.repair_effect.value, n.decisions.power.value
plan = experiments.proportion_sample_size(today, effect, power=power)
print(f"{today:.1%} of {carts:,} carts go on today; the test needs {plan.total:,}")
assert plan.total == n.decisions.repair_units.value
```

Everything uncertain is drawn at once, and each decision is judged by what it is worth in all draws.

```{python}
from journey.experiments.worth import draw, judge
from journey.findings.decisions.collect import DRAWS, SEED
from journey.findings.decisions.inputs import known, ledgers, questions, uncertain
from journey.findings.desk import Desk

desk = Desk("decisions", project())
numbers = ledgers(desk)
inputs, spread = uncertain(desk, numbers), n.decisions.spread.value
drawn = draw(inputs, DRAWS, spread, SEED)
asked = questions(known(numbers), str(n.funnel.top_overall_step))
for question in asked:
    judged = judge(question.worth, drawn)
    print(f"{question.action}: {judged.expected:,.0f} EUR ({judged.low:,.0f} to {judged.high:,.0f})")
    assert isclose(judged.expected, n[f"decisions.{question.key}_worth"].value, rel_tol=1e-9)
```

What if the assumptions could be wrong by a tenth only? The ranges of what was measured stay.

```{python}
surer = draw(inputs, DRAWS, 1.1, SEED)
for question in asked:
    now = judge(question.worth, surer)
    print(f"{question.action}: {now.expected:,.0f} EUR ({now.low:,.0f} to {now.high:,.0f})")
```
""",
}
