"""The query library on PostgreSQL and Spark: whether a translation returns what DuckDB returns."""
