"""Chapter 01: its numbers, tables and figures."""
