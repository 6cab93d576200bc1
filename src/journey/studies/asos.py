"""Replay finished experiments look by look: whom would peeking have fooled, what would stopping have saved?

The input is what an experiment platform keeps: running counts, means and variances per look. The planned end
is taken to be the look at which the experiment really ended, which is all that a finished experiment tells.
So the sequential rules are given a final number of units that nobody has while an experiment runs: a live
rule uses the planned number, and wastes a little where the plan is off.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from journey.errors import JourneyError
from journey.experiments.always_valid import confidence_sequence
from journey.experiments.effects import ArmEstimates, difference, welch_degrees
from journey.experiments.group_sequential import SPENDING, group_sequential
from journey.experiments.inputs import FloatArray, check_alpha
from journey.experiments.sample_ratio import sample_ratio_test
from journey.inference.intervals import normal_quantile, wilson_interval
from journey.stores.datasets import load_asos

SERIES = ["experiment_id", "variant_id", "metric_id"]
COLUMNS = [*SERIES, "time_since_start", "count_c", "count_t", "mean_c", "mean_t", "variance_c", "variance_t"]
FIXED, SEQUENCE = "fixed horizon, every look", "confidence sequence"
RULES = (FIXED, *(f"group sequential, {name}" for name in SPENDING), SEQUENCE)


@dataclass(frozen=True)
class RuleReplay:
    """One stopping rule over many series.

    Attributes
    ----------
    rule : str
    series : int
    ever : int
        Series that cross at some look.
    at_end : int
        Series whose last look is beyond the rule's limit.
    fooled : int
        Series that cross at some look, but are not beyond the limit at the end.
    share_fooled, share_low, share_high : float
        `fooled` of all series, with a 95% interval in which series of one experiment resemble each other.
    experiments : int
        Experiments that the series are of.
    against_final_test : int
        Series that cross at some look, while the ordinary test at the end has p above alpha.
    days_saved, median_days_saved : float
        Sum over all series, and median over those that cross, of last day minus day of the first crossing.
    share_days_saved : float
        Days saved of all days of all series.
    """

    rule: str
    series: int
    ever: int
    at_end: int
    fooled: int
    share_fooled: float
    share_low: float
    share_high: float
    experiments: int
    against_final_test: int
    days_saved: float
    median_days_saved: float
    share_days_saved: float


@dataclass(frozen=True)
class Replay:
    """Result of `sequential_replay`.

    Attributes
    ----------
    alpha : float
    experiments, series : int
    looks_used, looks_unusable : int
        Looks with both variances, and looks left out because one is missing, an arm is empty, or a running
        count is lower than before.
    series_unusable : int
        Series without two usable looks, left out.
    rules : tuple of RuleReplay
        Over all series.
    per_series : pandas.DataFrame
        One row per series: keys, `looks`, `last_day`, `final_p`, final counts, and per rule the day of the
        first crossing (missing when none) and whether the last look is beyond the limit. Feed any subset to
        `summarise_replay`.
    """

    alpha: float
    experiments: int
    series: int
    looks_used: int
    looks_unusable: int
    series_unusable: int
    rules: tuple[RuleReplay, ...]
    per_series: pd.DataFrame


def _usable(looks: pd.DataFrame) -> pd.Series:
    numbers = looks[COLUMNS[3:]]
    finite = np.isfinite(numbers.to_numpy(dtype=float, na_value=np.nan)).all(axis=1)
    # An arm that does not vary yet would count as known exactly.
    varies = (looks["variance_c"].fillna(0) > 0) & (looks["variance_t"].fillna(0) > 0)
    counted = (looks["count_c"] >= 2) & (looks["count_t"] >= 2) & ~_falling(looks)
    return pd.Series(finite & counted & varies, index=looks.index)


def _falling(looks: pd.DataFrame) -> pd.Series:
    """Looks at which a running count is lower than at an earlier look of the series."""
    ordered = looks.reset_index(drop=True).sort_values("time_since_start", kind="stable")
    groups = ordered.groupby(SERIES)
    falls = [ordered[count] < groups[count].cummax() for count in ("count_c", "count_t")]
    return pd.Series((falls[0] | falls[1]).sort_index().to_numpy(), index=looks.index)


def _arms(looks: pd.DataFrame) -> ArmEstimates:
    column = {name: looks[name].to_numpy(dtype=float) for name in COLUMNS[4:]}
    errors = column["variance_c"] / column["count_c"], column["variance_t"] / column["count_t"]
    return ArmEstimates(
        control=column["mean_c"],
        treatment=column["mean_t"],
        variance_control=errors[0],
        variance_treatment=errors[1],
        covariance=0.0,
        df=welch_degrees(*errors, column["count_c"], column["count_t"]),
        n_control=column["count_c"],
        n_treatment=column["count_t"],
        source="running Welch t",
    )


def _planned_looks(units: FloatArray, step: float) -> FloatArray:
    """Positions of looks that add at least `step` of the final information; the last look is always one."""
    fractions = np.maximum.accumulate(units) / units.max()
    kept = [units.size - 1]
    for position in range(units.size - 2, -1, -1):
        if fractions[kept[-1]] - fractions[position] >= step and fractions[position] >= step:
            kept.append(position)
    return np.array(kept[::-1])


def _limits(looks: pd.DataFrame, alpha: float, step: float) -> dict[str, FloatArray]:
    """Critical |z| of every look under each group-sequential rule; infinite where the rule does not look."""
    limits = {name: np.full(len(looks), np.inf) for name in SPENDING}
    known: dict[tuple[float, ...], dict[str, tuple[float, ...]]] = {}
    units = (looks["count_c"] + looks["count_t"]).to_numpy(dtype=float)
    for rows in looks.groupby(SERIES, sort=False).indices.values():
        planned = _planned_looks(units[rows], step)
        running = np.maximum.accumulate(units[rows])
        fractions = tuple((running[planned] / running[-1]).tolist())
        if fractions not in known:
            known[fractions] = {
                name: group_sequential(fractions, alpha=alpha, spending=name).z  # type: ignore[arg-type]
                for name in SPENDING
            }
        for name, z in known[fractions].items():
            limits[name][rows[planned]] = z
    return limits


def sequential_replay(looks: pd.DataFrame, *, alpha: float = 0.05, information_step: float = 0.01) -> Replay:
    """Apply every stopping rule to every running series.

    Parameters
    ----------
    looks : pandas.DataFrame
        One row per experiment_id, variant_id, metric_id and time_since_start (days), with count_c, count_t,
        mean_c, mean_t, variance_c, variance_t so far (variances of the data, not of the means).
    alpha : float
        Two-sided error rate of each rule.
    information_step : float
        Smallest growth of the sample, as a share of the final one, between two looks of the group-sequential
        rules. The other rules look at every row.

    Returns
    -------
    Replay
        Rules: the fixed-horizon Welch test repeated at every look; Lan-DeMets boundaries with information
        fraction = units so far / final units; the confidence sequence, tightest at the final number of units.

    Raises
    ------
    JourneyError
        For missing columns, repeated looks, or no series with two usable looks.

    Notes
    -----
    Information is counted in units. In running metrics (revenue of a user so far) the variance grows while
    users stay, so the Brownian motion behind the boundaries is an approximation.
    """
    check_alpha(alpha)
    if not 0 < information_step < 1:
        raise JourneyError(f"information_step must lie between 0 and 1; got {information_step!r}")
    missing = [name for name in COLUMNS if name not in looks.columns]
    if missing:
        raise JourneyError(f"the running statistics lack the columns {', '.join(missing)}")
    repeated = int(looks.duplicated([*SERIES, "time_since_start"]).sum())
    if repeated:
        raise JourneyError(
            f"{repeated} of {len(looks)} rows repeat a look of the same series; keep one row per look"
        )
    usable = _usable(looks)
    table = looks.loc[usable].sort_values([*SERIES, "time_since_start"], kind="stable")
    table = table[table.groupby(SERIES)["time_since_start"].transform("size") >= 2].reset_index(drop=True)
    if table.empty:
        raise JourneyError(f"none of the {len(looks)} rows belongs to a series with two usable looks")
    arms = _arms(table)
    fixed = difference(arms, alpha=alpha)
    final_units = (
        (table["count_c"] + table["count_t"]).groupby([table[key] for key in SERIES]).transform("max")
    )
    sequence = confidence_sequence(arms, alpha=alpha, tightest_n=final_units.to_numpy(dtype=float))
    z = np.abs(np.asarray(fixed.statistic))
    crossed = {FIXED: np.asarray(fixed.p_value) < alpha, SEQUENCE: np.asarray(sequence.p_value) < alpha}
    for name, limit in _limits(table, alpha, information_step).items():
        crossed[f"group sequential, {name}"] = z >= limit
    per_series = _per_series(table, np.asarray(fixed.p_value), crossed)
    return Replay(
        alpha=alpha,
        experiments=int(per_series["experiment_id"].nunique()),
        series=len(per_series),
        looks_used=len(table),
        looks_unusable=int((~usable).sum()),
        series_unusable=int(looks.groupby(SERIES).ngroups) - len(per_series),
        rules=summarise_replay(per_series, alpha=alpha),
        per_series=per_series,
    )


def _per_series(table: pd.DataFrame, p_values: Any, crossed: dict[str, Any]) -> pd.DataFrame:
    marked = table[[*SERIES, "time_since_start", "count_c", "count_t"]].assign(final_p=p_values)
    for rule, hits in crossed.items():
        marked[f"{rule}: first day"] = table["time_since_start"].where(hits)
        marked[f"{rule}: at end"] = hits
    groups = marked.groupby(SERIES, sort=True)
    rows = groups.agg(looks=("time_since_start", "size"), last_day=("time_since_start", "max"))
    rows = rows.join(groups[["count_c", "count_t", "final_p"]].last())
    for rule in RULES:
        rows = rows.join(groups[f"{rule}: first day"].min()).join(groups[f"{rule}: at end"].last())
    return rows.reset_index()


def summarise_replay(per_series: pd.DataFrame, *, alpha: float = 0.05) -> tuple[RuleReplay, ...]:
    """Count crossings and days saved per rule over rows of `Replay.per_series`.

    Raises
    ------
    JourneyError
        When there are no rows.
    """
    if per_series.empty:
        raise JourneyError("there is no series to summarise; the selection is empty")
    result, total = [], len(per_series)
    for rule in RULES:
        first, at_end = per_series[f"{rule}: first day"], per_series[f"{rule}: at end"].astype(bool)
        ever = first.notna()
        saved = (per_series["last_day"] - first)[ever]
        fooled = int((ever & ~at_end).sum())
        returned = (ever & ~at_end).groupby(per_series["experiment_id"]).agg(["sum", "size"])
        low, high = clustered_share(returned["sum"].to_numpy(float), returned["size"].to_numpy(float))
        result.append(
            RuleReplay(
                rule=rule,
                series=total,
                ever=int(ever.sum()),
                at_end=int(at_end.sum()),
                fooled=fooled,
                share_fooled=fooled / total,
                share_low=low,
                share_high=high,
                experiments=len(returned),
                against_final_test=int((ever & (per_series["final_p"] >= alpha)).sum()),
                days_saved=float(saved.sum()),
                median_days_saved=float(saved.median()) if len(saved) else 0.0,
                share_days_saved=float(saved.sum() / per_series["last_day"].sum()),
            )
        )
    return tuple(result)


def clustered_share(hits: FloatArray, sizes: FloatArray, *, level: float = 0.95) -> tuple[float, float]:
    """Interval of a share whose units come in clusters that resemble each other.

    Parameters
    ----------
    hits, sizes
        Units that count, and all units, of each cluster, shape (k,).

    Notes
    -----
    Wilson's interval for the effective number of units: the variance between clusters, with the t quantile of
    k - 1 degrees of freedom, says how many independent units would be as much evidence (Korn & Graubard 1998;
    Dean & Pagano 2015). Clusters that all agree count as one unit each.
    """
    k, total = len(sizes), sizes.sum()
    share = float(hits.sum() / total)
    effective = float(k)
    if k > 1 and 0 < share < 1:
        residual = hits - share * sizes
        variance = float((residual**2).sum()) * k / (k - 1) / total**2
        if variance > 0:
            narrower = (normal_quantile(level) / float(stats.t.ppf(0.5 + level / 2, k - 1))) ** 2
            effective = min(float(total), share * (1 - share) / variance * narrower)
    low, high = wilson_interval(share * effective, effective, level)
    return float(low), float(high)


def incomplete_looks(looks: pd.DataFrame) -> dict[str, int]:
    """How many looks lack a variance or have falling counts, and of how many experiments."""
    gaps = looks[["variance_c", "variance_t"]].isna().any(axis=1)
    falls = _falling(looks)
    return {
        "looks_without_variance": int(gaps.sum()),
        "experiments_without_variance": int(looks.loc[gaps, "experiment_id"].nunique()),
        "looks_with_falling_counts": int(falls.sum()),
        "experiments_with_falling_counts": int(looks.loc[falls, "experiment_id"].nunique()),
    }


def replay_asos() -> dict[str, Any]:
    """Replay of the 78 ASOS experiments: all series, by metric, and without failed sample-ratio checks."""
    looks = load_asos()
    replay = sequential_replay(looks)
    table = replay.per_series
    arms = table.drop_duplicates(["experiment_id", "variant_id"]).set_index(["experiment_id", "variant_id"])
    checks = {
        key: sample_ratio_test(pair)
        for key, pair in zip(arms.index, arms[["count_c", "count_t"]].to_numpy(), strict=True)
    }
    failed = {key for key, check in checks.items() if check.mismatch}
    balanced = np.array(
        [key not in failed for key in zip(table["experiment_id"], table["variant_id"], strict=True)]
    )
    first = f"{FIXED}: first day"
    fooled = table[first].notna() & ~table[f"{FIXED}: at end"].astype(bool)
    return {
        "alpha": replay.alpha,
        "experiments": replay.experiments,
        "series": replay.series,
        "looks_used": replay.looks_used,
        "looks_unusable": replay.looks_unusable,
        "series_unusable": replay.series_unusable,
        **incomplete_looks(looks),
        "experiments_with_a_fooled_series": int(table.loc[fooled, "experiment_id"].nunique()),
        "comparisons": len(checks),
        "comparisons_off_50_50": len(failed),
        "all": [asdict(rule) for rule in replay.rules],
        "by_metric": {
            f"metric {metric}": [asdict(rule) for rule in summarise_replay(rows)]
            for metric, rows in table.groupby("metric_id")
        },
        "balanced_only": [asdict(rule) for rule in summarise_replay(table[balanced])],
    }
