"""What the log holds: rows set aside, what is not recorded, checks of its clock, rules of a visit."""

from __future__ import annotations

import json

import pandas as pd

from journey.findings.store.desk import ShopDesk
from journey.inference.intervals import wilson_interval
from journey.stores.imported.sessions import OWN, RULE
from journey.stores.imported.shopmap import DEFAULT_GAP, ROLES

SOURCE = "findings.store.data"
#: what a log may lack -> (in words, what is missing without it)
MATTERS = {
    "view": ("Views of items", "visits that only look, and the first step of the funnel"),
    "search": ("Searches", "whether searching visitors buy more"),
    "add_to_cart": ("Additions to the cart", "abandoned carts, and the step where most of them are lost"),
    "remove_from_cart": ("Removals from the cart", "second thoughts"),
    "checkout": ("Begun checkouts", "whether carts or checkouts lose the buyers"),
    "purchase": ("Purchases", "conversion, orders, value and every prediction"),
    "events.item_id": ("Item", "what is looked at and bought, and any recommendation"),
    "events.unit_price": ("Prices", "revenue, value of orders and customers"),
    "events.quantity": ("Quantities", "units: each line counts as one"),
    "events.discount_pct": ("Discounts", "net against gross, and what offers do"),
    "events.device": ("Device", "the funnel by device"),
    "events.channel": ("Channel", "the funnel and the credit by channel"),
    "events.received_ts": ("Time of receipt", "wrong clocks and late rows"),
    "items.category": ("Category", "affinities, and recommendations of new items"),
    "users.country": ("Country", "conversion by country"),
    "users.signup_ts": ("Sign-up", "how long an account has been there"),
}
REMOVED = {
    "bot": "robots: only views, at least fifty, seconds apart",
    "duplicate": "sent again: same user, moment, event and item",
    "missing_user": "no user",
}


def collect(desk: ShopDesk) -> None:
    """Register the numbers of the audit and save its tables."""
    found = desk.imported
    totals = desk.query("overall_metrics").iloc[0]
    cleaned = json.loads((desk.paths.processed / f"{desk.store}.json").read_text("utf-8"))
    add_sizes(desk, totals, cleaned["clean_rows"])
    add_aside(desk, cleaned["removed"])
    desk.save("checks", pd.DataFrame(found["checks"]))
    columns = [(role, found["mapped"][role]) for role in ROLES if role in found["mapped"]]
    columns += [(f"{entry} of the user", column) for entry, column in found.get("told_by", {}).items()]
    table = pd.DataFrame(columns, columns=["role", "column"])
    desk.save("columns", table.assign(role=table["role"].str.replace("_", " ")))
    add_users(desk)
    kinds = [{"event": kind.replace("_", " "), "rows": rows} for kind, rows in found["kinds"].items()]
    desk.save("events", pd.DataFrame(kinds).sort_values("rows", ascending=False, ignore_index=True))
    add_missing(desk)
    add_orders(desk)
    add_visits(desk, int(totals["sessions"]), int(totals["converting_sessions"]))
    if found["words"]:
        desk.save("words", pd.DataFrame(found["words"]))
    else:
        desk.absent("words", "Every device and channel that the log names is known.")


def add_sizes(desk: ShopDesk, totals: pd.Series, clean: int) -> None:
    """How much the log holds, over which days, and how much of it the report rests on."""
    found, here = desk.imported, f"{SOURCE}:add_sizes"
    for name, value, label in (
        ("rows", found["rows"], "Rows of the log"),
        ("users", found["users"], "Users with a kept row"),
        ("items", found["items"], "Items with a kept row"),
        ("days", desk.days, "Days from the first to the last event"),
        ("sessions", totals["sessions"], "Visits, by the rule of the map"),
        ("orders", totals["orders"], "Orders"),
    ):
        desk.add(name, float(value), "count", label, here)
    for name, value, unit, label in (
        ("kept", float(clean), "count", "Rows that the report rests on"),
        ("kept_share", clean / found["rows"], "share", "Share of the rows that the report rests on"),
    ):
        desk.add(name, value, unit, label, here, n=found["rows"])
    for name, text, label in (
        ("first_day", f"{pd.Timestamp(found['first_day']):%-d %B %Y}", "First day with an event"),
        ("last_day", f"{pd.Timestamp(found['last_day']):%-d %B %Y}", "Last day with an event"),
        ("zone", found["shop_zone"], "Zone by whose clock days and hours are counted"),
        ("time", found["time"], "How times are written in the log"),
    ):
        desk.add(name, text, "text", label, here)


