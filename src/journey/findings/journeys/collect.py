"""Findings of chapter 03: which paths lead to a purchase, and which channel deserves the credit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from journey import journeys
from journey.evaluation.channels import ChannelTruth, channel_truth
from journey.findings.desk import Desk
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
    matrix = journeys.transition_matrix(whole)
    frame = pd.DataFrame(matrix.probability, columns=list(matrix.labels))
    frame.insert(0, "from", list(matrix.labels))
    desk.save("transitions", frame[frame["from"].ne("end")].drop(columns="start").fillna(0.0))

    converted = np.bincount(whole.path_of_step, weights=whole.states == STEPS.index("purchase")) > 0
    collapsed = journeys.collapse_repeats(whole)
    links = journeys.sankey_links(collapsed, converted.astype(int), ["leave", "buy"], depth=5, top=14)
    desk.save(
        "links",
        pd.DataFrame(
            {
                "source": links.source,
                "target": links.target,
                "sessions": links.value,
                "from": [links.node_label[node] for node in links.source],
                "to": [links.node_label[node] for node in links.target],
                "from_step": [int(links.node_step[node]) for node in links.source],
                "to_step": [int(links.node_step[node]) for node in links.target],
            }
        ),
    )
    common: dict[str, Any] = {"source": "journey.journeys.sankey:sankey_links", "n": whole.n}
    path, label = " > ".join(links.top_paths[0]), "Commonest path of a session, repeated steps taken as one"
    desk.ledger.add("journeys.top_path", path, label=label, **common)
    share, label = links.top_counts[0] / links.total, "Sessions that follow the commonest path"
    desk.ledger.add("journeys.top_path_share", share, "share", label=label, **common)

    labels = list(matrix.labels)
    for name, origin, target in (
        ("view_to_view", "view", "view"),
        ("view_to_cart", "view", "add to cart"),
        ("cart_to_checkout", "add to cart", "checkout"),
        ("checkout_to_purchase", "checkout", "purchase"),
    ):
        i, j = labels.index(origin), labels.index(target)
        desk.ledger.add(
            f"journeys.{name}",
            matrix.probability[i, j],
            "share",
            low=matrix.low[i, j],
            high=matrix.high[i, j],
            method="Wilson; moves taken as independent",
            n=int(matrix.counts[i].sum()),
            label=f"Moves from {origin} that lead straight to {target}",
            source="journey.journeys.transitions:transition_matrix",
        )
    lengths = journeys.path_lengths(whole, converted, longest=40)
    buying = int(converted.sum())
    for name, n, which in (
        ("median_converted", buying, "buys"),
        ("median_not_converted", whole.n - buying, "does not buy"),
    ):
        desk.ledger.add(
            f"journeys.events_{name}",
            getattr(lengths, name),
            "count",
            n=n,
            label=f"Median events of a session that {which}",
            source="journey.journeys.paths:path_lengths",
        )
    desk.save(
        "lengths",
        pd.DataFrame(
            {
                "events": lengths.length,
                "sessions": lengths.n_paths,
                "rate": lengths.conversion_rate,
                "low": lengths.low,
                "high": lengths.high,
            }
        ),
    )


def add_time_to_convert(desk: Desk) -> None:
    """Days from the first visit to the first order, those who have not ordered yet kept as undecided."""
    customers = query("waits_for_first_order", desk.warehouse)
    days, ordered = customers["days"].to_numpy(dtype=float), customers["ordered"].to_numpy(dtype=bool)
    curve = journeys.kaplan_meier(days, ordered)
    survival, low, high = journeys.survival_at(curve, HORIZONS)
    for index, horizon in enumerate(HORIZONS):
        within = "a day" if horizon == 1 else f"{horizon} days"
        desk.ledger.add(
            f"journeys.ordered_{horizon}",
            1 - survival[index],
            "share",
            low=1 - high[index],
            high=1 - low[index],
            method="Kaplan-Meier, log-log",
            n=curve.n,
            label=f"Visitors with an order within {within} of their first visit",
            source="journey.journeys.survival:kaplan_meier",
        )
    done = days[ordered]
    desk.ledger.add(
        "journeys.naive_mean_days",
        float(done.mean()),
        "days",
        n=len(done),
        label="Mean days to the first order among those who ordered (biased)",
        source=f"{SOURCE}:add_time_to_convert",
    )
    label, source = "Visitors with an order, however long they were seen", f"{SOURCE}:add_time_to_convert"
    share = float(ordered.mean())
    desk.ledger.add("journeys.naive_ordered", share, "share", n=curve.n, label=label, source=source)
    groups = []
    for device, rows in customers.groupby("device_preference", sort=True):
        one = journeys.kaplan_meier(rows["days"].to_numpy(dtype=float), rows["ordered"].to_numpy())
        grid = np.arange(0, int(np.floor(one.horizon)) + 1)
        kept, lower, upper = journeys.survival_at(one, grid)
        groups.append(
            pd.DataFrame(
                {
                    "device": device,
                    "day": grid,
                    "ordered": 1 - kept,
                    "low": 1 - upper,
                    "high": 1 - lower,
                    "n": one.n,
                }
            )
        )
    desk.save("survival", pd.concat(groups, ignore_index=True))
    test = journeys.logrank_test(days, ordered, customers["device_preference"].to_numpy())
    label, source = "p value: time to the first order by device", "journey.journeys.survival:logrank_test"
    desk.ledger.add("journeys.logrank_p", test.p_value, "p", n=test.n, label=label, source=source)


def add_attribution(desk: Desk) -> None:
    """Credit of each channel under each rule, against what the channel truly causes."""
    touches = query("channel_touches", desk.warehouse)
    channels = sorted(touches["channel"].unique())
    codes = touches["channel"].map({channel: code for code, channel in enumerate(channels)}).to_numpy()
    ids = touches["path_id"].to_numpy()
    whole = journeys.paths_from_steps(ids, codes, channels)
    first = np.r_[True, ids[1:] != ids[:-1]]
    converted = touches["path_converts"].to_numpy()[first]
    users = touches["user_id"].to_numpy()[first]
    truth = channel_truth(desk.paths.store(desk.store), channels)
    budget = desk.assumptions["attribution.budget_per_period"]
    records, wrong = [], []
    for rule, name in RULE_NAMES.items():
        credit = journeys.attribute(
            whole,
            converted,
            rule,  # type: ignore[arg-type]
            age=touches["days_to_end"].to_numpy() if rule == "time_decay" else None,
            users=users,
            n_boot=RESAMPLES,
            seed=SEED,
        )
        assert credit.low is not None
        assert credit.high is not None
        for index, channel in enumerate(channels):
            records.append(
                {
                    "rule": name,
                    "rule_id": rule,
                    "channel": channel,
                    "share": credit.share[index],
                    "low": credit.low[index],
                    "high": credit.high[index],
                    "truth": truth.share[index],
                    "excess": (credit.share[index] - truth.share[index]) * budget,
                }
            )
        loss = journeys.misallocation(credit, truth.share, budget)
        wrong.append(
            {
                "rule": name,
                "rule_id": rule,
                "share": loss.share,
                "share_low": loss.share_low,
                "share_high": loss.share_high,
                "money": loss.money,
                "money_low": loss.money_low,
                "money_high": loss.money_high,
            }
        )
    desk.save("attribution", pd.DataFrame(records))
    losses = pd.DataFrame(wrong).sort_values("share", kind="stable").reset_index(drop=True)
    desk.save("misallocation", losses)
    register_attribution(desk, pd.DataFrame(records), losses, truth, whole.n, int(converted.sum()))


def register_attribution(
    desk: Desk,
    credit: pd.DataFrame,
    losses: pd.DataFrame,
    truth: ChannelTruth,
    n_paths: int,
    n_converted: int,
) -> None:
    """The numbers of the attribution section."""
    common: dict[str, Any] = {
        "source": "journey.journeys.attribution:misallocation",
        "query": "channel_touches",
    }
    truth_source = "journey.evaluation.channels:channel_truth"
    for row in losses.to_dict("records"):
        for measure, unit, what in (("share", "share", "Budget share"), ("money", "eur", "Money")):
            desk.ledger.add(
                f"journeys.wrong_{measure}_{row['rule_id']}",
                row[measure],
                unit,
                low=min(row[f"{measure}_low"], row[measure]),
                high=max(row[f"{measure}_high"], row[measure]),
                method="percentile bootstrap over users",
                n=n_paths,
                label=f"{what} that {row['rule']} puts on the wrong channels",
                **common,
            )
    for name, row, how in (
        ("best", losses.iloc[0], "nearest to"),
        ("worst", losses.iloc[-1], "furthest from"),
    ):
        label = f"Attribution rule {how} what channels cause"
        desk.ledger.add(f"journeys.{name}_rule", str(row["rule"]), n=n_paths, label=label, **common)
    budget, label = desk.assumptions["attribution.budget_per_period"], "Marketing budget (assumption)"
    desk.ledger.add(
        "journeys.budget", budget, "eur", label=label, source="journey.assumptions:load_assumptions"
    )
    last = credit[credit["rule_id"].eq("last_touch")].sort_values("excess")
    common["source"] = "journey.journeys.attribution:attribute"
    for name, row, how in (("starved", last.iloc[0], "starves"), ("overpaid", last.iloc[-1], "overpays")):
        which = f"channel that last touch {how} most"
        channel, money = str(row["channel"]).replace("_", " "), abs(row["excess"])
        label = which.capitalize()
        desk.ledger.add(f"journeys.{name}_channel", channel, n=n_converted, label=label, **common)
        label = f"Money misplaced, {which}"
        made = common | {"source": f"{SOURCE}:add_attribution"}
        desk.ledger.add(f"journeys.{name}_money", money, "eur", n=n_converted, label=label, **made)
        label = f"Credit by last touch, {which}"
        desk.ledger.add(
            f"journeys.{name}_credit", row["share"], "share", n=n_converted, label=label, **common
        )
        label = f"Share of the purchases caused, {which}"
        desk.ledger.add(f"journeys.{name}_truth", row["truth"], "share", label=label, source=truth_source)
    desk.ledger.add(
        "journeys.true_incremental_share",
        float(truth.incremental.sum() / truth.total),
        "share",
        label="Purchases that all channels together cause, of all purchases",
        source=truth_source,
    )
    common["source"] = f"{SOURCE}:add_attribution"
    desk.ledger.add("journeys.paths", n_paths, "count", label="Paths of visits", **common)
    label = "Paths of visits that end in a purchase"
    desk.ledger.add("journeys.converting_paths", n_converted, "count", n=n_paths, label=label, **common)


def add_clickstream(desk: Desk) -> None:
    """The e-shop clothing clickstream: real paths, without purchases."""
    found = kept("eshop_clothing_paths", desk.paths)
    result = found.results
    common: dict[str, Any] = {
        "source": "journey.journeys.clickstream:describe_clickstream",
        "dataset": "eshop_clothing",
        "n": result["sessions"],
    }
    for name, value, unit, digits, label in (
        ("clicks", result["clicks"], "count", None, "Clicks in the e-shop clickstream"),
        ("sessions", result["sessions"], "count", None, "Sessions of the e-shop clickstream"),
        ("median_clicks", result["quartiles"][1], "count", None, "Median clicks of an e-shop session"),
        ("mean_clicks", result["mean_clicks"], "ratio", 2, "Mean clicks of an e-shop session"),
    ):
        desk.ledger.add(f"journeys.eshop_{name}", value, unit, digits=digits, label=label, **common)
    one = result["one_click"]
    desk.ledger.add(
        "journeys.eshop_one_click",
        one["value"],
        "share",
        low=one["low"],
        high=one["high"],
        method="Wilson",
        label="E-shop sessions of a single click",
        **common,
    )
    depth = pd.DataFrame(result["depth"])
    desk.save("eshop_depth", depth)
    for click in (1, 5, 10):
        on, label = float(depth["go_on"].iloc[click - 1]), f"E-shop sessions that go on after click {click}"
        reached = int(depth["sessions"].iloc[click - 1])
        desk.ledger.add(f"journeys.eshop_go_on_{click}", on, "share", label=label, **common | {"n": reached})
    labels = result["flow"]["labels"]
    flow = pd.DataFrame(result["flow"]["probability"], columns=labels)
    flow.insert(0, "from", labels)
    desk.save("eshop_flow", flow[flow["from"].ne("end")].drop(columns="start"))
    stay = [result["flow"]["probability"][i][i] for i in range(len(result["categories"]))]
    for name, share, which in (("low", min(stay), "lowest"), ("high", max(stay), "highest")):
        label = f"E-shop moves that stay in the category, {which} category"
        # A share of moves; the result holds no count of them.
        desk.ledger.add(
            f"journeys.eshop_stay_{name}", float(share), "share", label=label, **common | {"n": None}
        )
    desk.save("evidence", pd.DataFrame({"note": [found.label]}))
