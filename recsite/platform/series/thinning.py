"""Declare the table of series, and thin it: of more than a week ago hours are enough, and finer rows are deleted.

Every note is in a row of each grain from the start, so thinning computes nothing: hours and days keep every sum and
every quantile, and thinning twice does what thinning once does.
"""

from datetime import UTC, datetime, timedelta

from django.db import connection
from django.utils import timezone

from recsite.platform.partitions import Partitioned
from recsite.platform.series.kinds import HOUR

FINE_FOR = timedelta(days=7)
"""How long rows under an hour are read."""

MARGIN = timedelta(hours=1)
"""The clocks of two machines may differ: what one still reads, the other doesn't delete."""

THIN = "DELETE FROM platform_seriespoint WHERE grain < %s AND at < %s"
POINTS = Partitioned("platform_seriespoint", "at", "series", "SERIES_RETENTION_MONTHS", drops=True)


def seam(now: datetime) -> datetime:
    """Return the hour from which on rows under an hour are read; before it, hours are."""
    until = int((now - FINE_FOR).timestamp())
    return datetime.fromtimestamp(until - until % HOUR + HOUR, UTC)


def thin(now: datetime | None = None) -> int:
    """Delete the rows under an hour of more than a week ago; return how many."""
    with connection.cursor() as cursor:
        cursor.execute(THIN, [HOUR, seam(now or timezone.now()) - MARGIN])
        return cursor.rowcount
