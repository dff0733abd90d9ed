"""One event by its own statement: told apart from a batch by nothing but its cost."""

import json
from collections.abc import Callable, Sequence
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from catalog.models import EndUser, Erasure, Item
from catalog.store import erase_user_ids
from interactions import producers, single, store
from interactions.models import DeadLetter, Interaction, PersonEvent, Review
from interactions.schema import Event, new_event_id
from interactions.store import Stored
from tests import factories
from tests.factories import NOON

pytestmark = pytest.mark.django_db

KINDS = ["view", "view", "purchase", "rating", "login", "profile_update", "hum"]
Way = Callable[[Event], Stored]
Rows = list[str]


def random_events(seed: int, count: int = 60) -> list[Event]:
    """Of known, new and erased users, of known and unknown items, some of them sent again or with other content."""
    rng = Random(seed)
    events: list[Event] = []
    for number in range(count):
        if events and rng.random() < 0.25:
            again = rng.choice(events)
            events.append(again if rng.random() < 0.5 else random_event(rng, number, again.event_id, again.occurred_at))
        else:
            events.append(random_event(rng, number))
    return events


def random_event(rng: Random, number: int, event_id: Any = None, at: Any = None) -> Event:
    kind = rng.choice(KINDS)
    is_rating = kind == "rating"
    context: dict[str, Any] = rng.choice(
        [{}, {"source": 'a "quoted" one', "n": 1}, {"preferences": {"tags": [str(number)]}}]
    )
    return Event(
        event_id or new_event_id(),
        user_id=rng.choice(["ada", "ada", "ben", "zoë \\ '%s", "erased", f"new {number % 5}"]),
        item_id="" if kind in ("login", "profile_update") else rng.choice(["emma", "emma", "é;--", "nowhere"]),
        type=kind,
        occurred_at=at or NOON + timedelta(days=rng.randrange(-2000, 200), seconds=20 * rng.randrange(9)),
        value=rng.choice([1.0, 4.5]) if is_rating else rng.choice([None, 0.1 + 0.2]),
        context=context,
        undated=rng.random() < 0.1,
        review={"title": "Well", "text": "I laughed."} if is_rating and rng.random() < 0.5 else None,
    )


def as_producers_do(event: Event) -> Stored:
    return producers.store_and_tell([event], "api")


def as_a_batch_does(event: Event) -> Stored:
    return store.store([event], "api")


def everything() -> dict[str, Rows]:
    """All that events leave in the database, without the numbers that tables give."""
    kept = Interaction.objects.values_list(
        "event_id", "user__user_id", "item__item_id", "type__name", "value", "occurred_at", "undated", "context"
    )
    without_item = PersonEvent.objects.values_list(
        "event_id", "user__user_id", "type__name", "occurred_at", "context"
    ).order_by()
    reviews = Review.objects.values_list("event_id", "user__user_id", "item__item_id", "value", "title", "text")
    users = EndUser.objects.values_list("user_id", "last_active", "preferences", "demographics")
    letters = DeadLetter.objects.values_list("source", "reason", "payload")
    tables: dict[str, Any] = {
        "events": kept,
        "without item": without_item,
        "reviews": reviews.order_by(),
        "users": users,
        "items": Item.objects.values_list("item_id", "title", "is_available"),
        "letters": letters.order_by(),
    }
    return {name: sorted([json.dumps(row, default=str) for row in rows]) for name, rows in tables.items()}


def outcome(events: Sequence[Event], way: Way) -> tuple[list[Any], dict[str, Rows]]:
    """What is answered to each event and what is stored, as if nothing had been."""
    with transaction.atomic():
        answers = [comparable(way(event)) for event in events]
        found = everything()
        transaction.set_rollback(True)
    return answers, found


def comparable(said: Stored) -> Any:
    stored = [(one.event_id, one.user_id, bool(one.user_pk), bool(one.item_pk), one.type) for one in said.stored]
    return stored, said.repeated, said.refused


@pytest.mark.parametrize("policy", ["dead_letter", "placeholder"])
@pytest.mark.parametrize("seed", range(4))
def test_one_by_one_the_same_is_answered_and_stored(
    seed: int, policy: str, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.UNKNOWN_ITEM_POLICY, settings.EVENT_SINKS = policy, []
    for name in ("emma", "é;--"):
        factories.item(name)
    for name in ("ada", "ben", "zoë \\ '%s"):
        factories.person(name)
    erase_user_ids(["erased"])
    events = random_events(seed)
    expected = outcome(events, as_a_batch_does)
    assert outcome(events, as_producers_do) == expected
    monkeypatch.setattr(store, "MANY", 1)
    assert outcome(events, as_a_batch_does) == expected
    assert {len(answers[0]) for answers in expected[0]} == {0, 1}
    assert Erasure.objects.count() == 1


def test_an_event_as_nearly_all_are_needs_one_statement(settings: Any) -> None:
    settings.EVENT_SINKS = []
    factories.person("ada"), factories.item("emma")
    with CaptureQueriesContext(connection) as asked:
        assert len(as_producers_do(factories.event("ada", "emma")).stored) == 1
    assert len(asked) == 1


def test_it_is_planned_once_and_for_all_months() -> None:
    factories.person("ada"), factories.item("emma")
    for days in range(8):
        assert single.store(factories.event("ada", "emma", at=NOON + timedelta(days=60 * days)))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT generic_plans, custom_plans FROM pg_prepared_statements WHERE statement LIKE '%%stored AS (%%'"
        )
        (plans,) = cursor.fetchall()
    assert plans[0] > 0
    assert sum(plans) == 8


def test_what_it_leaves_to_others_changes_nothing() -> None:
    factories.person("ada"), factories.item("emma")
    first = factories.event("ada", "emma")
    assert single.store(first)
    before = everything()
    later = NOON + timedelta(days=1)
    for event in (
        first,
        factories.event("ada", "emma", "purchase", event_id=first.event_id),
        factories.event("ada", "nowhere", at=later),
        factories.event("nobody", "emma", at=later),
        factories.event("ada", "emma", "hum", at=later),
        factories.event("ada", "", "login", at=later),
        factories.event("ada", "emma", "rating", 5, at=later, review={"text": "I wept."}),
    ):
        assert single.store(event) is None
    assert everything() == before
