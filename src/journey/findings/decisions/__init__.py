"""Chapter 12: what each decision is worth, how sure that is, and the test that would settle it."""
