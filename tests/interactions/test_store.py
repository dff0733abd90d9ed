import threading
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from django.db import connection, transaction
from django.utils import timezone
from pytest_django import Settings

from catalog.models import EndUser, Item
from interactions.models import DeadLetter, Interaction
from interactions.schema import Event
from interactions.store import Stored, store
from tests import factories
from tests.factories import NOON

pytestmark = pytest.mark.django_db

KNOWN = UUID("01890a5d-ac96-774b-bcce-b302099a8057")


def emma() -> Item:
    return factories.item("emma")


def test_an_event_is_stored_whole() -> None:
    item = emma()
    event = factories.event("ada", item, "rating", 4.5, context={"source": "home", "note": 'a "quoted",\nline'})
    (stored,) = store([event]).stored
    row = Interaction.objects.get()
    assert (row.event_id, row.item, row.type.name, row.value, row.occurred_at) == (
        event.event_id,
        item,
        "rating",
        4.5,
        NOON,
    )
    assert row.context == {"source": "home", "note": 'a "quoted",\nline'}
    assert (row.undated, row.received_at > NOON) == (False, True)
    assert (stored.user_id, stored.user_pk, stored.item_pk, stored.type) == ("ada", row.user.pk, item.pk, "rating")


def test_an_event_without_value_and_context_has_none() -> None:
    store([factories.event("ada", emma())])
    row = Interaction.objects.get()
    assert (row.value, row.context) == (None, None)


def test_sending_an_event_again_changes_nothing() -> None:
    event = factories.event("ada", emma())
    store([event])
    assert store([event]) == Stored((), repeated=(0,))
    assert Interaction.objects.count() == 1


def test_the_same_event_twice_in_one_batch_is_stored_once() -> None:
    event = factories.event("ada", emma())
    outcome = store([event, event])
    assert (len(outcome.stored), outcome.duplicates) == (1, 1)


def test_the_same_id_at_another_time_is_another_event() -> None:
    item = emma()
    store([factories.event("ada", item, event_id=KNOWN, at=NOON + timedelta(days=days)) for days in (0, 1)])
    assert Interaction.objects.count() == 2


def test_nothing_to_store_is_fine() -> None:
    assert store([]) == Stored()


def test_a_person_who_is_unknown_is_made() -> None:
    store([factories.event("zoë \\ \t;'\"", emma())])
    assert EndUser.objects.get().user_id == "zoë \\ \t;'\""


def test_when_somebody_was_active_is_noted_by_the_minute() -> None:
    item = emma()
    for seconds, noted in ((0, 0), (59, 0), (60, 60), (119, 60), (121, 121)):
        store([factories.event("ada", item, at=NOON + timedelta(seconds=seconds))])
        assert EndUser.objects.get().last_active == NOON + timedelta(seconds=noted)


def test_a_person_was_last_active_at_the_latest_event_whatever_the_order() -> None:
    item = emma()
    late, early = NOON, NOON - timedelta(days=3)
    for moments in ([early], [late, early], [early + timedelta(hours=1)]):
        store([factories.event("ada", item, at=moment) for moment in moments])
    person = EndUser.objects.get()
    assert (person.last_active, person.created_at) == (late, early)


def test_an_event_without_a_real_date_makes_nobody_active() -> None:
    store([factories.event("ada", emma(), undated=True)])
    person = EndUser.objects.get()
    assert person.last_active is None
    assert timezone.now() - person.created_at < timedelta(minutes=1)
    assert Interaction.objects.get().undated


def test_a_clock_that_is_ahead_makes_nobody_active_in_the_future() -> None:
    store([factories.event("ada", emma(), at=timezone.now() + timedelta(hours=20))])
    last_active = EndUser.objects.get().last_active
    assert last_active is not None
    assert last_active <= timezone.now()


def test_an_unknown_item_sends_the_event_to_the_dead_letters(settings: Settings) -> None:
    settings.UNKNOWN_ITEM_POLICY = "dead_letter"
    lost = factories.event("cleo", "nowhere", "rating", 3, context={"source": "home"})
    outcome = store([lost, factories.event("ada", emma())], source="storefront")
    letter = DeadLetter.objects.get()
    assert (len(outcome.stored), outcome.duplicates, len(outcome.refused)) == (1, 0, 1)
    assert (letter.source, letter.reason) == ("storefront", "Unknown item nowhere.")
    assert letter.payload == {
        "event_id": str(lost.event_id),
        "user_id": "cleo",
        "item_id": "nowhere",
        "type": "rating",
        "occurred_at": "2026-05-01T12:00:00+00:00",
        "value": 3,
        "context": {"source": "home"},
        "undated": False,
    }
    assert not EndUser.objects.filter(user_id="cleo").exists()


def test_an_unknown_item_becomes_a_hidden_one_if_the_policy_says_so(settings: Settings) -> None:
    settings.UNKNOWN_ITEM_POLICY = "placeholder"
    assert len(store([factories.event("ada", "nowhere"), factories.event("ben", "nowhere")]).stored) == 2
    item = Item.objects.get()
    assert (item.item_id, item.title, item.is_available, item.features) == ("nowhere", "nowhere", False, {})


def test_a_type_that_was_removed_sends_the_event_to_the_dead_letters() -> None:
    outcome = store([factories.event("ada", emma(), "hum")])
    assert (len(outcome.refused), DeadLetter.objects.get().reason) == (1, "Unknown type hum.")


def test_all_or_none(monkeypatch: pytest.MonkeyPatch) -> None:
    events = [factories.event("ada", emma()), factories.event("ada", "nowhere")]

    def fail(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("interactions.store._insert", fail)
    with pytest.raises(RuntimeError), transaction.atomic():
        store(events)
    assert (Interaction.objects.count(), DeadLetter.objects.count()) == (0, 0)


def test_an_event_of_a_month_without_a_partition_is_stored() -> None:
    store([factories.event("ada", emma(), at=datetime(1999, 12, 31, tzinfo=UTC))])
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM interactions_interaction_default")
        assert cursor.fetchone() == (1,)


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_batches_that_meet_the_same_people_at_once_are_all_stored() -> None:
    item = emma()
    names = [f"person {number}" for number in range(200)]
    outcomes: list[Stored] = []

    def work(batch: list[Event]) -> None:
        try:
            outcomes.extend(store(batch) for _ in range(5))
        finally:
            connection.close()

    batches = [[factories.event(name, item) for name in order] for order in (names, names[::-1])]
    threads = [threading.Thread(target=work, args=[batch]) for batch in batches]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(len(outcome.stored) for outcome in outcomes) == 400
    assert (EndUser.objects.count(), Interaction.objects.count()) == (200, 400)
