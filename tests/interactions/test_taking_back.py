"""What a user takes back stays stored, is marked, and counts for nothing."""

from typing import Any

import pytest
from django.utils import timezone

from catalog import merging
from catalog.models import EndUser, Item
from interactions.marks import Mark
from interactions.models import DeadLetter, Interaction
from interactions.producers import produce
from interactions.schema import UNDO, UNDOES, Event
from recommender import dataset
from recommender.serving.candidates import users
from recsite.platform.audit import SYSTEM
from tests import factories
from tests.api.clients import ApiClient
from tests.recommender.fixtures import Shop, ask, ids


@pytest.fixture
def happens(django_capture_on_commit_callbacks: Any) -> Any:
    """Something that a person does now."""

    def happen(person: EndUser | str, item: Item | str, kind: str, context: dict[str, Any] | None = None) -> Event:
        event = factories.event(person, item, kind, at=timezone.now(), context=context or {})
        with django_capture_on_commit_callbacks(execute=True):
            produce([event])
        return event

    return happen


def test_an_item_that_was_disliked_comes_back_and_the_list_is_as_before(shop: Shop, happens: Any) -> None:
    before = ids(ask(shop.ada, limit=20))
    act = happens(shop.ada, shop.novels[0], "dislike")
    assert "novel-0" not in ids(ask(shop.ada, limit=20))
    happens(shop.ada, shop.novels[0], UNDO, {UNDOES: str(act.event_id)})
    assert ids(ask(shop.ada, limit=20)) == before
    kept = Interaction.objects.order_by("id").values_list("type__name", "mark")
    assert list(kept) == [("dislike", Mark.TAKEN_BACK), (UNDO, Mark.NONE)]
    assert users.seen_items([shop.ada.pk]) == {}


def test_models_and_folding_in_learn_nothing_from_it(shop: Shop, happens: Any) -> None:
    act = happens(shop.cleo, shop.novels[0], "like")
    assert not ask(shop.cleo).cold_start
    happens(shop.cleo, shop.novels[0], UNDO, {UNDOES: str(act.event_id)})
    assert ask(shop.cleo).cold_start
    liked = factories.interaction_type("like").pk
    assert liked not in dataset.load_recent([shop.cleo.pk]).events["type"].tolist()
    kinds = dataset.load_dataset().kinds
    assert "like" not in {kinds[number].name for number in dataset.load_dataset().types.tolist()}


def test_an_act_and_its_undo_may_come_in_one_batch(shop: Shop, django_capture_on_commit_callbacks: Any) -> None:
    act = factories.event(shop.ada, "novel-0", "dislike", at=timezone.now())
    undo = factories.event(shop.ada, "novel-0", UNDO, at=timezone.now(), context={UNDOES: str(act.event_id)})
    before = ids(ask(shop.ada, limit=20))
    with django_capture_on_commit_callbacks(execute=True):
        produce([act, undo])
        # Once more: a retry changes nothing.
        produce([act, undo])
    assert ids(ask(shop.ada, limit=20)) == before
    assert Interaction.objects.count() == 2


@pytest.mark.parametrize("what", ["of nothing", "of another user", "of another item", "of an undo"])
def test_what_takes_back_nothing_of_the_users_is_a_dead_letter(shop: Shop, happens: Any, what: str) -> None:
    act = happens(shop.ben if what == "of another user" else shop.ada, shop.novels[0], "like")
    named = factories.event(shop.ada, "novel-0").event_id if what == "of nothing" else act.event_id
    if what == "of an undo":
        named = happens(shop.ada, shop.novels[0], UNDO, {UNDOES: str(act.event_id)}).event_id
    before = Interaction.objects.count(), Interaction.objects.filter(mark=Mark.TAKEN_BACK).count()
    item = shop.novels[1] if what == "of another item" else shop.novels[0]
    happens(shop.ada, item, UNDO, {UNDOES: str(named)})
    assert "not stored" in DeadLetter.objects.get().reason
    assert (Interaction.objects.count(), Interaction.objects.filter(mark=Mark.TAKEN_BACK).count()) == before


def test_a_user_may_take_back_what_they_did_under_another_name(shop: Shop, happens: Any) -> None:
    act = happens("visitor-1", shop.novels[0], "like")
    merging.merge("visitor-1", "ada", actor=SYSTEM)
    happens("visitor-1", shop.novels[0], UNDO, {UNDOES: str(act.event_id)})
    assert Interaction.objects.get(type__name="like").mark == Mark.TAKEN_BACK


@pytest.mark.parametrize("context", [None, {}, {UNDOES: "x"}, {UNDOES: 1}])
def test_an_undo_that_names_nothing_is_refused(db: None, api: ApiClient, context: Any) -> None:
    factories.item("emma")
    event = {"user_id": "ada", "item_id": "emma", "type": UNDO, "context": context}
    answer = api.post("interactions", event)
    assert answer.status_code == 422
    assert UNDOES in answer.json()["error"]["details"]["context"]


def test_the_history_says_what_was_taken_back(db: None, api: ApiClient) -> None:
    factories.item("emma")
    act = factories.event("ada", "emma", "like", at=timezone.now())
    produce([act])
    produce([factories.event("ada", "emma", UNDO, at=timezone.now(), context={UNDOES: str(act.event_id)})])
    told = {row["type"]: row["left_out_as"] for row in api.get("users/ada/interactions").json()["items"]}
    assert told == {"like": "taken_back", UNDO: None}
