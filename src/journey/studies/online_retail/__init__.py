"""The ladder of targets on a real shop's invoices."""
