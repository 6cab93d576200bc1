"""Customer value and churn on real purchases: CDNOW, whose parameters are published, and Online Retail."""
