"""Fit the network as the trees are: stop on the validation period, then learn from all before the test."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from journey.inference.arrays import Floats, Ints, Singles
from journey.sparse.shop import TEST, TRAIN, VALIDATION
from journey.studies.sequence_model.network import DECAY, MOST_EPOCHS, PATIENCE, RATE, Reader, Task

#: Key of the items beside the numbers of the decisions.
ITEMS = -1


@dataclass(frozen=True)
class Read:
    """Scores of the test period.

    Attributes
    ----------
    log_odds
        (n,) that the session buys, of the decisions of the test period, in order of token.
    items
        (sessions, items) log share of each item, of the sessions asked for.
    epochs
        Kind of decision, or `ITEMS` -> passes over the data that were best on the validation period.
    losses
        The same -> loss on the validation period then.
    """

    log_odds: Floats
    items: Singles
    epochs: dict[int, int]
    losses: dict[int, float]


def read_and_score(
    task: Task, heads: int, items_at: Ints, *, seed: int, most_epochs: int = MOST_EPOCHS
) -> Read:
    """Learn from the two earlier periods, and score the test period.

    Parameters
    ----------
    heads
        Kinds of decision.
    items_at
        (sessions,) starts of test sessions whose items are scored, as increasing tokens.
    most_epochs
        Passes over the data before it stops anyway.

    Notes
    -----
    Every kind of decision, and the items, keep the number of passes that was best for them on the validation
    period. Then a new network learns as long from both periods, as the trees do.
    """
    epochs, losses = search(Reader(task, heads, seed), heads, most_epochs)
    reader = Reader(task, heads, seed)
    optimiser = optimiser_of(reader)
    head = task.asked.head[task.asked.period == TEST]
    log_odds, items = np.zeros(len(head)), np.zeros((0, 0), dtype=np.float32)
    for epoch in range(1, max(epochs.values()) + 1):
        reader.epoch(optimiser, VALIDATION)
        if epoch in {each for target, each in epochs.items() if target != ITEMS}:
            scores = reader.score(TEST)
            now = np.isin(head, [target for target, each in epochs.items() if each == epoch])
            log_odds[now] = scores[now]
        if epoch == epochs[ITEMS]:
            items = reader.score_items(items_at)
    return Read(log_odds, items, epochs, losses)


def optimiser_of(reader: Reader) -> Any:
    """Steps of Adam, with decay of the weights apart from them."""
    return reader.torch.optim.AdamW(reader.layers.parameters(), lr=RATE, weight_decay=DECAY)


def search(reader: Reader, heads: int, most_epochs: int) -> tuple[dict[int, int], dict[int, float]]:
    """Best number of passes of each target, and its loss on the validation period."""
    optimiser = optimiser_of(reader)
    epochs: dict[int, int] = {}
    losses: dict[int, float] = {}
    for epoch in range(1, most_epochs + 1):
        reader.epoch(optimiser, TRAIN)
        for target, loss in validation_losses(reader, heads).items():
            if target not in losses or loss < losses[target]:
                epochs[target], losses[target] = epoch, loss
        if epoch - max(epochs.values()) >= PATIENCE:
            break
    return epochs, losses


def validation_losses(reader: Reader, heads: int) -> dict[int, float]:
    """Mean log loss of each kind of decision, and of the items, on the validation period."""
    asked, wanted = reader.task.asked, reader.task.wanted
    held = asked.period == VALIDATION
    odds = reader.score(VALIDATION)
    loss = np.logaddexp(0.0, np.where(asked.label[held], -odds, odds))
    found = {head: float(loss[asked.head[held] == head].mean()) for head in range(heads)}
    mine = wanted.period == VALIDATION
    start, row = np.unique(wanted.token[mine], return_inverse=True)
    weight = wanted.weight[mine]
    chance = reader.score_items(start)[row, wanted.item[mine]].astype(np.float64)
    found[ITEMS] = float(-(weight @ chance) / weight.sum())
    return found
