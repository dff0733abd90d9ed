"""POST, PUT, PATCH and DELETE of items, POST, PUT and PATCH of users."""

from typing import Any
from urllib.parse import unquote

import pytest

from catalog import snapshot, store
from catalog.ids import ROUTE_ENDS, ROUTE_WORDS
from catalog.models import Category, EndUser, Item
from interactions.models import Interaction
from interactions.store import store as store_events
from recsite.platform.models import AuditEntry
from recsite.platform.moments import HOW
from recsite.platform.values import NO_NUL
from tests import factories
from tests.api.clients import V1, ApiClient, details

WHOLE: dict[str, Any] = {
    "title": "Emma",
    "description": "A novel.",
    "categories": ["Fiction", "Romance"],
    "tags": ["classic"],
    "features": {"creator": "Jane Austen", "year": 1815},
    "item_type": "book",
    "is_available": False,
    "available_from": "2026-01-01T00:00:00+00:00",
    "available_until": "2027-01-01T00:00:00+00:00",
    "group": "emma",
    "published_at": "1815-12-23T00:00:00+00:00",
    "created_at": "2020-01-01T00:00:00+00:00",
}


def changes() -> list[tuple[str, str]]:
    return list(AuditEntry.objects.order_by("pk").values_list("verb", "object_id"))


def test_an_item_is_created_with_every_field_and_read_back_as_it_was_sent(api: ApiClient) -> None:
    answer = api.post("items", {"item_id": "emma", **WHOLE})
    assert (answer.status_code, answer["Location"]) == (201, "/api/v1/items/emma")
    told = api.get("items/emma").json()
    assert answer.json() == told
    assert {name: told[name] for name in WHOLE} == WHOLE
    assert set(Category.objects.values_list("name", flat=True)) == {"Fiction", "Romance"}
    assert changes() == [("item.create", "emma")]
    entry = AuditEntry.objects.get()
    assert (entry.actor_kind, entry.door, entry.after["title"]) == ("key", "api", "Emma")


def test_a_title_is_all_that_an_item_needs(api: ApiClient) -> None:
    told = api.post("items", {"item_id": "emma", "title": " Emma "}).json()
    assert (told["title"], told["is_available"], told["categories"], told["features"]) == ("Emma", True, [], {})
    assert details(api.post("items", {"item_id": "x"})) == {"title": "It is needed."}
    assert details(api.post("items", {"title": "x"})) == {"item_id": "It is needed."}


def test_an_id_that_is_taken_is_a_conflict_and_nothing_changes(api: ApiClient) -> None:
    factories.item("emma", title="Emma")
    answer = api.post("items", {"item_id": " emma", "title": "Other"})
    assert (answer.status_code, answer.json()["error"]["details"]) == (
        409,
        {"item_id": "There is an item 'emma' already. Change it with PATCH, or replace it with PUT."},
    )
    assert Item.objects.get().title == "Emma"
    assert changes() == []


def test_put_creates_what_is_not_there_and_replaces_what_is(api: ApiClient) -> None:
    first = api.put("items/emma", {"item_id": "emma", **WHOLE})
    assert (first.status_code, first["Location"]) == (201, "/api/v1/items/emma")
    pk = Item.objects.get().pk
    again = api.put("items/emma", {"title": "Ema"})
    assert again.status_code == 200
    told = again.json()
    assert (told["title"], told["description"], told["tags"], told["is_available"]) == ("Ema", "", [], True)
    assert told["created_at"] == WHOLE["created_at"]
    assert Item.objects.get().pk == pk
    assert changes() == [("item.create", "emma"), ("item.change", "emma")]
    assert details(api.put("items/emma", {})) == {"title": "It is needed."}


def test_what_was_read_can_be_put_back_and_changes_nothing(api: ApiClient) -> None:
    api.post("items", {"item_id": "emma", **WHOLE})
    told = api.get("items/emma").json()
    assert api.put("items/emma", told).json() == told
    assert changes() == [("item.create", "emma")]


