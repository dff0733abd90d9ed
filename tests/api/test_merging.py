"""POST /users/{user_id}/merge: a visitor becomes a known user."""

from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from catalog import erasure, merging, store
from catalog.models import EndUser, MergedUser
from interactions.importing import load
from interactions.models import Interaction, PersonEvent, Review
from interactions.partitions import EVENTS
from recommender.insight import impressions
from recommender.models import ListImpression
from recsite.platform.audit import SYSTEM
from recsite.platform.log_privacy import hashed
from recsite.platform.models import AuditEntry
from recsite.platform.months import Month, Plan
from tests.api.clients import ApiClient, details
from tests.api.test_privacy import recorded, sends
from tests.erasure.places import csv_data, in_redis
from tests.recommender.fixtures import Shop, ask, ids

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)
NOW = timezone.now()


def test_what_a_visitor_did_becomes_the_known_users(api: ApiClient, shop: Shop) -> None:
    EVENTS.ensure_months([Month(1999, 5)])
    sends(api, "visitor", "novel-4", occurred_at="1999-05-05T12:00:00Z")
    EVENTS.apply(Plan(detach=(Month(1999, 5),)))
    sends(api, "visitor", "novel-5", "rating", value=5, review={"text": "I laughed."})
    sends(api, "visitor", "", "login")
    profile = {"demographics": {"age": 30, "country": "PT"}}
    sends(api, "visitor", "", "profile_update", context=profile)
    EndUser.objects.filter(user_id="ada").update(demographics={"age": 36})
    ask("visitor")
    impressions.flush()
    answer = api.post("users/visitor/merge", {"into": "ada"})
    assert (answer.status_code, answer.json()) == (200, {"user_id": "ada", "merged": "visitor", "events": 4})
    ada = EndUser.objects.get(user_id="ada")
    assert ada.demographics == {"age": 36, "country": "PT"}
    assert ada.last_active is not None
    assert not EndUser.objects.filter(user_id="visitor").exists()
    assert (Interaction.objects.get().user, Review.objects.get().user) == (ada, ada)
    assert all(event.user == ada for event in PersonEvent.objects.select_related("user"))
    assert ListImpression.objects.get().user_id == "ada"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT user_id FROM {EVENTS.partition(Month(1999, 5))}")
        assert cursor.fetchall() == [(ada.pk,)]
    EVENTS.apply(Plan(attach=(Month(1999, 5),)))
    EVENTS.delete("user_id", [ada.pk])
    EVENTS.apply(Plan(detach=(Month(1999, 5),), drop=(Month(1999, 5),)))
    entry = recorded("merge")
    assert (entry.object_id, entry.after) == (hashed("ada"), {"merged": hashed("visitor"), "events": 4})
    assert in_redis("visitor") == []


def test_the_known_users_list_knows_of_it_at_once(api: ApiClient, shop: Shop) -> None:
    sends(api, "visitor", "novel-0")
    assert "novel-0" in ids(ask("ada", limit=20))
    ask("ada")
    api.post("users/visitor/merge", {"into": "ada"})
    now = ask("ada", limit=20)
    assert "novel-0" not in ids(now)
    assert not now.cache_hit


def test_later_events_under_the_old_id_are_the_known_users(api: ApiClient, shop: Shop, tmp_path: Any) -> None:
    event_id = "019de3a9-5c00-7c4e-8a51-3f2b6c9d0e11"
    assert sends(api, "visitor", event_id=event_id) == "accepted"
    api.post("users/visitor/merge", {"into": "ada"})
    assert sends(api, "visitor", event_id=event_id) == "duplicate"
    assert sends(api, "visitor", "novel-1") == "accepted"
    told = api.post(
        "interactions/bulk",
        {"events": [{"user_id": who, "item_id": "novel-2", "type": "view"} for who in ("visitor", "ben")]},
    ).json()
    assert [one["status"] for one in told["results"]] == ["accepted", "accepted"]
    load(csv_data(tmp_path / "events.csv", "user_id,item_id\nvisitor,novel-3\n"), tmp_path / "rejected.csv")
    load(csv_data(tmp_path / "users.csv", "user_id,country\nvisitor,PT\n"), tmp_path / "rejected-users.csv")
    assert {row.user.user_id for row in Interaction.objects.all()} == {"ada", "ben"}
    assert Interaction.objects.filter(user__user_id="ada").count() == 4
    assert not EndUser.objects.filter(user_id="visitor").exists()
    told = api.post("users/bulk", {"users": [{"user_id": "visitor", "demographics": {"age": 5}}]}).json()
    assert (told["results"][0]["status"], told["results"][0]["errors"]) == ("refused", {"user_id": merging.SENTENCE})
    with pytest.raises(merging.UserMerged):
        store.save_user(EndUser(user_id="visitor"), actor=SYSTEM)
    ask("visitor")
    impressions.flush()
    assert ListImpression.objects.get().user_id == "ada"


