"""While a kind is silenced nobody is told of its beginning; what still holds afterwards is told then."""

from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone

from recsite.platform.audit import Actor, Kind
from recsite.platform.exceptions import Invalid
from recsite.platform.models import AlertSilence, AlertSubscription, AuditEntry
from recsite.platform.telling import silences
from tests.telling.conftest import alert, queue, tell

GRACE = Actor(Kind.STAFF, "grace", "admin")


@pytest.fixture(autouse=True)
def subscription(told_at_once: None) -> None:
    AlertSubscription.objects.create(email="ops@shop.example")


def silence(kind: str = "redis") -> AlertSilence:
    found = AlertSilence(kind=kind, until=timezone.now() + timedelta(hours=1), reason="Redis is being moved.")
    silences.begin(found, actor=GRACE)
    return found


def test_nobody_is_told_of_what_is_silenced_and_of_the_rest_they_are() -> None:
    silence()
    tell(alert(), queue())
    (found,) = mail.outbox
    assert "Queue" in found.subject


def test_every_kind_can_be_silenced_at_once() -> None:
    silence("")
    tell(alert(), queue())
    assert mail.outbox == []


def test_what_still_holds_when_the_silence_ends_is_told_then() -> None:
    held = silence()
    tell(alert())
    assert silences.end(held, actor=GRACE)
    tell(alert())
    assert [one.subject for one in mail.outbox] == ["[recsite development] Redis: Redis can't be reached."]
    assert not silences.end(held, actor=GRACE)


def test_what_was_over_before_is_told_to_nobody() -> None:
    silence()
    tell(alert())
    tell()
    AlertSilence.objects.update(until=timezone.now())
    tell()
    assert mail.outbox == []


def test_who_was_told_of_the_beginning_is_told_of_the_end() -> None:
    tell(alert())
    silence()
    tell()
    assert [one.subject for one in mail.outbox][1:] == ["[recsite development] Ended: Redis"]


def test_a_silence_is_recorded_with_who_and_why() -> None:
    silences.end(silence(), actor=GRACE)
    begun, ended = AuditEntry.objects.order_by("pk")
    assert (begun.verb, begun.actor, begun.object_id, begun.reason) == (
        "silence.begin",
        "grace",
        "Redis",
        "Redis is being moved.",
    )
    assert (ended.verb, ended.object_id) == ("silence.end", "Redis")


def test_a_silence_needs_a_reason_and_an_end_to_come() -> None:
    with pytest.raises(Invalid) as refusal:
        silences.begin(AlertSilence(kind="redis", until=timezone.now(), reason=" "), actor=GRACE)
    assert refusal.value.errors.keys() == {"until", "reason"}
    assert not AlertSilence.objects.exists()
