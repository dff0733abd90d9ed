"""An answer that is given again is the one that would be made, and it is given for exactly as long."""

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from django.utils import timezone

from catalog import snapshot
from catalog.models import EndUser, Item
from interactions.producers import produce
from recommender.insight.impressions.recording import recorder
from recommender.serving import Request, kept_answers, placements, user_lists
from recommender.serving.contract import Answer, as_json
from tests import factories
from tests.recommender.fixtures import Shop, set_placement

OWN = ("recommendation_id", "generated_at")


def told(answer: Answer) -> bytes:
    """An answer as it is sent, but for what differs in each."""
    return orjson.dumps({name: value for name, value in as_json(answer).items() if name not in OWN})


def is_kept(answer: Answer) -> bool:
    return bool(answer.items_json)


@pytest.fixture
def ada_asks(shop: Shop) -> Any:
    """Ada asks until her answer is kept: at first for candidates, then for a list of them."""

    def ask_again(**more: Any) -> Answer:
        return kept_answers.recommend(Request(shop.ada.user_id, **more))

    ask_again()
    assert not is_kept(ask_again())
    assert is_kept(ask_again())
    return ask_again


@pytest.mark.parametrize("more", [{}, {"limit": 3, "offset": 2}, {"categories": ("Poetry",)}, {"fields": ("tags",)}])
def test_both_ways_give_the_same_bytes(shop: Shop, more: Any) -> None:
    request = Request(shop.ada.user_id, **more)
    user_lists.recommend(request)
    kept_answers.recommend(request)
    again, made = kept_answers.recommend(request), user_lists.recommend(request)
    assert is_kept(again)
    assert not is_kept(made)
    assert told(again) == told(made)
    assert again.recommendation_id != made.recommendation_id
    assert again.generated_at <= made.generated_at


def test_both_ways_are_recorded_alike(shop: Shop, ada_asks: Any) -> None:
    recorder.forget()
    again = ada_asks()
    made = user_lists.recommend(Request(shop.ada.user_id))
    first, second = recorder.waiting
    assert (first.recommendation_id, first.served_at) == (again.recommendation_id, again.generated_at)
    assert first._replace(recommendation_id=made.recommendation_id, served_at=made.generated_at) == second


@pytest.fixture
def happens(django_capture_on_commit_callbacks: Any) -> Any:
    def happen(person: EndUser, item: Item) -> None:
        with django_capture_on_commit_callbacks(execute=True):
            produce([factories.event(person, item, "view", at=timezone.now())])

    return happen


def test_an_event_ends_it(shop: Shop, ada_asks: Any, happens: Any) -> None:
    happens(shop.ada, shop.novels[0])
    answer = ada_asks()
    assert not is_kept(answer)
    assert "novel-0" not in [one.item_id for one in answer.items]


def test_an_event_of_somebody_else_does_not(shop: Shop, ada_asks: Any, happens: Any) -> None:
    happens(shop.ben, shop.novels[0])
    assert is_kept(ada_asks())


def test_a_hidden_item_ends_it(shop: Shop, ada_asks: Any) -> None:
    Item.objects.filter(pk=shop.novels[0].pk).update(is_available=False)
    snapshot.forget()
    answer = ada_asks()
    assert not is_kept(answer)
    assert "novel-0" not in [one.item_id for one in answer.items]


def test_a_published_placement_ends_it(ada_asks: Any) -> None:
    set_placement(count=3)
    placements.forget()
    answer = ada_asks()
    assert not is_kept(answer)
    assert len(answer.items) == 3


def test_what_depends_on_time_ends_with_its_minute(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    at = datetime(2026, 12, 1, 12, 4, 59, tzinfo=UTC)
    monkeypatch.setattr(placements, "clock", lambda: at)
    dated, plain = Request(shop.ada.user_id, filter="age_days < 100"), Request(shop.ada.user_id)
    for request in (dated, plain):
        user_lists.recommend(request)
        kept_answers.recommend(request)
        assert is_kept(kept_answers.recommend(request))
    at += timedelta(seconds=1)
    assert not is_kept(kept_answers.recommend(dated))
    assert is_kept(kept_answers.recommend(plain))
    at += timedelta(minutes=5)
    assert not is_kept(kept_answers.recommend(plain))


@pytest.mark.parametrize("more", [{"explain": True}, {"known": ("*",)}, {"is_shown": False}])
def test_some_are_always_made(shop: Shop, more: Any) -> None:
    request = Request(shop.ada.user_id, **more)
    for _ in range(3):
        assert not is_kept(kept_answers.recommend(request))


def test_nothing_is_kept_of_a_catalogue_of_before(ada_asks: Any, shop: Shop) -> None:
    assert len(kept_answers._held.both[1]) == 1
    snapshot.forget()
    kept_answers.recommend(Request(shop.ben.user_id))
    assert not kept_answers._held.both[1]
