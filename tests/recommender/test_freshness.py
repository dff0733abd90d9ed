from typing import Any

import pytest
from django.utils import timezone

from catalog.models import EndUser, Item
from interactions.models import InteractionType
from interactions.producers import produce
from recommender import cache
from recommender.serving.candidates import current_context
from tests import factories
from tests.recommender.fixtures import Shop, ask, ids


@pytest.fixture
def happens(django_capture_on_commit_callbacks: Any) -> Any:
    """Something that a person does now, through the API's door."""

    def happen(person: EndUser, item: Item, kind: str = "view", value: float | None = None) -> None:
        with django_capture_on_commit_callbacks(execute=True):
            produce([factories.event(person, item, kind, value, at=timezone.now())])

    return happen


def test_a_rating_changes_the_next_list(shop: Shop, happens: Any) -> None:
    before = ids(ask(shop.ada, limit=20))
    happens(shop.ada, shop.poems[0], "rating", 5)
    happens(shop.ada, shop.novels[0], "rating", 1)
    after = ask(shop.ada, limit=20)
    assert not after.cache_hit
    assert ids(after)[0] == "poem-1"
    assert before[0] == "novel-0"
    assert ask(shop.ada).cache_hit


def test_a_like_changes_the_next_list_of_somebody_new(shop: Shop, happens: Any) -> None:
    assert ask(shop.cleo).cold_start
    happens(shop.cleo, shop.novels[5], "like")
    answer = ask(shop.cleo)
    assert not answer.cold_start
    assert ids(answer)[0] == "novel-0"


def test_what_one_person_does_leaves_the_others_lists_alone(shop: Shop, happens: Any) -> None:
    ask(shop.ben)
    happens(shop.ada, shop.novels[0])
    assert ask(shop.ben).cache_hit
    assert "novel-0" in ids(ask(shop.ben, limit=20))


def test_an_impression_neither_hides_an_item_nor_costs_a_new_list(shop: Shop, happens: Any) -> None:
    ask(shop.ada)
    happens(shop.ada, shop.novels[0], "impression")
    answer = ask(shop.ada)
    assert answer.cache_hit
    assert "novel-0" in ids(answer)


def test_a_type_that_does_not_mark_seen_changes_the_list_and_hides_nothing(shop: Shop, happens: Any) -> None:
    InteractionType.objects.filter(name="view").update(marks_seen=False)
    ask(shop.ada)
    happens(shop.ada, shop.novels[0], "view")
    answer = ask(shop.ada, limit=20)
    assert not answer.cache_hit
    assert "novel-0" in ids(answer)


def test_many_events_of_many_people_are_noted_together(shop: Shop, django_capture_on_commit_callbacks: Any) -> None:
    for person in (shop.ada, shop.ben):
        ask(person)
    with django_capture_on_commit_callbacks(execute=True):
        produce([factories.event(person, item) for person in (shop.ada, shop.ben) for item in shop.items[:4]])
    for person in (shop.ada, shop.ben):
        found = cache.look_up(cache.keys_of(person.user_id, current_context().list_digest("svd"), "svd"))
        assert found.seen == {item.pk for item in shop.items[:4]}
        assert not found.is_fresh


def test_every_algorithm_hears_of_an_event(shop: Shop, happens: Any) -> None:
    for algorithm in ("svd", "popular", "latest"):
        ask(shop.ada, algorithm=algorithm)
    happens(shop.ada, shop.novels[0])
    for algorithm in ("svd", "popular", "latest"):
        assert not ask(shop.ada, algorithm=algorithm).cache_hit
