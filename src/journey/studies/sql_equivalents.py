"""Mistakes that change no result: each rule with the reason why no data can tell the two statements apart.

A rule speaks of what the schema, the marts or the arithmetic guarantee, never of the data at hand.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from journey.studies.sql_mutants import Mutant

Rule = Callable[[str, Mutant], bool]

TIE_BREAK = "a tie-break after a time at which one user has one session or one order"
ONE_VARIANT = "the smallest and the largest of a group that holds one value"
COUNT_OF_KEY = "a count of another column that is null in the same rows only"
PARTNER = "every row has its partner, because both sides come from the same rows"
FILLED = "the mart holds no null in this column"
FLAG = "a flag and the count that it was made from, where only zero or not matters"
POSITIVE = "a denominator that cannot be zero in a group that exists"
ROUNDING = "rounding finer than the agreement of two sums"
ANY_ORDER = "a half of the rows lies on either side, from whichever end they are counted"
SORTED_TABLE = "the order of the rows of a stored table, on which nothing relies"
NOT_REPEATED = "rows that cannot repeat, so that removing repeats removes nothing"
BOTH_SIDES = "a comparison of two columns that the build has checked to be equal"
MICROSECOND = "one microsecond more or less before an end that no session can meet"


def _order(name: str, mutant: Mutant) -> bool:
    return (
        mutant.kind == "order"
        and re.fullmatch(r"(\w+\.)?(session_id|order_id)( DESC| ASC)?", mutant.before) is not None
        and re.search(r"(session_start|order_ts)( DESC)?, (\w+\.)?(session_id|order_id)", mutant.around)
    )


def _join(name: str, mutant: Mutant) -> bool:
    joined = re.match(
        r"INNER JOIN (sessions|session_funnels|orders|category_orders|item_sessions|first_weeks|medians"
        r"|deviations|weekdays|history|progress|purchases)\b(?! ON \w+\.user_id = sessions)",
        mutant.before,
    )
    return mutant.kind == "join" and joined is not None


#: Why no data can tell the two statements apart -> whether that holds for a mistake in a statement.
RULES: dict[str, Rule] = {
    TIE_BREAK: lambda name, mutant: bool(_order(name, mutant)),
    ONE_VARIANT: lambda name, mutant: mutant.before == "MIN(variant)",
    PARTNER: _join,
    FILLED: lambda name, mutant: (
        "analysis" in name
        and re.search(r"COALESCE\((sessions\.)?discount_pct, 0\)", mutant.around) is not None
        and "unit_price" not in mutant.around
        and mutant.before in ("COALESCE(discount_pct, 0)", "0")
    ),
    FLAG: lambda name, mutant: (
        mutant.kind == "column"
        and re.sub(r"\w+\.", "", f"{mutant.before} {mutant.after}")
        in {"has_cart n_carts", "has_checkout n_checkouts", "converted n_purchase_lines"}
    ),
    ROUNDING: lambda name, mutant: mutant.before.startswith("ROUND("),
    ANY_ORDER: lambda name, mutant: mutant.kind == "order" and "PERCENTILE_CONT(0.5)" in mutant.around,
    SORTED_TABLE: lambda name, mutant: (
        mutant.kind == "order" and "analysis" not in name and mutant.around.startswith("ORDER BY")
    ),
    NOT_REPEATED: lambda name, mutant: (
        mutant.kind == "distinct" and " UNION ALL " in mutant.before and " AS step" in mutant.before
    ),
}


def equivalent(name: str, mutant: Mutant) -> str | None:
    """Why a mistake in a statement cannot change its result; None when it could."""
    return next((why for why, rule in RULES.items() if rule(name, mutant)), None)
