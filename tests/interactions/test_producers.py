from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.db import OperationalError, transaction

from interactions import producers, store, types
from interactions.models import Interaction, InteractionType
from interactions.producers import EventLogUnavailable, produce
from interactions.store import StoredEvent
from recsite.platform import database, generations
from recsite.platform.exceptions import Unavailable
from tests import factories, outages

pytestmark = pytest.mark.django_db

heard: list[StoredEvent] = []


def listen(events: tuple[StoredEvent, ...]) -> None:
    heard.extend(events)


def fail(events: tuple[StoredEvent, ...]) -> None:
    raise ConnectionError("The sink is gone.")


LISTENER, FAILING = f"{__name__}.listen", f"{__name__}.fail"


@pytest.fixture(autouse=True)
def sinks(settings: Any) -> Iterator[None]:
    settings.EVENT_SINKS = [LISTENER]
    heard.clear()
    outages.start_afresh()
    types.forget()
    yield
    outages.start_afresh()
    types.forget()


def test_events_are_stored_and_handed_on_with_their_keys(django_capture_on_commit_callbacks: Any) -> None:
    emma, ada = factories.item("emma"), factories.ada()
    with django_capture_on_commit_callbacks(execute=True):
        produce([factories.event(ada, emma, "rating", 5)])
    (event,) = heard
    assert (event.user_id, event.user_pk, event.item_pk, event.type, event.value) == (
        "ada",
        ada.pk,
        emma.pk,
        "rating",
        5,
    )
    assert Interaction.objects.count() == 1


def test_nobody_hears_of_events_before_the_commit(django_capture_on_commit_callbacks: Any) -> None:
    event = factories.event("ada", factories.item())
    with django_capture_on_commit_callbacks(execute=True):
        produce([event])
        assert heard == []
    assert len(heard) == 1


def test_a_retry_is_neither_stored_nor_told_twice(django_capture_on_commit_callbacks: Any) -> None:
    event = factories.event("ada", factories.item())
    with django_capture_on_commit_callbacks(execute=True):
        produce([event])
    with django_capture_on_commit_callbacks(execute=True):
        produce([event])
    assert len(heard) == 1


def test_a_sink_that_fails_is_counted_and_undoes_nothing(
    django_capture_on_commit_callbacks: Any, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.EVENT_SINKS = [FAILING, "recsite.nothing.here", LISTENER]
    before = failures(FAILING)
    with django_capture_on_commit_callbacks(execute=True):
        produce([factories.event("ada", factories.item())])
    assert Interaction.objects.count() == 1
    assert len(heard) == 1
    assert failures(FAILING) == before + 1
    assert "failed to take in 1 stored events" in caplog.text


def test_without_the_database_the_client_is_told_to_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    event = factories.event("ada", factories.item())

    def gone(*_: object) -> None:
        raise OperationalError("connection refused")

    monkeypatch.setattr(store, "store", gone)
    with pytest.raises(EventLogUnavailable, match="Send them again") as error:
        produce([event])
    assert isinstance(error.value, Unavailable)


def test_the_same_is_told_where_an_event_is_stored_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    event = factories.event(factories.ada(), factories.item())

    def broken(*_: object) -> None:
        raise psycopg.OperationalError("the connection is lost")

    monkeypatch.setattr(psycopg.Cursor, "fetchall", broken)
    with pytest.raises(EventLogUnavailable, match="Send them again"):
        produce([event])
    assert database.is_down()


def test_events_belong_to_the_callers_transaction() -> None:
    event = factories.event("ada", factories.item())
    with transaction.atomic():
        produce([event])
        transaction.set_rollback(True)
    assert not Interaction.objects.exists()
    assert heard == []


def test_events_in_bulk_are_announced_to_every_process(django_capture_on_commit_callbacks: Any) -> None:
    before = latest(producers.BULK_GENERATION)
    with django_capture_on_commit_callbacks(execute=True):
        producers.stored_in_bulk()
    assert latest(producers.BULK_GENERATION) > before


def test_types_are_looked_up_without_a_query(django_assert_num_queries: Any) -> None:
    assert types.rules()["rating"].scale == (1, 5)
    with django_assert_num_queries(0):
        assert types.by_name()["purchase"].weight == 5


def test_an_edited_type_is_known_on_the_next_look(django_capture_on_commit_callbacks: Any) -> None:
    types.by_name()
    InteractionType.objects.filter(name="view").update(weight=7)
    assert types.by_name()["view"].weight == 1
    with django_capture_on_commit_callbacks(execute=True):
        types.changed()
    generations.look()
    types._copy._not_before = 0
    assert types.by_name()["view"].weight == 7


def test_a_type_edited_in_the_admin_is_known_too(django_capture_on_commit_callbacks: Any, admin_client: Any) -> None:
    kind = types.by_name()["view"]
    form = {"weight": 7, "is_negative": "", "marks_seen": "on", "scale_min": "", "scale_max": "", "relevant_at": ""} | {
        "amount_min": 0,
        "amount_max": 100,
    }
    with django_capture_on_commit_callbacks(execute=True):
        admin_client.post(f"/admin/interactions/interactiontype/{kind.pk}/change/", form)
    generations.look()
    types._copy._not_before = 0
    assert types.by_name()["view"].weight == 7


def test_without_the_database_the_types_serve_as_they_were_known(django_capture_on_commit_callbacks: Any) -> None:
    types.by_name()
    with django_capture_on_commit_callbacks(execute=True):
        types.changed()
    generations.look()
    types._copy._not_before = 0
    with outages.no_postgres():
        assert types.rules()["rating"].scale == (1, 5)


def test_without_the_database_a_new_process_knows_no_types_and_says_so() -> None:
    with outages.no_postgres(), pytest.raises(Unavailable, match="Try again"):
        types.rules()


def failures(sink: str) -> float:
    return producers.sink_failures.labels(sink)._value.get()


def latest(name: str) -> int:
    generations.look()
    return generations.current(name)
