"""A recurrent network over streams of events: what it is made of, how it learns, how it scores.

One pass over a stream gives a state after every token, and each state knows that token and those before it,
nothing else. So all decisions of all users are learned and scored in one pass. Long streams are read in
windows, each of which begins within the one before: a state knows `PAST` earlier tokens or more, where there
are so many.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from journey.errors import require
from journey.inference.arrays import Flags, Floats, Ints, Singles
from journey.sparse.shop import Items
from journey.studies.sequence_model.streams import KINDS, NUMBERS, Streams

HIDDEN, WIDTH, SMALL = 48, 32, 4
PAST = 64
RATE, DECAY, DROPOUT = 4e-3, 0.1, 0.3
#: Weight of the loss of the items beside that of the decisions.
ITEM_SHARE = 0.2
#: Tokens of a batch are a fortieth of all, within these bounds: small shops need small steps.
FEWEST, MOST = 4_096, 16_384
#: A batch is padded to a multiple of this.
STEP = 32
MOST_EPOCHS, PATIENCE = 15, 3
SCORED_TOKENS = 65_536


def load_torch() -> Any:
    """PyTorch, on one thread.

    Raises
    ------
    JourneyError
        When it is not installed.
    """
    require("the sequence model", ("torch",), "sequence")
    library = importlib.import_module("torch")
    # Sums over several threads end in other last digits.
    library.set_num_threads(1)
    return library


@dataclass(frozen=True)
class Asked:
    """What is to be learned or scored, in order of token.

    Attributes
    ----------
    token
        (n,) place in the streams: the last token that is known.
    head
        (n,) kind of decision, from 0.
    label
        (n,) whether the session buys.
    period
        (n,) 0 train, 1 validation, 2 test.
    """

    token: Ints
    head: Ints
    label: Flags
    period: Ints

    def ordered(self) -> tuple[Asked, Ints]:
        """The same in order of token, and the row that each came from."""
        order = np.argsort(self.token, kind="stable")
        return Asked(*(values[order] for values in vars(self).values())), order


@dataclass(frozen=True)
class Wanted:
    """Items that sessions turned to, in order of the token; one entry a session and item.

    Attributes
    ----------
    token
        (m,) start of the session.
    item
        (m,) place of the item.
    weight
        (m,) how much it counts.
    period
        (m,) period of the session.
    """

    token: Ints
    item: Ints
    weight: Floats
    period: Ints


@dataclass(frozen=True)
class Task:
    """Streams, what is asked of them, and what is known of the items.

    Attributes
    ----------
    day
        (tokens,) row of `popularity` that holds at each token.
    popularity
        (days, items) log share of each item in the contacts before the day.
    """

    streams: Streams
    asked: Asked
    wanted: Wanted
    items: Items
    day: Ints
    popularity: Floats


class Reader:
    """The network and its inputs as tensors.

    Parameters
    ----------
    task
        What is read.
    heads
        Kinds of decision.
    seed
        Of the weights, the order of the batches and the dropout.
    """

    def __init__(self, task: Task, heads: int, seed: int) -> None:
        self.torch = load_torch()
        self.torch.manual_seed(seed)
        self.random = np.random.default_rng(seed)
        self.task = task
        nn, items, streams = self.torch.nn, task.items, task.streams
        self.layers = nn.ModuleDict(
            {
                "kind": nn.Embedding(len(KINDS), SMALL),
                "device": nn.Embedding(int(streams.device.max()) + 1, SMALL),
                "channel": nn.Embedding(int(streams.channel.max()) + 1, SMALL),
                "item": nn.Embedding(len(items), WIDTH),
                "category": nn.Embedding(int(items.category.max()) + 1, WIDTH),
                "brand": nn.Embedding(int(items.brand.max()) + 1, WIDTH),
                "described": nn.Linear(2, WIDTH, bias=False),
                "cell": nn.GRU(3 * SMALL + WIDTH + NUMBERS, HIDDEN, batch_first=True),
                "drop": nn.Dropout(DROPOUT),
                "decide": nn.Sequential(nn.Linear(HIDDEN, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, heads)),
                "turn": nn.Linear(HIDDEN, WIDTH),
                "level": nn.Embedding(len(items), 1),
                "trust": nn.Embedding(1, 1),
            }
        )
        with self.torch.no_grad():
            for name in ("item", "category", "brand"):
                self.layers[name].weight.mul_(0.3)
            self.layers["level"].weight.zero_()
            self.layers["trust"].weight.fill_(1.0)
            # Few sessions buy: start there, not at even odds.
            self.layers["decide"][2].bias.fill_(-3.0)
        as_tensor = self.torch.as_tensor
        # One more token, all zero, stands behind the end of a user's stream.
        self.inputs = {
            name: as_tensor(np.append(getattr(streams, name), 0))
            for name in ("kind", "device", "channel", "item")
        }
        self.numbers = as_tensor(np.vstack([streams.numbers, np.zeros((1, NUMBERS), dtype=np.float32)]))
        self.category, self.brand = as_tensor(items.category), as_tensor(items.brand)
        described = np.column_stack([items.price_position, items.rating - items.rating.mean()])
        self.described = as_tensor(described.astype(np.float32))
        self.popularity = as_tensor(task.popularity.astype(np.float32))
        self.first, self.own, self.end = windows(streams.user)

    def vectors(self) -> Any:
        """The vector of every item, read and predicted with alike; (items, WIDTH)."""
        layers = self.layers
        kinds = layers["category"](self.category) + layers["brand"](self.brand)
        return layers["item"].weight + kinds + layers["described"](self.described)

    def states(self, chosen: Ints, length: Ints, vectors: Any) -> Any:
        """State after every token of some windows, as far as their lengths; (windows, longest, HIDDEN)."""
        longest = -(-int(length.max()) // STEP) * STEP
        step = np.arange(longest)
        index = self.torch.as_tensor(
            np.where(step < length[:, None], self.first[chosen][:, None] + step, len(self.task.streams))
        )
        layers = self.layers
        parts = [layers[name](self.inputs[name][index]) for name in ("kind", "device", "channel")]
        none = self.torch.zeros((1, WIDTH))
        parts.append(layers["drop"](self.torch.cat([none, vectors])[self.inputs["item"][index]]))
        states, _ = layers["cell"](self.torch.cat([*parts, self.numbers[index]], dim=2))
        return layers["drop"](states)

    def item_log_odds(self, state: Any, token: Ints, vectors: Any) -> Any:
        """Score of every item as what a session turns to, before the softmax; (n, items)."""
        layers = self.layers
        known = self.popularity[self.torch.as_tensor(self.task.day[token])] * layers["trust"].weight
        return layers["turn"](state) @ vectors.T + layers["level"].weight[:, 0] + known

    def batches(self, length: Ints, tokens: int, *, shuffled: bool) -> Iterator[Ints]:
        """Windows of like length, some at a time; with `shuffled` in another order each time."""
        chosen = np.flatnonzero(length > 0)
        if shuffled:
            chosen = self.random.permutation(chosen)
        chosen = chosen[np.argsort(-length[chosen], kind="stable")]
        cuts, low = [], 0
        while low < len(chosen):
            size = max(1, tokens // (-(-int(length[chosen[low]]) // STEP) * STEP))
            cuts.append(chosen[low : low + size])
            low += size
        order = self.random.permutation(len(cuts)) if shuffled else np.arange(len(cuts))
        for place in order:
            yield cuts[place]

    def until(self, token: Ints) -> Ints:
        """Length of each window up to the last of some tokens that are its own, 0 without any; (windows,)."""
        owner = np.searchsorted(self.own, token, side="right") - 1
        length = np.zeros(len(self.first), dtype=np.int64)
        np.maximum.at(length, owner, token - self.first[owner] + 1)
        return length

    def within(self, token: Ints, chosen: Ints) -> tuple[Ints, Ints]:
        """Entries whose token, in order, some windows own, and which of these windows it is; (n,) each."""
        low = np.searchsorted(token, self.own[chosen])
        size = np.searchsorted(token, self.end[chosen]) - low
        row = np.repeat(np.arange(len(chosen)), size)
        return np.repeat(low - np.cumsum(size) + size, size) + np.arange(len(row)), row

    def epoch(self, optimiser: Any, last_period: int) -> None:
        """Learn once from every decision and session up to a period."""
        asked, wanted, functional = self.task.asked, self.task.wanted, self.torch.nn.functional
        asked_now, wanted_now = asked.period <= last_period, wanted.period <= last_period
        length = self.until(np.r_[asked.token[asked_now], wanted.token[wanted_now]])
        tokens = int(np.clip(length.sum() // 40, FEWEST, MOST))
        steps = max(1.0, float(length.sum()) / tokens)
        decisions = float(asked_now.sum()) / steps
        weights = float(wanted.weight[wanted_now].sum()) / steps
        self.layers.train()
        for chosen in self.batches(length, tokens, shuffled=True):
            vectors = self.vectors()
            states = self.states(chosen, length[chosen], vectors)
            entry, row = self.within(asked.token, chosen)
            kept = asked_now[entry]
            entry, row = entry[kept], row[kept]
            state = states[row, asked.token[entry] - self.first[chosen][row]]
            odds = self.layers["decide"](state)[np.arange(len(entry)), asked.head[entry]]
            label = self.torch.as_tensor(asked.label[entry].astype(np.float32))
            loss = functional.binary_cross_entropy_with_logits(odds, label, reduction="sum") / decisions
            entry, row = self.within(wanted.token, chosen)
            kept = wanted_now[entry]
            entry, row = entry[kept], row[kept]
            if len(entry):
                start, at, place = np.unique(wanted.token[entry], return_index=True, return_inverse=True)
                own = row[at]
                state = states[own, start - self.first[chosen][own]]
                chance = functional.log_softmax(self.item_log_odds(state, start, vectors), dim=1)
                weight = self.torch.as_tensor(wanted.weight[entry].astype(np.float32))
                loss = loss - ITEM_SHARE * (weight * chance[place, wanted.item[entry]]).sum() / weights
            optimiser.zero_grad()
            loss.backward()
            self.torch.nn.utils.clip_grad_norm_(self.layers.parameters(), 1.0)
            optimiser.step()

    def score(self, period: int) -> Floats:
        """Log-odds of the decisions of a period, in their order among those asked."""
        asked = self.task.asked
        rows = np.flatnonzero(asked.period == period)
        states = self.states_at(asked.token[rows])
        with self.torch.no_grad():
            odds = self.layers["decide"](states).numpy()
        return odds[np.arange(len(rows)), asked.head[rows]].astype(np.float64)

    def score_items(self, token: Ints) -> Singles:
        """Log share of every item in what sessions turn to, at their starts in order; (n, items)."""
        states = self.states_at(token)
        found = np.empty((len(token), len(self.task.items)), dtype=np.float32)
        with self.torch.no_grad():
            vectors = self.vectors()
            for low in range(0, len(token), 4096):
                rows = slice(low, low + 4096)
                odds = self.item_log_odds(states[rows], token[rows], vectors)
                found[rows] = self.torch.log_softmax(odds, dim=1).numpy()
        return found

    def states_at(self, token: Ints) -> Any:
        """State after each of some tokens, which are in order; (n, HIDDEN)."""
        self.layers.eval()
        length = self.until(token)
        found = self.torch.zeros((len(token), HIDDEN))
        with self.torch.no_grad():
            vectors = self.vectors()
            for chosen in self.batches(length, SCORED_TOKENS, shuffled=False):
                states = self.states(chosen, length[chosen], vectors)
                entry, row = self.within(token, chosen)
                found[entry] = states[row, token[entry] - self.first[chosen][row]]
        return found


def windows(user: Ints) -> tuple[Ints, Ints, Ints]:
    """Cut streams into windows of up to twice `PAST` tokens, each `PAST` tokens after the one before.

    Parameters
    ----------
    user
        (tokens,) user of each token, in order.

    Returns
    -------
    tuple of (windows,) int64
        First token of each window, first token that is its own (the earlier ones are read again, to know the
        past), and the token after its last. Every token is some window's own.
    """
    start = np.flatnonzero(np.r_[True, user[1:] != user[:-1]])
    length = np.diff(np.r_[start, len(user)])
    number = np.maximum(1, -(-length // PAST) - 1)
    owner = np.repeat(np.arange(len(start)), number)
    step = np.arange(len(owner)) - np.repeat(np.cumsum(number) - number, number)
    first = start[owner] + PAST * step
    own = np.where(step > 0, first + PAST, first)
    return first, own, np.minimum(first + 2 * PAST, (start + length)[owner])
