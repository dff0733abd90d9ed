"""POST /interactions: 202 once the event is durable, else a sentence for each field."""

from typing import Any
from unittest.mock import patch
from uuid import UUID

import pytest
from django.db import OperationalError

from interactions.models import DeadLetter, Interaction
from interactions.store import OTHER_CONTENT
from recsite.platform.parsers import EMPTY
from tests import factories
from tests.api.clients import ApiClient, details

EVENT_ID = "019de3a9-5c00-7c4e-8a51-3f2b6c9d0e11"


def view(**more: Any) -> dict[str, Any]:
    return {"user_id": "ada", "item_id": "emma", "type": "view", **more}


def test_an_event_is_accepted_and_stored(api: ApiClient) -> None:
    factories.item("emma")
    rating = {"type": "rating", "value": 4, "occurred_at": "2026-05-01T14:00:00+02:00", "context": {"position": 3}}
    answer = api.post("interactions", view(**rating))
    stored = Interaction.objects.select_related("user", "item", "type").get()
    assert answer.status_code == 202
    assert answer.json() == {"event_id": str(stored.event_id), "status": "accepted"}
    assert (stored.user.user_id, stored.item.item_id, stored.type.name) == ("ada", "emma", "rating")
    assert (stored.value, stored.occurred_at, stored.context) == (4.0, factories.NOON, {"position": 3})


def test_a_retry_stays_one_event(api: ApiClient) -> None:
    factories.item("emma")
    event = view(event_id=EVENT_ID, occurred_at="2026-05-01T12:00:00Z")
    assert [api.post("interactions", event).status_code for _ in range(2)] == [202, 202]
    assert Interaction.objects.get().event_id == UUID(EVENT_ID)


def test_an_event_of_an_unknown_item_is_accepted_and_kept_for_staff(api: ApiClient) -> None:
    assert api.post("interactions", view(item_id="nothing")).status_code == 202
    assert DeadLetter.objects.get().payload["item_id"] == "nothing"


@pytest.mark.parametrize(
    ("event", "field", "sentence"),
    [
        (view(user_id=""), "user_id", "A text that is not empty is needed."),
        (view(user_id="a\nb"), "user_id", "The id holds a line break (U+000A)."),
        (view(item_id="a\x00"), "item_id", "The id holds a NUL character."),
        (view(user_id="undefined"), "user_id", "The id is 'undefined', which stands for a missing value."),
        (view(user_id=7), "user_id", "A text that is not empty is needed. Put the number in quotes."),
        (view(item_id="x" * 256), "item_id", "The id is longer than 255 characters."),
        (view(type="stare"), "type", "Unknown interaction type."),
        (view(type="rating", value=6), "value", "The value of a rating lies between 1 and 5."),
        (
            view(type="rating", value="5"),
            "value",
            "A finite number is needed, such as 5 or 3.5. Leave out the quotes: it came as a text.",
        ),
        (view(type="rating", value=True), "value", "A finite number is needed, such as 5 or 3.5."),
        (view(type="rating"), "value", "A rating needs a value between 1 and 5."),
        (view(occurred_at="9999-01-01T00:00:00Z"), "occurred_at", "The time lies outside 1970-01-01 to"),
        (view(occurred_at="yesterday"), "occurred_at", "A time is needed: ISO 8601 such as"),
        (view(event_id="ffffffff-ffff-7000-8000-000000000000"), "occurred_at", "The time lies outside 1970-01-01"),
        (view(occurred_at="0001-01-01T00:00:00+14:00"), "occurred_at", "The time lies outside 1970-01-01"),
        (view(occurred_at="9999-12-31T23:59:59-14:00"), "occurred_at", "The time lies outside 1970-01-01"),
        (view(type="purchase", value=-1), "value", "The value of a purchase lies between 0 and 1,000,000,000."),
        (view(type="purchase", value=1e300), "value", "The value of a purchase lies between 0 and 1,000,000,000."),
        (view(event_id="7"), "event_id", "A UUID is needed"),
        (view(context=[1]), "context", "An object is needed."),
        (view(valeu=3), "valeu", "There is no such field. Known: context, event_id, item_id,"),
        ([view()], "body", "One JSON object is needed"),
        ('"view"', "body", "One JSON object is needed"),
    ],
)
def test_what_is_wrong_is_said_by_field(api: ApiClient, event: Any, field: str, sentence: str) -> None:
    found = details(api.post("interactions", event))
    assert found.keys() == {field}
    assert found[field].startswith(sentence)
    assert not Interaction.objects.exists()


def test_every_wrong_field_is_named_at_once(api: ApiClient) -> None:
    found = details(api.post("interactions", {"type": "rating", "valeu": 3}))
    assert found.keys() == {"user_id", "item_id", "value", "valeu"}


@pytest.mark.parametrize("path", ["interactions", "interactions/bulk"])
@pytest.mark.parametrize("body", [b"", b"  "])
def test_an_empty_body_is_a_bad_request(api: ApiClient, path: str, body: bytes) -> None:
    answer = api.post(path, body)
    assert (answer.status_code, "empty" in answer.json()["error"]["message"]) == (400, True)


