"""Agreement with the planted kinds: its interval, the ceiling, absent truth."""

import numpy as np
import pandas as pd
import pytest

from journey.errors import JourneyError
from journey.evaluation.personas import compare_with_personas, told_personas, true_personas


def test_agreement_counts_and_covers():
    kind = np.array(["a"] * 50 + ["b"] * 50)
    perfect = compare_with_personas(kind, kind)
    assert (perfect.rand, perfect.low, perfect.n) == (1.0, 1.0, 100)
    some = compare_with_personas(np.where(np.arange(100) % 5 == 0, "a", kind), kind)
    assert some.low < some.rand < some.high
    assert some.counts.to_numpy().sum() == 100
    with pytest.raises(JourneyError, match="0 and 0 customers"):
        compare_with_personas([], [])


def test_the_ceiling_is_out_of_fold():
    rng = np.random.default_rng(1)
    kind = np.repeat(["a", "b", "c"], 60)
    useful = np.column_stack([np.repeat([0.0, 5.0, 10.0], 60) + rng.normal(0, 0.3, 180)])
    assert np.mean(told_personas(useful, kind) == kind) > 0.98
    # Noise cannot be learned by heart: a third is chance.
    noise = rng.normal(0, 1, (180, 5))
    assert np.mean(told_personas(noise, kind) == kind) < 0.5
    with pytest.raises(JourneyError, match="too few for folds"):
        told_personas(noise[:4], kind[[0, 1, 60, 61]])


def test_truth_of_unknown_users_and_stores(tmp_path):
    with pytest.raises(JourneyError, match="truth"):
        true_personas(tmp_path, [1])
    folder = tmp_path / "truth"
    folder.mkdir()
    pd.DataFrame({"user_id": [1, 2], "persona": ["x", "y"]}).to_parquet(folder / "users.parquet")
    assert true_personas(tmp_path, [2, 1, 2]).tolist() == ["y", "x", "y"]
    with pytest.raises(JourneyError, match="no user 3"):
        true_personas(tmp_path, [3])
