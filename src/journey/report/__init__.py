"""From results to pages: the ledger, figures and tables."""
