"""The DuckDB warehouse, built by the SQL in `sql/`."""
