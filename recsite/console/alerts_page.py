"""Show which alerts stand, what is silenced, who is told of what, and what was told lately."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import admin
from django.contrib.auth.decorators import permission_required
from django.db.models import Count, Max, Q
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from recsite.console.health_page import PERMISSION
from recsite.platform import alerts
from recsite.platform.alerts import Alert
from recsite.platform.humanize import duration, pluralize
from recsite.platform.models import AlertEpisode, AlertSubscription
from recsite.platform.parts import Badge, State
from recsite.platform.telling import silences
from recsite.platform.telling.models import EVERY_KIND, AlertSilence, name_of

LATEST = 30
SEE_SUBSCRIPTIONS, SILENCE = "platform.view_alertsubscription", "platform.add_alertsilence"
SEVERITIES = {"down": Badge("down", State.BAD), "warning": Badge("warning", State.WARN)}


@dataclass(frozen=True, slots=True)
class Standing:
    """Hold an alert that stands, and the silence that it is under."""

    alert: Alert
    silence: AlertSilence | None
    silence_link: str
    """Where its kind is silenced; empty where it is already."""


@dataclass(frozen=True, slots=True)
class Told:
    """Hold who is told, of what, and how that goes."""

    pk: int
    who: str
    kinds: str
    pace: str
    badge: Badge
    last: datetime | None
    note: str


@dataclass(frozen=True, slots=True)
class Past:
    """Hold one time that an alert held."""

    episode: AlertEpisode
    badge: Badge
    lasted: str
    told: int


@require_safe
@never_cache
@permission_required(PERMISSION, raise_exception=True)
def show(request: HttpRequest) -> HttpResponse:
    """Show the page; addresses only to those who may choose them."""
    now = timezone.now()
    silent = silences.silenced(now)
    context = {
        **admin.site.each_context(request),
        "title": "Alerts",
        "standing": standing(alerts.shown_to(request.user), silent, request.user.has_perm(SILENCE)),
        "silences": [(one, name_of(one.kind)) for one in silent.values()],
        "subscriptions": list(_told()) if request.user.has_perm(SEE_SUBSCRIPTIONS) else None,
        "past": list(_past()),
    }
    return TemplateResponse(request, "admin/health/alerts.html", context)


def standing(found: Iterable[Alert], silent: dict[str, AlertSilence], may_silence: bool) -> list[Standing]:
    """Return alerts with the silence that each is under."""
    rows = []
    for alert in found:
        kind = alert.key.partition(":")[0]
        silence = silences.of_kind(kind, silent)
        link = f"{reverse('admin:platform_alertsilence_add')}?kind={kind}" if may_silence and not silence else ""
        rows.append(Standing(alert, silence, link))
    return rows


def _told() -> Iterable[Told]:
    unsent = Q(messages__sent_at=None)
    rows: Any = AlertSubscription.objects.select_related("webhook").annotate(
        last=Max("messages__sent_at"),
        waiting=Count("messages", filter=unsent),
        failing=Count("messages", filter=unsent & Q(messages__tries__gt=0)),
        error=Max("messages__error", filter=unsent),
    )
    for row in rows:
        kinds = ", ".join(map(name_of, row.kinds)) or EVERY_KIND
        waits = f"{pluralize(row.waiting, 'message')} {'waits' if row.waiting == 1 else 'wait'}." if row.waiting else ""
        note = f"{waits} {row.error}" if row.failing else waits
        yield Told(row.pk, str(row), kinds, row.get_pace_display(), _badge(row), row.last, note.strip())


def _badge(row: Any) -> Badge:
    if not row.is_on:
        return Badge("off")
    return Badge("failing", State.BAD, row.error) if row.failing else Badge("on", State.GOOD)


def _past() -> Iterable[Past]:
    rows: Any = AlertEpisode.objects.annotate(told=Count("messages", filter=Q(messages__sent_at__isnull=False)))
    for row in rows[:LATEST]:
        badge = SEVERITIES.get(row.severity, Badge(row.severity))
        lasted = duration((row.ended_at - row.began_at).total_seconds()) if row.ended_at else "stands"
        yield Past(row, badge, lasted, row.told)
