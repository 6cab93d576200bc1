"""Which paths lead to a purchase: moves, common paths, time to the first order, rules of credit."""

from __future__ import annotations

import numpy as np
import pandas as pd

from journey import journeys
from journey.findings.journeys.shared import channel_paths, median_lengths, moves, ordered_within
from journey.findings.store.desk import ShopDesk
from journey.journeys.attribution import Rule

SOURCE = "findings.store.journeys"
STEPS = ("search", "view", "add_to_cart", "remove_from_cart", "checkout", "purchase")
RULES: dict[Rule, str] = {
    "first_touch": "first touch",
    "last_touch": "last touch",
    "linear": "linear",
    "position_based": "position 40/20/40",
    "markov": "Markov removal effect",
}
HORIZONS = (1, 7, 30)
LEAST_BUYING, LEAST_ORDERING = 20, 30


def collect(desk: ShopDesk) -> None:
    """Register the numbers of the journeys and save their tables."""
    add_paths(desk)
    add_waits(desk)
    add_credit(desk)


def add_paths(desk: ShopDesk) -> None:
    """Moves from step to step, and the commonest paths."""
    events = desk.query("event_sequence")
    seen = [step for step in STEPS if events["event_type"].eq(step).any()]
    if len(seen) < 2:
        sentence = "The log has one kind of event, so there are no paths; record views, carts and purchases."
        desk.absent("transitions", sentence)
        desk.absent("paths", sentence)
        return
    codes = events["event_type"].map({step: code for code, step in enumerate(seen)}).to_numpy()
    names = [step.replace("_", " ") for step in seen]
    whole = journeys.paths_from_steps(events["session_id"].to_numpy(), codes, names)
    matrix = journeys.transition_matrix(whole)
    desk.save("transitions", moves(matrix.probability, matrix.labels).fillna(0.0))
    converted = np.zeros(whole.n, dtype=bool)
    if "purchase" in seen:
        converted = np.bincount(whole.path_of_step, weights=whole.states == seen.index("purchase")) > 0
    add_top_path(desk, whole, converted)
    add_lengths(desk, whole, converted)


def add_top_path(desk: ShopDesk, whole: journeys.Paths, converted: np.ndarray) -> None:
    """The commonest paths, repeated steps taken as one."""
    links = journeys.sankey_links(
        journeys.collapse_repeats(whole), converted.astype(int), ["leave", "buy"], depth=5, top=14
    )
    tops = pd.DataFrame(
        {"path": [" > ".join(path) for path in links.top_paths], "sessions": links.top_counts}
    )
    tops["share"] = tops["sessions"] / links.total
    desk.save("paths", tops)
    source, first = "journeys.sankey:sankey_links", tops.iloc[0]
    label = "Commonest path of a visit, repeated steps taken as one"
    desk.add("top_path", first["path"], "text", label, source, n=whole.n)
    desk.add("top_path_share", first["share"], "share", "Visits that follow it", source, n=whole.n)


def add_lengths(desk: ShopDesk, whole: journeys.Paths, converted: np.ndarray) -> None:
    """How long visits are that buy and that do not."""
    buying = int(converted.sum())
    if buying < LEAST_BUYING:
        desk.absent("lengths", f"Paths of buyers need {LEAST_BUYING} visits that buy; the log has {buying}.")
        return
    lengths = journeys.path_lengths(whole, converted, longest=40)
    desk.add_rows(median_lengths(lengths, converted, "visit"), "journeys.paths:path_lengths")


def add_waits(desk: ShopDesk) -> None:
    """Days from the first visit seen to the first order."""
    waits = desk.query("waits_for_first_order")
    days, ordered = waits["days"].to_numpy(dtype=float), waits["ordered"].to_numpy(dtype=bool)
    if ordered.sum() < LEAST_ORDERING or ordered.all():
        desk.absent(
            "waits",
            f"Time to the first order needs {LEAST_ORDERING} visitors who order and some who do not; the"
            f" log has {int(ordered.sum()):,} and {int((~ordered).sum()):,}.",
        )
        return
    horizons = [day for day in HORIZONS if day < 0.8 * desk.days]
    rows = ordered_within(journeys.kaplan_meier(days, ordered), horizons, "the first visit seen")
    desk.add_rows(rows, "journeys.survival:kaplan_meier", digits=2)


def add_credit(desk: ShopDesk) -> None:
    """Credit of each channel under the usual rules, none of which is what the channel causes."""
    if desk.lacks("events.channel"):
        desk.absent(
            "credit", "The log does not say which channel brought a visit; record the channel of each visit."
        )
        return
    whole, paths = channel_paths(desk.query("channel_touches"))
    channels, converted = whole.labels, paths["path_converts"].to_numpy()
    if len(channels) < 2 or converted.sum() < LEAST_BUYING:
        desk.absent(
            "credit",
            f"Credit needs two channels and {LEAST_BUYING} paths that buy; the log has {len(channels)} and"
            f" {int(converted.sum())}.",
        )
        return
    index = pd.Index([channel.replace("_", " ") for channel in channels], name="channel")
    shares = {name: journeys.attribute(whole, converted, rule).share for rule, name in RULES.items()}
    table = pd.DataFrame(shares, index=index)
    desk.save("credit", table.sort_index().sort_index(axis=1).reset_index())
    spread = table.max(axis=1) - table.min(axis=1)
    widest, label = spread.max(), "Most that the rules differ on one channel's share of the credit"
    desk.add("credit_spread", widest, "points", label, f"{SOURCE}:add_credit", digits=0)
    label = "Channel on which the rules differ most"
    desk.add("credit_channel", str(spread.idxmax()), "text", label, f"{SOURCE}:add_credit")
