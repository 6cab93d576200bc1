"""The summary: its numbers, tables and figures."""
