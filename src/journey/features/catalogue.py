"""Every feature: name, group, window, definition, unit, fill value. The SQL is held against this list.

The first three groups describe the user as of the start of the session and leave the session itself out, so
all decisions of a session share them. Windows are half-open: 7 days means sessions of the user that started
at most 7 days before this one, and before it. The focus item of a decision is the last item viewed or carted
so far in the session or, where there is none yet (always so at session start), in the latest earlier session.
"""

from __future__ import annotations

from dataclasses import dataclass

GROUPS = ("recency", "frequency", "intent", "session", "user_item", "item")
NEVER = 365.0


@dataclass(frozen=True)
class Feature:
    """One column of `marts.features_all`.

    Attributes
    ----------
    name : the column.
    group : one of `GROUPS`; its SQL is `sql/marts/features_<group>.sql`.
    window : `1 day`, `7 days`, `30 days`, `all` (everything before), `session` (this session, up to the
        decision), `now` (known at the decision itself).
    definition : what it counts, in one sentence.
    unit : of the value.
    fill : the value where there is nothing to measure.
    """

    name: str
    group: str
    window: str
    definition: str
    unit: str
    fill: float


_ROWS: dict[str, tuple[tuple[str, str, str, str, float], ...]] = {
    "recency": (
        (
            "days_since_last_session",
            "all",
            "From the end of the previous session; at most 365",
            "days",
            NEVER,
        ),
        ("days_since_last_cart", "all", "From the last add to cart; at most 365", "days", NEVER),
        ("days_since_last_order", "all", "From the last order; at most 365", "days", NEVER),
        (
            "days_since_abandoned_cart",
            "all",
            "From the end of the last session with a cart but no order, if none followed; at most 365",
            "days",
            NEVER,
        ),
        ("days_since_first_session", "all", "From the first session seen", "days", 0.0),
        (
            "account_age_days",
            "all",
            "From the sign-up; from the first session seen where the sign-up is not known",
            "days",
            0.0,
        ),
        (
            "days_per_session",
            "all",
            "Days since the first session per earlier session; at most 365",
            "days",
            NEVER,
        ),
    ),
    "frequency": (
        ("sessions_1d", "1 day", "Sessions", "sessions", 0.0),
        ("sessions_7d", "7 days", "Sessions", "sessions", 0.0),
        ("sessions_30d", "30 days", "Sessions", "sessions", 0.0),
        ("sessions_before", "all", "Sessions", "sessions", 0.0),
        ("views_1d", "1 day", "Item views", "events", 0.0),
        ("views_7d", "7 days", "Item views", "events", 0.0),
        ("views_30d", "30 days", "Item views", "events", 0.0),
        ("views_before", "all", "Item views", "events", 0.0),
        ("searches_30d", "30 days", "Searches", "events", 0.0),
        ("carts_7d", "7 days", "Sessions with an add to cart", "sessions", 0.0),
        ("carts_30d", "30 days", "Sessions with an add to cart", "sessions", 0.0),
        ("orders_30d", "30 days", "Sessions with an order", "sessions", 0.0),
        ("orders_before", "all", "Sessions with an order", "sessions", 0.0),
        ("email_visits_7d", "7 days", "Sessions that came by email", "sessions", 0.0),
        ("email_visits_30d", "30 days", "Sessions that came by email", "sessions", 0.0),
        ("organic_visits_7d", "7 days", "Sessions that came by organic search", "sessions", 0.0),
        ("organic_visits_30d", "30 days", "Sessions that came by organic search", "sessions", 0.0),
        ("social_visits_30d", "30 days", "Sessions that came by social media", "sessions", 0.0),
        ("paid_search_visits_30d", "30 days", "Sessions that came by paid search", "sessions", 0.0),
    ),
    "intent": (
        (
            "past_conversion_rate",
            "all",
            "Earlier sessions with an order, drawn to 5% with the weight of ten sessions",
            "share",
            0.05,
        ),
        (
            "past_cart_rate",
            "all",
            "Earlier sessions with an add to cart, drawn to 20% with the weight of ten sessions",
            "share",
            0.2,
        ),
        (
            "past_checkout_rate",
            "all",
            "Earlier sessions with a checkout, drawn to 10% with the weight of ten sessions",
            "share",
            0.1,
        ),
        ("abandoned_carts_7d", "7 days", "Sessions with a cart and no order", "sessions", 0.0),
        ("abandoned_carts_30d", "30 days", "Sessions with a cart and no order", "sessions", 0.0),
        ("search_share", "all", "Searches among the events", "share", 0.0),
        ("views_per_session", "all", "Item views per session", "events", 0.0),
        ("views_per_item", "all", "Item views per different item of a session", "events", 0.0),
        ("seconds_per_event", "all", "Time from one event to the next within sessions, mean", "seconds", 0.0),
        ("mean_price_viewed_30d", "30 days", "Price of the items viewed, mean over views", "EUR", 0.0),
        (
            "usual_price_position",
            "all",
            "Log price of the items viewed above that of their category on earlier days, mean over views",
            "log points",
            0.0,
        ),
        ("coupon_share", "all", "Earlier sessions in which a coupon was shown", "share", 0.0),
        ("social_share", "all", "Earlier sessions that came by social media", "share", 0.0),
        (
            "furthest_step_before",
            "all",
            "Of cart, checkout and order, how many the furthest earlier session reached",
            "steps",
            0.0,
        ),
        (
            "category_concentration",
            "all",
            "Sum of the squared shares of the categories in the item views (Herfindahl index)",
            "index",
            0.0,
        ),
    ),
    "session": (
        ("hour", "now", "Hour of the decision, UTC, 0 to 23", "hour", 0.0),
        ("weekday", "now", "Day of the week of the decision, UTC, 1 (Monday) to 7", "day", 0.0),
        ("on_mobile", "now", "1 on a mobile phone", "flag", 0.0),
        ("on_desktop", "now", "1 on a desktop computer", "flag", 0.0),
        ("from_email", "now", "1 when the session came by email", "flag", 0.0),
        ("from_organic", "now", "1 when the session came by organic search", "flag", 0.0),
        ("from_paid_search", "now", "1 when the session came by paid search", "flag", 0.0),
        ("from_social", "now", "1 when the session came by social media", "flag", 0.0),
        ("from_affiliate", "now", "1 when the session came by an affiliate", "flag", 0.0),
        ("age_from", "now", "Lower end of the user's age band", "years", 0.0),
        ("coupon_pct", "now", "Coupon shown from the start of the session", "percent", 0.0),
        (
            "free_shipping_shown",
            "now",
            "1 when free shipping has been offered to the user by then",
            "flag",
            0.0,
        ),
        ("events_so_far", "session", "Events", "events", 0.0),
        ("views_so_far", "session", "Item views", "events", 0.0),
        ("searches_so_far", "session", "Searches", "events", 0.0),
        ("carts_so_far", "session", "Adds to cart", "events", 0.0),
        ("items_so_far", "session", "Different items viewed", "items", 0.0),
        ("seconds_so_far", "session", "Time from the first event to the decision", "seconds", 0.0),
        (
            "price_position_so_far",
            "session",
            "Log price of the items viewed above that of their category on earlier days, mean over views",
            "log points",
            0.0,
        ),
    ),
    "user_item": (
        (
            "item_views_before",
            "all",
            "Views of the focus item by the user in earlier sessions",
            "events",
            0.0,
        ),
        ("item_carts_before", "all", "Times the user put the focus item in the cart before", "events", 0.0),
        ("item_orders_before", "all", "Order lines of the user with the focus item", "order lines", 0.0),
        (
            "days_since_item_seen",
            "all",
            "From the last event of the user with the focus item in an earlier session; at most 365",
            "days",
            NEVER,
        ),
        (
            "item_views_so_far",
            "session",
            "Views of the focus item, when it is of this session",
            "events",
            0.0,
        ),
        (
            "category_affinity",
            "all",
            "Share of the category of the focus item in the user's views",
            "share",
            0.0,
        ),
        ("category_orders_before", "all", "Order lines of the user in that category", "order lines", 0.0),
        (
            "price_to_usual",
            "all",
            "Price position of the focus item above the user's usual one",
            "log points",
            0.0,
        ),
    ),
    "item": (
        ("item_view_share_7d", "7 days", "Views of the focus item per 1,000 of the shop", "per mille", 0.0),
        ("item_view_share_30d", "30 days", "Views of the focus item per 1,000 of the shop", "per mille", 0.0),
        (
            "item_cart_rate_30d",
            "30 days",
            "Adds to cart per view of the focus item, drawn to 3% with the weight of 100 views",
            "share",
            0.03,
        ),
        (
            "item_conversion_7d",
            "7 days",
            "Order lines per view of the focus item, drawn to 0.6% with the weight of 100 views",
            "share",
            0.006,
        ),
        (
            "item_conversion_30d",
            "30 days",
            "Order lines per view of the focus item, drawn to 0.6% with the weight of 100 views",
            "share",
            0.006,
        ),
        (
            "category_conversion_30d",
            "30 days",
            "Order lines per view in the category of the focus item, drawn likewise",
            "share",
            0.006,
        ),
        ("item_price", "now", "Price of the focus item when it was last looked at", "EUR", 0.0),
        (
            "item_price_position",
            "now",
            "Log of that price above the mean of the category on earlier days",
            "log points",
            0.0,
        ),
        ("item_rating", "now", "Rating of the focus item, 1 to 5", "stars", 3.0),
    ),
}

#: All features in the order of the columns of `marts.features_all`.
FEATURES: tuple[Feature, ...] = tuple(
    Feature(name, group, window, definition, unit, fill)
    for group, rows in _ROWS.items()
    for name, window, definition, unit, fill in rows
)


def names_of(*groups: str) -> tuple[str, ...]:
    """Names of the features of some groups; of all when none is given."""
    return tuple(feature.name for feature in FEATURES if not groups or feature.group in groups)
