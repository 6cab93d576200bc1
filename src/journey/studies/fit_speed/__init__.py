"""Speed of the fits of customer value, beside two libraries that fit the same models."""
