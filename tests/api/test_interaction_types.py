"""The registry of event types: read, created, replaced and deleted by the API."""

from typing import Any

import pytest

from interactions import registry
from interactions.models import InteractionType
from interactions.store import store
from recsite.platform import request_fields
from recsite.platform.models import ApiKey, AuditEntry
from tests import factories
from tests.admin.staff import Staff
from tests.api.clients import ApiClient, details


@pytest.fixture
def api(db: None, settings: Any) -> ApiClient:
    settings.API_AUTH_REQUIRED = False
    return ApiClient()


def test_the_types_are_listed_with_their_rules(api: ApiClient) -> None:
    told = {kind["name"]: kind for kind in api.get("interaction-types").json()["items"]}
    assert {"view", "purchase", "rating"} <= told.keys()
    assert (told["rating"]["scale_min"], told["rating"]["scale_max"]) == (1, 5)
    assert api.get("interaction-types/rating").json() == told["rating"]
    assert api.get("interaction-types/sneeze").status_code == 404


def test_a_type_is_created_and_its_events_are_taken(api: ApiClient) -> None:
    answer = api.post("interaction-types", {"name": "save", "weight": 2, "marks_seen": False})
    assert (answer.status_code, answer["Location"]) == (201, "/api/v1/interaction-types/save")
    assert answer.json()["marks_seen"] is False
    factories.item("emma")
    assert len(store([factories.event("ada", "emma", "save")]).stored) == 1
    assert api.post("interaction-types", {"name": "save", "weight": 2}).status_code == 409


def test_put_replaces_or_creates_and_the_record_says_what(api: ApiClient) -> None:
    assert api.put("interaction-types/save", {"weight": 2}).status_code == 201
    answer = api.put("interaction-types/save", {"weight": 3, "is_conversion": True})
    assert (answer.status_code, answer.json()["weight"]) == (200, 3)
    assert api.put("interaction-types/save", {"weight": 3, "is_conversion": True}).status_code == 200
    assert list(AuditEntry.objects.order_by("pk").values_list("verb", "object_id")) == [
        ("interaction_type.create", "save"),
        ("interaction_type.change", "save"),
    ]
    entry = AuditEntry.objects.get(verb="interaction_type.change")
    assert (entry.before, entry.after) == (
        {"weight": 2.0, "is_conversion": False},
        {"weight": 3.0, "is_conversion": True},
    )


def test_a_weight_below_nothing_is_refused_with_what_says_that(api: ApiClient) -> None:
    told = details(api.put("interaction-types/view", {"weight": -2}))
    assert told == {"weight": "0 is the least weight. A type that speaks against its item has is_negative: true."}
    assert details(api.put("interaction-types/view", {"weight": 1e12})) == {
        "weight": "A number from 0 to 1,000,000,000 is needed."
    }


def test_a_type_in_use_is_not_deleted(api: ApiClient) -> None:
    factories.item("emma")
    store([factories.event("ada", "emma", "share"), factories.event("ada", "", "login")])
    for name in ("share", "login"):
        answer = api.delete(f"interaction-types/{name}")
        assert (answer.status_code, answer.json()["error"]["details"]) == (
            409,
            {"name": f"Events of the type {name!r} are stored: set its weight to 0 to take it out of lists."},
        )
    assert api.delete("interaction-types/rating").status_code == 409
    assert details_of_conflict(api.put("interaction-types/share", {"weight": 1, "needs_item": False})) == {"needs_item"}
    assert api.delete("interaction-types/dislike").status_code == 204
    assert not InteractionType.objects.filter(name="dislike").exists()
    assert api.delete("interaction-types/dislike").status_code == 404
    entry = AuditEntry.objects.get()
    assert (entry.verb, entry.object_type) == ("interaction_type.delete", registry.OBJECT)


def details_of_conflict(answer: Any) -> set[str]:
    assert answer.status_code == 409
    return set(answer.json()["error"]["details"])


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({}, "weight"),
        ({"weight": -1}, "weight"),
        ({"weight": "2"}, "weight"),
        ({"weight": 1, "scale_min": 1}, "body"),
        ({"weight": 1, "scale_min": 5, "scale_max": 1, "relevant_at": 3}, "body"),
        ({"weight": 1, "amount_min": 5, "amount_max": 1}, "body"),
        ({"weight": 1, "colour": "red"}, "colour"),
    ],
)
def test_what_contradicts_itself_is_refused(api: ApiClient, wrong: dict[str, Any], field: str) -> None:
    assert set(details(api.put("interaction-types/save", wrong))) == {field}
    assert not InteractionType.objects.filter(name="save").exists()


@pytest.mark.parametrize("name", ["", "a b", "ä", "x" * 51, 5])
def test_a_wrong_name_is_refused(api: ApiClient, name: Any) -> None:
    assert set(details(api.post("interaction-types", {"name": name, "weight": 1}))) == {"name"}
    if name:
        assert set(details(api.put(f"interaction-types/{name}/", {"weight": 1}))) == {"name"}


def test_staff_edit_types_by_the_same_verb(db: None) -> None:
    boss = Staff("boss", is_superuser=True)
    like = factories.interaction_type("like")
    fields: dict[str, Any] = {
        "weight": "7",
        "marks_seen": "on",
        "needs_item": "on",
        "amount_min": "0",
        "amount_max": "1000000000",
    }
    boss.post(f"/admin/interactions/interactiontype/{like.pk}/change/", **fields)
    entry = AuditEntry.objects.get()
    assert (entry.verb, entry.actor, entry.door, entry.after["weight"]) == (
        "interaction_type.change",
        "boss",
        "admin",
        7,
    )
    assert not ApiKey.objects.exists()


def test_what_was_read_can_be_put_back(api: ApiClient) -> None:
    for kind in api.get("interaction-types").json()["items"]:
        answer = api.put(f"interaction-types/{kind['name']}", kind)
        assert (answer.status_code, answer.json()) == (200, kind)
    assert not AuditEntry.objects.exists()
    wrong = details(api.put("interaction-types/view", {"name": "click", "weight": 1}))
    assert wrong == {"name": request_fields.IN_PATH}
