"""Staff read dead letters, mend them, and replay them one by one or together."""

import json
from typing import Any

import pytest

from interactions.models import DeadLetter, Interaction, OutboxMessage
from interactions.wire import encode
from tests import factories
from tests.admin.staff import Staff, words

LETTERS = "/admin/interactions/deadletter/"


@pytest.fixture
def letter(db: None) -> DeadLetter:
    payload = {"user_id": "ada", "item_id": "emmma", "type": "view"}
    return DeadLetter.objects.create(source="api", reason="Unknown item emmma.", payload=payload)


def test_a_letter_is_saved_and_replayed_with_one_button(admin: Staff, letter: DeadLetter) -> None:
    factories.item("emma")
    page = admin.get(f"{LETTERS}{letter.pk}/change/").content.decode()
    assert 'name="_replay"' in page
    mended = json.dumps({**letter.payload, "item_id": "emma"})
    answer = admin.post(f"{LETTERS}{letter.pk}/change/", payload=mended, _replay="")
    assert answer.headers["Location"] == LETTERS
    assert "1 replayed" in admin.follow(answer)
    assert Interaction.objects.get().item.item_id == "emma"
    assert not DeadLetter.objects.exists()


def test_a_mended_text_that_still_can_not_be_stored_is_kept_with_the_reason(admin: Staff, letter: DeadLetter) -> None:
    mended = json.dumps({**letter.payload, "item_id": "emmama"})
    answer = admin.post(f"{LETTERS}{letter.pk}/change/", payload=mended, _replay="")
    assert answer.headers["Location"] == f"{LETTERS}{letter.pk}/change/"
    page = admin.follow(answer)
    assert "1 still can't be stored" in page
    assert "emmama" in page
    letter.refresh_from_db()
    assert (letter.payload["item_id"], letter.attempts) == ("emmama", 2)
    assert "emmama" in letter.reason


def test_a_mended_text_outlives_a_replay_that_fails(
    admin: Staff, letter: DeadLetter, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(letters: list[DeadLetter], **_: Any) -> None:
        raise ConnectionError(f"{len(letters)} letter: the database is gone.")

    monkeypatch.setattr("interactions.admin.dead_letters.replay", fail)
    answer = admin.post(f"{LETTERS}{letter.pk}/change/", payload='{"user_id": "ben"}', _replay="")
    assert answer.status_code == 500
    letter.refresh_from_db()
    assert letter.payload == {"user_id": "ben"}


def test_saving_alone_replays_nothing(admin: Staff, letter: DeadLetter) -> None:
    factories.item("emma")
    mended = json.dumps({**letter.payload, "item_id": "emma"})
    assert admin.post(f"{LETTERS}{letter.pk}/change/", payload=mended, _save="").status_code == 302
    letter.refresh_from_db()
    assert (letter.payload["item_id"], letter.reason) == ("emma", "Unknown item emmma.")
    assert not Interaction.objects.exists()


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        ('{"user_id": "a\\u0000"}', "A NUL character is not possible: leave it out."),
        ('{"a": ' + "[" * 3_000 + "]" * 3_000 + "}", "nested too deeply"),
        ('{"v": NaN}', "NaN is no number that can be stored"),
        ('{"x": "\\ud800"}', "escapes that are no text"),
        ("xx", "must be JSON in UTF-8"),
        ("[]", "An object is needed, with user_id"),
        ("7", "An object is needed, with user_id"),
    ],
    ids=range(7),
)
def test_what_can_not_be_kept_is_refused_with_a_sentence(
    admin: Staff, letter: DeadLetter, payload: str, words: str
) -> None:
    before = letter.payload
    answer = admin.post(f"{LETTERS}{letter.pk}/change/", payload=payload, _replay="")
    assert answer.status_code == 200
    assert words in answer.content.decode()
    letter.refresh_from_db()
    assert letter.payload == before


def test_many_are_replayed_together(admin: Staff, letter: DeadLetter) -> None:
    factories.item("emmma")
    answer = admin.post(LETTERS, action="replay", _selected_action=[letter.pk])
    assert "1 replayed, 0 still" in admin.follow(answer)


def test_who_may_only_look_changes_and_replays_nothing(viewer: Staff, letter: DeadLetter) -> None:
    assert "Unknown item emmma." in viewer.page(LETTERS)
    assert viewer.post(f"{LETTERS}{letter.pk}/change/", payload="{}").status_code == 403
    assert viewer.post(f"{LETTERS}{letter.pk}/change/", payload="{}", _replay="").status_code == 403
    assert "Save and replay" not in viewer.page(f"{LETTERS}{letter.pk}/change/")
    answer = viewer.post(LETTERS, action="replay", _selected_action=[letter.pk])
    assert "1 replayed" not in words(answer)
    letter.refresh_from_db()
    assert letter.attempts == 1


def test_what_waits_for_kafka_can_be_read(admin: Staff) -> None:
    event = factories.event("ada", "emma", "rating", 4)
    row = OutboxMessage.objects.create(topic="reviews", key="ada", value=encode(event))
    assert "reviews" in admin.page("/admin/interactions/outboxmessage/")
    assert str(event.event_id) in admin.page(f"/admin/interactions/outboxmessage/{row.pk}/change/")