def test_it_may_be_sent_again_and_nobody_is_merged_twice(api: ApiClient, shop: Shop) -> None:
    sends(api, "visitor")
    for events in (1, 0):
        assert api.post("users/visitor/merge", {"into": "ada"}).json()["events"] == events
    answer = api.post("users/visitor/merge", {"into": "ben"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "conflict")
    assert MergedUser.objects.get().into.user_id == "ada"
    assert AuditEntry.objects.filter(verb="merge").count() == 1


def test_nobody_is_merged_into_themselves_not_by_other_names_either(api: ApiClient, shop: Shop) -> None:
    assert details(api.post("users/ada/merge", {"into": " ada "})).keys() == {"into"}
    api.post("users/visitor/merge", {"into": "ada"})
    assert details(api.post("users/ada/merge", {"into": "visitor"})).keys() == {"into"}
    assert details(api.post("users/visitor/merge", {"into": "visitor"})).keys() == {"into"}


def test_chains_end_at_the_last_one(api: ApiClient, shop: Shop) -> None:
    sends(api, "phone")
    api.post("users/phone/merge", {"into": "tablet"})
    api.post("users/tablet/merge", {"into": "ada"})
    assert api.post("users/laptop/merge", {"into": "phone"}).json()["user_id"] == "ada"
    assert merging.known_as(["phone", "tablet", "laptop"]) == dict.fromkeys(("phone", "tablet", "laptop"), "ada")
    assert Interaction.objects.get().user.user_id == "ada"


def test_erased_users_are_not_merged_and_an_erasure_takes_other_names_along(api: ApiClient, shop: Shop) -> None:
    api.delete("users/eve")
    for path, into in (("users/eve/merge", "ada"), ("users/visitor/merge", "eve")):
        answer = api.post(path, {"into": into})
        assert (answer.status_code, answer.json()["error"]["code"]) == (409, "erased")
    api.post("users/visitor/merge", {"into": "ada"})
    api.delete("users/ada")
    assert erasure.erased_among(["ada", "visitor"]) == {"ada", "visitor"}
    assert not MergedUser.objects.exists()


def test_erasing_another_name_leaves_the_known_user(api: ApiClient, shop: Shop) -> None:
    sends(api, "visitor")
    api.post("users/visitor/merge", {"into": "ada"})
    api.delete("users/visitor")
    assert api.get("users/ada").status_code == 200
    assert Interaction.objects.get().user.user_id == "ada"
    assert not MergedUser.objects.exists()


def test_who_opted_out_under_either_name_is_out(api: ApiClient, shop: Shop) -> None:
    assert ask("ada").algorithm == "svd"
    api.post("users/visitor/opt-out", {})
    api.post("users/visitor/merge", {"into": "ada"})
    assert sends(api, "ada") == "opted_out"
    assert ask("ada").algorithm == "popular"


@pytest.mark.parametrize(
    ("body", "field"), [({}, "into"), ({"into": ""}, "into"), ({"into": 5}, "into"), ([], "body"), ({"to": 1}, "to")]
)
def test_a_wrong_merge_is_explained(api: ApiClient, shop: Shop, body: Any, field: str) -> None:
    assert field in details(api.post("users/visitor/merge", body))
