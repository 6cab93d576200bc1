"""Models of purchase: training, scoring and how well scores separate and match outcomes."""
