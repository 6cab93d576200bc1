"""Findings of an imported store: the report's methods where no truth is known and some things are not recorded."""
