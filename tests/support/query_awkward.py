"""A shop at the limits that the queries know: exact bounds, ties, nulls, parts in which nothing happens."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import pandas as pd

START = pd.Timestamp("2026-01-05")
DAY, MINUTE = pd.Timedelta(days=1), pd.Timedelta(minutes=1)
DAYS, LAST_ORDER = 70, 44
CATEGORIES = {
    **{item: ("books", "home", "sports", "toys")[item % 4] for item in range(1, 17)},
    101: "pair", 102: "pair", 103: "twins", 104: "twins", 105: "garden", 106: "kitchen", 107: "music",
    108: "daily",
}  # fmt: skip
EDGES = (9.99, 10.0, 10.5, 24.99, 25.0, 25.5, 49.0, 50.0, 50.5, 99.0, 100.0, 100.5)
PRICES = {item: EDGES[place % len(EDGES)] for place, item in enumerate(CATEGORIES)} | {103: 8.0, 104: 8.0}
DISCOUNTS = (0.0, 5.0, 10.0, 10.5, 15.0, 20.0, 20.5, 25.0, 100.0)
#: (minutes, event type, item, units)
Step = tuple[float, str, int | None, int]
BUYS = [
    (0.0, "view", 1, 1),
    (15.0, "add_to_cart", 1, 1),
    (25.0, "checkout", None, 1),
    (30.0, "purchase", 1, 1),
]
LEAVES = [(0.0, "view", 2, 1), (1.0, "add_to_cart", 2, 2)]
LOOKS = [(0.0, "view", 3, 1)]


def awkward_tables() -> dict[str, pd.DataFrame]:
    """Events, users, items and exposures, as `query_shop.build_shop` takes them."""
    return tables_of(row for session in _sessions() for row in session)


def short_tables() -> dict[str, pd.DataFrame]:
    """The same for a shop of one weekend, in which every visitor buys."""
    saturday = START + 5 * DAY + 600 * MINUTE
    sessions = [
        session_rows(user, saturday + user * MINUTE, BUYS, "mobile", "direct") for user in range(1, 7)
    ]
    sessions += [session_rows(user, saturday + DAY, BUYS, "desktop", "email", 10.0) for user in range(1, 4)]
    return tables_of(row for session in sessions for row in session)


def tables_of(rows: Iterable[tuple[object, ...]]) -> dict[str, pd.DataFrame]:
    """All tables around rows of events, with users, items and exposures that fit them."""
    names = ["ts", "user_id", "event_type", "item_id", "device", "channel", "quantity", "unit_price"]
    events = pd.DataFrame(list(rows), columns=[*names, "discount_pct"]).sort_values(
        ["ts", "user_id"], kind="stable"
    )
    events = events.drop_duplicates(["user_id", "ts", "event_type", "item_id"]).reset_index(drop=True)
    events.insert(0, "event_id", np.arange(1, len(events) + 1))
    events = events.assign(item_id=events["item_id"].astype("Int64"), is_late=False, is_skewed=False)
    # Some are registered and never came, some came and are not registered.
    known = sorted({*events["user_id"].unique(), *range(2000, 2010)} - set(range(300, 310)))
    users = pd.DataFrame(
        {
            "user_id": known,
            "signup_ts": [START - (user % 50) * DAY for user in known],
            "country": [("DE", "FR", "PL")[user % 3] for user in known],
            "age_band": [("18-24", "25-34")[user % 2] for user in known],
            "device_preference": [("mobile", "desktop")[user % 2] for user in known],
            "acquisition_channel": [("organic", "email", "social")[user % 3] for user in known],
        }
    )
    items = pd.DataFrame({"item_id": list(CATEGORIES), "category": list(CATEGORIES.values())})
    items = items.assign(brand="Aster", price=items["item_id"].map(PRICES), rating=3.0)
    return {"events": events, "users": users, "items": items, "exposures": _exposures(events)}


def session_rows(
    user: int, start: pd.Timestamp, steps: list[Step], device: str, channel: str, discount: float | None = 0.0
) -> list[tuple[object, ...]]:
    """One session as rows of events."""
    return [
        (start + minutes * MINUTE, user, kind, item, device, channel, units, PRICES.get(item or 0), discount)
        for minutes, kind, item, units in steps
    ]


def _sessions() -> Iterator[list[tuple[object, ...]]]:
    rng = np.random.default_rng(5)
    for user in range(200, 330):
        for _ in range(int(rng.integers(1, 6))):
            day = int(rng.integers(0, DAYS))
            start = START + day * DAY + int(rng.integers(0, 1400)) * MINUTE
            # One channel ends before the last weeks and one begins in them.
            channel = str(rng.choice(["direct", "email", "push" if day >= DAYS - 21 else "affiliate"]))
            items = [int(item) for item in rng.integers(1, 17, 3)]
            steps: list[Step] = [(0.5 * n, "view", item, 1) for n, item in enumerate(items)]
            fate = rng.random()
            if fate < 0.25 or day >= LAST_ORDER:
                steps = steps if fate < 0.2 else [(0.0, "search", None, 1)]
                if 0.2 <= fate < 0.4:
                    steps = [
                        *steps,
                        (3.0, "add_to_cart", items[0], 2),
                        (4.0, "remove_from_cart", items[0], 1),
                    ]
                yield session_rows(user, start, steps, "tv" if fate < 0.1 else "mobile", channel, None)
                continue
            steps += [(3.0 + n, "add_to_cart", item, 1 + n) for n, item in enumerate(items[:2])]
            if fate < 0.6:
                steps += [(9.0, "add_to_cart", items[0], 3), (10.0, "checkout", None, 1)][
                    : int(rng.integers(3))
                ]
            else:
                steps += [
                    (9.0, "checkout", None, 1),
                    (12.0, "purchase", items[0], 1),
                    (12.0, "purchase", items[1], 2),
                ]
            device = str(rng.choice(["mobile", "desktop"]))
            yield session_rows(user, start, steps, device, channel, float(rng.choice(DISCOUNTS)))
    yield from _exact()
    yield from _ties()


def _exact() -> Iterator[list[tuple[object, ...]]]:
    """Every limit of a time, met to the second."""
    at = START + 2 * DAY + 600 * MINUTE
    for days in (0, 7, 37):
        yield session_rows(901, at + days * DAY, BUYS, "desktop", "email", 5.0)
    # An order exactly 30 days after a visit.
    yield session_rows(902, at + 30 * MINUTE, LOOKS, "desktop", "direct")
    yield session_rows(902, at + 30 * DAY, BUYS, "mobile", "email")
    # A visit that begins with an order; the next order is of another day.
    yield session_rows(903, at, [(0.0, "purchase", 4, 1)], "mobile", "affiliate")
    yield session_rows(903, at + 1 * DAY, BUYS, "mobile", "email")
    # Carts left exactly a week before, and long before that.
    for days in (0, 20, 27):
        yield session_rows(904, at + days * DAY, LEAVES if days < 27 else LOOKS, "mobile", "email")
    yield session_rows(905, at + 1 * MINUTE, LEAVES, "mobile", "direct")
    yield session_rows(905, at + 7 * DAY + 2 * MINUTE, LOOKS, "mobile", "direct")
    for days in (0, 7, 30, 37):
        yield session_rows(906, at + days * DAY, LOOKS, "mobile", "direct")
    # Ten days in a row, and a first order on the last day of all.
    for days in range(10):
        yield session_rows(907, at + days * DAY, LOOKS, "tablet", "direct")
    # Steps of one moment, and one more at the end of the half hour.
    at_once: list[Step] = [(0.0, kind, 5, 1) for kind in ("view", "add_to_cart", "remove_from_cart", "view")]
    yield session_rows(
        909, at, [*at_once, (0.0, "search", None, 1), (30.0, "view", 6, 1)], "tablet", "direct"
    )
    # A Sunday without its Saturday, and a seventh order.
    yield session_rows(910, START - DAY, LOOKS, "tablet", "direct")
    for days in range(7):
        yield session_rows(911, at + 3 * days * DAY, BUYS, "desktop", "email", 5.0)
    # A cart left between two orders, and a coupon of half a percent.
    for days, steps in ((0, BUYS), (1, LEAVES), (2, BUYS), (3, LOOKS)):
        yield session_rows(912, at + days * DAY, steps, "mobile", "email", 0.5)
    # An offer below half a cent dearer, and one of nothing.
    for days, discount in ((0, 10.0), (1, 10.0), (2, 100.0), (3, 0.0)):
        yield session_rows(908, at + days * DAY, LOOKS, "tablet", "direct", discount)


def _ties() -> Iterator[list[tuple[object, ...]]]:
    """Products, categories and days that differ in their name only."""
    for n in range(8):
        at = START + (3 * n) * DAY + 700 * MINUTE
        yield session_rows(920 + n, at, [(0.0, "view", 101, 1), (1.0, "view", 102, 1)], "desktop", "direct")
    for n in range(5):
        at = START + (4 * n) * DAY + 800 * MINUTE
        lines: list[Step] = [(2.0, "purchase", item, 1) for item in (105, 106, 107)]
        yield session_rows(940 + n, at, [(0.0, "view", 105, 1), *lines], "desktop", "direct")
        twins: list[Step] = [(1.0, kind, item, 1) for kind in ("view", "add_to_cart") for item in (103, 104)]
        sold: list[Step] = [(2.0, "purchase", item, 1) for item in (103, 104)]
        yield session_rows(950 + n, at, twins + (sold if n % 2 else []), "desktop", "direct")
    for day in range(LAST_ORDER):
        at = START + day * DAY + 720 * MINUTE
        yield session_rows(1000 + day, at, [(0.0, "purchase", 108, 1)], "desktop", "email")


def _exposures(events: pd.DataFrame) -> pd.DataFrame:
    """Exposures at the moment of an order or of the end of a visit, some of them seen twice."""
    rng = np.random.default_rng(6)
    orders = events[events["event_type"] == "purchase"].groupby("user_id")["ts"].agg(["min", "max"])
    ends = events.groupby("user_id")["ts"].max()
    rows = []
    for experiment in ("free_shipping", "checkout_aa"):
        for user, end in [*ends.items(), *((user, START + 9 * DAY) for user in range(2000, 2010))]:
            moment = orders["min"].get(user, end) if user % 3 else end
            variant = (
                "treatment" if rng.random() < (0.5 if experiment == "checkout_aa" else 0.4) else "control"
            )
            rows.append((user, experiment, variant, moment))
            if user % 5 == 0:
                rows.append((user, experiment, variant, moment + 3 * DAY))
            if user % 11 == 0:
                rows.append((user, experiment, "control" if variant == "treatment" else "treatment", moment))
    return pd.DataFrame(rows, columns=["user_id", "experiment", "variant", "ts"])
