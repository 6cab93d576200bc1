"""Absorbing Markov chain over channels: conversion probability and removal effects."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from journey.inference.intervals import FloatArray
from journey.journeys.paths import BoolArray, IntArray, Paths


@dataclass(frozen=True)
class MoveCounts:
    """Moves of each user in the chain start -> channels -> conversion or null.

    `per_user` is sparse, shape (users, rows * columns): rows are the channels then `start`; columns are the
    channels, then `conversion`, then `null`.
    """

    per_user: sparse.csr_array
    n_channels: int

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of one matrix."""
        return self.n_channels + 1, self.n_channels + 2

    def total(self) -> FloatArray:
        """Moves of all users."""
        return np.asarray(self.per_user.sum(axis=0), dtype=float).reshape(self.shape)

    def weighted(self, weights: FloatArray) -> FloatArray:
        """Moves with users counted `weights` times, shape (b, rows, columns)."""
        return np.asarray((self.per_user.T @ weights.T).T, dtype=float).reshape(-1, *self.shape)


def count_moves(paths: Paths, converted: BoolArray, user: IntArray, n_users: int) -> MoveCounts:
    """Count the moves of each user's journeys, shape (users, moves)."""
    channels = len(paths.labels)
    start, conversion, null, columns = channels, channels, channels + 1, channels + 2
    last = np.zeros(len(paths.states), dtype=bool)
    last[paths.starts[1:] - 1] = True
    origin = paths.states
    target = np.empty_like(origin)
    inner = np.flatnonzero(~last)
    target[inner] = paths.states[inner + 1]
    target[paths.starts[1:] - 1] = np.where(converted, conversion, null)
    firsts = paths.states[paths.starts[:-1]]
    cell = np.concatenate([origin * columns + target, start * columns + firsts])
    owner = np.concatenate([user[paths.path_of_step], user])
    matrix = sparse.coo_array(
        (np.ones(len(cell)), (owner, cell)), shape=(n_users, (channels + 1) * columns)
    ).tocsr()
    return MoveCounts(matrix, channels)


def conversion_probability(counts: FloatArray) -> FloatArray:
    """Probability of absorption in `conversion` from `start`, for a batch of count matrices.

    Parameters
    ----------
    counts
        Moves, shape (b, channels + 1, channels + 2), laid out as in `MoveCounts`. A row without moves is
        taken to lead to null.

    Notes
    -----
    With Q the moves between channels and r the moves to conversion, the probabilities solve (I - Q) p = r;
    (I - Q)^-1 is the fundamental matrix (Kemeny and Snell 1960).
    """
    return _absorption(_probabilities(counts))


def removal_effects(counts: FloatArray) -> FloatArray:
    """Relative fall of the conversion probability when each channel is removed, shape (b, channels).

    Parameters
    ----------
    counts
        Moves, shape (b, channels + 1, channels + 2). Moves into the removed channel go to null instead. A
        batch entry that never converts has effects of 0.
    """
    chain = _probabilities(counts)
    channels = chain.shape[1] - 1
    whole = conversion_probability(counts)
    effects = np.zeros((len(chain), channels))
    for channel in range(channels):
        removed = chain.copy()
        removed[:, :, channel] = 0.0
        remaining = _absorption(removed)
        effects[:, channel] = np.where(whole > 0, 1 - remaining / np.where(whole > 0, whole, 1.0), 0.0)
    # Solving leaves rounding of about 1e-16 where a channel has no effect at all.
    return np.clip(effects, 0.0, 1.0)


def _probabilities(counts: FloatArray) -> FloatArray:
    # Staying on a channel does not change where a journey ends, and removing those moves keeps I - Q regular
    # when a resample holds only journeys that never leave a channel.
    moves = np.array(counts, dtype=float)
    channels = moves.shape[1] - 1
    diagonal = np.arange(channels)
    moves[:, diagonal, diagonal] = 0.0
    totals = moves.sum(axis=2, keepdims=True)
    return np.divide(moves, totals, out=np.zeros_like(moves), where=totals > 0)


def _absorption(chain: FloatArray) -> FloatArray:
    channels = chain.shape[1] - 1
    within = chain[:, :channels, :channels]
    to_conversion = chain[:, :channels, channels]
    reach = np.linalg.solve(np.eye(channels) - within, to_conversion[..., None])[..., 0]
    return (chain[:, channels, :channels] * reach).sum(axis=1)
