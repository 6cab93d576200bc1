"""Chapter 04: its numbers, tables and figures."""
