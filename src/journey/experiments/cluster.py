"""Randomised by user, measured by session: cluster-robust comparison."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from journey.errors import JourneyError
from journey.experiments.effects import ArmEstimates
from journey.experiments.inputs import refuse
from journey.experiments.ratio import ratios
from journey.experiments.statistics import PairedSample, Sample


@dataclass(frozen=True)
class ClusterSample:
    """One arm whose metric is measured on rows (sessions) within randomised clusters (users).

    Parameters
    ----------
    clusters : PairedSample
        One row per cluster: y is the cluster's total of the metric, x its number of rows.
    rows : Sample
        The rows as if they were independent units, for the naive comparison.

    Raises
    ------
    JourneyError
        When the clusters do not hold as many rows as there are.
    """

    clusters: PairedSample
    rows: Sample

    def __post_init__(self) -> None:
        refuse(
            np.not_equal(self.clusters.x.total, self.rows.n),
            "the clusters' sizes do not add up to the number of rows; x must count the rows of each cluster",
        )

    @classmethod
    def from_values(cls, values: Any, cluster_ids: Any) -> ClusterSample:
        """Statistics of one value per row and the cluster each row belongs to, both of shape (rows,).

        Raises
        ------
        JourneyError
            When a value is missing, infinite or no number, or there is not one cluster id per value.
        """
        rows = Sample.from_values(values)
        ids = np.asarray(cluster_ids).ravel()
        if ids.size != rows.n:
            raise JourneyError(
                f"there are {rows.n} values and {ids.size} cluster ids; they must be of the same rows"
            )
        _, codes = np.unique(ids, return_inverse=True)
        totals = np.bincount(codes, weights=np.asarray(values, dtype=np.float64).ravel())
        return cls(PairedSample.from_values(totals, np.bincount(codes)), rows)

    def __add__(self, other: ClusterSample) -> ClusterSample:
        return ClusterSample(self.clusters + other.clusters, self.rows + other.rows)


def clustered(control: ClusterSample, treatment: ClusterSample) -> ArmEstimates:
    """Mean per row in each arm, with a variance that is robust to dependence within clusters.

    The mean per row is the ratio of the clusters' totals to the clusters' sizes, so the delta method over
    clusters is the cluster-robust (sandwich) variance of a regression on the treatment dummy, with the factor
    G / (G - 1) for G clusters per arm.

    Raises
    ------
    JourneyError
        When an arm has fewer than 2 clusters or no rows.
    """
    return replace(ratios(control.clusters, treatment.clusters), source="cluster-robust mean per row")
