"""Shop metrics: ratios with intervals, the driver tree, changes explained, and an independent recount."""
