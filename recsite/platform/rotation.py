"""Bound how long a rotated key or secret goes on working beside the one that takes its place."""

from datetime import timedelta

from recsite.platform.exceptions import Invalid

HOUR = timedelta(hours=1)
USUAL_HOURS, MOST_HOURS = 24, 90 * 24
OVERLAP = USUAL_HOURS * HOUR


def check_overlap(overlap: timedelta) -> None:
    """Raise Invalid for an overlap that is negative or too long."""
    if not timedelta() <= overlap <= MOST_HOURS * HOUR:
        raise Invalid({"overlap_hours": f"From 0 to {MOST_HOURS:,} hours are possible."})
