"""A log that is read afterwards: its events came in when they happened."""

from datetime import timedelta

import pytest
from django.utils import timezone

from interactions import producers
from interactions.models import DeadLetter, Interaction
from interactions.store import MANY
from recsite.platform.models import AuditEntry
from tests import factories
from tests.factories import NOON

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("amount", [1, 3, MANY + 1])
def test_events_count_as_received_when_they_happened(amount: int) -> None:
    emma, ada = factories.item("emma"), factories.ada()
    sent = [factories.event(ada, emma, at=NOON + timedelta(minutes=number)) for number in range(amount)]
    producers.store_and_tell(sent, "test", as_happened=True)
    assert Interaction.objects.count() == amount
    assert all(one.received_at == one.occurred_at for one in Interaction.objects.all())


def test_otherwise_they_come_in_now() -> None:
    producers.store_and_tell([factories.event(factories.ada(), factories.item("emma"), at=NOON)], "test")
    assert timezone.now() - Interaction.objects.get().received_at < timedelta(minutes=1)


def test_nothing_came_in_before_this_moment_that_happens_later() -> None:
    soon = timezone.now() + timedelta(minutes=2)
    producers.store_and_tell([factories.event(factories.ada(), factories.item("emma"), at=soon)], "test", True, True)
    assert Interaction.objects.get().received_at < soon


def test_what_cannot_be_stored_was_lost_then() -> None:
    producers.store_and_tell([factories.event("ada", "nowhere", at=NOON)], "test", as_happened=True)
    assert DeadLetter.objects.get().received_at == NOON
    assert not AuditEntry.objects.exists()
