"""Chapter 03: its numbers, tables and figures."""
