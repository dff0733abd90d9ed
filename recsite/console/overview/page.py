"""Show the first page of the admin: is all well, what do lists achieve, what is live, what changed, what is to do."""

from collections.abc import Sequence
from typing import Any

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from recommender.admin.job_buttons import may_operate
from recommender.insight import periods
from recsite.console import renewing
from recsite.console.overview import activity, attention, charted, release_card, tiles
from recsite.console.overview.measured import measure
from recsite.console.renewing import Part
from recsite.platform import alerts
from recsite.platform.database import DatabaseDown

SEE_RESULTS, SEE_RELEASES = "recommender.view_dailyimpressions", "recommender.view_release"
LINKS = {
    "results": ("results", SEE_RESULTS),
    "health": ("health-page", "platform.view_job"),
    "events": ("admin:interactions_interaction_changelist", "interactions.view_interaction"),
}
OPEN_ALERTS = 3
LIVE = "admin/overview/live.html"


def overview(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Return what the page shows; each part only to staff who may see it."""
    return context | {"live_part": _render(request).html}


@require_safe
@never_cache
def live(request: HttpRequest) -> HttpResponse:
    """Return the page's content for a page that stands open, or 204 where it has this already."""
    return _render(request).answer(request)


def _render(request: HttpRequest) -> Part:
    """Render what changes by itself, and name it by what it says."""
    period = periods.chosen(request.GET.get("period"))
    tab = request.GET.get("chart", "")
    tab = tab if tab in charted.TABS else next(iter(charted.TABS))
    shown = alerts.shown_to(request.user)
    context: dict[str, Any] = {
        "alerts": shown[:OPEN_ALERTS],
        "more_alerts": shown[OPEN_ALERTS:],
        "periods": periods.PERIODS.values(),
        "period": period,
        "tabs": [(key, words) for key, (words, _) in charted.TABS.items()],
        "tab": tab,
    }
    context["standing"], context["severity"] = tiles.standing(shown, None)
    try:
        context |= _figures(request, period, tab, shown)
    except (DatabaseDown, DatabaseError):
        context["standing"] = ""
        context["away"] = "The database can't be reached, so nothing can be said of lists and events."
    query = {"period": period.key, "chart": tab}
    return renewing.render(request, LIVE, context, page="overview-live", query=query)


def _figures(request: HttpRequest, period: periods.Period, tab: str, shown: Sequence[alerts.Alert]) -> dict[str, Any]:
    user, now = request.user, timezone.now()
    found: dict[str, Any] = {"matters": attention.matters(user), "lines": activity.lines(user)}
    if user.has_perm(SEE_RESULTS):
        measured = measure(period, now)
        links = {key: reverse(page) for key, (page, permission) in LINKS.items() if user.has_perm(permission)}
        found["standing"], found["severity"] = tiles.standing(shown, measured)
        found |= {
            "tiles": tiles.tiles(measured, now, links),
            "chart": charted.TABS[tab][1](measured),
        }
    if user.has_perm(SEE_RELEASES):
        found |= {"sees_release": True, "card": release_card.card(), "may_operate": may_operate(request)}
    return found
