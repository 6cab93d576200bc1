"""Mistakes in the SQL that change no result: each rule with the reason why no data can tell the two apart.

A rule speaks of what the schema, the marts or the arithmetic guarantee, never of the data at hand.
"""

from __future__ import annotations

import re

from journey.studies.sql_mutants import Mutant

JOINED = re.compile(
    r"(INNER )?JOIN (sessions|session_days|session_funnels|orders|category_orders|item_sessions|first_weeks"
    r"|medians|deviations|weekdays|history|purchases|before_purchase|shifts|runs"
    r"|recency|frequency|intent)\b(?! ON \w+\.user_id = sessions)"
    r"|(INNER )?JOIN \w+ USING \(decision_id\)"
)
TIED = re.compile(r"(session_start|order_ts)( DESC)?, (\w+\.)?(session_id|order_id)")
FINER = "rounding finer than two sums agree to"
FLAGS = {"has_cart n_carts", "has_checkout n_checkouts", "converted n_purchase_lines"}
UNMATCHED = "a row without a partner fails the condition on its partner"
NO_PAIR = "a row without a second half, which finds no partner in the joins that follow"
AS_MISSING = "a null or a 0 that is filled with 0, as what is missing is"
APART = "two sessions of one user never end at one moment"
ONE_ANSWER = "one answer for the whole store, so that some of its copies are true where all are"
SIGN = "a sum of zeros and ones of which only the sign matters"
#: Query, common table expression, kind, what is changed and how the clause around it begins -> why nothing
#: else changes: where the same text elsewhere in the statement would matter.
IN_CLAUSES = {
    ("active_visitors", "", "join", "JOIN active_days", ""): "every day is among its own last 30 days",
    ("attribution_by_touch", "touches", "join", "JOIN sessions", ""): UNMATCHED,
    ("basket_affinity", "pairs", "join", "JOIN baskets", ""): NO_PAIR,
    ("bots", "events", "column", "user_id", "WHERE"): "a missing user, whom no join finds",
    ("bots", "viewers", "column", "user_id", "WHERE"): "a missing user, whom no join finds",
    ("cart_abandonment", "", "function", "NULLIF(COUNT(*)", ""): "groups without a cart are left out",
    ("conversion_by_category", "bought", "join", "JOIN items", ""): "a missing label, which no join finds",
    ("conversion_by_price_bucket", "bought", "join", "JOIN labelled_items", ""): (
        "a missing label, which no join finds"
    ),
    ("coupon_sessions", "", "bound", "ordered_at < cart_left_at", ""): APART,
    ("customers", "", "column", "purchases.user_id", "CASE WHEN recorded.has_revenue"): (
        "another column of the joined table, null in the same rows only"
    ),
    ("experiment_sufficient_statistics", "user_sessions", "join", "JOIN sessions", ""): AS_MISSING,
    ("features_intent", "", "function", "NULLIF(n_priced_30d", ""): (
        "without a price there is no sum of prices, and nothing over nothing is null, too"
    ),
    ("features_progress", "known_events", "function", "COALESCE(events.moment <=", ""): (
        "a condition that is null chooses no row, as one that is false"
    ),
    ("features_progress", "sessions", "column", "cart_moment", "WHERE"): (
        "a session without either moment has no last one, before which an event could be"
    ),
    (
        "features_recency",
        "elapsed",
        "bound",
        "earlier.last_abandoned_at > earlier.last_ordered_at",
        "",
    ): APART,
    ("features_user_item", "so_far", "join", "JOIN progress", ""): AS_MISSING,
    ("first_order_survival", "hazards", "constant", "1", "SUM(CASE WHEN orders < visitors_at_risk"): SIGN,
    (
        "first_order_survival",
        "hazards",
        "function",
        "SUM(CASE",
        "SUM(CASE WHEN orders < visitors_at_risk",
    ): SIGN,
    ("funnel_with_time_limits", "steps", "column", "checked_out_at", "COUNT(checked_out_at) AS sessions"): (
        "what is known exactly where the step is taken, in a row that is there where the step is recorded"
    ),
    ("price_as_of_view", "labelled", "bound", "compared.offered_price < compared.earlier_price", ""): (
        "equal offers, which have their name before"
    ),
    ("products_viewed_together", "pairs", "join", "JOIN views", ""): NO_PAIR,
    ("promotion_weekend", "weekend_sessions", "boolean", "SELECT CASE", ""): (
        "other days, each in a group of its own, which is left out"
    ),
    ("session_paths", "steps", "function", "LAG(event_type)", ""): (
        "of equal events in a row one remains, be it the first or the last"
    ),
    ("simpson_decomposition", "shares", "function", "NULLIF(SUM(sessions_after)", ""): (
        "the last of all days, on which there is a session, is one of the last days"
    ),
    ("simpson_decomposition", "totals", "function", "NULLIF(SUM(sessions_after)", ""): (
        "the last of all days, on which there is a session, is one of the last days"
    ),
    ("visitor_behaviour", "looked_at", "join", "JOIN dated", ""): UNMATCHED,
}
#: Query, common table expression and what is changed in it -> why nothing else changes.
SPECIAL = {
    (
        "active_visitors",
        "active_days",
        "SELECT DISTINCT",
    ): "repeats that a count of distinct visitors ignores",
    ("active_visitors", "", "COUNT(DISTINCT CASE WHEN active_days.day = days.day"): (
        "a visitor is there once a day, so that distinct removes nothing"
    ),
    ("bots", "events", "SELECT user_id"): "a missing user, whom no join finds",
    ("bots", "viewers", "SELECT user_id"): "a missing user, whom no join finds",
    ("channel_touches", "numbered", "1"): "a number that serves as a name only: any that grows does",
    ("decision_points", "", "COALESCE(first_events.discount_pct, 0)"): "every session has its first event",
    ("decision_points", "", "LEFT JOIN first_events"): "every session has its first event",
    ("events_repaired", "numbered", "SELECT *, 1 AS arrival_number"): (
        "rows that cannot repeat: what repeats is numbered"
    ),
    ("exposure_covariates", "history", "COALESCE(SUM(CASE"): "a sum of zeros and ones over at least one row",
    ("events", "session_days", "1"): "days after the end of a session, on which it has no event",
    ("orders", "purchases", "SELECT event_id"): "an order is named after a purchase",
    (
        "repeated_events",
        "repeated_keys",
        "SELECT key_hash",
    ): "rows that need no numbering may be numbered, too",
    ("repeated_events", "repeated_keys", "COUNT(*) > 1"): "rows that need no numbering may be numbered, too",
    ("session_funnels", "carted", "JOIN"): "a row without a partner fails the condition on its partner",
    ("session_funnels", "checked_out", "JOIN"): "a row without a partner fails the condition on its partner",
    ("session_funnels", "purchased", "JOIN"): "a row without a partner fails the condition on its partner",
    ("session_funnels", "recorded", "COALESCE(BOOL_OR"): "without a session there is no funnel",
    ("session_funnels", "recorded", "FALSE"): "without a session there is no funnel",
    ("session_gap_limits", "gaps", ""): "finer islands, which the next step joins again",
    ("session_gap_limits", "numbered", ""): "finer islands, which the next step joins again",
    ("session_gap_limits", "joined", "1"): "a number that serves as a name only: any that grows does",
    ("session_gap_limits", "joined", "island_gaps.previous_ts"): "numbers that begin at zero and not at one",
    ("top_products", "", "COUNT(DISTINCT order_lines.order_id)"): "a line's key is its order and its item",
    (
        "unsold_days_by_category",
        "sold",
        "SELECT DISTINCT",
    ): "repeats that a search for what is missing ignores",
    ("weekly_cohorts", "tagged", "order_id"): "more than one order, from whichever end they are numbered",
    ("weekly_cohorts", "tagged", "order_ts"): "more than one order, from whichever end they are numbered",
}


