"""Findings of chapter 08: customer value and who leaves."""
