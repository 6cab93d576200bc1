"""Stores: obtain raw data and present it as canonical events."""
