"""Every effect that is planted in the shop, in one place.

Effects are additive in the log-odds of a purchase in the session unless said otherwise. The order of the
personas and channels below is the order of all tables.
"""

from __future__ import annotations

from typing import Any

import numpy as np

PERSONAS = ("Power Shopper", "Window Shopper", "Quick Decider", "Deal Seeker")
CHANNELS = ("direct", "organic", "paid_search", "email", "social", "affiliate")
DEVICES = ("mobile", "desktop", "tablet")
EVENT_TYPES = ("view", "search", "add_to_cart", "remove_from_cart", "checkout", "purchase")
COUNTRIES = ("DE", "FR", "ES", "IT", "NL", "PL")
AGE_BANDS = ("18-24", "25-34", "35-44", "45-54", "55+")
CATEGORIES = ("electronics", "fashion", "home", "beauty", "sports", "toys", "books", "grocery")
BRANDS = tuple(f"{name}" for name in ("Aster", "Birch", "Cedar", "Dahlia", "Elm", "Fern", "Gorse", "Hazel"))
EXPERIMENTS = ("free_shipping", "checkout_aa", "broken_banner")
DISCOUNT_LEVELS = np.array([0.0, 5.0, 10.0, 15.0, 20.0])
VIEW, SEARCH, ADD, REMOVE, CHECKOUT, PURCHASE = range(6)
DIRECT, ORGANIC, PAID, EMAIL, SOCIAL, AFFILIATE = range(6)
MOBILE = 0
TASTE_DIMENSIONS = 8

# --- people -------------------------------------------------------------------------------------------
PERSONA_SHARE = np.array([0.15, 0.40, 0.20, 0.25])
DAILY_SESSIONS = np.array([0.066, 0.0290, 0.0140, 0.0320])  # mean per active user and ordinary day
ACTIVITY_SHAPE = 0.9  # gamma shape of the activity among users of one persona
NEW_USER_SHARE = 0.35
CHURN_PER_DAY = np.array([0.0025, 0.006, 0.012, 0.006])
DEVICE_BY_PERSONA = np.array([[0.32, 0.60, 0.08], [0.72, 0.16, 0.12], [0.42, 0.54, 0.04], [0.66, 0.27, 0.07]])
KEEPS_DEVICE = 0.82
AGE_BY_PERSONA = np.array(
    [
        [0.10, 0.30, 0.30, 0.18, 0.12],
        [0.26, 0.28, 0.18, 0.14, 0.14],
        [0.12, 0.30, 0.30, 0.18, 0.10],
        [0.20, 0.24, 0.20, 0.18, 0.18],
    ]
)
COUNTRY_SHARE = np.array([0.30, 0.20, 0.15, 0.14, 0.11, 0.10])
CHANNEL_BY_PERSONA = np.array(
    [
        [0.36, 0.22, 0.10, 0.22, 0.05, 0.05],
        [0.16, 0.30, 0.14, 0.07, 0.29, 0.04],
        [0.24, 0.32, 0.26, 0.08, 0.06, 0.04],
        [0.12, 0.20, 0.17, 0.24, 0.12, 0.15],
    ]
)
ACQUISITION_STICKS = 0.9  # log-weight added to the channel that brought the user
HOURS = np.array(
    [
        [1, 1, 0, 0, 0, 1, 2, 4, 5, 5, 5, 6, 8, 7, 5, 5, 6, 8, 10, 12, 12, 9, 5, 2],
        [3, 2, 1, 1, 1, 1, 2, 3, 4, 4, 5, 5, 6, 6, 6, 6, 6, 7, 8, 10, 12, 13, 11, 6],
        [1, 1, 0, 0, 0, 1, 3, 6, 9, 10, 9, 10, 13, 11, 8, 7, 6, 5, 5, 5, 4, 3, 2, 1],
        [2, 1, 1, 0, 0, 2, 6, 9, 8, 6, 5, 5, 6, 5, 5, 5, 6, 7, 8, 9, 9, 8, 6, 3],
    ],
    dtype=np.float64,
)
WEEKDAY_TRAFFIC = np.array([0.98, 0.94, 0.93, 0.96, 1.00, 1.08, 1.14])
SEASON, SEASON_DAYS = -0.45, 18.0  # log-odds lost after the New Year's high, at this pace
PROMOTION_TRAFFIC = 1.8
RETURN_BOOST, RETURN_DAYS = 2.2, 1.6  # visit rate after an abandoned cart

# --- log-odds of a purchase ---------------------------------------------------------------------------
INTERCEPT = -3.885
PERSONA_INTENT = np.array([0.95, -1.25, 1.15, -0.05])
USER_SD, SESSION_SD = 0.55, 0.60
DEVICE_EFFECT = np.array([-0.22, 0.22, 0.0])
HOUR_EFFECT = np.array([-0.25] * 6 + [-0.05] * 4 + [0.05] * 6 + [0.15] * 6 + [0.0] * 2)
COUNTRY_EFFECT = np.array([0.06, 0.0, -0.08, -0.05, 0.10, -0.06])
OWN_CHANNEL = np.array([0.25, 0.05, -0.25, 0.30, -0.85, 0.18])
CARRY_OVER = np.array([0.05, 0.40, 0.15, 0.50, 0.45, 0.02])  # at saturation, of earlier sessions by channel
CARRY_DAYS = np.array([4.0, 10.0, 5.0, 12.0, 8.0, 2.0])
ABANDONED_CART, ABANDONED_DAYS = 0.95, 3.0
RECENT_VISIT, RECENT_DAYS = 0.45, 1.5
LOYALTY = 0.30  # times log(1 + orders), at most log(1 + orders) = 1.5
SATIATION, SATIATION_DAYS = -0.80, 4.0
NEW_USER = -0.35
PROMOTION_INTENT = 0.35
DRIFT_INTENT = 0.10
FREE_SHIPPING = np.array([0.02, -0.30, 0.35, 0.95])
DISCOUNT_PER_10 = np.array([0.05, 0.25, 0.15, 0.60])

