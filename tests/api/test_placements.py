"""Clients name the place where a list is to be shown, and operators decide by the API what it shows."""

from typing import Any

import pytest

from recommender.insight import impressions
from recommender.models import ListImpression, Placement, PlacementRevision
from recsite.platform.models import AuditEntry
from tests.api.clients import ApiClient, details
from tests.recommender.experiment_fixtures import begin
from tests.recommender.fixtures import NOVELS, POEMS, Shop, look_again

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)

ADA = "recommendations/users/ada"


def make(api: ApiClient, name: str = "home", kind: str = "user") -> dict[str, Any]:
    answer = api.post("placements", {"name": name, "kind": kind})
    assert answer.status_code == 201, answer.content
    look_again()
    told: dict[str, Any] = answer.json()
    return told


def put(api: ApiClient, version: int, name: str = "home", **settings: Any) -> Any:
    return api.put(f"placements/{name}/draft", {"settings": settings, "version": version})


def test_an_unknown_one_is_refused_with_the_known_ones(api: ApiClient, shop: Shop) -> None:
    sentence = {"placement": "There is no placement 'home'. Known: default."}
    assert details(api.get(ADA, placement="home")) == sentence
    assert details(api.post("recommendations/batch", {"user_ids": ["ada"], "placement": "home"})) == sentence


def test_one_that_was_made_is_served_and_named_with_its_revision(api: ApiClient, shop: Shop) -> None:
    make(api)
    answer = api.get(ADA, placement="home")
    assert answer.status_code == 200
    assert (answer.json()["placement"], answer.json()["placement_revision"]) == ("home", 1)
    assert api.get(ADA).json()["placement"] == "default"


def test_one_of_another_kind_is_refused_on_every_other_list(api: ApiClient, shop: Shop) -> None:
    make(api, "best", "popular")
    assert api.get("recommendations/popular", placement="best").status_code == 200
    for path in (ADA, "recommendations/latest", "recommendations/items/novel-0/similar"):
        told = details(api.get(path, placement="best"))["placement"]
        assert told.startswith("'best' is made for another kind of list (popular items) than this one (")
    body = {"user_ids": ["ada"], "placement": "best"}
    assert "Fitting: default." in details(api.post("recommendations/batch", body))["placement"]
    export = api.post("recommendations/export", {"placement": "best"})
    assert export.status_code == 422


def test_a_draft_is_previewed_published_and_taken_back(api: ApiClient, shop: Shop) -> None:
    version = make(api)["draft_version"]
    told = put(api, version, algorithm="popular", count=3, new_item_share=0).json()
    assert told["draft"]["settings"]["count"] == 3
    assert told["live"]["number"] == 1
    assert len(api.get(ADA, placement="home").json()["items"]) == 10

    seen = api.post("placements/home/preview", {"user_id": "ada", "limit": 3}).json()
    assert [one["item_id"] for one in seen["after"]] == POEMS[:3]
    assert [one["item_id"] for one in seen["before"]] == NOVELS[:3]
    assert (seen["algorithm_before"], seen["algorithm_after"]) == ("svd", "popular")
    assert {one["other_rank"] for one in seen["after"]} == {7, 8, 9}

    done = api.post("placements/home/publish", {"version": told["draft_version"], "live": 1, "note": "Spring."})
    assert done.json()["live"]["number"] == 2
    assert done.json()["draft"] is None
    look_again()
    answer = api.get(ADA, placement="home").json()
    assert ([one["item_id"] for one in answer["items"]], answer["placement_revision"]) == (POEMS[:3], 2)

    assert api.post("placements/home/revert", {"to": 1, "live": 2}).json()["live"]["reverts_to"] == 1
    look_again()
    assert len(api.get(ADA, placement="home").json()["items"]) == 10
    history = api.get("placements/home").json()["history"]
    assert [one["number"] for one in history] == [3, 2, 1]
    assert history[1]["note"] == "Spring."
    assert AuditEntry.objects.get(verb="placement.publish").door == "api"


def test_a_preview_is_as_long_as_the_list(api: ApiClient, shop: Shop) -> None:
    api.post("placements", {"name": "short", "kind": "user"})
    seen = api.post("placements/short/preview", {"user_id": "ada", "settings": {"count": 3}}).json()
    assert [len(seen[side]) for side in ("before", "after")] == [12, 3]


def test_a_preview_counts_as_shown_nowhere(api: ApiClient, shop: Shop) -> None:
    kinds = {"home": "user", "below": "similar", "with": "bought-together", "here": "session", "best": "popular"}
    for name, kind in kinds.items():
        make(api, name, kind)
        body = {"items": ["novel-0"]} if name in ("below", "with", "here") else {"user_id": "ada"}
        answer = api.post(f"placements/{name}/preview", body)
        assert answer.status_code == 200, answer.content
        assert (name == "with") is (answer.json()["after"] == [])
    assert impressions.flush() == 0
    assert not ListImpression.objects.exists()
    assert PlacementRevision.objects.filter(placement__name="home").count() == 1


