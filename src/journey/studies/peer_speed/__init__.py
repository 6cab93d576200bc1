"""Speed of experiments, uplift, pages and the in-page scorer, beside others that do the same."""
