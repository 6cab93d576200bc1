"""Findings of the tools: what pages that compute by themselves start from and are held against."""
