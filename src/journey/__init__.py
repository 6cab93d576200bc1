"""Purchase prediction and customer-journey analysis."""

__version__ = "0.2.0"
