"""Findings of the appendix on rebuilding: time and memory by size."""
