"""What must hold in every warehouse, whatever the store: totals in equal totals out."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from journey.errors import JourneyError


@dataclass(frozen=True)
class Invariant:
    """One rule about one model.

    Attributes
    ----------
    model
        The model that is wrong when the rule is broken.
    rule
        What must hold, as a sentence.
    sql
        A query that counts the violations.
    """

    model: str
    rule: str
    sql: str


def _unique(model: str, *key: str) -> Invariant:
    columns = ", ".join(key)
    return Invariant(
        model,
        f"({columns}) is a key",
        f"select count(*) - count(distinct ({columns})) from {model}",
    )


def _unmatched(left: str, right: str, key: str) -> str:
    return f"select count(*) from {left} anti join {right} using ({key})"


INVARIANTS: tuple[Invariant, ...] = (
    Invariant(
        "staging.events",
        "every kept row has a user, a session, a type and a time, and a positive quantity",
        """select count(*) from staging.events
        where user_id is null or session_id is null or event_type is null or ts is null or quantity < 0""",
    ),
    Invariant(
        "staging.events",
        "every price that was written as text is read back as a number of at least 0",
        "select count(*) from staging.events where is_retyped and (unit_price is null or unit_price < 0)",
    ),
    Invariant(
        "staging.session_starts",
        "a session lies between its own start and the next one of its user",
        """select count(*) from (
            select session_start, session_end,
                lead(session_start) over (partition by user_id order by session_start) as next_start,
                to_minutes(coalesce(getvariable('session_minutes'), 30)::bigint) as gap
            from marts.sessions
        ) where session_end < session_start or next_start <= session_end + gap""",
    ),
    Invariant(
        "marts.sessions",
        "there are as many sessions as session starts, numbered from 1",
        """select abs(count(*) - (select count(*) from staging.session_starts))
            + coalesce(max(session_id), 0) - count(distinct session_id) from marts.sessions""",
    ),
    Invariant(
        "marts.sessions",
        "sessions hold every clean event, once",
        """select abs((select count(*) from staging.events) - coalesce(sum(n_events), 0))
        from marts.sessions""",
    ),
    Invariant(
        "marts.sessions",
        "the counts per event type add up to the events of the session",
        """select count(*) from marts.sessions
        where n_views + n_searches + n_carts + n_removes + n_checkouts + n_purchase_lines <> n_events""",
    ),
    _unique("marts.session_funnels", "session_id"),
    Invariant(
        "marts.session_funnels",
        "every session has one funnel",
        "select abs((select count(*) from marts.sessions) - count(*)) from marts.session_funnels",
    ),
    Invariant(
        "marts.session_funnels",
        "steps come in order",
        """select count(*) from marts.session_funnels cross join marts.recorded
        where carted_at < viewed_at or checked_out_at < coalesce(carted_at, viewed_at)
            or purchased_at < coalesce(checked_out_at, carted_at, viewed_at)
            or (has_views and viewed_at is null
                and coalesce(carted_at, checked_out_at, purchased_at) is not null)
            or (has_carts and carted_at is null and coalesce(checked_out_at, purchased_at) is not null)
            or (has_checkouts and checked_out_at is null and purchased_at is not null)""",
    ),
    Invariant(
        "marts.session_funnels",
        "a session bought at or before the purchase that follows all steps, and exactly if it converted",
        """select count(*) from marts.session_funnels join marts.sessions using (session_id)
        where (bought_at is not null) <> converted
            or (purchased_at is not null and coalesce(bought_at > purchased_at, true))""",
    ),
    Invariant(
        "marts.order_lines",
        "every clean purchase is one order line",
        """select abs((select count(*) from staging.events where event_type = 'purchase') - count(*))
        from marts.order_lines""",
    ),
    _unique("marts.order_lines", "order_id", "line_number"),
    Invariant(
        "marts.order_lines",
        "every order line belongs to a session of the same user in which it was bought",
        """select count(*) from marts.order_lines anti join (
            select session_id, user_id from marts.sessions where converted
        ) using (session_id, user_id)""",
    ),
    _unique("marts.orders", "order_id"),
    Invariant(
        "marts.orders",
        "orders hold every order line, once",
        "select abs((select count(*) from marts.order_lines) - coalesce(sum(n_lines), 0)) from marts.orders",
    ),
    Invariant(
        "marts.orders",
        "the revenue of orders, lines and sessions is the same to the cent, and unknown in all or in none",
        """with
        of_lines as (
            select session_id, if(count(net_revenue) = count(*), sum(net_revenue), null) as revenue
            from marts.order_lines group by session_id
        ),
        of_orders as (
            select session_id, if(count(net_revenue) = count(*), sum(net_revenue), null) as revenue
            from marts.orders group by session_id
        )
        select count(*) from marts.sessions
        left join of_lines using (session_id)
        left join of_orders using (session_id)
        where converted and (
            (of_lines.revenue is null) <> (sessions.revenue is null)
            or (of_orders.revenue is null) <> (sessions.revenue is null)
            or abs(of_lines.revenue - sessions.revenue) >= 0.01
            or abs(of_orders.revenue - sessions.revenue) >= 0.01
        )""",
    ),
    _unique("marts.customers", "user_id"),
    Invariant(
        "marts.customers",
        "every session belongs to a customer",
        _unmatched("marts.sessions", "marts.customers", "user_id"),
    ),
    Invariant(
        "marts.customers",
        "customers hold every session and every order, once",
        """select abs((select count(*) from marts.sessions) - coalesce(sum(n_sessions), 0))
            + abs((select count(*) from marts.orders) - coalesce(sum(n_orders), 0)) from marts.customers""",
    ),
)


def raw_rows_are_kept_or_removed(raw_rows: int) -> Invariant:
    """Raw rows, as the files count them, equal kept rows plus rows removed for a reason."""
    return Invariant(
        "staging.events_removed",
        "every raw row is kept once or removed for one reason",
        f"""select abs({raw_rows} - (select count(*) from staging.events)
            - (select count(removal_reason) from staging.events_removed))""",
    )


def check_invariants(connection: duckdb.DuckDBPyConnection, raw_rows: int) -> int:
    """Check every invariant.

    Parameters
    ----------
    connection
        A built warehouse.
    raw_rows
        Rows that the raw files hold.

    Returns
    -------
    int
        Number of invariants checked.

    Raises
    ------
    JourneyError
        For the first that is violated, with the model, the rule and the count.
    """
    # A store whose map has its own rule of a session has this table besides (`session_rule`).
    if connection.execute("from duckdb_tables() where table_name = 'session_gap'").fetchone():
        connection.execute("set variable session_minutes = (select minutes from staging.session_gap)")
    rules = (raw_rows_are_kept_or_removed(raw_rows), *INVARIANTS)
    for invariant in rules:
        row = connection.execute(invariant.sql).fetchone()
        violations = int(row[0]) if row and row[0] is not None else 0
        if violations:
            raise JourneyError(
                f"{invariant.model}: {violations:,} violations of '{invariant.rule}'; "
                f"check the raw files and the SQL of this model"
            )
    return len(rules)