def add_aside(desk: ShopDesk, removed: dict[str, int]) -> None:
    """Rows that the import set aside, that cleaning removed, and that are cut in the middle."""
    found = desk.imported
    aside = [{key: each[key] for key in ("words", "rows", "where", "example")} for each in found["aside"]]
    more = [(words, removed[reason], "") for reason, words in REMOVED.items() if removed.get(reason)]
    more += [("last line, cut in the middle", 1, line) for line in found["cut_lines"]]
    aside += [{"words": words, "rows": rows, "where": where, "example": ""} for words, rows, where in more]
    if aside:
        desk.save("aside", pd.DataFrame(aside).assign(share=lambda rows: rows["rows"] / found["rows"]))
    else:
        desk.absent("aside", "No row was set aside.")


def missing(desk: ShopDesk) -> list[tuple[str, str]]:
    """What the log does not record, and what is missing without it."""
    lacking = desk.imported["not_recorded"]
    return [MATTERS[key] for key in MATTERS if key in (*lacking["columns"], *lacking["event_types"])]


def add_missing(desk: ShopDesk) -> None:
    """Save what the log does not record."""
    rows = missing(desk)
    if not rows:
        desk.absent("missing", "The log records everything that the report uses.")
        return
    desk.save("missing", pd.DataFrame(rows, columns=["what", "without"]))
    label = "Things that the log does not record and the report would use"
    desk.add("missing", len(rows), "count", label, f"{SOURCE}:add_missing")


def add_users(desk: ShopDesk) -> None:
    """What the file of users tells of those of the log."""
    told = desk.imported.get("told")
    if told:
        for name, label in (
            ("known", "Users of the log that the file of users has"),
            ("foreign", "Users of that file without an event"),
            ("repeated", "Rows of that file on a user who is in it already"),
            ("late", "Users whose sign-up is later than their first event"),
        ):
            desk.add(f"told_{name}", float(told[name]), "count", label, f"{SOURCE}:add_users")


def add_orders(desk: ShopDesk) -> None:
    """How purchases became orders."""
    orders = desk.imported["orders"]
    rules = {
        "id": "lines with one order number",
        "session": "purchases of a user not further apart than what ends a visit",
        "moment": "what a user buys at one moment",
    }
    rule, here = rules[desk.imported["order_rule"]], f"{SOURCE}:add_orders"
    desk.add("order_rule", rule, "text", "What makes an order", here)
    for name, label in (
        ("lines", "Lines bought"),
        ("moved", "Lines that were given the time of the first line of their order"),
        ("split", "Orders of one user at the very moment of another order"),
        ("identical", "Lines like another of their order in every column"),
    ):
        desk.add(name, float(orders[name]), "count", label, here, n=orders["lines"])


def add_visits(desk: ShopDesk, sessions: int, buying: int) -> None:
    """Visits and conversion by every rule that the log allows, side by side."""
    said, rule = desk.imported["visits"], desk.imported.get(RULE, DEFAULT_GAP)
    gap = DEFAULT_GAP if rule == OWN else int(rule)
    own, here = "the shop's own session numbers", f"{SOURCE}:add_visits"
    ends = f"A visit ends after {without_event(gap)}."
    sentence = "A visit is a session by the shop's own numbers." if rule == OWN else ends
    desk.add("visit_rule", sentence, "text", "What ends a visit", here)
    if said.get("overlapping"):
        label = "Sessions by the shop's own numbers that begin within another of the same user"
        desk.add("overlapping", float(said["overlapping"]), "count", label, here)
    rows = [(f"{own if rule == OWN else without_event(gap)}; used here", sessions, buying)]
    others = {
        "own": own if rule != OWN else f"{own}, overlapping ones apart",
        "usual": without_event(DEFAULT_GAP),
        "all": f"{without_event(gap)}, ignored events counted too",
    }
    if rule == OWN and not said.get("overlapping"):
        del others["own"]
    rows += [(words, said[name], said[f"{name}_buying"]) for name, words in others.items() if said.get(name)]
    if len(rows) == 1:
        desk.absent(
            "visits",
            "The log has no session numbers of its own and no event is ignored, so there is no other rule to"
            " compare with.",
        )
        return
    table = pd.DataFrame(rows, columns=["rule", "visits", "buying"])
    low, high = wilson_interval(table["buying"].to_numpy(), table["visits"].to_numpy())
    desk.save("visits", table.assign(conversion=table["buying"] / table["visits"], low=low, high=high))


def without_event(minutes: int) -> str:
    """A gap between two events in words."""
    return f"more than {minutes:,} minute{'s' if minutes > 1 else ''} without an event"
