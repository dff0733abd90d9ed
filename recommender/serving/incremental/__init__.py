"""What is kept up to date from one event to the next, between two trainings."""