def equivalent(name: str, mutant: Mutant) -> str | None:
    """Why a mistake in a statement cannot change its result; None when it could."""
    return _special(name, mutant) or _in_clause(name, mutant) or _by_kind(name, mutant)


def _special(name: str, mutant: Mutant) -> str | None:
    query = name.rpartition("/")[2]
    return next(
        (
            why
            for (known, within, before), why in SPECIAL.items()
            if (known, within) == (query, mutant.within) and mutant.before.startswith(before)
        ),
        None,
    )


def _in_clause(name: str, mutant: Mutant) -> str | None:
    query = name.rpartition("/")[2]
    return next(
        (
            why
            for (known, within, kind, before, around), why in IN_CLAUSES.items()
            if (known, within, kind) == (query, mutant.within, mutant.kind)
            and mutant.before.startswith(before)
            and mutant.around.startswith(around)
        ),
        None,
    )


def _by_kind(name: str, mutant: Mutant) -> str | None:
    before, around = mutant.before, mutant.around
    in_library = name.startswith("analysis/")
    if mutant.kind == "order":
        if re.match(r"(\w+\.)?(session_id|order_id)\b", before) and TIED.search(around):
            return "a tie-break after a time at which one user has one session or one order"
        if re.search(r"(PERCENTILE|QUANTILE)_CONT\((\w+, )?0\.5\b", around):
            return "the middle of a row of values, from whichever end it is counted"
        if not in_library and around.startswith("ORDER BY"):
            return "the order of a stored table's rows, on which nothing relies"
    if mutant.kind == "join" and JOINED.match(before) and mutant.after.startswith("LEFT"):
        return "every row has its partner, because both sides come from the same rows"
    if mutant.kind == "distinct" and re.search(r" AS (step|measure|decision)\b.* UNION ALL ", before):
        return "rows that cannot repeat, because each names itself"
    if mutant.kind == "column":
        if mutant.within and around == before:
            return "a column that nothing reads, for without its name the statement runs"
        if re.sub(r"\w+\.", "", f"{before} {mutant.after}") in FLAGS:
            return "a flag and the count that it was made from, where only none or some matters"
        if re.fullmatch(r"(bought|session_carts|sessions)\.session_id", before) and re.search(
            rf"COUNT\({re.escape(before)}\)|{re.escape(before)} IS NULL", around
        ):
            return "another column of the joined table, null in the same rows only"
    if mutant.kind == "bound" and re.fullmatch(
        r"(\w+_orders|order_days)\.orders > 0|late\.visits > 0", before
    ):
        return "a count of rows that are there, which is never 0"
    if mutant.kind == "function":
        if in_library and before.startswith("BOOL_OR(CAST(has_"):
            return ONE_ANSWER
        if before.startswith("MIN(variant)"):
            return "the smallest and the largest of a group that holds one value"
        if before.startswith("ROUND("):
            return FINER
        if around.startswith("HAVING") and around.endswith("> 0") and before.startswith("SUM("):
            return "a mean and a half have the sign of their sum"
    if "LEAST(COALESCE(" in around and before in (
        "365",
        *re.findall(r"COALESCE\(.*, 365\)(?=, 365)", around),
    ):
        return "a default for what is missing, which the cap of the same size is, too"
    if mutant.kind == "constant" and before == "6" and "ROUND(" in around:
        return FINER
    if mutant.kind == "constant" and before == "'1'" and "MICROSECOND" in around:
        return "one microsecond, where sessions of a user lie half an hour apart"
    if in_library and _fills(mutant):
        return "a column of the mart that holds no null"
    return None


def _fills(mutant: Mutant) -> bool:
    """Whether a default is changed for the largest coupon of a session, which the mart fills itself."""
    filled = re.search(r"COALESCE\((sessions\.)?discount_pct, 0\)", mutant.around)
    of_events = re.search(r"unit_price|events\.discount", mutant.around)
    return filled is not None and of_events is None and mutant.before in (filled.group(), "0")
