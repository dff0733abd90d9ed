"""Keep trending and co-visits up to date event by event, between two trainings."""
