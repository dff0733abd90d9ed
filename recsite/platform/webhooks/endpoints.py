"""Make, change, rotate, pause, try and delete endpoints of webhooks: each of these is recorded."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from recsite.platform import audit
from recsite.platform.audit import Actor
from recsite.platform.exceptions import Conflict, Invalid
from recsite.platform.log_privacy import hashed
from recsite.platform.rotation import OVERLAP, check_overlap
from recsite.platform.values import in_order
from recsite.platform.webhooks import events, outbox, signing, targets
from recsite.platform.webhooks.models import WebhookDelivery, WebhookEndpoint
from recsite.platform.webhooks.targets import CannotSend

MOST = 50
OBJECT = "webhook"
State = WebhookEndpoint.State
Waiting = WebhookDelivery.State.PENDING


@dataclass(frozen=True)
class EndpointSettings:
    """Say where messages go, and which."""

    url: str
    events: Iterable[str] = ()
    description: str = ""


def create(asked: EndpointSettings, *, actor: Actor) -> WebhookEndpoint:
    """Make an endpoint; its `secret` is shown now and never again, and so is what its `warning` says.

    Raises Invalid, and Conflict where there are MOST already.
    """
    endpoint = WebhookEndpoint(
        url=asked.url, events=_sorted(asked.events), description=asked.description.strip(), secret=signing.new_secret()
    )
    check(endpoint)
    with transaction.atomic():
        if WebhookEndpoint.objects.count() >= MOST:
            raise Conflict({"url": f"There are {MOST} webhooks already: delete one that nobody needs."})
        endpoint.save()
        audit.record(actor, "webhook.create", OBJECT, endpoint.pk, after=_fields(endpoint))
    return endpoint


def change(endpoint: WebhookEndpoint, *, actor: Actor) -> WebhookEndpoint:
    """Store an edited endpoint. One that is active again gets at once what waits for it. Raises Invalid."""
    endpoint.events, endpoint.description = _sorted(endpoint.events), endpoint.description.strip()
    check(endpoint)
    with transaction.atomic():
        row = WebhookEndpoint.objects.select_for_update().get(pk=endpoint.pk)
        before, was = _fields(row), row.state
        for name in ("url", "events", "description", "state"):
            setattr(row, name, getattr(endpoint, name))
        if row.state != was:
            _switched(row)
        row.save()
        row.warning = endpoint.warning
        audit.record_change(actor, "webhook.change", OBJECT, row.pk, before=before, after=_fields(row))
    return row


def rotate(endpoint: WebhookEndpoint, *, overlap: timedelta = OVERLAP, actor: Actor) -> WebhookEndpoint:
    """Give an endpoint another secret, shown once; messages are signed with both until the overlap ends."""
    check_overlap(overlap)
    ends = timezone.now() + overlap
    with transaction.atomic():
        row = WebhookEndpoint.objects.select_for_update().get(pk=endpoint.pk)
        row.secret, row.former_secret, row.former_secret_ends_at = signing.new_secret(), row.secret, ends
        row.save(update_fields=["secret", "former_secret", "former_secret_ends_at"])
        audit.record(actor, "webhook.rotate", OBJECT, row.pk, after={"former_secret_ends_at": ends})
    return row


def delete(endpoints: Iterable[WebhookEndpoint], *, actor: Actor) -> None:
    """Take endpoints away, with all that waits for them and the log of what was sent."""
    with transaction.atomic():
        for endpoint in endpoints:
            audit.record(actor, "webhook.delete", OBJECT, endpoint.pk, before=_fields(endpoint))
            endpoint.delete()


def send_test(endpoint: WebhookEndpoint, *, actor: Actor) -> WebhookDelivery:
    """Put a test into the queue; the door enqueues the task that delivers it at once. It is tried once."""
    said = {"endpoint": endpoint.pk, "message": "This is a test."}
    with transaction.atomic():
        (delivery,) = outbox.put(events.TEST, said, [endpoint.pk], is_by_hand=True)
        audit.record(actor, "webhook.test", OBJECT, endpoint.pk, after={"message": delivery.message_id})
    return delivery


def redeliver(delivery: WebhookDelivery, *, actor: Actor) -> WebhookDelivery:
    """Send a message once more, with the same id, by which its receiver knows it; tried once.

    Raises Conflict for one that waits for its next attempt in any case.
    """
    again = {"state": Waiting, "tries": 0, "is_by_hand": True, "next_try_at": timezone.now()}
    with transaction.atomic():
        ended = WebhookDelivery.objects.filter(pk=delivery.pk).exclude(state=Waiting)
        if not ended.update(**again):
            raise Conflict({"delivery_id": "It still waits for its next attempt: there is nothing to repeat."})
        told = {"message": delivery.message_id}
        audit.record(actor, "webhook.redeliver", OBJECT, delivery.endpoint_id, after=told)
    delivery.refresh_from_db()
    return delivery


def check(endpoint: WebhookEndpoint) -> None:
    """Raise Invalid with a sentence for each field that is wrong."""
    wrong = {name: sentence for name, rule in _RULES.items() if (sentence := rule(endpoint))}
    if wrong:
        raise Invalid(wrong)


def _wrong_url(endpoint: WebhookEndpoint) -> str:
    """Say what is wrong with an address. A new one is looked up, as it is again before each message."""
    try:
        target = targets.parse(endpoint.url)
        if not WebhookEndpoint.objects.filter(pk=endpoint.pk, url=endpoint.url).exists():
            endpoint.warning = targets.doubt(target)
    except CannotSend as refusal:
        return str(refusal)
    return ""


def _wrong_events(endpoint: WebhookEndpoint) -> str:
    known = events.known()
    if not endpoint.events or not set(endpoint.events) <= known.keys():
        return f"Choose one or more of {', '.join(known)}."
    return ""


def _wrong_state(endpoint: WebhookEndpoint) -> str:
    return "" if endpoint.state in State.values else f"One of {', '.join(State.values)} is needed."


_RULES: dict[str, Callable[[WebhookEndpoint], str]] = {
    "url": _wrong_url,
    "events": _wrong_events,
    "state": _wrong_state,
}


def _switched(row: WebhookEndpoint) -> None:
    """Let an endpoint begin anew: what failed before the pause has its day of attempts again."""
    row.paused_because = "" if row.state == State.ACTIVE else "It was paused by hand."
    row.failing_since = row.rests_until = None
    if row.state == State.ACTIVE:
        row.deliveries.filter(state=Waiting).update(tries=0, next_try_at=timezone.now())


def _fields(endpoint: WebhookEndpoint) -> dict[str, Any]:
    """Return what is recorded: of the address no more than tells two apart, since many hold a secret."""
    target = targets.shown(endpoint.url)
    told = {"url": f"{target}/~{hashed(endpoint.url)}", "events": list(endpoint.events)}
    return {**told, "description": endpoint.description, "state": str(endpoint.state)}


def _sorted(names: Iterable[str]) -> list[str]:
    return in_order(names, tuple(events.known()))
