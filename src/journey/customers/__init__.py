"""Customers: segments, recency and frequency, value."""
