"""Features of one kind of decision as arrays, in an order that does not depend on the database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import duckdb
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from journey.errors import JourneyError
from journey.features.catalogue import FEATURES

DECISIONS = ("session_start", "after_3_events", "first_cart")
SLICES = ("device", "channel", "country", "is_new_user")


@dataclass(frozen=True)
class FeatureFrame:
    """Decisions of one kind, ordered by `decided_at`, then `session_id`.

    Attributes
    ----------
    decision : one of `DECISIONS`.
    names : the k features, in the order of the columns of `matrix`.
    matrix : (n, k) float64, without nulls.
    label : (n,) bool, whether the session buys after the decision.
    revenue_after : (n,) float64, net EUR spent after the decision; NaN where prices are not recorded.
    decided_at : (n,) datetime64[us], UTC.
    user_id, session_id, decision_id : (n,) int64.
    slices : n rows of device, channel, country (categories as text) and is_new_user (bool).
    """

    decision: str
    names: tuple[str, ...]
    matrix: NDArray[np.float64]
    label: NDArray[np.bool_]
    revenue_after: NDArray[np.float64]
    decided_at: NDArray[np.datetime64]
    user_id: NDArray[np.int64]
    session_id: NDArray[np.int64]
    decision_id: NDArray[np.int64]
    slices: pd.DataFrame

    def __len__(self) -> int:
        return len(self.label)

    def take(self, rows: NDArray[np.bool_] | NDArray[np.integer]) -> FeatureFrame:
        """The given rows (a mask or positions), in the given order."""
        return replace(
            self,
            matrix=self.matrix[rows],
            label=self.label[rows],
            revenue_after=self.revenue_after[rows],
            decided_at=self.decided_at[rows],
            user_id=self.user_id[rows],
            session_id=self.session_id[rows],
            decision_id=self.decision_id[rows],
            slices=self.slices.iloc[np.arange(len(self))[rows]].reset_index(drop=True),
        )

    def select(self, names: Sequence[str]) -> FeatureFrame:
        """The given features, in the given order.

        Raises
        ------
        JourneyError
            When a name is not among the features, or is given twice.
        """
        _check_names(names, self.names, "features of this frame")
        places = [self.names.index(name) for name in names]
        return replace(self, names=tuple(names), matrix=np.ascontiguousarray(self.matrix[:, places]))

    def replaced(self, names: tuple[str, ...], matrix: NDArray[np.float64]) -> FeatureFrame:
        """The same decisions with other features, in the order of these rows; `matrix` is (n, len(names)).

        Raises
        ------
        JourneyError
            When `matrix` has another shape.
        """
        if matrix.shape != (len(self), len(names)):
            raise JourneyError(
                f"the matrix is {matrix.shape}, but there are {len(self):,} decisions and {len(names)} names"
            )
        return replace(self, names=names, matrix=matrix)

    def beside(self, other: FeatureFrame) -> FeatureFrame:
        """These features, then those of another frame with the same decisions in the same order.

        Raises
        ------
        JourneyError
            When the decisions differ or a feature is in both.
        """
        if not np.array_equal(self.decision_id, other.decision_id):
            raise JourneyError(
                f"the frames hold different decisions ({len(self):,} and {len(other):,}); load both from one "
                f"warehouse for one kind of decision"
            )
        names = (*self.names, *other.names)
        _check_names(names, names, "features of these frames")
        return self.replaced(names, np.hstack([self.matrix, other.matrix]))

    def column(self, name: str) -> NDArray[np.float64]:
        """Values of one feature; (n,)."""
        return self.select([name]).matrix[:, 0]


def load_features(
    connection: duckdb.DuckDBPyConnection, decision: str, names: Sequence[str] | None = None
) -> FeatureFrame:
    """Load the features of one kind of decision.

    Parameters
    ----------
    connection
        A warehouse with `marts.features_all`.
    decision
        `session_start`, `after_3_events` or `first_cart`.
    names
        Features, in the wanted order; the whole catalogue when omitted.

    Raises
    ------
    JourneyError
        When the decision or a feature is unknown, the features have not been built, or a value is null.
    """
    if decision not in DECISIONS:
        raise JourneyError(f"unknown decision {decision!r}; decisions are {', '.join(DECISIONS)}")
    known = tuple(feature.name for feature in FEATURES)
    chosen = known if names is None else tuple(names)
    _check_names(chosen, known, "features of the catalogue")
    columns = ", ".join([*_KEYS, *SLICES, *chosen])
    try:
        found = connection.execute(
            f"select {columns} from marts.features_all where decision = ? order by decided_at, session_id",
            [decision],
        ).fetchnumpy()
    except duckdb.CatalogException as error:
        raise JourneyError(
            "marts.features_all is missing from the warehouse; run `journey build warehouse`"
        ) from error
    except duckdb.BinderException as error:
        reason = str(error).splitlines()[0]
        raise JourneyError(
            f"marts.features_all lacks a column of the catalogue ({reason}); run `journey build warehouse`"
        ) from error
    # A store without prices does not know what a session brought; that is no feature.
    found["revenue_after"] = np.ma.filled(np.ma.asarray(found["revenue_after"], dtype=np.float64), np.nan)
    nulls = {name: int(np.ma.count_masked(values)) for name, values in found.items()}
    if bad := next((name for name, count in nulls.items() if count), None):
        raise JourneyError(
            f"marts.features_all.{bad}: {nulls[bad]:,} of {len(found[bad]):,} values are null for "
            f"{decision}; give the column a fill value in its SQL"
        )
    plain = {name: np.ma.getdata(values) for name, values in found.items()}
    matrix = np.empty((len(plain["session_id"]), len(chosen)), dtype=np.float64)
    for place, name in enumerate(chosen):
        matrix[:, place] = plain[name]
        if wrong := int((~np.isfinite(matrix[:, place])).sum()):
            raise JourneyError(
                f"marts.features_all.{name}: {wrong:,} of {len(matrix):,} values are not finite for "
                f"{decision}; check the prices and ratings of the store"
            )
    return FeatureFrame(
        decision=decision,
        names=chosen,
        matrix=matrix,
        label=plain["converted"].astype(np.bool_),
        revenue_after=plain["revenue_after"],
        decided_at=plain["decided_at"].astype("datetime64[us]"),
        user_id=plain["user_id"].astype(np.int64),
        session_id=plain["session_id"].astype(np.int64),
        decision_id=plain["decision_id"].astype(np.int64),
        slices=pd.DataFrame({name: plain[name] for name in SLICES}).astype({"is_new_user": bool}),
    )


_KEYS = ("decision_id", "session_id", "user_id", "decided_at", "converted", "revenue_after")


def align(frame: pd.DataFrame, names: Sequence[str]) -> NDArray[np.float64]:
    """Columns of a table in the order a model was trained on.

    Parameters
    ----------
    frame
        Rows to score; its columns may be in any order, but must be exactly `names`.
    names
        Features of the model.

    Returns
    -------
    (n, k) float64
        Finite numbers.

    Raises
    ------
    JourneyError
        When a feature is missing, a column is not a feature of the model, a column is not numeric, or a value
        is null or infinite.
    """
    repeated = frame.columns[frame.columns.duplicated()]
    if len(repeated):
        raise JourneyError(
            f"column {repeated[0]!r} occurs twice among {len(frame.columns)} columns; keep one"
        )
    if missing := [name for name in names if name not in frame.columns]:
        raise JourneyError(
            f"{len(missing)} of {len(names)} features of the model are missing from the rows to score: "
            f"{_some(missing)}; add them or train without them"
        )
    if unseen := [str(name) for name in frame.columns if name not in set(names)]:
        raise JourneyError(
            f"{len(unseen)} columns of the rows to score are unknown to the model: {_some(unseen)}; "
            f"leave them out or train with them"
        )
    matrix = np.empty((len(frame), len(names)), dtype=np.float64)
    for place, name in enumerate(names):
        column = frame[name]
        if not (pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column)):
            raise JourneyError(f"column {name!r} of the rows to score is {column.dtype}, not a number")
        matrix[:, place] = column.to_numpy(dtype=np.float64, na_value=np.nan)
        if wrong := int((~np.isfinite(matrix[:, place])).sum()):
            raise JourneyError(
                f"column {name!r}: {wrong:,} of {len(frame):,} rows to score are null or infinite; fill them"
            )
    return matrix


def _check_names(names: Sequence[str], known: Sequence[str], what: str) -> None:
    if unknown := [name for name in names if name not in known]:
        raise JourneyError(f"{_some(unknown)}: not among the {len(known)} {what}")
    if len(set(names)) < len(names):
        twice = next(name for place, name in enumerate(names) if name in names[:place])
        raise JourneyError(f"feature {twice!r} is asked for twice")


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(repr(name) for name in names[:3]) + more
