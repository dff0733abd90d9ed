"""Back up database, models and erasures, and bring them back. `create`, `restore` and `upkeep` are the verbs."""
