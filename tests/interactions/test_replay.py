"""Dead letters: mended and replayed, from the admin and by the command; what still can't be stored says why."""

from dataclasses import replace
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from interactions import replay
from interactions.models import DeadLetter, Interaction
from interactions.store import store
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)


def lost(item_id: str = "emma", user_id: str = "ada") -> DeadLetter:
    """The letter of an event about an item that nobody knows yet."""
    store([factories.event(user_id, item_id)], source="storefront")
    return DeadLetter.objects.latest("pk")


def unread(payload: dict[str, Any]) -> DeadLetter:
    return DeadLetter.objects.create(source="kafka", topic="reviews", reason="No event.", payload=payload)


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("replay_events", *arguments, stdout=out)
    return out.getvalue().strip()


def test_a_letter_whose_item_came_is_stored_as_it_was() -> None:
    letter = lost()
    factories.item("emma")
    assert str(replay.replay([letter])) == "1 replayed, 0 still can't be stored."
    row = Interaction.objects.get()
    assert str(row.event_id) == letter.payload["event_id"]
    assert row.occurred_at.isoformat() == letter.payload["occurred_at"]
    assert not DeadLetter.objects.exists()


def test_one_that_still_can_not_be_stored_stays_and_counts_its_attempts() -> None:
    letter = lost()
    for attempts in (2, 3):
        assert replay.replay([letter]).still_dead == 1
        letter.refresh_from_db()
        assert (letter.attempts, letter.reason) == (attempts, "Unknown item emma.")
    assert DeadLetter.objects.count() == 1
    assert not Interaction.objects.exists()


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        ({"raw": "no json"}, "It is no JSON object: write one in its place"),
        ({"user_id": "ada", "item_id": "emma", "type": "sneeze"}, "type: Unknown interaction type"),
        ({"user_id": "", "item_id": "emma", "type": "view"}, "user_id: A text that is not empty"),
    ],
)
def test_what_is_no_event_says_what_is_wrong_with_it(payload: dict[str, Any], reason: str) -> None:
    factories.item("emma")
    letter = unread(payload)
    replay.replay([letter])
    letter.refresh_from_db()
    assert reason in letter.reason


def test_fields_that_nobody_knows_are_kept() -> None:
    factories.item("emma")
    replay.replay(
        [unread({"user_id": "ada", "item_id": "emma", "type": "view", "mood": "good", "context": {"position": 1}})]
    )
    assert Interaction.objects.get().context == {"position": 1, "extra": {"mood": "good"}}


def test_an_event_without_a_known_time_keeps_its_mark() -> None:
    store([replace(factories.event("ada", "emma"), undated=True)])
    factories.item("emma")
    replay.replay(DeadLetter.objects.all())
    row = Interaction.objects.get()
    assert (row.undated, row.context) == (True, None)


def test_a_letter_that_was_mended_is_stored_even_if_its_version_was_another() -> None:
    factories.item("emma")
    letter = unread({"version": 7, "user_id": "ada", "item_id": "emma", "type": "rating", "value": 4, "mood": "good"})
    assert replay.replay([letter]).stored == 1
    assert Interaction.objects.get().value == 4


def test_replaying_twice_stores_once() -> None:
    letter = lost()
    factories.item("emma")
    replay.replay([letter])
    replay.replay([letter])
    assert Interaction.objects.count() == 1


def test_the_command_replays_all_or_some() -> None:
    first, second = lost("emma"), lost("persuasion")
    factories.item("emma")
    factories.item("persuasion")
    assert run("--dry-run") == "2 dead letters would be replayed."
    assert run(str(first.pk)) == "1 replayed, 0 still can't be stored."
    assert run("--reason", "nothing like it") == "There are no dead letters to replay."
    assert run("--reason", "UNKNOWN ITEM") == "1 replayed, 0 still can't be stored."
    assert Interaction.objects.count() == 2
    assert not DeadLetter.objects.filter(pk__in=[first.pk, second.pk]).exists()


def test_an_event_without_a_time_is_dated_when_it_is_replayed() -> None:
    factories.item("emma")
    replay.replay([unread({"user_id": "ada", "item_id": "emma", "type": "view"})])
    assert abs(Interaction.objects.get().occurred_at - timezone.now()).total_seconds() < 60
