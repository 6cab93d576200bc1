"""Figures of the chapters: a result table in, a Plotly figure out; one module a chapter."""
