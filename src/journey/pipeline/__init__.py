"""The build: its graph, its stages, and what runs them."""
