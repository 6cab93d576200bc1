"""The oracle of tastes is the simulator's own rule."""

from __future__ import annotations

import numpy as np
import pytest

from journey.evaluation.taste import TasteTruth, next_cart_probability


def truth(rivals: int) -> TasteTruth:
    generator = np.random.default_rng(3)
    category = np.array([0, 0, 0, 1, 1])
    return TasteTruth(
        category_probability=np.array([[0.7, 0.3], [0.2, 0.8]]),
        log_weight=2.0 * generator.normal(size=(2, 5)),
        shelf=np.array([0.5, 0.3, 0.2, 0.9, 0.1]),
        category=category,
        rivals=rivals,
    )


@pytest.mark.parametrize("rivals", [1, 3, 24])
def test_probabilities_add_up_within_each_category(rivals: int) -> None:
    found = next_cart_probability(truth(rivals))
    np.testing.assert_allclose(found[:, :3].sum(axis=1), [0.7, 0.2], rtol=1e-4)
    np.testing.assert_allclose(found[:, 3:].sum(axis=1), [0.3, 0.8], rtol=1e-4)


def test_one_rival_leaves_no_choice() -> None:
    found = next_cart_probability(truth(1))
    np.testing.assert_allclose(found[0], [0.35, 0.21, 0.14, 0.27, 0.03], rtol=1e-4)


def test_integral_agrees_with_drawing() -> None:
    planted, draws = truth(4), 200_000
    generator = np.random.default_rng(8)
    drawn = generator.choice(3, size=(draws, 4), p=planted.shelf[:3])
    weight = np.exp(planted.log_weight[0, drawn])
    place = (weight.cumsum(axis=1) < generator.random((draws, 1)) * weight.sum(axis=1)[:, None]).sum(axis=1)
    share = np.bincount(drawn[np.arange(draws), place], minlength=3) / draws
    # Four standard errors of a share of 200,000 draws are below 0.005.
    np.testing.assert_allclose(next_cart_probability(planted)[0, :3] / 0.7, share, atol=0.005)
