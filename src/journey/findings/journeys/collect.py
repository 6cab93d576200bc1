"""Findings of chapter 03: which paths lead to a purchase, and which channel deserves the credit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from journey import journeys
from journey.evaluation.channels import ChannelTruth, channel_truth
from journey.findings.desk import Desk, Row, add_rows
from journey.findings.journeys.shared import channel_paths, median_lengths, moves, ordered_within
from journey.inference.estimate import Estimate
from journey.journeys.attribution import Misallocation
from journey.studies.registry import kept
from journey.warehouse.query import query

SOURCE = "journey.findings.journeys.collect"
STEPS = ("search", "view", "add_to_cart", "remove_from_cart", "checkout", "purchase")
RULE_NAMES = {
    "first_touch": "first touch",
    "last_touch": "last touch",
    "linear": "linear",
    "position_based": "position 40/20/40",
    "time_decay": "time decay, 7 days",
    "markov": "Markov removal effect",
}
#: What a rule puts on the wrong channels, with its bounds
WRONG = ("share", "share_low", "share_high", "money", "money_low", "money_high")
RESAMPLES, SEED = 1000, 3
HORIZONS = (1, 7, 30, 60)


def collect(desk: Desk) -> None:
    """Register the chapter's numbers and save its tables."""
    add_paths(desk)
    add_time_to_convert(desk)
    add_attribution(desk)
    add_clickstream(desk)


def add_paths(desk: Desk) -> None:
    """Moves between steps, the commonest paths, and how long paths are."""
    events = query("event_sequence", desk.warehouse)
    codes = events["event_type"].map({step: code for code, step in enumerate(STEPS)}).to_numpy()
    whole = journeys.paths_from_steps(
        events["session_id"].to_numpy(), codes, [s.replace("_", " ") for s in STEPS]
    )
    converted = np.bincount(whole.path_of_step, weights=whole.states == STEPS.index("purchase")) > 0
    add_moves(desk, whole)
    add_top_path(desk, whole, converted)
    add_lengths(desk, whole, converted)


def add_moves(desk: Desk, whole: journeys.Paths) -> None:
    """How often each step leads straight to each other."""
    matrix = journeys.transition_matrix(whole)
    desk.save("transitions", moves(matrix.probability, matrix.labels).fillna(0.0))
    rows = []
    for name, origin, target in (
        ("view_to_view", "view", "view"),
        ("view_to_cart", "view", "add to cart"),
        ("cart_to_checkout", "add to cart", "checkout"),
        ("checkout_to_purchase", "checkout", "purchase"),
    ):
        i, j = (matrix.labels.index(step) for step in (origin, target))
        share = Estimate(matrix.probability[i, j], matrix.low[i, j], matrix.high[i, j])
        label = f"Moves from {origin} that lead straight to {target}"
        rows.append((name, share, "share", label, {"n": matrix.counts[i].sum()}))
    source = "journey.journeys.transitions:transition_matrix"
    add_rows(desk, rows, method="Wilson; moves taken as independent", source=source)


def add_top_path(desk: Desk, whole: journeys.Paths, converted: np.ndarray) -> None:
    """Where sessions flow in their first steps, and the path that most of them take."""
    collapsed = journeys.collapse_repeats(whole)
    links = journeys.sankey_links(collapsed, converted.astype(int), ["leave", "buy"], depth=5, top=14)
    table = {
        "source": links.source,
        "target": links.target,
        "sessions": links.value,
        "from": [links.node_label[node] for node in links.source],
        "to": [links.node_label[node] for node in links.target],
        "from_step": [int(links.node_step[node]) for node in links.source],
        "to_step": [int(links.node_step[node]) for node in links.target],
    }
    desk.save("links", pd.DataFrame(table))
    path, share = " > ".join(links.top_paths[0]), links.top_counts[0] / links.total
    rows = (
        ("top_path", path, "text", "Commonest path of a session, repeated steps taken as one"),
        ("top_path_share", share, "share", "Sessions that follow the commonest path"),
    )
    add_rows(desk, rows, source="journey.journeys.sankey:sankey_links", n=whole.n)


def add_lengths(desk: Desk, whole: journeys.Paths, converted: np.ndarray) -> None:
    """How long paths are that buy and that do not, and how many of each length buy."""
    lengths = journeys.path_lengths(whole, converted, longest=40)
    rows = median_lengths(lengths, converted, "session")
    add_rows(desk, rows, source="journey.journeys.paths:path_lengths")
    table = {
        "events": lengths.length,
        "sessions": lengths.n_paths,
        "rate": lengths.conversion_rate,
        "low": lengths.low,
        "high": lengths.high,
    }
    desk.save("lengths", pd.DataFrame(table))