def test_patch_changes_what_it_names_alone_and_the_record_says_what(api: ApiClient) -> None:
    api.post("items", {"item_id": "emma", **WHOLE})
    told = api.patch("items/emma", {"is_available": True, "features": {"year": 1816}, "available_until": None}).json()
    assert (told["is_available"], told["features"], told["available_until"]) == (True, {"year": 1816}, None)
    assert told["title"] == "Emma"
    entry = AuditEntry.objects.filter(verb="item.change").get()
    assert entry.before == {
        "is_available": False,
        "features": WHOLE["features"],
        "available_until": "2027-01-01T00:00:00Z",
    }
    assert entry.after == {"is_available": True, "features": {"year": 1816}, "available_until": None}
    assert api.patch("items/nothing", {"title": "x"}).status_code == 404


def test_an_item_of_an_event_comes_to_light_when_it_is_described(api: ApiClient) -> None:
    factories.item("emma", title="emma", is_available=False)
    assert api.patch("items/emma", {"tags": ["x"]}).json()["is_available"] is False
    assert api.patch("items/emma", {"title": "Emma"}).json()["is_available"] is True


def test_delete_takes_the_item_with_its_events(api: ApiClient) -> None:
    emma = factories.item("emma")
    store_events([factories.event("ada", emma)])
    answer = api.delete("items/emma")
    assert (answer.status_code, answer.content) == (204, b"")
    assert not Item.objects.exists()
    assert not Interaction.objects.exists()
    assert changes() == [("item.delete", "emma")]
    assert api.delete("items/emma").status_code == 404


def test_an_item_in_use_keeps_its_events(api: ApiClient) -> None:
    emma = factories.item("emma")
    store_events([factories.event("ada", emma)])
    assert api.put("items/emma", {"title": "Ema"}).status_code == 200
    assert Interaction.objects.filter(item=emma).count() == 1


def test_the_catalogue_in_memory_follows(api: ApiClient) -> None:
    factories.item("first")
    assert snapshot.current().count == 1
    api.post("items", {"item_id": "emma", "title": "Emma"})
    snapshot.forget()
    assert snapshot.current().count == 2


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"title": ""}, "A text that is not empty is needed."),
        ({"title": "x" * 501}, "At most 500 characters are possible; these are 501."),
        ({"title": 5}, "A text that is not empty is needed. This is a number: put it in quotes."),
        ({"title": ["Emma"]}, "A text that is not empty is needed. This is a list."),
        ({"description": "a\x00"}, NO_NUL),
        ({"categories": "Fiction"}, "A list is needed. This is a text: put it in brackets."),
        ({"categories": ["a", ""]}, "Value 2: A text that is not empty is needed."),
        ({"tags": ["x" * 101]}, "Value 1: At most 100 characters are possible; these are 101."),
        ({"features": []}, 'An object is needed, such as {"name": "value"}. This is a list.'),
        ({"features": {"a": "b\x00"}}, "It holds a NUL character."),
        ({"features": {"a": "x" * 65_536}}, "At most 65,536 characters of JSON are possible; these are 65,544."),
        ({"is_available": "yes"}, "Either true or false is needed. This is a text: leave out the quotes."),
        ({"is_available": None}, "Either true or false is needed. This is null."),
        ({"published_at": "soon"}, HOW),
        ({"group": None}, "A text is needed. This is null."),
        (
            {"item_id": "other"},
            "It differs from the id in the address. Ids can't be changed: leave it out, or create another one.",
        ),
    ],
)
def test_a_wrong_field_is_explained(api: ApiClient, wrong: dict[str, Any], sentence: str) -> None:
    factories.item("emma")
    assert details(api.patch("items/emma", wrong)) == {next(iter(wrong)): sentence}


def test_an_unknown_field_and_a_body_that_is_no_object_are_refused(api: ApiClient) -> None:
    factories.item("emma")
    assert details(api.patch("items/emma", {"titel": "x"}))["titel"].startswith("There is no such field. Known: ")
    assert details(api.post("items", [])) == {"body": "An object is needed."}


def test_a_time_of_being_available_that_ends_before_it_begins_is_refused(api: ApiClient) -> None:
    api.post("items", {"item_id": "emma", **WHOLE})
    assert details(api.patch("items/emma", {"available_until": "2025-01-01"})) == {
        "available_until": "It must lie after the time from which the item is available."
    }


