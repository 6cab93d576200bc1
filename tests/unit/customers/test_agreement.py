"""The adjusted Rand index against scikit-learn, and groupings that cannot be compared."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import adjusted_rand_score

from journey.customers.agreement import adjusted_rand, cross_table
from journey.errors import JourneyError


def test_the_index_is_that_of_scikit_learn():
    rng = np.random.default_rng(0)
    for classes in (1, 2, 5):
        a, b = rng.integers(0, 3, 200), rng.integers(0, classes, 200)
        table = cross_table(a, b)
        assert table.tolist() == pd.crosstab(a, b).to_numpy().tolist()
        assert adjusted_rand(table[None])[0] == pytest.approx(adjusted_rand_score(a, b), abs=1e-12)
    assert adjusted_rand(np.array([[[5]]]))[0] == 1


def test_groupings_that_do_not_fit():
    with pytest.raises(JourneyError, match="3 and 2 customers"):
        cross_table([1, 2, 3], [1, 2])
