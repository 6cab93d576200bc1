"""Chapter 11: its numbers, tables and figures."""
