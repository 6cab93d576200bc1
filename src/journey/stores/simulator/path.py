"""The path through a session: an absorbing Markov chain with exact purchase probabilities.

States: browse, focus (on one item), cart, checkout, bought, left. With p the probability of a purchase at
the start, the probabilities from the later states are p^(1-a), p^(1-a-b), p^(1-a-b-c), where a, b, c, d are
the persona's funnel exponents (they sum to 1). The jumps, with the two ways back (empty the cart and browse
on; return from the checkout to the cart), are chosen so that these hold exactly. How long a state lasts does
not depend on the jump that follows, so the probability after an event is the one of its state.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from journey.inference.arrays import Floats, Ints
from journey.stores.simulator import planted
from journey.stores.simulator.draws import Keys, derive, geometric, normal, uniform
from journey.stores.simulator.intent import Sessions

BROWSE, FOCUS, CART, CHECKOUT, BOUGHT, LEFT = range(6)
# What a row of events is about: the k-th line of the cart (0 is the item in focus), or an item to be chosen.
ANY_ITEM, FOCUS_OR_SIMILAR, NO_ITEM = -1, -2, -3
DWELL_CAP = 80
_STEP_LABELS = 16


@dataclass(frozen=True)
class Paths:
    """Events of a set of sessions, in order, before items are chosen.

    Attributes
    ----------
    session : index of the session each event belongs to (sorted).
    kind : event type.
    about : line of the cart (0 to 3), or ANY_ITEM, FOCUS_OR_SIMILAR, NO_ITEM.
    p_after : purchase probability of the session after the event.
    same_moment : True for the second and later lines of one order.
    bought, abandoned : per session.
    """

    session: Ints
    kind: Ints
    about: Ints
    p_after: Floats
    same_moment: NDArray[np.bool_]
    bought: NDArray[np.bool_]
    abandoned: NDArray[np.bool_]


@dataclass(frozen=True)
class _Chain:
    """Jump and purchase probabilities per session."""

    values: Floats
    focus: Floats
    cart: Floats
    checkout: Floats
    empty: Floats
    buy: Floats
    back: Floats


def purchase_chain(p_start: Floats, exponents: Floats) -> _Chain:
    """Solve the chain for the wanted start probability.

    Parameters
    ----------
    p_start : (n,) probabilities in (0, 1).
    exponents : (n, 4) rows summing to 1.

    Returns
    -------
    _Chain
        `values` is (n, 6): purchase probability from each state.
    """
    steps = p_start[:, None] ** exponents
    focus, cart, onward, buy = steps.T
    from_checkout = buy
    from_cart = onward * buy
    from_focus = cart * from_cart
    values = np.stack(
        [p_start, from_focus, from_cart, from_checkout, np.ones_like(p_start), np.zeros_like(p_start)], axis=1
    )
    empty = planted.EMPTY_CART * (1.0 - onward)
    back = planted.BACK_FROM_CHECKOUT * (1.0 - buy)
    return _Chain(
        values=values,
        focus=focus,
        cart=cart,
        checkout=onward * (1.0 - empty * cart),
        empty=empty,
        buy=buy * (1.0 - back * onward),
        back=back,
    )


class _Rows:
    """Blocks of events collected step by step, then put in order."""

    def __init__(self) -> None:
        self.blocks: list[tuple[Ints, Ints, Ints, Ints, Ints, Floats]] = []
        self.step = 0

    def add(
        self, session: Ints, kind: int, about: int | Ints, p_after: Floats, count: Ints | None = None
    ) -> None:
        """Append `count` events (one if not given) to each session at the present step."""
        ones = np.ones(len(session), dtype=np.int64)
        count = ones if count is None else count
        about = np.broadcast_to(np.asarray(about, dtype=np.int64), session.shape)
        self.blocks.append((session, ones * self.step, ones * kind, about, count, p_after))
        self.step += 1

    def ordered(self) -> tuple[Ints, Ints, Ints, Floats]:
        session, step, kind, about, count, p_after = (
            np.concatenate(column) for column in zip(*self.blocks, strict=True)
        )
        order = np.lexsort((step, session))
        order = np.repeat(order, count[order])
        return session[order], kind[order], about[order], p_after[order]


def walk(sessions: Sessions, persona: Ints) -> Paths:
    """Draw the events of all sessions at once, one jump of the chain at a time."""
    number = len(sessions.user)
    chain = purchase_chain(sessions.p_start, planted.FUNNEL[persona])
    depth = np.exp(planted.DEPTH_SD * normal(sessions.keys, 10) + planted.DEPTH_BY_INTENT * sessions.intent)
    depth *= np.exp(-0.5 * planted.DEPTH_SD**2)
    rows = _Rows()
    lines = np.zeros(number, dtype=np.int64)
    state = np.full(number, BROWSE)
    bought = np.zeros(number, dtype=np.bool_)
    everyone = np.arange(number)
    first = geometric(sessions.keys, 11, planted.BROWSE_EVENTS[persona] * depth, DWELL_CAP)
    first = np.where(uniform(sessions.keys, 12) < planted.GLANCE[sessions.channel], 0, first) + 1
    rows.add(everyone, planted.VIEW, ANY_ITEM, chain.values[:, BROWSE], first)

    label = 100
    active = everyone
    while len(active):
        keys = sessions.keys[active]
        rows.step += 100
        draw = uniform(keys, label)
        previous = state[active]
        following = _jump(chain, active, previous, draw)
        state[active] = following
        _enter(rows, chain, active, previous, following, lines)
        _dwell(rows, chain, active, following, lines, keys, label, depth[active], persona[active])
        bought[active[following == BOUGHT]] = True
        active = active[following < BOUGHT]
        label += _STEP_LABELS

    session, kind, about, p_after = rows.ordered()
    kind = _searches(sessions, persona, session, kind, about)
    about = np.where(kind == planted.SEARCH, NO_ITEM, about)
    same_moment = np.zeros(len(kind), dtype=np.bool_)
    same_moment[1:] = (kind[1:] == planted.PURCHASE) & (kind[:-1] == planted.PURCHASE)
    same_moment[1:] &= session[1:] == session[:-1]
    return Paths(session, kind, about, p_after, same_moment, bought, (lines > 0) & ~bought)


def _jump(chain: _Chain, who: Ints, state: Ints, draw: Floats) -> Ints:
    """Next state of each session."""
    forward = np.choose(state, [chain.focus[who], chain.cart[who], chain.checkout[who], chain.buy[who]])
    back = np.choose(state, [0.0, 0.0, chain.empty[who], chain.back[who]])
    returned = np.where(state == CHECKOUT, CART, FOCUS)
    return np.where(draw < forward, state + 1, np.where(draw < forward + back, returned, LEFT))


def _enter(rows: _Rows, chain: _Chain, who: Ints, previous: Ints, following: Ints, lines: Ints) -> None:
    """Events that mark the jump itself."""

    def mark(chosen: NDArray[np.bool_], state: int, kind: int, about: int | Ints) -> None:
        rows.add(who[chosen], kind, about, chain.values[who[chosen], state])

    mark((previous == BROWSE) & (following == FOCUS), FOCUS, planted.VIEW, 0)
    emptied = (previous == CART) & (following == FOCUS)
    for line in range(planted.MOST_LINES - 1, -1, -1):
        mark(emptied & (lines[who] > line), FOCUS, planted.REMOVE, line)
    lines[who[emptied]] = 0
    carted = (previous == FOCUS) & (following == CART)
    mark(carted, CART, planted.ADD, 0)
    lines[who[carted]] = 1
    mark((previous == CHECKOUT) & (following == CART), CART, planted.VIEW, 0)
    mark(following == CHECKOUT, CHECKOUT, planted.CHECKOUT, NO_ITEM)
    for line in range(planted.MOST_LINES):
        mark((following == BOUGHT) & (lines[who] > line), BOUGHT, planted.PURCHASE, line)


def _dwell(
    rows: _Rows,
    chain: _Chain,
    who: Ints,
    state: Ints,
    lines: Ints,
    keys: Keys,
    label: int,
    depth: Floats,
    persona: Ints,
) -> None:
    """Events that leave the state as it is."""
    focus = state == FOCUS
    count = geometric(keys[focus], label + 1, planted.FOCUS_EVENTS[persona[focus]] * depth[focus], DWELL_CAP)
    rows.add(who[focus], planted.VIEW, FOCUS_OR_SIMILAR, chain.values[who[focus], FOCUS], count)

    cart = state == CART
    count = geometric(keys[cart], label + 2, planted.CART_EVENTS[persona[cart]] * depth[cart], DWELL_CAP)
    rows.add(who[cart], planted.VIEW, ANY_ITEM, chain.values[who[cart], CART], count)
    another = cart & (uniform(keys, label + 3) < planted.ADD_ANOTHER) & (lines[who] < planted.MOST_LINES)
    rows.add(who[another], planted.VIEW, lines[who[another]], chain.values[who[another], CART])
    rows.add(who[another], planted.ADD, lines[who[another]], chain.values[who[another], CART])
    lines[who[another]] += 1
    drop = cart & (uniform(keys, label + 4) < planted.DROP_ONE) & (lines[who] > 1)
    lines[who[drop]] -= 1
    rows.add(who[drop], planted.REMOVE, lines[who[drop]], chain.values[who[drop], CART])

    after = state == BOUGHT
    count = geometric(keys[after], label + 5, np.full(int(after.sum()), 0.5), 5)
    rows.add(who[after], planted.VIEW, ANY_ITEM, chain.values[who[after], BOUGHT], count)


def _searches(sessions: Sessions, persona: Ints, session: Ints, kind: Ints, about: Ints) -> Ints:
    """Turn a share of the free views into searches; the keener the session, the more."""
    position = np.arange(len(session)) - np.searchsorted(session, session)
    share = planted.SEARCH_SHARE[persona] * np.exp(0.35 * sessions.intent)
    draw = uniform(event_keys(sessions.keys[session], position), 50)
    free = (kind == planted.VIEW) & (about == ANY_ITEM)
    opening = np.where(position == 0, 2.0, 1.0)
    return np.where(free & (draw < np.minimum(share[session] * opening, 0.8)), planted.SEARCH, kind)


def event_keys(keys: Keys, position: Ints) -> Keys:
    """Keys of the numbered events of sessions."""
    return derive(keys, position + 2_000_000)
