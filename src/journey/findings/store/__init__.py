"""Findings of an imported store: the report's methods without truth, on what is recorded."""

#: Parts of the report that rest on the store alone; its decisions rest on them.
PARTS = ("data", "funnel", "journeys", "segments", "value", "prediction", "recommend", "experiment")
