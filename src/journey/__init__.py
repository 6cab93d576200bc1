"""Purchase prediction and customer-journey analysis."""
