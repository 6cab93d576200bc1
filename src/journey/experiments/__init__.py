"""Experiment statistics: sufficient statistics in, frozen dataclasses out."""
