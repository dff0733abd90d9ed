"""Webhooks are made, tried and watched by the API."""

import json
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from recsite.platform import keys
from recsite.platform.access import Scope
from recsite.platform.models import ApiKey, AuditEntry, WebhookEndpoint
from recsite.platform.webhooks import delivering, outbox, targets
from tests.admin.staff import waiting
from tests.recommender.fixtures import start_afresh
from tests.webhooks.receiver import Receiver

pytestmark = pytest.mark.django_db
V1 = "/api/v1/webhooks"


@pytest.fixture
def api(db: None) -> Client:
    start_afresh()
    keys.forget()
    secret = ApiKey.objects.create_key(name="night shift", scopes=[Scope.OPERATE, Scope.READ])[1]
    return Client(headers={"Authorization": f"Api-Key {secret}"})


def send(api: Client, method: str, path: str, body: Any = None) -> Any:
    return api.generic(method, f"{V1}{path}", json.dumps(body) if body is not None else "", "application/json")


def test_a_webhook_is_made_changed_and_deleted(api: Client, shop: Receiver) -> None:
    made = send(api, "POST", "", {"url": shop.url, "events": ["job.failed", "model.failed", "job.failed"]})
    assert made.status_code == 201
    told = made.json()
    assert (told["events"], told["state"], told["description"]) == (["model.failed", "job.failed"], "active", "")
    assert told.pop("secret") == WebhookEndpoint.objects.get().secret
    assert told.pop("warning") is None
    path = f"/{told['id']}"
    assert made.headers["Location"] == f"{V1}{path}"
    assert api.get(V1 + path).json() == told
    assert api.get(V1).json() == {"webhooks": [told], "next_cursor": None}
    changed = send(api, "PATCH", path, {"state": "paused", "description": "The shop"}).json()
    assert changed == told | {
        "warning": None,
        "state": "paused",
        "description": "The shop",
        "paused_because": "It was paused by hand.",
    }
    assert send(api, "DELETE", path).status_code == 204
    assert api.get(V1 + path).status_code == 404
    entries = AuditEntry.objects.filter(object_type="webhook").order_by("pk")
    assert [entry.verb for entry in entries] == ["webhook.create", "webhook.change", "webhook.delete"]
    assert {(entry.actor_kind, entry.door) for entry in entries} == {("key", "api")}


def test_what_was_read_can_be_put_back(api: Client, shop: Receiver) -> None:
    made = send(api, "POST", "", {"url": shop.url, "events": ["job.failed"]}).json()
    path = f"/{made['id']}"
    read = api.get(V1 + path).json()
    changed = send(api, "PATCH", path, read)
    assert (changed.status_code, changed.json()) == (200, read | {"warning": None})
    assert send(api, "PATCH", path, changed.json()).json() == changed.json()
    assert api.get(V1 + path).json() == read
    other = send(api, "PATCH", path, read | {"id": read["id"] + 1})
    assert (other.status_code, other.json()["error"]["details"].keys()) == (422, {"id"})


WRONG: list[tuple[Any, dict[str, str]]] = [
    ({}, {"url": "It is needed.", "events": "It is needed."}),
    ({"url": "mailto:x", "events": ["job.failed"]}, {"url": "An address such as"}),
    ({"url": "https://shop.example", "events": []}, {"events": "At least 1 value is needed."}),
    ({"url": "https://shop.example", "events": ["webhook.test"]}, {"events": "Value 1: One of model.promoted"}),
    ({"url": "https://shop.example", "events": ["job.failed"], "secret": "x"}, {"secret": "There is no such field."}),
]


@pytest.mark.parametrize(("body", "sentences"), WRONG, ids=range(len(WRONG)))
def test_a_wrong_body_makes_nothing(api: Client, body: Any, sentences: dict[str, str]) -> None:
    answer = send(api, "POST", "", body)
    assert answer.status_code == 422
    details = answer.json()["error"]["details"]
    assert details.keys() == sentences.keys()
    assert all(details[name].startswith(sentence) for name, sentence in sentences.items())
    assert not WebhookEndpoint.objects.exists()


def test_an_unknown_host_is_told_at_once(api: Client) -> None:
    answer = send(api, "POST", "", {"url": "https://nowhere.invalid/", "events": ["job.failed"]})
    assert (answer.status_code, answer.json()["warning"]) == (201, targets.UNKNOWN.format("nowhere.invalid"))


def test_there_is_room_for_some(api: Client, endpoint: WebhookEndpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("recsite.platform.webhooks.endpoints.MOST", 1)
    answer = send(api, "POST", "", {"url": "https://shop.example", "events": ["job.failed"]})
    assert (answer.status_code, "delete one" in answer.json()["error"]["message"]) == (409, True)


def test_a_secret_is_rotated(api: Client, endpoint: WebhookEndpoint) -> None:
    told = send(api, "POST", f"/{endpoint.pk}/rotate").json()
    former = endpoint.secret
    endpoint.refresh_from_db()
    assert (endpoint.secret, endpoint.former_secret) == (told["secret"], former)
    assert told["former_secret_ends_at"]
    assert send(api, "POST", f"/{endpoint.pk}/rotate", {"overlap_hours": 9_999}).status_code == 422


def test_a_test_and_a_repetition_say_how_they_went(
    api: Client, endpoint: WebhookEndpoint, shop: Receiver, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        answer = send(api, "POST", f"/{endpoint.pk}/test")
    assert (answer.status_code, answer.json()["state"]) == (202, "pending")
    assert [name for name, _ in waiting()] == ["deliver_webhooks"]
    again = answer.headers["Location"].removeprefix(V1) + "/redeliver"
    assert send(api, "POST", again).status_code == 409
    shop.body = b"Thank you."
    delivering.deliver(endpoint.pk)
    told = api.get(answer.headers["Location"]).json()
    assert (told["state"], told["status"], told["response"], told["attempts"]) == ("delivered", 204, "", 1)
    assert json.loads(told["body"])["type"] == told["event"] == "webhook.test"
    assert send(api, "POST", again).status_code == 202
    delivering.deliver(endpoint.pk)
    assert len(api.get(answer.headers["Location"]).json()["log"]) == 2


def test_deliveries_are_listed_the_newest_first(api: Client, endpoint: WebhookEndpoint) -> None:
    for number in range(3):
        outbox.publish("job.failed", {"id": number})
    path = f"{V1}/{endpoint.pk}/deliveries"
    first = api.get(path, {"limit": 2}).json()
    rest = api.get(path, {"limit": 2, "cursor": first["next_cursor"]}).json()
    bodies = [json.loads(one["body"])["data"]["id"] for one in first["deliveries"] + rest["deliveries"]]
    assert (bodies, rest["next_cursor"]) == ([2, 1, 0], None)
    assert api.get(path, {"state": "failed"}).json()["deliveries"] == []
    assert api.get(path, {"state": "odd"}).status_code == 422
    assert api.get(f"{V1}/999/deliveries").status_code == 404
    assert api.get(f"{V1}/{endpoint.pk}/deliveries/999").status_code == 404


def test_the_events_are_told_with_their_schemas(api: Client) -> None:
    told = api.get(f"{V1}/events").json()["events"]
    assert [one["name"] for one in told] == list(settings.WEBHOOK_EVENTS)
    assert all(one["schema"]["required"] == list(one["example"]) for one in told)
