"""Comparison with the simulated truth; the only place that may read it."""
