"""Paths through the shop: transitions, attribution, time to convert."""