def test_a_preview_without_a_beginning_or_with_a_wrong_one_says_so(api: ApiClient, shop: Shop) -> None:
    make(api, "below", "similar")
    assert "name at least one" in details(api.post("placements/below/preview", {}))["items"]
    told = details(api.post("placements/below/preview", {"items": ["nowhere"]}))
    assert told == {"items": "There is no item 'nowhere'."}
    wrong = api.post("placements/below/preview", {"items": ["novel-0"], "settings": {"new_item_share": 0.3}})
    assert details(wrong).keys() == {"new_item_share"}


def test_who_comes_second_is_told_and_changes_nothing(api: ApiClient, shop: Shop) -> None:
    make(api)
    assert put(api, 0, count=3).status_code == 200
    second = put(api, 0, count=4)
    assert second.status_code == 409
    assert "it is version 1 now, and you saw version 0" in second.json()["error"]["details"]["version"]
    twice = [api.post("placements/home/publish", {"version": 1}) for _ in range(2)]
    assert [one.json()["live"]["number"] for one in twice] == [2, 2]
    stale = api.post("placements/home/revert", {"to": 1, "live": 1})
    assert (stale.status_code, stale.json()["error"]["details"].keys()) == (409, {"live"})


@pytest.mark.parametrize("kind", Placement.Kind.values)
def test_what_was_read_can_be_drafted_again(api: ApiClient, shop: Shop, kind: str) -> None:
    version = make(api, kind=kind)["draft_version"]
    live = api.get("placements/home").json()["history"][0]
    told = api.put("placements/home/draft", {**live, "version": version})
    assert (told.status_code, told.json()["draft"]["settings"]) == (200, live["settings"])
    draft = told.json()["draft"]
    again = api.put("placements/home/draft", {**draft, "version": told.json()["draft_version"]})
    assert (again.status_code, again.json()["draft"]["settings"]) == (200, draft["settings"])


def test_settings_and_names_are_judged_with_a_sentence_for_each(api: ApiClient, shop: Shop) -> None:
    make(api)
    wrong = put(api, 0, diversity=7, fallbacks=["svd"], colour="red", count="9")
    assert details(wrong).keys() == {"diversity", "fallbacks", "colour", "count"}
    assert details(api.put("placements/home/draft", {"settings": []})).keys() == {"settings", "version"}
    assert details(api.post("placements", {"name": "a b", "kind": "user"})).keys() == {"name"}
    taken = api.post("placements", {"name": "home", "kind": "user"})
    assert (taken.status_code, taken.json()["error"]["details"].keys()) == (409, {"name"})
    assert put(api, 0, algorithm=None, count=None).json()["draft"]["settings"]["count"] is None


def test_what_is_not_there_is_not_found(api: ApiClient, shop: Shop) -> None:
    answer = api.get("placements/nowhere")
    assert answer.status_code == 404
    assert answer.json()["error"]["message"] == "There is no placement 'nowhere'. Known: default."
    for verb, body in (("publish", {"version": 0}), ("revert", {"to": 1}), ("preview", {})):
        assert api.post(f"placements/nowhere/{verb}", body).status_code == 404
    assert put(api, 0, "nowhere").status_code == 404


def test_one_is_listed_and_deleted_and_the_default_stays(api: ApiClient, shop: Shop) -> None:
    make(api)
    assert [one["name"] for one in api.get("placements").json()["placements"]] == ["default", "home"]
    assert api.delete("placements/home").status_code == 204
    assert api.delete("placements/default").status_code == 409
    assert list(Placement.objects.values_list("name", flat=True)) == ["default"]


def test_one_that_an_experiment_needs_stays_and_the_experiment_is_named(api: ApiClient, shop: Shop) -> None:
    make(api)
    begin(placement="home")
    answer = api.delete("placements/home")
    assert answer.status_code == 409
    assert "The experiment leads is running at home: stop it first." in answer.content.decode()
    assert Placement.objects.filter(name="home").exists()


def test_rules_are_a_part_of_the_draft_and_conflicts_are_named(api: ApiClient, shop: Shop) -> None:
    version = make(api)["draft_version"]
    pin = {"does": "pin", "item": "poem-5", "position": 1, "note": "The poem of the week."}
    told = put(api, version, rules=[pin, pin | {"item": "gone"}], new_item_share=0).json()
    assert told["draft"]["settings"]["rules"][0] == pin | {"time_zone": "UTC"}
    assert told["conflicts"] == [
        "Rules 1 and 2 pin at position 1: rule 1 wins wherever both hold.",
        "Rule 2 pins 'gone', which doesn't exist or is erased: it does nothing.",
    ]
    seen = api.post("placements/home/preview", {"user_id": "ada", "limit": 2}).json()
    assert [(one["item_id"], one["rules"]) for one in seen["after"]] == [("poem-5", ["pinned"]), ("novel-0", [])]
    assert seen["conflicts"] == told["conflicts"]
    wrong = put(api, told["draft_version"], rules=[{"does": "pin", "position": 1}])
    assert wrong.status_code == 422
    assert "Rule 1: item: It is needed to pin an item." in wrong.content.decode()

    api.post("placements/home/publish", {"version": told["draft_version"], "live": 1})
    look_again()
    first = api.get(ADA, placement="home", explain="true").json()["items"][0]
    assert first["rules"] == [{"rule": 1, "did": "pinned", "note": "The poem of the week."}]
