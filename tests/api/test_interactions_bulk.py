"""Many events in one request: each is judged for itself, and what is accepted is stored."""

from typing import Any

import pytest

from interactions.api.events import MOST
from interactions.api.serializers import EventsOut
from interactions.models import DeadLetter, Interaction
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


@pytest.mark.parametrize("body", [{}, {"events": {}}, {"events": []}, []], ids=range(4))
def test_a_body_without_events_is_explained(api: ApiClient, body: Any) -> None:
    assert details(api.post("interactions/bulk", body)) == {"events": "A list of events is needed."}


def test_too_many_are_refused_with_the_number(api: ApiClient) -> None:
    wrong = details(api.post("interactions/bulk", {"events": [view()] * (MOST + 1)}))
    assert wrong == {"events": "At most 1,000 events at once; these are 1,001."}


def test_a_thousand_take_few_queries(api: ApiClient, django_assert_max_num_queries: Any) -> None:
    factories.item("emma")
    with django_assert_max_num_queries(15):
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
