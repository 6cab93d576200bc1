"""Random numbers that depend on what they are for, not on the order in which they are drawn.

A draw is a hash of a key (seed and user, user and day, session, event) and a label. So a user behaves the
same whether users are handled one by one or a million at a time, and with or without dirt on top.
The generator is SplitMix64 (Steele, Lea and Flood 2014), counter-based: position `label` of stream `key`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from journey.inference.arrays import Floats

Keys = NDArray[np.uint64]

_GOLDEN = 0x9E3779B97F4A7C15
_MASK = 0xFFFFFFFFFFFFFFFF
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)
_S30, _S27, _S31, _S11 = (np.uint64(shift) for shift in (30, 27, 31, 11))


def _mix(state: Keys) -> Keys:
    """Finalise in place; `state` must be a fresh array."""
    state ^= state >> _S30
    state *= _FIRST
    state ^= state >> _S27
    state *= _SECOND
    state ^= state >> _S31
    return state


def _offset(label: int) -> np.uint64:
    return np.uint64((label + 1) * _GOLDEN & _MASK)


def root_key(seed: int, label: int) -> int:
    """One key for a purpose, from the seed."""
    return int(_mix(np.array([seed * 0x632BE59BD9B4E019 & _MASK], dtype=np.uint64) + _offset(label))[0])


def derive(parent: int | Keys, number: NDArray[np.integer]) -> Keys:
    """Keys of numbered children: shape of `number`, uint64."""
    step = number.astype(np.uint64) * np.uint64(0xD1342543DE82EF95)
    base = np.uint64(parent) if isinstance(parent, int) else parent
    return _mix(_mix(step + base) + np.uint64(_GOLDEN))


def uniform(keys: Keys, label: int) -> Floats:
    """Uniform draws in (0, 1), same shape as `keys`."""
    bits = _mix(keys + _offset(label)) >> _S11
    draws = bits.astype(np.float64)
    draws += 0.5
    draws *= 2.0**-53
    return draws


def normal(keys: Keys, label: int) -> Floats:
    """Standard normal draws by inversion."""
    return ndtri(uniform(keys, label))


def geometric(keys: Keys, label: int, mean: Floats, cap: int) -> NDArray[np.int64]:
    """Geometric counts from 0 with the given mean (before the cap), by inversion."""
    ratio = mean / (1.0 + mean)
    counts = np.log(uniform(keys, label)) / np.log(np.maximum(ratio, 1e-9))
    return np.minimum(counts, cap).astype(np.int64)


def pick(probabilities: Floats, draws: Floats) -> NDArray[np.int64]:
    """Column index drawn per row of a (rows, choices) table of unnormalised weights."""
    edges = np.cumsum(probabilities, axis=1)
    threshold = draws * edges[:, -1]
    return np.minimum((edges < threshold[:, None]).sum(axis=1), probabilities.shape[1] - 1)
