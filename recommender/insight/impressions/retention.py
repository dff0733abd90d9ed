"""Condense old daily totals: an hourly training makes a row for each version, and details grow with the catalogue."""

from datetime import timedelta

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from recommender.models import DailyImpressions, HourlyImpressions, ItemImpressions, PositionImpressions

MOST_DAYS = 100
"""Days that one run condenses: the first run on an old database must not hold its locks for hours."""

GROUP = "day, kind, placement, placement_revision, algorithm, variant"
SUMS = ("lists", "lists_clicked", "lists_converted", "places", "places_clicked", "places_converted", "places_by_id")
MERGE = f"""
INSERT INTO recommender_servedday AS total ({GROUP}, version, {", ".join(SUMS)}, items)
SELECT {GROUP}, 0, {", ".join(f"sum({name})" for name in SUMS)}, max(items)
FROM recommender_servedday WHERE day = %(day)s AND version <> 0 GROUP BY {GROUP}
ON CONFLICT ({GROUP}, version) DO UPDATE SET
    {", ".join(f"{name} = total.{name} + excluded.{name}" for name in SUMS)},
    items = greatest(total.items, excluded.items)
"""


def condense() -> int:
    """Condense the days older than IMPRESSION_DETAIL_DAYS; return their number.

    Totals by placement, its revision and algorithm stay for good. Totals by rank and by item are deleted, and those of
    the model versions of one algorithm become one row, with version 0. Distinct items can't be added up: the largest
    count stays. Totals by hour are deleted.
    """
    cutoff = timezone.now().date() - timedelta(days=settings.IMPRESSION_DETAIL_DAYS)
    HourlyImpressions.objects.filter(hour__date__lt=cutoff).delete()
    detailed = DailyImpressions.objects.filter(day__lt=cutoff).exclude(version=0, ranks=None, shown_items=None)
    days = list(detailed.order_by("day").values_list("day", flat=True).distinct()[:MOST_DAYS])
    for day in days:
        with transaction.atomic():
            PositionImpressions.objects.filter(daily__day=day).delete()
            ItemImpressions.objects.filter(daily__day=day).delete()
            with connection.cursor() as cursor:
                cursor.execute(MERGE, {"day": day})
            DailyImpressions.objects.filter(day=day).exclude(version=0).delete()
    return len(days)
