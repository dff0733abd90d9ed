"""Run experiments at placements and read them from the daily totals of each user."""