def test_a_parameter_in_the_address_is_refused(api: ApiClient) -> None:
    assert details(api.post("interactions?dry_run=true", view())).keys() == {"dry_run"}


def test_an_event_that_was_sent_before_is_a_duplicate_or_refused(api: ApiClient) -> None:
    factories.item("emma")
    first = view(event_id="019de3a9-5c00-7c4e-8a51-3f2b6c9d0e11")
    told = [api.post("interactions", first).json()["status"] for _ in range(2)]
    assert told == ["accepted", "duplicate"]
    other = api.post("interactions", {**first, "user_id": "ben"})
    assert (other.status_code, other.json()["error"]["details"]) == (409, {"event_id": OTHER_CONTENT})


def test_many_unknown_fields_are_counted_not_repeated(api: ApiClient) -> None:
    answer = api.post("interactions", view(**{f"field-{number}-{'x' * 200}": 1 for number in range(20_000)}))
    assert len(answer.content) < 10_000
    found = details(answer)
    assert (len(found), found["more"]) == (11, "19,990 more names are unknown.")


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b'{"user_id": NaN}',
        b'{"value": 1e999}',
        b'{"value": ' + b"9" * 5000 + b"}",
        b"[" * 100_000,
        b'{"user_id": "\xff"}',
        b'{"user_id": "\\ud800"}',
        b'{"user_id": "ada", "user_id": "ben", "item_id": "emma", "type": "view"}',
        b'{"user_id": "ada", "item_id": "emma", "type": "view", "context": {"x": {"a": 1, "a": 1}}}',
    ],
)
def test_what_is_no_json_is_a_bad_request(api: ApiClient, body: bytes) -> None:
    answer = api.post("interactions", body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "bad_request")
    assert answer.json()["error"]["message"].startswith("The body must be JSON in UTF-8")


@pytest.mark.parametrize("body", [b"", b" ", b"\n"])
@pytest.mark.parametrize(
    "path", ["interactions", "interactions/bulk", "recommendations/batch", "recommendations/session"]
)
def test_an_empty_body_has_one_sentence(api: ApiClient, path: str, body: bytes) -> None:
    answer = api.post(path, body)
    assert (answer.status_code, answer.json()["error"]["message"]) == (400, EMPTY)


def test_broken_json_is_told_by_its_place(api: ApiClient) -> None:
    answer = api.post("interactions", b'{"user_id": "ada",\n item_id: "emma"}')
    assert answer.json()["error"]["message"] == (
        "The body must be JSON in UTF-8; this breaks off or is no JSON at line 2, column 2."
    )


def test_characters_beyond_the_basic_plane_are_welcome(api: ApiClient) -> None:
    factories.item("emma")
    assert (
        api.post("interactions", b'{"user_id": "\\ud83d\\ude00", "item_id": "emma", "type": "view"}').status_code == 202
    )
    assert Interaction.objects.select_related("user").get().user.user_id == "😀"


def test_another_type_of_body_is_refused(api: ApiClient) -> None:
    answer = api.post("interactions", "user_id=ada", "application/x-www-form-urlencoded")
    assert (answer.status_code, answer.json()["error"]["code"]) == (415, "unsupported_media_type")


def test_a_context_has_a_size(api: ApiClient, settings: Any) -> None:
    settings.MAX_EVENT_CONTEXT_BYTES = 100
    assert api.post("interactions", view(context={"note": "x" * 80})).status_code == 202
    assert details(api.post("interactions", view(context={"note": "x" * 100}))) == {
        "context": "At most 100 bytes of JSON; this has 112."
    }


def test_endless_nesting_is_refused(api: ApiClient) -> None:
    for depth in (60, 400, 900, 3_000, 50_000):
        answer = api.post(
            "interactions",
            b'{"user_id": "ada", "item_id": "emma", "type": "view", "context": '
            + b'{"a": ' * depth
            + b"1"
            + b"}" * depth
            + b"}",
        )
        assert answer.status_code in {400, 422}
        assert "too" in answer.json()["error"]["message"]


def test_a_number_without_end_is_refused_in_our_words(api: ApiClient) -> None:
    answer = api.post("interactions", b'{"value": ' + b"9" * 5000 + b"}")
    assert answer.json()["error"]["message"] == "The body must be JSON in UTF-8: a number has 5,000 digits."


def test_ten_megabytes_are_too_much(api: ApiClient) -> None:
    answer = api.post("interactions", view(context={"note": "x" * 10 * 1024 * 1024}))
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "too_large")


def test_without_the_database_nothing_is_accepted(api: ApiClient) -> None:
    api.post("interactions", view())
    with patch("interactions.store.store", side_effect=OperationalError):
        answer = api.post("interactions", view())
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert (
        answer.json()["error"]["message"] == "Events can't be stored at the moment. Send them again in a few seconds."
    )
