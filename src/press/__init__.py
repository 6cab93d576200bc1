"""Offline renderer for the Quarto dialect of this report."""
