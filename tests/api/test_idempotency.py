"""A POST that changes something, sent again with the same Idempotency-Key, is done once."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import get_resolver
from drf_spectacular.generators import SchemaGenerator

from catalog import bulk, store
from interactions.models import Interaction
from recsite.permissions import API_ACCESS
from recsite.platform import idempotency, tasks
from recsite.platform.access import Scope
from recsite.platform.json_view import JsonBodyView
from recsite.platform.models import ApiKey, IdempotentRequest
from tests import factories

pytestmark = pytest.mark.django_db
EVENTS = "/api/v1/interactions"
VIEW = {"user_id": "ada", "item_id": "emma", "type": "view"}


@pytest.fixture(autouse=True)
def _item() -> None:
    factories.item("emma")


def client(name: str = "shop") -> Client:
    _, key = ApiKey.objects.create_key(name=name)
    return Client(headers={"Authorization": f"Api-Key {key}"}, raise_request_exception=False)


def send(by: Client, key: str, body: Any = VIEW, path: str = EVENTS) -> Any:
    return by.post(path, json.dumps(body), "application/json", headers={"Idempotency-Key": key})


def test_it_is_done_once_and_answered_twice() -> None:
    shop = client()
    first, second = send(shop, "a"), send(shop, "a")
    assert (first.status_code, second.status_code) == (202, 202)
    assert first.json() == second.json()
    assert "Idempotent-Replayed" not in first.headers
    assert second["Idempotent-Replayed"] == "true"
    assert second["Content-Type"] == "application/json"
    assert Interaction.objects.count() == 1
    assert send(shop, "b").json() != first.json()
    assert Interaction.objects.count() == 2


def test_where_something_was_made_is_told_again() -> None:
    shop = client()
    made = [send(shop, "a", {"item_id": "persuasion", "title": "Persuasion"}, "/api/v1/items") for _ in range(2)]
    assert [answer.status_code for answer in made] == [201, 201]
    assert made[0]["Location"] == made[1]["Location"]


@pytest.mark.parametrize(("body", "path"), [({**VIEW, "user_id": "ben"}, EVENTS), (VIEW, "/api/v1/interactions/bulk")])
def test_the_key_of_another_request_is_refused(body: Any, path: str) -> None:
    shop = client()
    send(shop, "a")
    answer = send(shop, "a", body, path)
    assert answer.status_code == 422
    assert answer.json()["error"]["details"] == {
        "Idempotency-Key": "It was sent before with another body or to another address. Make a new one."
    }
    assert Interaction.objects.count() == 1


def test_the_same_bytes_of_another_type_are_another_request() -> None:
    shop, row = client(), json.dumps({"items": [{"item_id": "persuasion", "title": "Persuasion"}]})
    statuses = [
        shop.post("/api/v1/items/bulk", row, media_type, headers={"Idempotency-Key": "a"}).status_code
        for media_type in ("application/json", "application/x-ndjson")
    ]
    assert statuses == [200, 422]


def test_each_client_has_keys_of_its_own() -> None:
    assert send(client("one"), "a").json() != send(client("two"), "a").json()
    assert Interaction.objects.count() == 2


def test_what_was_refused_may_be_sent_again_mended() -> None:
    shop = client()
    assert send(shop, "a", {**VIEW, "type": "gaze"}).status_code == 422
    assert not IdempotentRequest.objects.exists()
    assert send(shop, "a").status_code == 202


def test_what_failed_may_be_sent_again(monkeypatch: pytest.MonkeyPatch) -> None:
    shop = client()
    with monkeypatch.context() as broken:
        broken.setattr("interactions.api.events.EventIntake.post", None)
        assert send(shop, "a").status_code >= 400
    assert send(shop, "a").status_code == 202


def test_a_duplicate_while_the_first_is_under_way_is_told_so() -> None:
    shop = client()
    send(shop, "a")
    IdempotentRequest.objects.update(status=None)
    answer = send(shop, "a")
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "request_under_way")
    assert Interaction.objects.count() == 1


def test_a_claim_whose_process_died_ends() -> None:
    shop = client()
    send(shop, "a")
    row = IdempotentRequest.objects.get()
    IdempotentRequest.objects.update(status=None, claimed_at=row.claimed_at - idempotency.LEASE - timedelta(seconds=1))
    assert send(shop, "a").status_code == 202
    assert Interaction.objects.count() == 2


def test_after_a_day_a_key_is_new_again_and_its_row_goes() -> None:
    shop = client()
    send(shop, "a")
    send(shop, "b")
    row = IdempotentRequest.objects.order_by("claimed_at").first()
    assert row
    old = row.claimed_at - idempotency.KEPT - timedelta(seconds=1)
    IdempotentRequest.objects.filter(pk=row.pk).update(claimed_at=old)
    assert "Idempotent-Replayed" not in send(shop, "a").headers
    IdempotentRequest.objects.filter(pk=row.pk).update(claimed_at=old)
    tasks.forget_requests()
    assert IdempotentRequest.objects.count() == 1


@pytest.mark.parametrize("key", ["", "x" * 256, "two words"])
def test_a_key_is_a_short_text(key: str) -> None:
    assert "1 to 255 visible ASCII characters" in send(client(), key).json()["error"]["message"]


def test_reading_by_a_body_needs_no_record() -> None:
    assert send(client(), "a", {"user_ids": ["ada"]}, "/api/v1/recommendations/batch").status_code == 200
    assert not IdempotentRequest.objects.exists()


def test_it_needs_a_key_first() -> None:
    send(client(), "a")
    assert send(Client(), "a").status_code == 401


def test_every_post_that_changes_something_takes_it() -> None:
    prefixes: list[Any] = [one for one in get_resolver().url_patterns if str(one.pattern) == "api/v1/"]
    views = {route.name: route.callback.view_class for prefix in prefixes for route in prefix.url_patterns}
    changing = [
        name for name, methods in API_ACCESS.items() if "POST" in methods and methods["POST"].scope != Scope.READ
    ]
    assert [name for name in changing if not issubclass(views[name], JsonBodyView)] == []


def test_the_description_says_where_it_may_be_sent() -> None:
    generator: Any = SchemaGenerator
    paths = generator().get_schema(public=True)["paths"]
    headers = {
        path: [one["name"] for one in methods["post"].get("parameters", []) if one["in"] == "header"]
        for path, methods in paths.items()
        if "post" in methods
    }
    assert headers["/api/v1/interactions"] == ["Idempotency-Key"]
    assert headers["/api/v1/recommendations/batch"] == []
    assert "409" in paths["/api/v1/interactions/bulk"]["post"]["responses"]


JANE = {"user_id": "jane", "demographics": {"email": "jane@secret.example"}}


def stored() -> str:
    """Return all that is kept of requests that were done once."""
    return str([(bytes(row.body), row.headers) for row in IdempotentRequest.objects.all()])


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/v1/users", JANE),
        ("/api/v1/users/bulk", {"users": [JANE]}),
        ("/api/v1/users/jane/opt-out", {}),
        ("/api/v1/users/visitor/merge", {"into": "jane"}),
        ("/api/v1/users/jane/merge", {"into": "ada"}),
    ],
)
def test_an_answer_that_names_a_user_goes_with_them(path: str, body: Any) -> None:
    shop = client()
    assert send(shop, "a", body, path).status_code in (200, 201)
    assert "jane" in stored()
    store.erase_user_ids(["jane"])
    assert "jane" not in stored()
    again = send(shop, "a", body, path)
    assert (again.status_code, again.json()["error"]["code"]) == (409, "erased")


def test_a_preview_for_a_user_goes_with_them() -> None:
    _, key = ApiKey.objects.create_key(name="staff", scopes=[Scope.OPERATE])
    operator = Client(headers={"Authorization": f"Api-Key {key}"})
    path = "/api/v1/placements/default/preview"
    assert send(operator, "a", {"user_id": "jane"}, path).status_code == 200
    store.erase_user_ids(["jane"])
    assert send(operator, "a", {"user_id": "jane"}, path).json()["error"]["code"] == "erased"


def test_an_answer_that_was_under_way_while_its_user_was_erased_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    shop, keep = client(), idempotency._keep

    def erased_in_between(*given: Any) -> None:
        store.erase_user_ids(["jane"])
        keep(*given)

    monkeypatch.setattr(idempotency, "_keep", erased_in_between)
    assert send(shop, "a", JANE, "/api/v1/users").status_code == 201
    assert "jane" not in stored()
    assert send(shop, "a", JANE, "/api/v1/users").json()["error"]["code"] == "erased"


def test_a_bulk_whose_user_is_erased_before_it_is_answered_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    shop, load = client(), bulk.load_values

    def erased_in_between(*given: Any) -> list[bulk.Row]:
        rows = load(*given)
        store.erase_user_ids(["jane"])
        return rows

    monkeypatch.setattr(bulk, "load_values", erased_in_between)
    for status in (200, 409):
        assert send(shop, "a", {"users": [JANE]}, "/api/v1/users/bulk").status_code == status
        assert "jane" not in stored()


def test_a_bulk_that_names_somebody_erased_before_is_told_again() -> None:
    shop = client()
    store.erase_user_ids(["jane"])
    told = [send(shop, "a", {"users": [JANE]}, "/api/v1/users/bulk") for _ in range(2)]
    assert [one.json()["results"][0]["status"] for one in told] == ["erased", "erased"]


def test_a_secret_is_shown_once_and_kept_nowhere() -> None:
    _, key = ApiKey.objects.create_key(name="staff", scopes=[Scope.OPERATE])
    operator = Client(headers={"Authorization": f"Api-Key {key}"})
    hooks = "/api/v1/webhooks"
    made = send(operator, "a", {"url": "http://127.0.0.1:1/", "events": ["model.promoted"]}, hooks)
    assert made.status_code == 201, made.content
    rotated = send(operator, "b", {}, f"{hooks}/{made.json()['id']}/rotate")
    assert rotated.json()["secret"].startswith("whsec_")
    assert "whsec_" not in stored()
    for key, body, path in (
        ("a", {"url": "http://127.0.0.1:1/", "events": ["model.promoted"]}, hooks),
        ("b", {}, f"{hooks}/{made.json()['id']}/rotate"),
    ):
        again = send(operator, key, body, path)
        assert (again.status_code, again.json()["error"]["code"]) == (409, "shown_once")
    assert operator.get(hooks).json()["webhooks"][1:] == []
