"""Rehearse production on one machine, from the files that are shipped."""
