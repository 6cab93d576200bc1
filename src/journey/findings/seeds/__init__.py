"""Other seeds: its numbers, tables and figures."""
