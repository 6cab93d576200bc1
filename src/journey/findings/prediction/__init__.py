"""Chapter 05: its numbers, tables and figures."""
