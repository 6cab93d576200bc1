"""Features that know the future, kept apart: a lesson in what a score looks like when it is fake.

None of them is in the catalogue, and no model that is reported uses them. Each is a mistake that is easy to
make with one table of sessions: the row of a session holds how it ended.
"""

from __future__ import annotations

import duckdb
import numpy as np

from journey.features.catalogue import Feature
from journey.features.load import FeatureFrame, load_features

#: What each leak says, in the form of the catalogue.
LEAKS: tuple[Feature, ...] = (
    Feature("session_duration_s", "leak", "session", "Length of the whole session", "seconds", 0.0),
    Feature("session_has_checkout", "leak", "session", "1 when the session reaches a checkout", "flag", 0.0),
    Feature("session_events", "leak", "session", "Events of the whole session", "events", 0.0),
    Feature(
        "conversion_rate_with_session",
        "leak",
        "all",
        "past_conversion_rate with the session itself counted in",
        "share",
        0.05,
    ),
)


def load_leaks(connection: duckdb.DuckDBPyConnection, decision: str) -> FeatureFrame:
    """Load the leaky features of one kind of decision; `FeatureFrame.beside` puts them next to honest ones.

    Parameters
    ----------
    connection
        A warehouse with features.
    decision
        One of `journey.features.DECISIONS`.

    Returns
    -------
    FeatureFrame
        The rows of `load_features(connection, decision)`, in the same order; columns are `LEAKS`.

    Raises
    ------
    JourneyError
        When the decision is unknown or the features have not been built.
    """
    honest = load_features(connection, decision, ())
    found = connection.execute(
        """
        select
            sessions.duration_s as session_duration_s,
            sessions.has_checkout::integer as session_has_checkout,
            sessions.n_events as session_events,
            round(
                (
                    0.5 + count(*) filter (where sessions.converted) over (
                        partition by sessions.user_id order by sessions.session_id
                    )
                ) / (10.0 + sessions.session_number), 6
            )::double as conversion_rate_with_session,
        from marts.sessions
        order by sessions.session_id
        """
    ).fetchnumpy()
    # Sessions are numbered from 1 without gaps, so a number is a place.
    rows = honest.session_id - 1
    matrix = np.column_stack([found[leak.name][rows].astype(np.float64) for leak in LEAKS])
    return honest.replaced(tuple(leak.name for leak in LEAKS), matrix)
