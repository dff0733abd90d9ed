"""Many events in one request: each is judged for itself, and what is accepted is stored."""

from typing import Any

import pytest

from catalog.models import EndUser
from interactions.api.events import MOST
from interactions.api.serializers import EventsOut
from interactions.models import DeadLetter, Interaction
from interactions.store import OTHER_CONTENT
from recsite.platform import database
from tests import factories
from tests.api.clients import ApiClient, details
from tests.outages import no_postgres


def view(user_id: str = "ada", **fields: Any) -> dict[str, Any]:
    return {"user_id": user_id, "item_id": "emma", "type": "view", **fields}


def test_one_wrong_event_keeps_no_other_from_being_stored(api: ApiClient) -> None:
    factories.item("emma")
    events = [
        view("ada"),
        view(type="sneeze"),
        "nonsense",
        view("ben", mood="good"),
        view("cleo", event_id="x"),
        view("dan"),
    ]
    answer = api.post("interactions/bulk", {"events": events})
    told = answer.json()
    assert answer.status_code == 202
    assert EventsOut(data=told).is_valid()
    assert (told["accepted"], told["refused"]) == (2, 4)
    assert [one["status"] for one in told["results"]] == [
        "accepted",
        "refused",
        "refused",
        "refused",
        "refused",
        "accepted",
    ]
    assert [set(one["errors"]) for one in told["results"][1:5]] == [{"type"}, {"body"}, {"mood"}, {"event_id"}]
    stored = {str(row.event_id): row.user.user_id for row in Interaction.objects.select_related("user")}
    assert stored == {told["results"][0]["event_id"]: "ada", told["results"][5]["event_id"]: "dan"}


def test_sending_the_same_again_changes_nothing(api: ApiClient) -> None:
    factories.item("emma")
    events = [view(f"r{number}", event_id="019de3a9-5c00-7c4e-8a51-3f2b6c9d0e11") for number in range(1)]
    for _ in range(2):
        assert api.post("interactions/bulk", {"events": events}).json()["accepted"] == 1
    assert Interaction.objects.count() == 1


def test_an_unknown_item_is_accepted_and_a_dead_letter(api: ApiClient) -> None:
    assert api.post("interactions/bulk", {"events": [view()]}).json()["accepted"] == 1
    assert DeadLetter.objects.count() == 1


YEAR_10889 = "ffffffff-ffff-7000-8000-000000000000"


@pytest.mark.parametrize("size", [10, 99, 100, 300])
def test_every_wrong_event_is_refused_by_itself_at_any_size(api: ApiClient, size: int) -> None:
    factories.item("emma")
    events = [view(f"r{number}") for number in range(size)]
    events[3] = view("a\rb")
    events[5] = view(event_id=YEAR_10889)
    events[7] = view("trailing\r")
    told = api.post("interactions/bulk", {"events": events}).json()
    wrong = {number: set(one["errors"]) for number, one in enumerate(told["results"]) if one["status"] == "refused"}
    assert wrong == {3: {"user_id"}, 5: {"occurred_at"}}
    assert Interaction.objects.count() == told["accepted"] == size - 2
    assert EndUser.objects.filter(user_id="trailing").exists()


@pytest.mark.parametrize("size", [10, 150])
def test_an_id_is_used_once_in_a_request(api: ApiClient, size: int) -> None:
    factories.item("emma")
    same = {"event_id": "019de3a9-5c00-7c4e-8a51-3f2b6c9d0e11"}
    events = [view("ada", **same), *(view(f"r{number}") for number in range(size)), view("ada", **same)]
    events += [view("ben", type="purchase", **same), view("ada", occurred_at="2026-05-01T12:00:00Z", **same)]
    told = api.post("interactions/bulk", {"events": events}).json()
    found = [told["results"][number] for number in (0, -3, -2, -1)]
    assert [one["status"] for one in found] == ["accepted", "duplicate", "refused", "refused"]
    assert [one["errors"] for one in found[2:]] == [{"event_id": OTHER_CONTENT}] * 2
    assert (told["accepted"], told["duplicates"], told["refused"]) == (size + 2, 1, 2)
    assert [row.user.user_id for row in Interaction.objects.filter(event_id=same["event_id"])] == ["ada"]
    again = api.post("interactions/bulk", {"events": [view("cleo", **same), view("ada", **same)]}).json()
    assert [one["status"] for one in again["results"]] == ["refused", "refused"]
    again = api.post("interactions/bulk", {"events": [view("ada", **same), view("cleo")]}).json()
    assert [one["status"] for one in again["results"]] == ["duplicate", "accepted"]


def test_two_updates_of_a_profile_in_one_request_are_both_applied(api: ApiClient) -> None:
    said = [
        {"preferences": {"categories": ["Poetry"]}},
        {"preferences": {"tags": ["prose"]}, "demographics": {"age": 30}},
    ]
    events = [{"user_id": "ada", "type": "profile_update", "context": one} for one in said]
    assert api.post("interactions/bulk", {"events": events}).json()["accepted"] == 2
    ada = EndUser.objects.get(user_id="ada")
    assert (ada.preferences, ada.demographics) == ({"categories": ["Poetry"], "tags": ["prose"]}, {"age": 30})


def test_the_envelope_has_one_field(api: ApiClient) -> None:
    assert details(api.post("interactions/bulk", {"events": [view()], "evnets": []})) == {
        "evnets": "There is no such field. Known: events."
    }


def test_a_megabyte_of_unknown_fields_is_answered_shortly(api: ApiClient) -> None:
    unknown: dict[str, Any] = {f"field-{number}": 0 for number in range(100)}
    events = [view(**unknown)] * 1_000
    answer = api.post("interactions/bulk", {"events": events})
    assert len(answer.content) < 2_000_000


@pytest.mark.parametrize("body", [{}, {"events": {}}, {"events": []}, []], ids=range(4))
def test_a_body_without_events_is_explained(api: ApiClient, body: Any) -> None:
    assert details(api.post("interactions/bulk", body)) == {"events": "A list of at least one event is needed."}


def test_too_many_are_refused_with_the_number(api: ApiClient) -> None:
    wrong = details(api.post("interactions/bulk", {"events": [view()] * (MOST + 1)}))
    assert wrong == {"events": "At most 1,000 events at once; these are 1,001."}


def test_a_thousand_take_few_queries(api: ApiClient, django_assert_max_num_queries: Any) -> None:
    factories.item("emma")
    # One of them notes the key's last use, which a thread does elsewhere.
    with django_assert_max_num_queries(16):
        answer = api.post("interactions/bulk", {"events": [view(f"r{number}") for number in range(MOST)]})
    assert answer.json()["accepted"] == MOST
    assert Interaction.objects.count() == MOST


def test_without_a_database_nothing_is_claimed(api: ApiClient) -> None:
    api.post("interactions/bulk", {"events": [view()]})
    with no_postgres():
        answer = api.post("interactions/bulk", {"events": [view("ben")]})
    database.forget()
    assert answer.status_code == 503
    assert answer.headers["Retry-After"]
