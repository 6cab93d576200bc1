"""Agreement with published numbers: its numbers, tables and figures."""
