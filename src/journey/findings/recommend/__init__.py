"""Chapter 07: its numbers, tables and figures."""
