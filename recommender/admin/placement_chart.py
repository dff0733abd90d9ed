"""Draw what a placement achieved day by day, with a mark where something was published."""

from datetime import UTC, datetime, time

from recommender.insight import analytics
from recommender.models import Placement, PlacementRevision
from recsite.platform.charts import Chart, Mark, Series, chart
from recsite.platform.units import Unit

DAYS = 28


def of(placement: Placement) -> Chart | None:
    """Return the chart of the last DAYS days; None where nothing was shown in them."""
    days = analytics.day_totals(placement.name, DAYS)
    if not any(one.shown for one in days):
        return None
    start = datetime.combine(days[0].day, time(), UTC)
    published = placement.revisions.filter(published_at__gte=start).order_by("number")
    return chart(
        "Click-through",
        [one.day for one in days],
        [Series("Click-through", [one.click_rate for one in days])],
        unit=Unit.SHARE,
        bars=Series("Items shown", [float(one.shown) for one in days]),
        marks=[Mark(row.published_at, _published(row)) for row in published],
    )


def _published(row: PlacementRevision) -> str:
    by = f" by {row.published_by}" if row.published_by else ""
    return f"revision {row.number} published{by}"
