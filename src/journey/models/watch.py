"""Watch a shop week by week: a model frozen at a date, its inputs and its scores compared with that time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from journey.errors import JourneyError
from journey.features import FEATURES, FeatureFrame
from journey.inference.arrays import Floats, Ints
from journey.models.boosting import Boosted, Setting, fit_boosting
from journey.models.drift import MEASURES, Look, look, share_alpha
from journey.models.linear import Linear, fit_linear
from journey.models.stability import category_bins, numeric_bins
from journey.models.training import raw_scores

Columns = Mapping[str, NDArray[Any]]
DAYS = 7
#: Weeks before the watch begins. The first of them has no full windows of seven days: a model learns from it,
#: but no later week is compared with it.
BEFORE, BURN_IN = 5, 1
SCORE = "score"
CATEGORIES = ("channel", "device", "country")
#: Windows that are full from the second week on; longer ones fill up as the data get older.
SHORT_WINDOWS = ("now", "session", "1 day", "7 days")
#: Features that say what the date is, or what the shop itself has switched on.
KNOWN = ("weekday", "free_shipping_shown")
#: Of the frozen model: fixed beforehand, not tuned on any week.
STRENGTH, SETTING, FOLDS = 0.01, Setting(), 5


@dataclass(frozen=True)
class Log:
    """What was seen in every week and variable.

    Attributes
    ----------
    table
        One row a week and variable: `week` (0 is the first of the data), `variable`, `rows`, and for each
        measure `psi` and `gap`: its value, and with endings `_p` (one look at one variable), `_chance` (5% of
        single looks exceed it), `_limit` (it rings above it) and `_rings`.
    looks
        Week -> the look at it, of all variables.
    alpha
        Accepted chance of any false alarm in all weeks and variables of the table.
    """

    table: pd.DataFrame
    looks: dict[int, Look]
    alpha: float

    @property
    def names(self) -> tuple[str, ...]:
        """Variables of the table."""
        return tuple(dict.fromkeys(self.table["variable"]))


@dataclass(frozen=True)
class Blend:
    """Two models; the score is the mean of their log-odds, as a probability."""

    linear: Linear
    boosted: Boosted

    def predict(self, matrix: Floats) -> Floats:
        """Probabilities of the rows of an (n, k) matrix."""
        return raw_scores(self.linear, self.boosted, matrix)["blend"]


def fit_blend(rows: FeatureFrame, seed: int) -> Blend:
    """Logistic regression and trees with the fixed settings."""
    return Blend(
        fit_linear(rows.matrix, rows.label, rows.names, strength=STRENGTH),
        fit_boosting(rows.matrix, rows.label, rows.names, SETTING, seed=seed),
    )


def week_of(frame: FeatureFrame) -> Ints:
    """Week of each decision: seven days each, counted from the first day of the data."""
    days = frame.decided_at.astype("datetime64[D]")
    return (days - days.min()).astype(np.int64) // DAYS


def short_features(windows: Sequence[str] = SHORT_WINDOWS) -> tuple[str, ...]:
    """Features of the catalogue with the given windows, without those of `KNOWN`."""
    return tuple(each.name for each in FEATURES if each.window in windows and each.name not in KNOWN)


def user_features() -> tuple[str, ...]:
    """Short features whose chance is a matter of users, without those of the item.

    What an item costs or how it sells moves for all its visitors at once, which moving users cannot imitate.
    """
    items = {each.name for each in FEATURES if each.group == "item"}
    return tuple(name for name in short_features() if name not in items)


def watch_columns(
    columns: Columns,
    users: Ints,
    weeks: Ints,
    *,
    before: int = BEFORE,
    burn_in: int = BURN_IN,
    alpha: float = 0.05,
    draws: int = 1000,
    seed: int = 0,
) -> Log:
    """Look once at every week from `before` on, with the weeks from `burn_in` to `before` as the reference.

    Parameters
    ----------
    columns
        Name -> (n,) numbers or text.
    users, weeks
        (n,) user and week of each row.
    alpha
        Accepted chance of any false alarm in all later weeks and variables together.

    Raises
    ------
    JourneyError
        When there is no later week, or a column does not fit.
    """
    later = np.unique(weeks[weeks >= before])
    if len(later) == 0:
        raise JourneyError(f"no week from number {before} on is left to watch; use more days of data")
    inside = (weeks >= burn_in) & (weeks < before)
    bins = [
        (numeric_bins if np.issubdtype(values.dtype, np.number) else category_bins)(name, values[inside])
        for name, values in columns.items()
    ]
    codes = np.column_stack([each(columns[each.name]) for each in bins])
    looks = {}
    for week in map(int, later):
        rows = inside | (weeks == week)
        looks[week] = look(
            bins, codes[rows], users[rows], weeks[rows], week, draws=draws, seed=seed + 1000 * week
        )
    return log_looks(looks, alpha=alpha)


def log_looks(looks: dict[int, Look], *, alpha: float = 0.05, names: Sequence[str] | None = None) -> Log:
    """Write down looks at some of the variables, all when `names` is omitted; only these share alpha."""
    single = share_alpha(alpha, len(looks))
    tables = []
    for week, seen in looks.items():
        table = pd.DataFrame({"week": week, "variable": seen.names, "rows": seen.rows})
        for measure in MEASURES:
            limit = seen.alarm_limit(measure, single, names)
            table[measure] = seen.value[measure]
            table[f"{measure}_p"] = seen.p(measure)
            table[f"{measure}_chance"] = seen.chance_limit(measure)
            table[f"{measure}_limit"] = limit
            table[f"{measure}_rings"] = seen.value[measure] > limit
        tables.append(table if names is None else table[table["variable"].isin(names)])
    return Log(pd.concat(tables, ignore_index=True), looks, alpha)


def shop_columns(frame: FeatureFrame, names: Sequence[str], scores: Floats | None = None) -> Columns:
    """Columns to watch: the named features, channel, device and country as text, and the model's log-odds."""
    columns: dict[str, NDArray[Any]] = {name: frame.column(name) for name in names}
    columns |= {name: frame.slices[name].astype(str).to_numpy(dtype=str) for name in CATEGORIES}
    if scores is not None:
        columns[SCORE] = scores
    return columns