# --- channels -----------------------------------------------------------------------------------------
DRIFT_CHANNEL = np.array([0.0, 0.0, 1.2, 0.0, 2.0, 0.0])
HOT_CHANNEL = np.array([0.5, 0.0, 0.0, 0.9, -0.4, 2.0])  # times the warmth of an abandoned cart
FIRST_CHANNEL = np.array([-0.8, 0.2, 0.4, -3.0, 0.3, 0.0])
SUBSTITUTION = np.array([0.60, 0.50, 0.50, 0.35, 0.30, 0.88])  # sessions that would have come all the same

# --- coupon: log-odds of getting one ------------------------------------------------------------------
COUPON = {
    "base": -2.25,
    "abandoned_cart_7_days": 1.10,
    "log_sessions_before": 0.35,
    "log_orders_before": 0.45,
    "email": 0.70,
    "visited_within_3_days": 0.35,
    "promotion": 0.60,
    "hidden_intent": 0.10,  # times (user + session intent): what no table records
}
COUPON_LEVEL = np.array([0.0, 0.30, 0.40, 0.20, 0.10])

# --- the path through a session -----------------------------------------------------------------------
# Exponents by persona: focus, cart, checkout, purchase have probability p ** exponent; rows sum to 1.
FUNNEL = np.array(
    [[0.20, 0.27, 0.29, 0.24], [0.16, 0.46, 0.24, 0.14], [0.14, 0.30, 0.30, 0.26], [0.14, 0.18, 0.44, 0.24]]
)
EMPTY_CART = 0.12  # share of the sessions not going on from the cart that empty it and go on browsing
BACK_FROM_CHECKOUT = 0.30  # share of the sessions not buying at the checkout that go back to the cart
GLANCE = np.array([0.22, 0.28, 0.38, 0.22, 0.46, 0.30])  # by channel: one event, then decide to go or stay
BROWSE_EVENTS = np.array([9.7, 23.6, 3.9, 14.5])
FOCUS_EVENTS = np.array([2.2, 3.2, 1.0, 2.6])
CART_EVENTS = np.array([1.6, 2.2, 0.8, 2.6])
SEARCH_SHARE = np.array([0.10, 0.04, 0.15, 0.26])
DEPTH_SD = 0.85
DEPTH_BY_INTENT = 0.20
SECONDS_BETWEEN = np.array([25.0, 38.0, 12.0, 22.0])
SHORTEST_GAP, LONGEST_GAP = 5.0, 1500.0
LONG_PAUSE = 0.012
ADD_ANOTHER, DROP_ONE = 0.36, 0.12
MOST_LINES = 4
RECALL = 0.65  # times the warmth of an abandoned cart: the session is about that item

# --- items --------------------------------------------------------------------------------------------
CATEGORY_PRICE = np.log([140.0, 45.0, 60.0, 22.0, 55.0, 24.0, 15.0, 9.0])
CATEGORY_SHARE = np.array([0.15, 0.20, 0.15, 0.11, 0.12, 0.09, 0.10, 0.08])
CATEGORY_BY_PERSONA = np.array(
    [
        [0.6, 0.2, 0.2, 0.0, 0.2, -0.2, -0.3, -0.3],
        [-0.1, 0.6, 0.3, 0.2, -0.2, 0.0, -0.2, -0.6],
        [0.2, -0.4, -0.2, 0.1, 0.1, 0.2, 0.5, 0.3],
        [-0.4, 0.1, 0.0, 0.3, 0.0, 0.3, 0.1, 0.5],
    ]
)
PRICE_TARGET = np.array([0.55, 0.25, 0.0, -0.75])  # in standard deviations of log price within the category
PRICE_TARGET_SD, PRICE_WEIGHT = 0.5, 0.5
TASTE_VIEW, TASTE_CART, TASTE_CATEGORY = 1.8, 2.4, 1.2
ZIPF_EXPONENT, ZIPF_SHIFT = 0.65, 5.0
TREND_SD = 0.45
LAUNCHED_LATER, REPRICED = 0.08, 0.15
VIEW_CANDIDATES, CART_CANDIDATES = 12, 24
STAYS_IN_CATEGORY = 0.62
FOCUS_REPEATS = 0.55
COMPLEMENT = 0.40

# --- bots and the broken experiment -------------------------------------------------------------------
BOT_RUNS, BOT_VIEWS = 3, 140
BANNER_LOSS, BANNER_LOSS_EVENTS = 0.55, 6  # share of short first mobile sessions whose exposure is lost


def as_dict() -> dict[str, Any]:
    """All planted values, plain, for `truth/parameters.json`."""
    values = {}
    for name, value in globals().items():
        if name.isupper():
            values[name.lower()] = value.tolist() if isinstance(value, np.ndarray) else value
    return values
