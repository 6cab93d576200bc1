"""The model card: its numbers, tables and figures."""
