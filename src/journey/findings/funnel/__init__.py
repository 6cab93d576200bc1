"""Chapter 02: its numbers, tables and figures."""
