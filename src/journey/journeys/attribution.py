"""Share of conversions credited to each channel, by rule and by Markov removal effect."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike

from journey.errors import JourneyError
from journey.inference.estimate import Estimate
from journey.inference.intervals import FloatArray, percentile_interval
from journey.inference.resampling import resample_counts
from journey.journeys.markov import count_moves, removal_effects
from journey.journeys.paths import BoolArray, IntArray, Paths, converted_flags

Rule = Literal["first_touch", "last_touch", "linear", "position_based", "time_decay", "markov"]
RULES: tuple[Rule, ...] = get_args(Rule)


@dataclass(frozen=True)
class Attribution:
    """Credit of each channel under one rule.

    Attributes
    ----------
    credit
        Conversions (or value, when values were given) credited to each channel, shape (c,); sums to `total`.
    share
        `credit / total`.
    low, high
        Bootstrap interval of `share`, users resampled; None when no bootstrap was asked for.
    removal_effect
        Markov only: share of conversions lost when the channel is removed; None for the rules.
    replicates
        Bootstrap shares, shape (n_boot, c), for intervals of quantities derived from the shares.
    """

    rule: Rule
    channels: tuple[str, ...]
    credit: FloatArray
    share: FloatArray
    low: FloatArray | None
    high: FloatArray | None
    removal_effect: FloatArray | None
    total: float
    n_paths: int
    n_converted: int
    n_users: int
    level: float
    replicates: FloatArray | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Misallocation:
    """Part of a budget that a rule would put in the wrong channel.

    `share` is half the L1 distance between the rule's shares and the reference, from 0 (same) to 1
    (disjoint): the smallest part of the budget that must move to turn one split into the other. `money` is
    that part of `budget`. `excess` is rule minus reference, per channel, in money. `replicates` are shares
    of the bootstrap, shape (n_boot,), to compare rules on the same draws.
    """

    share: float
    share_low: float | None
    share_high: float | None
    money: float
    money_low: float | None
    money_high: float | None
    budget: float
    channels: tuple[str, ...]
    excess: FloatArray
    level: float
    replicates: FloatArray | None = field(default=None, repr=False)


def touch_weights(
    paths: Paths,
    rule: Rule,
    *,
    age: ArrayLike | None = None,
    half_life: float = 7.0,
    ends: tuple[float, float] = (0.4, 0.4),
) -> FloatArray:
    """Weight of every touch under a rule; the weights of one path sum to 1.

    Parameters
    ----------
    rule
        `first_touch`, `last_touch`, `linear`, `position_based` or `time_decay`.
    age
        Time from each touch to the end of its path, shape (m,), non-negative; needed for `time_decay`.
    half_life
        Time over which a touch loses half its weight, in the unit of `age`.
    ends
        Weight of the first and of the last touch under `position_based` (40/20/40 by default). The rest is
        shared by the touches between; a path of two touches splits in proportion to the two ends.

    Raises
    ------
    JourneyError
        For an unknown rule, under `position_based` for `ends` that are negative or sum to 0 or to more than
        1, and under `time_decay` for an `age` that is not one of 0 or more per touch or a half-life that is
        not above 0.
    """
    lengths = np.repeat(paths.lengths, paths.lengths)
    position = paths.position_of_step
    is_first, is_last = position == 0, position == lengths - 1
    if rule == "first_touch":
        return is_first.astype(float)
    if rule == "last_touch":
        return is_last.astype(float)
    if rule == "linear":
        return 1.0 / lengths
    if rule == "position_based":
        first, last = ends
        if min(first, last) < 0 or not 0 < first + last <= 1:
            raise JourneyError(f"Position weights {ends} must be non-negative and sum to at most 1.")
        middle = (1 - first - last) / np.maximum(lengths - 2, 1)
        weight = np.where(is_first, first, np.where(is_last, last, middle))
        weight = np.where(lengths == 2, np.where(is_first, first, last) / (first + last), weight)
        return np.where(lengths == 1, 1.0, weight)
    if rule == "time_decay":
        return _time_decay(paths, age, half_life)
    raise JourneyError(f"Unknown attribution rule '{rule}'; choose one of {', '.join(RULES)}.")


def attribute(
    paths: Paths,
    converted: ArrayLike,
    rule: Rule,
    *,
    value: ArrayLike | None = None,
    age: ArrayLike | None = None,
    half_life: float = 7.0,
    users: ArrayLike | None = None,
    n_boot: int = 0,
    seed: int = 0,
    level: float = 0.95,
) -> Attribution:
    """Credit channels for conversions under one rule.

    Parameters
    ----------
    paths
        Channel touches of each journey, up to its conversion or its end.
    converted
        Whether each journey converts, shape (n,).
    rule
        One of `RULES`. `markov` also uses the journeys that do not convert; the other rules ignore them.
    value
        Value of each journey's conversion, shape (n,); default 1, so that credit counts conversions. Under
        `markov` the total value is split by the shares of the removal effects.
    age, half_life
        As in `touch_weights`, for `time_decay`.
    users
        User of each journey, shape (n,): the bootstrap resamples users, so that several journeys of one
        user stay together. Default: each journey is its own user.
    n_boot
        Bootstrap resamples; 0 for no interval.

    Raises
    ------
    JourneyError
        When nothing converts, or an argument does not fit.

    Notes
    -----
    Markov removal effect: Anderl, Becker, von Wangenheim and Schumann (2016), "Mapping the customer
    journey", first order: journeys are a chain start -> channels -> conversion or null; removing a channel
    sends every move into it to null; its effect is the relative fall of the conversion probability. Credit
    is proportional to the effects. It measures association along observed paths, not the causal effect of
    the channel.
    """
    flags = converted_flags(paths, converted)
    if not flags.any():
        raise JourneyError(f"None of the {paths.n} journeys converts; there is nothing to attribute.")
    worth = _values(paths, flags, value)
    user, n_users = _users(paths, users)
    channels = len(paths.labels)
    effect: FloatArray | None = None
    if rule == "markov":
        moves = count_moves(paths, flags, user, n_users)
        effect = removal_effects(moves.total()[None])[0]
        total_effect = effect.sum()
        share = effect / total_effect if total_effect > 0 else np.full(channels, np.nan)
        chunks = [
            removal_effects(moves.weighted(weights)) for weights in resample_counts(n_users, n_boot, seed)
        ]
    else:
        touch = touch_weights(paths, rule, age=age, half_life=half_life) * np.repeat(worth, paths.lengths)
        cell = user[paths.path_of_step] * channels + paths.states
        per_user = np.bincount(cell, weights=touch, minlength=n_users * channels).reshape(n_users, channels)
        total_credit = per_user.sum(axis=0)
        share = total_credit / total_credit.sum()
        chunks = [weights @ per_user for weights in resample_counts(n_users, n_boot, seed)]
    replicates = _shares(np.concatenate(chunks)) if chunks else None
    low, high = (None, None) if replicates is None else percentile_interval(replicates, level)
    total = float(worth.sum())
    return Attribution(
        rule=rule,
        channels=paths.labels,
        credit=share * total,
        share=share,
        low=low,
        high=high,
        removal_effect=effect,
        total=total,
        n_paths=paths.n,
        n_converted=int(flags.sum()),
        n_users=n_users,
        level=level,
        replicates=replicates,
    )


def misallocation(attribution: Attribution, reference: ArrayLike, budget: float) -> Misallocation:
    """Compare a rule's shares with reference shares, as a share of the budget and in money.

    Parameters
    ----------
    attribution
        Shares of one rule; with bootstrap replicates the result carries a percentile interval.
    reference
        True share of each channel, shape (c,), non-negative; normalised to sum to 1.
    budget
        Money to be split over the channels.

    Raises
    ------
    JourneyError
        When `reference` is not one number of 0 or more per channel with a sum above 0, or `budget` is
        negative.

    Notes
    -----
    The distance cannot be negative, so its replicates lie above zero even for a perfect rule: the interval
    is about how wrong the split would be, not a test that it is wrong.
    """
    truth = np.asarray(reference, dtype=float)
    if truth.shape != attribution.share.shape or (truth < 0).any() or not truth.sum() > 0:
        raise JourneyError(
            f"Reference shares must be {len(attribution.channels)} non-negative numbers with a positive sum, "
            "one per channel."
        )
    if not budget >= 0:
        raise JourneyError(f"Budget {budget} must not be negative.")
    truth = truth / truth.sum()
    share = float(0.5 * np.abs(attribution.share - truth).sum())
    low = high = distance = None
    if attribution.replicates is not None:
        distance = 0.5 * np.abs(attribution.replicates - truth).sum(axis=1)
        low, high = (float(x) for x in percentile_interval(distance, attribution.level))
    return Misallocation(
        share=share,
        share_low=low,
        share_high=high,
        money=share * budget,
        money_low=None if low is None else low * budget,
        money_high=None if high is None else high * budget,
        budget=float(budget),
        channels=attribution.channels,
        excess=(attribution.share - truth) * budget,
        level=attribution.level,
        replicates=distance,
    )


def further(one: Misallocation, nearest: Misallocation) -> Estimate:
    """How much more of the budget one rule puts on the wrong channels than another, as a share.

    Both must come from the same users, resamples and seed, so that each draw holds the same users for both.

    Raises
    ------
    JourneyError
        When the two have no replicates, or not as many.
    """
    if (
        one.replicates is None
        or nearest.replicates is None
        or one.replicates.shape != nearest.replicates.shape
    ):
        raise JourneyError(
            "Rules are compared on the same draws: attribute both with the same n_boot above 0."
        )
    low, high = percentile_interval(one.replicates - nearest.replicates, one.level)
    return Estimate(one.share - nearest.share, float(low), float(high), one.level)


def _time_decay(paths: Paths, age: ArrayLike | None, half_life: float) -> FloatArray:
    if age is None:
        raise JourneyError("Time decay needs `age`, the time from each touch to the end of its path.")
    ages = np.asarray(age, dtype=float)
    if ages.shape != paths.states.shape or not (ages >= 0).all():
        raise JourneyError(f"`age` must hold {len(paths.states)} non-negative times, one per touch.")
    if not half_life > 0:
        raise JourneyError(f"Half-life {half_life} must be positive.")
    # Measured from the youngest touch of the path, so that very old paths do not underflow to 0/0.
    youngest = np.repeat(np.minimum.reduceat(ages, paths.starts[:-1]), paths.lengths)
    weight = np.exp2(-(ages - youngest) / half_life)
    total = np.add.reduceat(weight, paths.starts[:-1])
    return np.asarray(weight / np.repeat(total, paths.lengths))


def _values(paths: Paths, flags: BoolArray, value: ArrayLike | None) -> FloatArray:
    worth = np.ones(paths.n) if value is None else np.asarray(value, dtype=float)
    if worth.shape != (paths.n,) or not np.isfinite(worth).all() or (worth < 0).any():
        raise JourneyError(f"Conversion values must be {paths.n} non-negative numbers, one per path.")
    worth = np.where(flags, worth, 0.0)
    if not worth.sum() > 0:
        raise JourneyError("The conversions have a total value of 0; there is nothing to attribute.")
    return worth


def _users(paths: Paths, users: ArrayLike | None) -> tuple[IntArray, int]:
    if users is None:
        return np.arange(paths.n), paths.n
    distinct, index = np.unique(np.asarray(users), return_inverse=True)
    if index.shape != (paths.n,):
        raise JourneyError(f"Users have shape {index.shape}; one per path is needed ({paths.n}).")
    return index.astype(np.int64), len(distinct)


def _shares(credit: FloatArray) -> FloatArray:
    total = credit.sum(axis=1, keepdims=True)
    kept = total[:, 0] > 0
    return np.asarray(credit[kept] / total[kept])
