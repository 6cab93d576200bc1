"""The whole warehouse on Spark: whether its tables are DuckDB's, how long it takes, and training there."""
