"""Chapter 10: its numbers, tables and figures."""
