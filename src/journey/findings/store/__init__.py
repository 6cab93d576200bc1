"""Findings of an imported store: the report's methods without truth, on what is recorded."""
