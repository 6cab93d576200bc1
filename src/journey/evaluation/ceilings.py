"""How well anybody could predict: the simulated shop's true purchase probabilities at each decision."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from journey.errors import JourneyError
from journey.evaluation.truth import read_truth, truth_file
from journey.inference.arrays import Floats
from journey.inference.estimate import Estimate
from journey.models.ranked import rank_outcomes
from journey.models.scores import bootstrap


@dataclass(frozen=True)
class Share:
    """A model's (AUC - 0.5) against that of a ceiling, on the same rows.

    Attributes
    ----------
    model, ceiling
        Areas under the ROC curve.
    share
        (model - 0.5) / (ceiling - 0.5).
    """

    model: Estimate
    ceiling: Estimate
    share: Estimate


def true_probabilities(
    connection: duckdb.DuckDBPyConnection, store: Path, decision_id: NDArray[np.int64]
) -> Floats:
    """True probability that the session ends in a purchase, as of each decision.

    Parameters
    ----------
    connection
        The store's warehouse, with `marts.decision_points`.
    store
        Folder of the simulated store.
    decision_id
        (n,) decisions.

    Returns
    -------
    (n,) float64
        At session start the planted probability of the session, later the probability after the last event
        known by then. It knows persona, intent and tastes, which no table records.

    Raises
    ------
    JourneyError
        When the truth is missing or does not know one of the decisions.
    """
    sessions, events = (
        f"read_parquet('{str(truth_file(store, name)).replace(chr(39), chr(39) * 2)}')"
        for name in ("sessions", "events")
    )
    # DuckDB reads an array of another stride, such as a reversed one, as if it were contiguous.
    asked = np.ascontiguousarray(decision_id, dtype=np.int64)
    connection.register("asked_decisions", {"decision_id": asked, "place": np.arange(len(asked))})
    try:
        found = connection.execute(
            f"""
            with
            ranked as (
                select
                    session_id,
                    event_id,
                    event_type,
                    row_number() over (partition by session_id order by ts, event_id) as position,
                from staging.events
            ),
            carts as (
                select session_id, min(position) as position from ranked
                where event_type = 'add_to_cart'
                group by session_id
            ),
            known as (
                select
                    asked_decisions.place,
                    points.session_id,
                    points.decision = 'session_start' as at_start,
                    case points.decision
                        when 'session_start' then 1
                        when 'after_3_events' then 3
                        else carts.position
                    end as position,
                from asked_decisions
                join marts.decision_points as points using (decision_id)
                left join carts using (session_id)
            )
            select known.place, if(at_start, truth_sessions.p_start, truth_events.p_after) as probability
            from known
            join ranked using (session_id, position)
            join {events} as truth_events using (event_id)
            join {sessions} as truth_sessions using (true_session_id)
            order by known.place
            """
        ).fetchnumpy()
    finally:
        connection.unregister("asked_decisions")
    if len(found["place"]) != len(asked):
        raise JourneyError(
            f"{store}: the truth knows {len(found['place']):,} of {len(asked):,} decisions, so it is of "
            f"another run than the warehouse; run `journey build`"
        )
    return np.asarray(found["probability"], dtype=np.float64)


def share_of_ceiling(
    outcome: ArrayLike,
    model: ArrayLike,
    ceiling: ArrayLike,
    users: ArrayLike,
    *,
    replicates: int = 500,
    seed: int = 0,
) -> Share:
    """Compare a model's scores with a ceiling's scores on the same rows, users drawn together.

    Parameters
    ----------
    outcome, model, ceiling, users
        (n,) outcomes, scores of the model and of the ceiling, and users.

    Raises
    ------
    JourneyError
        For lengths that differ, only one class, or a score that is not finite.
    """
    one, two = rank_outcomes(outcome, model), rank_outcomes(outcome, ceiling)

    def metrics(weights: Floats) -> dict[str, Floats]:
        reached, possible = one.profile(weights)["roc_auc"], two.profile(weights)["roc_auc"]
        return {"model": reached, "ceiling": possible, "share": (reached - 0.5) / (possible - 0.5)}

    found, _ = bootstrap(metrics, users, len(one.order), replicates=replicates, seed=seed)
    return Share(**found)


def hidden_parts(
    connection: duckdb.DuckDBPyConnection, store: Path, decision_id: NDArray[np.int64]
) -> dict[str, Floats]:
    """True log-odds at session start, and the same without what no table can record.

    Parameters
    ----------
    connection, store, decision_id
        As for `true_probabilities`; decisions at session start.

    Returns
    -------
    dict of (n,) float64
        `everything`: the true log-odds. `without_mood`: less the intent of the moment, drawn anew for each
        session. `without_mood_and_taste_for_buying`: also less the user's own inclination, which only
        shows in what the user does over many sessions.

    Raises
    ------
    JourneyError
        As `true_probabilities`.
    """
    everything = true_probabilities(connection, store, decision_id)
    asked = pd.DataFrame({"decision_id": np.asarray(decision_id), "place": np.arange(len(decision_id))})
    rows = connection.execute(
        """
        with first_events as (
            select session_id, arg_min(event_id, (ts, event_id)) as event_id from staging.events
            group by session_id
        )
        select asked.place, first_events.event_id
        from asked
        join marts.decision_points using (decision_id)
        join first_events using (session_id)
        """
    ).df()
    events = read_truth(store, "events", ["event_id", "true_session_id"])
    sessions = read_truth(store, "sessions", ["true_session_id", "user_id", "intent"])
    users = read_truth(store, "users", ["user_id", "baseline"])
    known = (
        rows.merge(events, on="event_id")
        .merge(sessions, on="true_session_id")
        .merge(users, on="user_id")
        .sort_values("place")
    )
    if len(known) != len(asked):
        raise JourneyError(
            f"{store}: the truth knows {len(known):,} of {len(asked):,} sessions, so it is of another run "
            f"than the warehouse; run `journey build`"
        )
    log_odds = np.log(everything) - np.log1p(-everything)
    mood = known["intent"].to_numpy(dtype=np.float64)
    own = known["baseline"].to_numpy(dtype=np.float64)
    return {
        "everything": log_odds,
        "without_mood": log_odds - mood,
        "without_mood_and_taste_for_buying": log_odds - mood - own,
    }
