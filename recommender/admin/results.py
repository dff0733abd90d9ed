"""Show what recommendation lists achieve."""

from dataclasses import asdict
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from catalog import snapshot
from recommender.insight import analytics
from recommender.models import ListKind
from recsite.platform.charts import Chart, Series, chart
from recsite.platform.humanize import pluralize
from recsite.platform.units import Unit, write

PERIODS = {1: "Today", 7: "7 days", 28: "28 days"}


@permission_required("recommender.view_dailyimpressions", raise_exception=True)
def results(request: HttpRequest) -> HttpResponse:
    """Show click-through, conversion, coverage and click-through by rank, for some days."""
    days = _chosen(request.GET.get("days"))
    kind = request.GET.get("kind", "")
    kind = kind if kind in ListKind.values else ListKind.USER.value
    catalogue = snapshot.current().count
    context = {
        **admin.site.each_context(request),
        "title": "Results",
        "periods": PERIODS,
        "days": days,
        "kinds": ListKind.choices,
        "kind": kind,
        "window": settings.ATTRIBUTION_WINDOW_HOURS,
        "lines": [_in_words(line, catalogue) for line in analytics.list_totals(days)],
        "curves": _drawn(analytics.rank_curves(days, kind)),
    }
    return TemplateResponse(request, "admin/recommender/results.html", context)


def _chosen(text: str | None) -> int:
    return int(text) if text and text.isdecimal() and int(text) in PERIODS else 7


def _in_words(line: analytics.ListTotals, catalogue: int) -> dict[str, Any]:
    """Return a line with its shares in percent; `catalogue` is the number of items that coverage is a share of."""
    return {
        **asdict(line),
        "kind_label": line.kind_label,
        "click_percent": write(line.click_rate, Unit.SHARE),
        "list_click_percent": write(line.list_click_rate, Unit.SHARE),
        "conversion_percent": write(line.conversion_rate, Unit.SHARE),
        "named_percent": write(line.named_share if line.places_clicked else None, Unit.SHARE),
        "coverage_percent": write(line.items / catalogue if catalogue else None, Unit.SHARE),
    }


def _drawn(curves: dict[str, list[analytics.RankTotals]]) -> list[Chart]:
    """Return a chart for each curve; all are as high as the highest one."""
    highest = max((point.click_rate for points in curves.values() for point in points), default=0.0)
    return [
        chart(
            algorithm,
            [point.rank for point in points],
            [Series("Clicked", [point.click_rate for point in points])],
            unit=Unit.SHARE,
            sentence=f"{pluralize(sum(point.shown for point in points), 'impression')}.",
            has_room_for=[highest],
            is_barred=True,
        )
        for algorithm, points in curves.items()
    ]
