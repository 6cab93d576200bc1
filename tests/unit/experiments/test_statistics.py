"""Sufficient statistics keep the spread of values that are large against it, or say that it is lost."""

from __future__ import annotations

import duckdb
import numpy as np
import pytest

from journey.errors import JourneyError
from journey.experiments import (
    ClusterSample,
    PairedSample,
    Sample,
    clustered,
    combined,
    cuped,
    difference,
    means,
    ratios,
)

FAR = 1e9


def far_values(seed: int, n: int = 1000) -> np.ndarray:
    """Mean 1e9, standard deviation 1."""
    return FAR + np.random.default_rng(seed).normal(size=n)


def test_large_values_keep_their_spread():
    """The plain sums gave a standard error of 0.512 instead of 0.0445."""
    control, treatment = far_values(1), far_values(2) + 0.5
    effect = difference(means(Sample.from_values(control), Sample.from_values(treatment)))
    expected = np.sqrt(control.var(ddof=1) / 1000 + treatment.var(ddof=1) / 1000)
    assert effect.standard_error == pytest.approx(expected, rel=1e-9)
    assert effect.estimate == pytest.approx(treatment.mean() - control.mean(), abs=1e-6)


def test_plain_sums_that_lost_the_spread_are_refused():
    values = far_values(3)
    plain = Sample(1000, values.sum(), np.square(values).sum())
    assert plain.mean == pytest.approx(FAR)
    with pytest.raises(JourneyError, match="the sums cancel"):
        means(plain, plain)
    with pytest.raises(JourneyError, match=r"the sums cancel.*1 of 2 elements"):
        _ = Sample(
            np.full(2, 1000.0), np.array([5.0, plain.sum]), np.array([50.0, plain.sum_squares])
        ).variance
    # Whole numbers are summed exactly: these values do not vary, and that is known.
    assert Sample(10, 20.0, 40.0).variance == 0
    assert Sample.from_values(np.full(7, 0.1)).variance == 0


def test_sums_by_sql_less_a_number_near_the_mean():
    values, other = far_values(4), far_values(5)
    with duckdb.connect() as connection:
        connection.register("t", {"y": values, "x": other})
        sums = connection.execute(
            "select count(*), sum(y - 1e9), sum((y - 1e9) * (y - 1e9)), sum(x - 1e9), "
            "sum((x - 1e9) * (x - 1e9)), sum((y - 1e9) * (x - 1e9)), 1e9, 1e9 from t"
        ).fetchone()
    assert sums is not None
    from_sql = PairedSample(*sums)
    assert from_sql.y.variance == pytest.approx(values.var(ddof=1), rel=1e-9)
    assert from_sql.covariance == pytest.approx(np.cov(values, other)[0, 1], rel=1e-7)


def test_parts_with_different_shifts_add_up_to_the_whole():
    y, x = far_values(6, 900), far_values(7, 900)
    parts = [PairedSample.from_values(y[some], x[some]) for some in np.split(np.arange(900), [100, 101, 500])]
    empty = PairedSample(0, 0.0, 0.0, 0.0, 0.0, 0.0)
    total = combined([empty, *parts, empty])
    assert total.n == 900
    assert total.y.mean == pytest.approx(y.mean(), rel=1e-15)
    assert total.y.variance == pytest.approx(y.var(ddof=1), rel=1e-9)
    assert total.covariance == pytest.approx(np.cov(y, x)[0, 1], rel=1e-7)
    same = Sample(3, 6.0, 14.0) + Sample(2, 9.0, 41.0)
    assert same == Sample(5, 15.0, 55.0)


def test_what_later_steps_cancel_is_refused_too():
    """A ratio of equal rates, a mean per row far from zero, and a covariate that is the outcome itself."""
    sizes = np.random.default_rng(8).poisson(3, 500) + 1.0
    rows = np.repeat(np.arange(500), sizes.astype(int))
    far = ClusterSample.from_values(far_values(9, rows.size), rows)
    same = PairedSample.from_values(0.1 * sizes, sizes)
    outcome = PairedSample.from_values(sizes / 3, sizes / 3)
    for arms in (clustered(far, far), ratios(same, same), cuped(outcome, outcome)):
        with pytest.raises(JourneyError, match="an arm does not vary"):
            difference(arms)


def test_clusters_hold_the_rows():
    clusters = PairedSample.from_values([2.0, 5.0], [1.0, 2.0])
    with pytest.raises(JourneyError, match="add up to the number of rows"):
        ClusterSample(clusters, Sample.from_values([1.0, 2.0]))
