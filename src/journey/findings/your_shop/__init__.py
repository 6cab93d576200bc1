"""Findings of the page "Try it on your shop": one log in a foreign form, proposed, imported, counted."""
