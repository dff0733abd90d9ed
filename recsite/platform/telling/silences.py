"""Silence kinds of alerts for a while, and end that."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from recsite.platform import audit
from recsite.platform.audit import Actor
from recsite.platform.exceptions import Invalid
from recsite.platform.telling.models import AlertSilence, name_of

OBJECT = "silence"


def silenced(now: datetime) -> dict[str, AlertSilence]:
    """Return what is silent now by kind, the silence that lasts longest for each; "" stands for every kind."""
    found: dict[str, AlertSilence] = {}
    for one in AlertSilence.objects.filter(until__gt=now).order_by("until"):
        found[one.kind] = one
    return found


def of_kind(kind: str, silent: dict[str, AlertSilence]) -> AlertSilence | None:
    """Return the silence that a kind of alert is under."""
    return silent.get(kind) or silent.get("")


def check(silence: AlertSilence) -> None:
    """Raise Invalid with a sentence for each field that is wrong."""
    wrong = {}
    if silence.until and silence.until <= timezone.now():
        wrong["until"] = "Choose a moment that is still to come: a silence ends by itself then."
    if not silence.reason.strip():
        wrong["reason"] = "Say why in a few words: others will wonder that they were not told."
    if wrong:
        raise Invalid(wrong)


def begin(silence: AlertSilence, *, actor: Actor) -> None:
    """Store a silence. Raises Invalid."""
    check(silence)
    silence.made_by = actor.name
    with transaction.atomic():
        silence.save()
        told = {"until": silence.until}
        audit.record(actor, "silence.begin", OBJECT, name_of(silence.kind), after=told, reason=silence.reason)


def end(silence: AlertSilence, *, actor: Actor) -> bool:
    """End a silence now, and tell whether it was not over yet. What holds then is told by the next round."""
    now = timezone.now()
    with transaction.atomic():
        ended = AlertSilence.objects.filter(pk=silence.pk, until__gt=now).update(until=now)
        if ended:
            was, ends = {"until": silence.until}, {"until": now}
            audit.record(actor, "silence.end", OBJECT, name_of(silence.kind), before=was, after=ends)
    return bool(ended)