def test_users_are_created_replaced_and_changed(api: ApiClient) -> None:
    likes = {"preferences": {"categories": ["Poetry"]}, "demographics": {"age": 36}}
    answer = api.post("users", {"user_id": "ada", "created_at": "2020-01-01T00:00:00Z", **likes})
    assert (answer.status_code, answer["Location"]) == (201, "/api/v1/users/ada")
    times = {"created_at": "2020-01-01T00:00:00+00:00", "last_active": None, "opted_out_at": None}
    assert answer.json() == {**likes, "user_id": "ada", **times}
    assert api.post("users", {"user_id": "ada"}).status_code == 409
    told = api.patch("users/ada", {"demographics": {"age": 37}}).json()
    assert (told["demographics"], told["preferences"]) == ({"age": 37}, {"categories": ["Poetry"]})
    assert api.put("users/ada", {"demographics": {}}).json()["preferences"] == {}
    assert api.put("users/ben", {}).status_code == 201
    assert api.patch("users/nobody", {}).status_code == 404
    assert details(api.patch("users/ada", {"preferences": {"tags": "x"}})) == {
        "preferences": "A list of texts is needed in tags."
    }
    verbs = [verb for verb, _ in changes()]
    assert verbs == ["user.create", "user.change", "user.change", "user.create"]
    entry = AuditEntry.objects.filter(verb="user.change").order_by("pk").first()
    assert entry is not None
    assert (entry.before, entry.after) == ({}, {"fields": ["demographics"]})


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_an_erased_user_is_not_made_again() -> None:
    api = ApiClient()
    factories.ada()
    store.erase_user_ids(["ada"])
    for answer in (api.post("users", {"user_id": "ada"}), api.put("users/ada", {})):
        assert (answer.status_code, answer.json()["error"]["code"]) == (409, "erased")
    assert not EndUser.objects.exists()
    assert api.patch("users/ada", {}).status_code == 404


@pytest.mark.parametrize("kind", ["item", "user"])
@pytest.mark.parametrize("new_id", [*sorted(ROUTE_WORDS), *(f"a/b{end}" for end in ROUTE_ENDS)])
def test_no_id_is_made_that_is_an_address_of_ours(api: ApiClient, kind: str, new_id: str) -> None:
    body = {"title": "x"} if kind == "item" else {}
    assert (
        "as an address of the API does" in details(api.post(f"{kind}s", {**body, f"{kind}_id": new_id}))[f"{kind}_id"]
    )


@pytest.mark.parametrize("kind", ["item", "user"])
@pytest.mark.parametrize("new_id", [".", "..", "./a", "a/../b"])
def test_no_id_is_made_that_clients_would_take_out_of_an_address(api: ApiClient, kind: str, new_id: str) -> None:
    body = {"title": "x"} if kind == "item" else {}
    assert "a part of dots alone" in details(api.post(f"{kind}s", {**body, f"{kind}_id": new_id}))[f"{kind}_id"]


ODD = [
    "a/b",
    "/a",
    "a/",
    "a//b",
    "...",
    "a.b",
    "Zo\u00eb",
    "a b",
    "50%",
    "%2F",
    "a?b#c",
    "\u5317\u4eac",
    "+&=;",
]


@pytest.mark.parametrize("odd", ODD)
def test_odd_ids_work_on_every_route_that_takes_one(api: ApiClient, odd: str) -> None:
    for kind, body in (("item", {"title": "x"}), ("user", {})):
        made = api.post(f"{kind}s", {f"{kind}_id": odd, **body})
        assert made.status_code == 201, made.content
        path = made["Location"].removeprefix(V1)
        assert api.get(path).json()[f"{kind}_id"] == odd
        assert unquote(path) == f"{kind}s/{odd}"
        assert api.put(path, body).status_code == 200
        assert api.patch(path, {}).status_code == 200
        if kind == "item":
            assert api.get(path.replace("items", "recommendations/items", 1) + "/similar").status_code in (200, 404)
            assert api.delete(path).status_code == 204
