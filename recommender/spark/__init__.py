"""Hand trainings over to Spark: events as Parquet, its jobs, and what comes back."""
