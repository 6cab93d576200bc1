"""What a chapter's notebook does besides showing its page: the analysis itself, on the shop's own tables.

Each text is Markdown with cells of Python, as in a page. It loads what the package stores, calls the
functions that the chapter rests on, and asserts that the figure of the ledger comes out. Nothing here reaches
a page of the site.
"""

from __future__ import annotations

from journey.report.notebooks_decide import DECIDE

OPENING = """
## Do it yourself

The cells above show what the build stored. Those below compute some of it again with the package's functions,
and stop where a figure of the ledger (`n`) does not come out. Change them and see what happens.

```{python}
from math import isclose

import numpy as np
import pandas as pd

from journey.paths import project
```
"""

WORK = {
    "01-data-audit": """
How many raw rows does cleaning remove, and what do they look like?

```{python}
raw = int(query("cleaning_summary", db())["all_raw_rows"].iloc[0])
clean = int(query("event_mix", db())["events"].sum())
print(f"{raw:,} raw rows, {clean:,} clean ones")
assert clean == n.audit.clean_rows.value
assert isclose((raw - clean) / raw, n.audit.removed_share.value, rel_tol=1e-9)
```

The simulation knows which rows it made dirty. So cleaning has a precision and a recall for each kind of dirt.

```{python}
from journey.evaluation.cleaning import cleaning_quality

rows = cleaning_quality(project().warehouse("simulated"), project().store("simulated"))
found = pd.DataFrame(vars(row) for row in rows)
show_table(found[["kind", "precision", "recall"]], caption="Cleaning against the truth")
assert isclose(found["precision"].min(), n.audit.worst_precision.value, rel_tol=1e-9)
assert isclose(found["recall"].min(), n.audit.worst_recall.value, rel_tol=1e-9)
```

Which columns have gaps?

```{python}
missing = query("missing_values", db())
show_table(missing[missing["missing"] > 0], caption="Columns with missing values")
```
""",
    "02-metrics-and-funnel": """
One row a visitor: drawn again with replacement, visitors give every metric its interval.

```{python}
from journey.findings.funnel.collect import by_user

visitors = query("user_segment_totals", db())
whole = by_user(visitors)
rate = whole.ratio("buying_sessions", "sessions")
print(f"{rate.value:.4f} of the sessions buy, {rate.low:.4f} to {rate.high:.4f}")
assert isclose(rate.value, n.funnel.conversion_rate.value, rel_tol=1e-9)
assert isclose(rate.low, n.funnel.conversion_rate.low, rel_tol=1e-9)
```

The same by device:

```{python}
rows = []
for device, some in visitors.groupby("device"):
    found = by_user(some).ratio("buying_sessions", "sessions")
    rows.append({"device": device, "buy": found.value, "low": found.low, "high": found.high})
show_table(pd.DataFrame(rows), caption="Sessions that buy, by device")
```

Revenue is the product of its drivers, with nothing left over.

```{python}
from journey.metrics.drivers import driver_tree

tree = driver_tree({name: float(values[0]) for name, values in whole.totals.items()})
drivers = pd.Series(tree.drivers).rename_axis("driver").reset_index(name="value")
show_table(drivers, caption="What revenue per visitor is the product of")
assert isclose(drivers["value"].prod(), n.funnel.revenue_per_visitor.value, rel_tol=1e-9)
```
""",
    "03-journeys": """
From the log of events to the chance of each next step:

```{python}
from journey import journeys
from journey.findings.journeys.collect import STEPS

events = query("event_sequence", db())
codes = events["event_type"].map({step: code for code, step in enumerate(STEPS)}).to_numpy()
names = [step.replace("_", " ") for step in STEPS]
paths = journeys.paths_from_steps(events["session_id"].to_numpy(), codes, names)
moves = journeys.transition_matrix(paths)
chance = pd.DataFrame(moves.probability, index=moves.labels, columns=moves.labels)
print(f"from view straight to cart: {chance.loc['view', 'add to cart']:.4f}")
assert isclose(chance.loc["view", "add to cart"], n.journeys.view_to_cart.value, rel_tol=1e-9)
```

Most sessions that buy are long, and most that are long do not buy.

```{python}
buys = np.bincount(paths.path_of_step, weights=codes == STEPS.index("purchase")) > 0
lengths = journeys.path_lengths(paths, buys, longest=40)
print("median events of a session that buys:", lengths.median_converted)
assert lengths.median_converted == n.journeys.events_median_converted.value
```

How long do people wait with their first order? Who has not ordered yet counts as undecided, not as never.

```{python}
waits = query("waits_for_first_order", db())
curve = journeys.kaplan_meier(waits["days"].to_numpy(dtype=float), waits["ordered"].to_numpy(dtype=bool))
survival, low, high = journeys.survival_at(curve, (30,))
print(f"ordered within 30 days: {1 - survival[0]:.4f} ({1 - high[0]:.4f} to {1 - low[0]:.4f})")
assert isclose(1 - survival[0], n.journeys.ordered_30.value, rel_tol=1e-9)
```
""",
    "04-segments": """
Group the visitors again, with the number of segments that the chapter settled on.

```{python}
from journey.customers.segments import (k_means, standardise)
from journey.findings.segments.behaviour import FEATURES, described

visitors = query("visitor_behaviour", db())
known = visitors[visitors["visits"] >= n.segments.least_visits.value].reset_index(drop=True)
assert len(known) == n.segments.known.value
behaviour = standardise(described(known), list(FEATURES))
segments = k_means(behaviour.points, int(n.segments.k.value), seed=4)
show_table(
    pd.DataFrame(segments.centres, columns=list(behaviour.names)).assign(visitors=segments.sizes),
    caption="Centres of the segments, in standard deviations",
)
```

Does another start find the same groups? The adjusted Rand index is 1 for the same groups and 0 for chance.

```{python}
from sklearn.metrics import adjusted_rand_score

other = k_means(behaviour.points, int(n.segments.k.value), seed=5)
agreement = adjusted_rand_score(segments.labels, other.labels)
print(round(agreement, 3))
assert agreement >= n.segments.stable.value
```

What did each segment do later? It was formed before that.

```{python}
later = known.assign(bought=known["later_revenue"] > 0).groupby(segments.labels)["bought"]
show_table(later.agg(["size", "mean"]).reset_index(names="segment"), caption="Share that bought later")
assert isclose(len(known) / len(visitors), n.segments.known_share.value, rel_tol=1e-9)
```
""",
    "05-purchase-prediction": """
The stored predictions of the test period, scored again with intervals that resample visitors:

```{python}
from journey.models.scores import measure

stored = pd.read_csv(project().results / "predictions" / "conversion_predictions.csv")
early = stored[stored["decision"] == "after_3_events"]
columns = (early[name].to_numpy(float) for name in ("bought", "probability", "user_id"))
scores = measure(*columns, replicates=100, seed=5)
print(f"ROC-AUC {scores.roc_auc.value:.4f} ({scores.roc_auc.low:.4f} to {scores.roc_auc.high:.4f})")
assert abs(scores.roc_auc.value - n.prediction.third_roc_auc.value) < 1e-4
```

Are the probabilities right? In every tenth of the sessions, as many should buy as were foretold.

```{python}
tenths = early.groupby("decile")[["probability", "bought"]].mean()
show_table(tenths.reset_index(), caption="Foretold and bought, by tenth of the sessions")
```

A logistic regression of two features, trained on the sessions before the test period:

```{python}
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from journey.features import load_features
from journey.models.training import (split_periods)

periods = split_periods(load_features(db(), "after_3_events"))
names = ("orders_before", "sessions_before")
known, test = (
    np.column_stack([np.log1p(part.column(name)) for name in names]) for part in (periods.known, periods.test)
)
model = LogisticRegression().fit(known, periods.known.label)
small = roc_auc_score(periods.test.label, model.predict_proba(test)[:, 1])
rule = roc_auc_score(periods.test.label, periods.test.column("orders_before") > 0)
print(f"{' and '.join(names)}: {small:.3f}, against {scores.roc_auc.value:.3f} with all features")
assert isclose(rule, n.prediction.third_bought_before_roc_auc.value, rel_tol=1e-6)
assert small < scores.roc_auc.value
```
""",
    "06-sparse-targets": """
How many purchases are there to learn from, on each rung of the ladder?

```{python}
from journey.sparse import TEST, load_shop

shop = load_shop(db())
known = shop.period != TEST
print(f"{known.sum():,} sessions to learn from, {int(shop.frame.label[known].sum()):,} of them buy")
assert int(shop.frame.label[known].sum()) == n.sparse.session_train_positives.value
```

```{python}
from journey.sparse import outcomes

places = np.flatnonzero(~known)
bought = outcomes(shop, places, "item")
print(f"{bought.size:,} pairs of a session and an item in the test period, {int(bought.sum()):,} purchases")
assert int(bought.sum()) == n.sparse.item_test_positives.value
```

```{python}
rate = bought.sum() / bought.size
print(f"one pair in {1 / rate:,.0f}")
assert isclose(rate, n.sparse.item_base_rate.value, rel_tol=1e-6)
```
""",
    "07-recommendations": """
The last three weeks are foretold from what was known before them. First the baseline: what is popular.

```{python}
from journey import recommend
from journey.findings.desk import Desk
from journey.findings.recommend.collect import CHOOSING, KINDS, TEST_DAYS, contact_log

log, category = contact_log(Desk("recommend", project()))
last = log.moment.max().astype("datetime64[D]") + np.timedelta64(1, "D")
cut = last - np.timedelta64(TEST_DAYS, "D")
task = recommend.task_at(log, cut, last, kinds=len(KINDS), choosing=CHOOSING)
print(f"{task.rows.size:,} users, {int(task.candidates.sum()):,} items to choose from")
assert int(task.candidates.sum()) == n.recommend.candidates.value
```

```{python}
from journey.recommend.ranking import (catalogue_coverage, ranking_metrics)
from journey.recommend.study import (base_scores, lists_of)

lists = lists_of(base_scores(task, (1.0, 1.0, 1.0))["popularity"], task)
recall = ranking_metrics(lists, task.relevant).recall[task.warm].mean()
print(f"popular items: {recall:.3f} of what a user chose stands in a list of {lists.shape[1]}")
assert isclose(recall, n.recommend.recall_popularity.value, rel_tol=1e-9)
```

Item by item: what is like what the user met before?

```{python}
from journey.recommend.scorers import (item_cosine, item_item_scores)

strength = task.strength((1.0, 1.0, 1.0))
alike = lists_of(item_item_scores(strength, item_cosine(strength, shrinkage=10.0), task.rows), task)
for name, each in (("popularity", lists), ("item_item", alike)):
    recall = ranking_metrics(each, task.relevant).recall[task.warm].mean()
    shown = catalogue_coverage(each, task.candidates)
    print(f"{name}: recall {recall:.3f}; {shown:.0%} of the items are shown to somebody")
few = catalogue_coverage(lists, task.candidates)
assert isclose(few, n.recommend.coverage_popularity.value, rel_tol=1e-9)
```
""",
    "08-customer-value": """
The orders of the shop's customers, and the model of buying that they allow:

```{python}
from journey.customers.buying import fit_buying
from journey.customers.summary import (purchase_days, summarise)

orders = query("orders_with_money", db())
days = purchase_days(orders["user_id"], orders["order_ts"], orders["net_revenue"])
summary = summarise(days, int(days.day.max()))
chosen = fit_buying(summary)
print(f"{len(summary):,} customers; model of buying: {chosen.name}")
assert len(summary) == n.customer_value.customers.value
assert chosen.name == str(n.customer_value.shop_model)
```

```{python}
alive = chosen.model.alive(summary)
print(f"still there, by the model: {alive.mean():.3f}")
assert isclose(float(alive.mean()), n.customer_value.shop_alive.value, rel_tol=1e-6)
```

Of each week's new customers, how many buy again in the week after?

```{python}
from journey.customers.cohorts import cohort_retention, pooled

weeks = pooled(cohort_retention(days, int(days.day.max()), "week"))
show_table(weeks.head(6), caption="Share that buys again, all weekly cohorts pooled")
assert isclose(float(weeks["share"].iloc[0]), n.customer_value.week_after.value, rel_tol=1e-9)
```
""",
    **DECIDE,
}


def work(stem: str) -> str:
    """The analysis of a page by its file's stem, as Markdown with cells; empty where there is none."""
    return f"{OPENING}{WORK[stem]}" if stem in WORK else ""
