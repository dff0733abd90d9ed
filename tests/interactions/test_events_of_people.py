"""Events that are about no item, and what people write: schemas of their own, stored once like all others."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.models import EndUser, Item
from interactions import wire
from interactions.models import DeadLetter, Interaction, PersonEvent, Review
from interactions.producers import produce
from interactions.replay import replay
from interactions.schema import InvalidEvent, TypeRule, new_event_id, parse
from interactions.store import Stored, store
from recommender.serving import Request, recommend
from tests import factories
from tests.api.clients import ApiClient, details
from tests.factories import NOON
from tests.recommender.conftest import model_folders as model_folders
from tests.recommender.conftest import shop as shop
from tests.recommender.fixtures import Shop

TYPES = {
    "view": TypeRule("view"),
    "rating": TypeRule("rating", (1, 5)),
    "login": TypeRule("login", needs_item=False),
    "profile_update": TypeRule("profile_update", needs_item=False),
}
NOW = datetime(2026, 6, 1, tzinfo=UTC)
LAUGHED = {"title": "Sparkling", "text": "I laughed on every page."}


def refused(**fields: Any) -> dict[str, str]:
    with pytest.raises(InvalidEvent) as fault:
        parse({"user_id": "ada", **fields}, TYPES, NOW)
    return fault.value.errors


def test_a_login_is_about_no_item_and_a_view_is() -> None:
    assert parse({"user_id": "ada", "type": "login"}, TYPES, NOW).item_id == ""
    assert refused(type="login", item_id="emma") == {"item_id": "A login is about no item: leave it out."}
    assert refused(type="view") == {"item_id": "A text that is not empty is needed."}


@pytest.mark.parametrize(
    ("kind", "review", "words"),
    [
        ("view", LAUGHED, "A view carries no review: send it with a rating."),
        ("rating", "good", "An object with a text"),
        ("rating", {"title": "Good"}, "An object with a text"),
        ("rating", {"text": "  "}, "An object with a text"),
        ("rating", {"text": "a", "mood": "good"}, "An object with a text"),
        ("rating", {"text": "a" * 10_001}, "at most 200 characters of title and 10,000 characters of text"),
        ("rating", {"text": "a", "title": "b" * 201}, "at most 200 characters"),
        ("rating", {"text": "a\x00b"}, "An object with a text"),
    ],
    ids=range(8),
)
def test_a_review_is_a_text_beside_a_rating(kind: str, review: Any, words: str) -> None:
    value = {"value": 4} if kind == "rating" else {}
    assert words in refused(type=kind, item_id="emma", review=review, **value)["review"]


@pytest.mark.parametrize("context", [{"preferences": "poems"}, {"demographics": [1]}])
def test_a_change_of_profile_brings_objects(context: dict[str, Any]) -> None:
    wrong = refused(type="profile_update", context=context)
    assert wrong == {"context": "Objects are needed in preferences and demographics."}


@given(title=st.text(min_size=1, max_size=20), text=st.text(min_size=1, max_size=60))
def test_a_review_survives_the_topic(title: str, text: str) -> None:
    if not (title.strip() and text.strip()) or "\x00" in title + text:
        return
    event = factories.event("ada", "emma", "rating", 4, review={"title": title, "text": text})
    assert wire.decode(wire.encode(event), TYPES, NOW) == (event, "api")
    assert b"review" not in wire.encode(factories.event("ada", "emma"))


@pytest.mark.django_db
def test_events_with_and_without_items_are_stored_together_and_once() -> None:
    emma = factories.item("emma")
    events = [
        factories.event("ada", "", "login", context={"device": "phone"}),
        factories.event("ben", emma, "rating", 5, review=LAUGHED),
        factories.event("cleo", emma),
    ]
    outcome = store(events)
    assert {(one.user_id, one.type, bool(one.item_pk)) for one in outcome.stored} == {
        ("ada", "login", False),
        ("ben", "rating", True),
        ("cleo", "view", True),
    }
    assert store(events) == Stored((), repeated=(0, 1, 2))
    login, review = PersonEvent.objects.get(), Review.objects.get()
    assert (login.user.user_id, login.type.name, login.context) == ("ada", "login", {"device": "phone"})
    assert (review.user.user_id, review.item, review.value, review.title) == ("ben", emma, 5, "Sparkling")
    assert Interaction.objects.get(event_id=review.event_id).occurred_at == review.occurred_at
    assert Interaction.objects.count() == 2
    assert EndUser.objects.get(user_id="ada").last_active == NOON


@pytest.mark.django_db
def test_many_at_once_go_the_same_way(settings: Any) -> None:
    settings.UNKNOWN_ITEM_POLICY = "placeholder"
    events = [factories.event(f"r{number}", "", "login") for number in range(150)]
    assert len(store(events).stored) == 150
    assert PersonEvent.objects.count() == 150
    assert not DeadLetter.objects.exists()
    assert not Item.objects.exists(), "No item is made for a login."


@pytest.mark.django_db
def test_a_change_of_profile_changes_what_it_names_and_the_latest_wins() -> None:
    factories.person("ada", preferences={"tags": ["prose"], "categories": ["Novels"]}, demographics={"age": 30})

    def changed(minutes: int, **context: Any) -> None:
        store([factories.event("ada", "", "profile_update", at=NOON + timedelta(minutes=minutes), context=context)])

    changed(2, preferences={"categories": ["Poetry"]}, demographics={"country": "Norway"})
    changed(1, preferences={"categories": ["Plays"]})
    ada = EndUser.objects.get(user_id="ada")
    assert ada.preferences == {"tags": ["prose"], "categories": ["Poetry"]}
    assert ada.demographics == {"age": 30, "country": "Norway"}


@pytest.mark.django_db
@pytest.mark.parametrize("others", [0, 150])
def test_updates_of_one_batch_are_applied_in_order(others: int) -> None:
    rest = [factories.event(f"reader-{number}", "", "login") for number in range(others)]
    said = [{"categories": ["Poetry"], "tags": ["prose"]}, {"categories": ["Plays"]}]
    updates = [
        factories.event("ada", "", "profile_update", at=NOON + timedelta(days=number), context={"preferences": one})
        for number, one in enumerate(said)
    ]
    store([updates[0], *rest, updates[1]])
    assert EndUser.objects.get(user_id="ada").preferences == {"categories": ["Plays"], "tags": ["prose"]}
    same_time = [replace(one, event_id=new_event_id(), occurred_at=NOON + timedelta(days=9)) for one in updates]
    store(same_time[::-1])
    assert EndUser.objects.get(user_id="ada").preferences["categories"] == ["Poetry"]


@pytest.mark.django_db
def test_an_update_that_comes_late_changes_what_later_ones_left_alone() -> None:
    def changed(day: int, **context: Any) -> None:
        store([factories.event("ada", "", "profile_update", at=NOON + timedelta(days=day), context=context)])

    changed(2, preferences={"categories": ["Poetry"]})
    changed(1, preferences={"categories": ["Plays"], "tags": ["prose"]}, demographics={"age": 30})
    ada = EndUser.objects.get(user_id="ada")
    assert (ada.preferences, ada.demographics) == ({"categories": ["Poetry"], "tags": ["prose"]}, {"age": 30})


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_somebody_new_is_recommended_by_the_profile_that_an_event_brought(shop: Shop) -> None:
    def first() -> str:
        return recommend(Request("newcomer", 1)).items[0].item_id

    assert first() == "poem-0"
    wanted = {"preferences": {"categories": ["Novels"]}}
    produce([factories.event("newcomer", "", "profile_update", context=wanted)])
    assert first() == "novel-0"


@pytest.mark.django_db
def test_who_is_erased_takes_reviews_and_logins_along() -> None:
    store(
        [
            factories.event("ada", "", "login"),
            factories.event("ada", factories.item("emma"), "rating", 5, review=LAUGHED),
        ]
    )
    EndUser.objects.get(user_id="ada").delete()
    assert not PersonEvent.objects.exists()
    assert not Review.objects.exists()


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_the_api_takes_both() -> None:
    factories.item("emma")
    api = ApiClient()
    rated = {"user_id": "ada", "item_id": "emma", "type": "rating", "value": 5, "review": LAUGHED}
    for event in ({"user_id": "ada", "type": "login"}, rated):
        assert api.post("interactions", event).status_code == 202, event
    assert Review.objects.get().text == LAUGHED["text"]
    assert PersonEvent.objects.get().type.name == "login"
    wrong = details(api.post("interactions", {"user_id": "ada", "type": "login", "item_id": "emma"}))
    assert wrong == {"item_id": "A login is about no item: leave it out."}


@pytest.mark.django_db
def test_a_letter_keeps_its_review() -> None:
    store([factories.event("ada", "emma", "rating", 5, review=LAUGHED)])
    assert json.loads(json.dumps(DeadLetter.objects.get().payload))["review"] == LAUGHED
    factories.item("emma")
    replay(DeadLetter.objects.all())
    assert Review.objects.get().title == "Sparkling"