def add_time_to_convert(desk: Desk) -> None:
    """Days from the first visit to the first order, those who have not ordered yet kept as undecided."""
    customers = query("waits_for_first_order", desk.warehouse)
    days, ordered = customers["days"].to_numpy(dtype=float), customers["ordered"].to_numpy(dtype=bool)
    curve = journeys.kaplan_meier(days, ordered)
    rows = ordered_within(curve, HORIZONS, "their first visit")
    add_rows(desk, rows, source="journey.journeys.survival:kaplan_meier")
    label = "Mean days to the first order among those who ordered (biased)"
    seen = "Visitors with an order, however long they were seen"
    naive: tuple[Row, ...] = (
        ("naive_mean_days", days[ordered].mean(), "days", label, {"n": ordered.sum()}),
        ("naive_ordered", ordered.mean(), "share", seen, {"n": curve.n}),
    )
    add_rows(desk, naive, source=f"{SOURCE}:add_time_to_convert")
    device = customers["device_preference"]
    groups = [ordered_by_day(str(name), rows) for name, rows in customers.groupby(device, sort=True)]
    desk.save("survival", pd.concat(groups, ignore_index=True))
    test = journeys.logrank_test(days, ordered, device.to_numpy())
    row = ("logrank_p", test.p_value, "p", "p value: time to the first order by device")
    add_rows(desk, [row], n=test.n, source="journey.journeys.survival:logrank_test")


def ordered_by_day(device: str, customers: pd.DataFrame) -> pd.DataFrame:
    """The share with an order by day since the first visit, with bounds, for customers of one device."""
    curve = journeys.kaplan_meier(customers["days"].to_numpy(dtype=float), customers["ordered"].to_numpy())
    grid = np.arange(0, int(np.floor(curve.horizon)) + 1)
    kept, lower, upper = journeys.survival_at(curve, grid)
    shares = {"ordered": 1 - kept, "low": 1 - upper, "high": 1 - lower, "n": curve.n}
    return pd.DataFrame({"device": device, "day": grid} | shares)


def add_attribution(desk: Desk) -> None:
    """Credit of each channel under each rule, against what the channel truly causes."""
    touches = query("channel_touches", desk.warehouse)
    whole, paths = channel_paths(touches)
    channels, converted = list(whole.labels), paths["path_converts"].to_numpy()
    truth = channel_truth(desk.paths.store(desk.store), channels)
    budget = desk.assumptions["attribution.budget_per_period"]
    records, wrong = [], []
    measured: dict[str, Misallocation] = {}
    for rule, name in RULE_NAMES.items():
        credit = journeys.attribute(
            whole,
            converted,
            rule,  # type: ignore[arg-type]
            age=touches["days_to_end"].to_numpy() if rule == "time_decay" else None,
            users=paths["user_id"].to_numpy(),
            n_boot=RESAMPLES,
            seed=SEED,
        )
        named = {"rule": name, "rule_id": rule}
        shares = {"share": credit.share, "low": credit.low, "high": credit.high, "truth": truth.share}
        excess = (credit.share - truth.share) * budget
        records.append(pd.DataFrame(named | {"channel": channels} | shares | {"excess": excess}))
        loss = measured[rule] = journeys.misallocation(credit, truth.share, budget)
        wrong.append(named | {part: getattr(loss, part) for part in WRONG})
    credits = pd.concat(records, ignore_index=True)
    desk.save("attribution", credits)
    losses = pd.DataFrame(wrong).sort_values("share", kind="stable").reset_index(drop=True)
    desk.save("misallocation", losses)
    add_losses(desk, losses, whole.n)
    add_further(desk, [measured[rule] for rule in losses["rule_id"]])
    bought, label = int(converted.sum()), "Paths of visits that end in a purchase"
    add_last_touch(desk, credits, truth, bought)
    rows = (
        ("paths", whole.n, "count", "Paths of visits"),
        ("converting_paths", bought, "count", label, {"n": whole.n}),
    )
    add_rows(desk, rows, source=f"{SOURCE}:add_attribution", query="channel_touches")


