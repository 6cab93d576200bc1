"""From results to what a chapter shows: its numbers, tables and figures, one folder a chapter."""
