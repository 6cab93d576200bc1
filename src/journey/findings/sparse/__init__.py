"""Chapter 06: its numbers, tables and figures."""