def add_losses(desk: Desk, losses: pd.DataFrame, n_paths: int) -> None:
    """What each rule puts on the wrong channels; `losses` begins with the best rule."""
    rows: list[Row] = []
    method = "percentile bootstrap over users"
    for row in losses.to_dict("records"):
        for measure, unit, what in (("share", "share", "Budget share"), ("money", "eur", "Money")):
            value, low, high = (row[f"{measure}{end}"] for end in ("", "_low", "_high"))
            drawn = Estimate(value, min(low, value), max(high, value), method=method)
            label = f"{what} that {row['rule']} puts on the wrong channels"
            rows.append((f"wrong_{measure}_{row['rule_id']}", drawn, unit, label))
    best, worst = losses["rule"].iloc[[0, -1]]
    rows += [
        ("best_rule", best, "text", "Attribution rule nearest to what channels cause"),
        ("worst_rule", worst, "text", "Attribution rule furthest from what channels cause"),
    ]
    source = "journey.journeys.attribution:misallocation"
    add_rows(desk, rows, n=n_paths, source=source, query="channel_touches")
    budget = desk.assumptions["attribution.budget_per_period"]
    assumed = ("budget", budget, "eur", "Marketing budget (assumption)")
    add_rows(desk, [assumed], source="journey.assumptions:load_assumptions")


def add_further(desk: Desk, losses: Sequence[Misallocation]) -> None:
    """How many rules are further off than the nearest, which comes first, on the same draws of users."""
    nearest, *others = losses
    apart = sum(journeys.further(other, nearest).low > 0 for other in others)
    label = "Other rules that are further off than the nearest, beyond chance"
    row = ("further_rules", apart, "count", label, {"n": len(others)})
    add_rows(desk, [row], source="journey.journeys.attribution:further", query="channel_touches")


def add_last_touch(desk: Desk, credit: pd.DataFrame, truth: ChannelTruth, n: int) -> None:
    """The channels that last touch starves and overpays most; `n` paths convert."""
    last = credit[credit["rule_id"].eq("last_touch")].sort_values("excess")
    credits: list[Row] = []
    money: list[Row] = []
    share = float(truth.incremental.sum() / truth.total)
    label = "Purchases that all channels together cause, of all purchases"
    caused: list[Row] = [("true_incremental_share", share, "share", label)]
    for name, row, how in (("starved", last.iloc[0], "starves"), ("overpaid", last.iloc[-1], "overpays")):
        which = f"channel that last touch {how} most"
        channel = str(row["channel"]).replace("_", " ")
        credits.append((f"{name}_channel", channel, "text", which.capitalize()))
        credits.append((f"{name}_credit", row["share"], "share", f"Credit by last touch, {which}"))
        money.append((f"{name}_money", abs(row["excess"]), "eur", f"Money misplaced, {which}"))
        caused.append((f"{name}_truth", row["truth"], "share", f"Share of the purchases caused, {which}"))
    asked: dict[str, Any] = {"n": n, "query": "channel_touches"}
    add_rows(desk, credits, source="journey.journeys.attribution:attribute", **asked)
    add_rows(desk, money, source=f"{SOURCE}:add_last_touch", **asked)
    add_rows(desk, caused, source="journey.evaluation.channels:channel_truth")


def add_clickstream(desk: Desk) -> None:
    """The e-shop clothing clickstream: real paths, without purchases."""
    found = kept("eshop_clothing_paths", desk.paths)
    result = found.results
    one, median = result["one_click"], result["quartiles"][1]
    alone = Estimate(one["value"], one["low"], one["high"], method="Wilson")
    rows: list[Row] = [
        ("clicks", result["clicks"], "count", "Clicks in the e-shop clickstream"),
        ("sessions", result["sessions"], "count", "Sessions of the e-shop clickstream"),
        ("median_clicks", median, "count", "Median clicks of an e-shop session"),
        ("mean_clicks", result["mean_clicks"], "ratio", "Mean clicks of an e-shop session", {"digits": 2}),
        ("one_click", alone, "share", "E-shop sessions of a single click"),
    ]
    depth = pd.DataFrame(result["depth"])
    desk.save("eshop_depth", depth)
    for row in depth[depth["click"].isin([1, 5, 10])].itertuples():
        label = f"E-shop sessions that go on after click {row.click}"
        rows.append((f"go_on_{row.click}", row.go_on, "share", label, {"n": row.sessions}))
    flow = result["flow"]
    desk.save("eshop_flow", moves(flow["probability"], flow["labels"]))
    stay = [flow["probability"][place][place] for place in range(len(result["categories"]))]
    for name, share, which in (("low", min(stay), "lowest"), ("high", max(stay), "highest")):
        label = f"E-shop moves that stay in the category, {which} category"
        # A share of moves; the result holds no count of them.
        rows.append((f"stay_{name}", share, "share", label, {"n": None}))
    add_rows(
        desk,
        [(f"eshop_{name}", *rest) for name, *rest in rows],
        source="journey.studies.eshop_clothing:describe_clickstream",
        dataset="eshop_clothing",
        n=result["sessions"],
    )
    desk.save("evidence", pd.DataFrame({"note": [found.label]}))
