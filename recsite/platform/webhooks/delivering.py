"""Deliver what waits in the outbox: each endpoint's messages one after another, failed ones again for a day.

A message that fails holds up no other: each has its own times. Only an endpoint that takes long to fail gets rests.
"""

import logging
import random
import time
from dataclasses import asdict
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from recsite.platform import audit
from recsite.platform.locks import exclusive
from recsite.platform.webhooks import sending, signing
from recsite.platform.webhooks.models import LONGEST_SENTENCE, WebhookDelivery, WebhookEndpoint
from recsite.platform.webhooks.sending import Outcome

logger = logging.getLogger(__name__)
DELAYS = [timedelta(seconds=secs) for secs in (10, 60, 300, 1_800, 7_200, 18_000, 28_800, 28_800)]
"""Pauses before the next attempts, 23 hours and a half together; each is cut by up to JITTER."""

JITTER = 0.2
DEAD_AFTER = timedelta(hours=24)
"""An endpoint where nothing arrives for so long is paused."""

PATIENCE_SECS = 30.0
"""How long the failures of one round may take, three attempts that aren't answered: many would keep a worker busy."""

REST = timedelta(seconds=60)
"""An endpoint whose failures took longer is left alone for so long."""

ROUND_SECS = 60.0
"""One task goes on for so long at most."""

LOGGED = 20
"""Attempts that a delivery keeps."""

State = WebhookDelivery.State
Endpoint = WebhookEndpoint


def due() -> list[int]:
    """Return the endpoints with messages whose time has come."""
    now = timezone.now()
    waiting = _due(now).filter(endpoint=OuterRef("pk"))
    awake = Q(rests_until=None) | Q(rests_until__lte=now)
    is_open = Q(state=Endpoint.State.ACTIVE) & awake & Exists(waiting)
    by_hand = Exists(waiting.filter(is_by_hand=True))
    return list(Endpoint.objects.filter(is_open | by_hand).values_list("pk", flat=True))


def deliver(endpoint_id: int) -> int:
    """Send what is due at an endpoint, what has waited longest first; return how many messages were tried.

    It ends early, and the endpoint rests, where failures take longer than PATIENCE_SECS. Only one does so at a
    time: raises AlreadyRunning. One that is killed after sending sends the same message again.
    """
    tried, failing_secs, ends = 0, 0.0, time.monotonic() + ROUND_SECS
    with exclusive(f"The deliveries to webhook {endpoint_id}"):
        while time.monotonic() < ends:
            endpoint = Endpoint.objects.filter(pk=endpoint_id).first()
            delivery = _next(endpoint) if endpoint else None
            if endpoint is None or delivery is None:
                break
            tried, begun = tried + 1, time.monotonic()
            if not _attempt(endpoint, delivery):
                failing_secs += time.monotonic() - begun
            if failing_secs >= PATIENCE_SECS:
                Endpoint.objects.filter(pk=endpoint_id).update(rests_until=timezone.now() + REST)
                break
    return tried


def prune() -> int:
    """Delete the log of what was sent more than WEBHOOK_RETENTION_DAYS ago; return how many rows."""
    old = timezone.now() - timedelta(days=settings.WEBHOOK_RETENTION_DAYS)
    return WebhookDelivery.objects.filter(created_at__lt=old).delete()[0]


def _due(now: datetime) -> QuerySet[WebhookDelivery]:
    return WebhookDelivery.objects.filter(state=State.PENDING, next_try_at__lte=now)


def _next(endpoint: Endpoint) -> WebhookDelivery | None:
    now = timezone.now()
    found = _due(now).filter(endpoint=endpoint)
    if endpoint.state == Endpoint.State.PAUSED or (endpoint.rests_until and endpoint.rests_until > now):
        found = found.filter(is_by_hand=True)
    # By their ids old messages that go on failing would keep new ones from their first attempt.
    return found.order_by("-is_by_hand", "next_try_at", "pk").first()


def _attempt(endpoint: Endpoint, delivery: WebhookDelivery) -> bool:
    """Send a message once, outside of any transaction, and write down how it went; return whether it arrived."""
    now = timezone.now()
    signed = signing.headers(endpoint, delivery.message_id, delivery.body, now)
    outcome = sending.post(endpoint.url, delivery.body, signed)
    with transaction.atomic():
        locked = Endpoint.objects.select_for_update().filter(pk=endpoint.pk).first()
        row = WebhookDelivery.objects.select_for_update().filter(pk=delivery.pk).first()
        if locked and row:
            _write_down(row, outcome, now)
            _judge(locked, row, outcome)
    return not outcome.error


def _write_down(row: WebhookDelivery, outcome: Outcome, at: datetime) -> None:
    row.tries += 1
    row.attempts += 1
    row.log = [*row.log, {"attempt": row.attempts, "at": at.isoformat(), **asdict(outcome)}][-LOGGED:]
    row.status, row.duration_ms = outcome.status, outcome.duration_ms
    row.response, row.error = outcome.response, outcome.error[:LONGEST_SENTENCE]
    goes_on = outcome.error and not row.is_by_hand and row.tries <= len(DELAYS) and outcome.status != sending.GONE
    row.state = State.DELIVERED if not outcome.error else State.PENDING if goes_on else State.FAILED
    row.next_try_at = timezone.now() + _jittered(DELAYS[row.tries - 1]) if goes_on else None
    row.save()


def _judge(endpoint: Endpoint, row: WebhookDelivery, outcome: Outcome) -> None:
    """Keep in mind since when nothing arrives at an endpoint, and pause one that stays dead."""
    now = timezone.now()
    if not outcome.error:
        Endpoint.objects.filter(pk=endpoint.pk).update(failing_since=None, rests_until=None)
        return
    logger.warning("A webhook message did not arrive at endpoint %d (%s): %s", endpoint.pk, row.event, outcome.error)
    endpoint.failing_since = endpoint.failing_since or now
    endpoint.save(update_fields=["failing_since"])
    if endpoint.state == Endpoint.State.PAUSED:
        return
    if outcome.status == sending.GONE:
        _pause(endpoint, "It answered 410: it wants no more messages.")
    elif endpoint.failing_since <= now - DEAD_AFTER:
        _pause(endpoint, f"Nothing has arrived there for a day. {outcome.error}")


def _pause(endpoint: Endpoint, reason: str) -> None:
    endpoint.state, endpoint.paused_because = Endpoint.State.PAUSED, reason[:LONGEST_SENTENCE]
    endpoint.save(update_fields=["state", "paused_because"])
    audit.record(audit.SYSTEM, "webhook.pause", "webhook", endpoint.pk, after={"state": "paused"}, reason=reason)


def _jittered(delay: timedelta) -> timedelta:
    """Shorten a pause at random, so that messages that failed together don't all come back together."""
    return delay * (1 - random.uniform(0, JITTER))
