"""Show how far the consumers of Kafka are behind, partition by partition, and what waits to be sent."""

from django.conf import settings
from django.contrib import admin
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from interactions.consumers import GROUP
from interactions.kafka import BrokerDown
from interactions.lag import Lag, lag
from interactions.models import OutboxMessage
from recsite.console.health_page import PERMISSION
from recsite.platform.humanize import duration
from recsite.platform.parts import Empty
from recsite.platform.units import Unit, write

MOST_COUNTED = 10_000

NOT_IN_USE = Empty(
    "Kafka is not in use: events are stored as they arrive.",
    "KAFKA_BOOTSTRAP_SERVERS puts it in use: docs/OPERATIONS.md says how.",
)


@require_safe
@never_cache
@permission_required(PERMISSION, raise_exception=True)
def show(request: HttpRequest) -> HttpResponse:
    """Show the page; where Kafka is not in use or doesn't answer, it says so."""
    behind: list[Lag] = []
    fault = ""
    try:
        behind = lag()
    except BrokerDown as down:
        fault = f"{down} Events are kept meanwhile, and sent when it is back."
    waiting = OutboxMessage.objects.order_by()[:MOST_COUNTED].count()
    context = {
        **admin.site.each_context(request),
        "title": "Kafka",
        "empty": None if settings.KAFKA_BOOTSTRAP_SERVERS else NOT_IN_USE,
        "servers": settings.KAFKA_BOOTSTRAP_SERVERS,
        "group": GROUP,
        "fault": fault,
        "behind": [(one, write(one.events, Unit.COUNT), duration(one.seconds) if one.since else "") for one in behind],
        "total": write(sum(one.events for one in behind), Unit.COUNT),
        "waiting": f"{MOST_COUNTED:,} or more" if waiting == MOST_COUNTED else f"{waiting:,}",
    }
    return TemplateResponse(request, "admin/health/kafka.html", context)