def frozen_scores(frame: FeatureFrame, weeks: Ints, *, before: int = BEFORE, seed: int = 0) -> Floats:
    """Scores by a model frozen before week `before`; (n,).

    Rows it learned from are scored by models of the other users, because a model is surer of rows it has
    seen, and every later week would look shifted.
    """
    scores = np.empty(len(frame))
    known = weeks < before
    scores[~known] = fit_blend(frame.take(known), seed).predict(frame.matrix[~known])
    people, member = np.unique(frame.user_id, return_inverse=True)
    fold = np.random.default_rng(seed).permutation(np.arange(len(people)) % FOLDS)[member]
    for number in range(FOLDS):
        held = known & (fold == number)
        scores[held] = fit_blend(frame.take(known & ~held), seed).predict(frame.matrix[held])
    return scores


def rolling_scores(frame: FeatureFrame, weeks: Ints, *, before: int = BEFORE, seed: int = 0) -> pd.DataFrame:
    """Scores of every later row by the models of all earlier weeks.

    Returns
    -------
    DataFrame
        One row a row of `frame` from week `before` on, in order; a column a model, named by the first week
        that it has not seen. A model's scores of rows it has seen are NaN.
    """
    later = weeks >= before
    found = {}
    for week in np.unique(weeks[later]):
        fitted = fit_blend(frame.take(weeks < week), seed)
        unseen = weeks[later] >= week
        column = np.full(int(later.sum()), np.nan)
        column[unseen] = fitted.predict(frame.matrix[later][unseen])
        found[int(week)] = column
    return pd.DataFrame(found)
