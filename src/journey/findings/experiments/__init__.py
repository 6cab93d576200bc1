"""Chapter 09: its numbers, tables and figures."""
