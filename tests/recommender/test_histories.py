"""What users did lately, in Redis: lists after an event are made from it as they are from the database."""

from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from django.utils import timezone
from numpy.testing import assert_allclose

from catalog import snapshot, store
from catalog.models import EndUser, Item
from interactions.producers import produce
from recommender import cache
from recommender.cache import Candidates, histories
from recommender.dataset import load_recent
from recommender.serving.candidates import ServingContext, current_context, user_candidates
from recsite.platform import redis
from recsite.platform.audit import SYSTEM
from tests import factories
from tests.outages import no_postgres
from tests.recommender.fixtures import Shop, ask

KINDS = (("view", None), ("rating", 5), ("rating", 1), ("purchase", None), ("dislike", None), ("impression", None))


@pytest.fixture
def happens(django_capture_on_commit_callbacks: Any) -> Any:
    """Something that a user did, through the API's door."""

    def happen(person: EndUser, item: Item, kind: str = "view", value: float | None = None, ago: float = 0) -> None:
        with django_capture_on_commit_callbacks(execute=True):
            produce([factories.event(person, item, kind, value, at=timezone.now() - timedelta(seconds=ago))])

    return happen


def keys(context: ServingContext) -> cache.Keys:
    return cache.keys_of("ada", context.list_digest("svd"), "svd")


def candidates() -> Candidates:
    """Make Ada's candidates and return them as Redis holds them."""
    context = current_context()
    user_candidates.load_or_build(context, "svd", "ada")
    found = cache.look_up(keys(context)).candidates
    assert found is not None
    return found


def the_same(one: Candidates, other: Candidates) -> None:
    assert one.items.tolist() == other.items.tolist()
    assert one.sources.tolist() == other.sources.tolist()
    for column in ("scores", "ratings", "deviations", "taste"):
        assert_allclose(getattr(one, column), getattr(other, column), rtol=1e-6)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("most", [500, 5])
def test_candidates_are_those_that_the_database_would_give(
    shop: Shop, happens: Any, settings: Any, seed: int, most: int
) -> None:
    settings.FOLD_IN_EVENTS = most
    rng = np.random.default_rng(seed)
    ask(shop.ada)
    for number in range(8):
        kind, value = KINDS[rng.integers(len(KINDS))]
        item = (shop.novels + shop.poems)[rng.integers(len(shop.novels + shop.poems))]
        happens(shop.ada, item, kind, value, ago=float(rng.integers(3)) * 3600)
        found = candidates()
        if not number:
            continue
        kept = keys(current_context())
        assert cache.history(kept, shop.ada.pk) is not None
        redis.roundtrip(("DEL", kept.history, kept.candidates, kept.mark, kept.seen))
        the_same(found, candidates())


def test_a_list_after_an_event_needs_no_database(shop: Shop, happens: Any) -> None:
    ask(shop.ada)
    happens(shop.ada, shop.poems[0], "rating", 5)
    ask(shop.ada)
    happens(shop.ada, shop.poems[1], "rating", 5)
    with no_postgres() as refused:
        answer = ask(shop.ada)
    assert not refused
    assert (answer.cache_hit, answer.items[0].source) == (False, "fold-in")


def test_what_is_not_whole_is_read_from_the_database(shop: Shop, happens: Any) -> None:
    context = current_context()
    happens(shop.ada, shop.poems[0])
    assert redis.roundtrip(("STRLEN", keys(context).history)) == [histories.RECORD.itemsize]
    assert cache.history(keys(context), shop.ada.pk) is None
    ask(shop.ada)
    found = cache.history(keys(context), shop.ada.pk)
    assert found is not None
    read = load_recent([shop.ada.pk])
    # The event is there twice, by itself and as it was read, and counts once.
    assert sorted(found.events["id"].tolist()) == sorted(read.events["id"].tolist())


def test_it_is_bounded_and_then_read_anew(shop: Shop, happens: Any, settings: Any) -> None:
    settings.FOLD_IN_EVENTS = 3
    context = current_context()
    ask(shop.ada)
    kept = keys(context)
    for number in range(12):
        happens(shop.ada, shop.poems[number % len(shop.poems)])
        (length,) = redis.roundtrip(("STRLEN", kept.history))
        assert length <= histories.MOST * 3 * histories.RECORD.itemsize
    assert cache.history(kept, shop.ada.pk) is None
    the_latest = set(load_recent([shop.ada.pk]).events["id"].tolist())
    ask(shop.ada)
    found = cache.history(kept, shop.ada.pk)
    assert found is not None
    assert set(found.events["id"].tolist()) == the_latest


def test_of_events_at_one_time_the_same_part_is_taken_as_in_the_database(
    shop: Shop, settings: Any, django_capture_on_commit_callbacks: Any
) -> None:
    at = timezone.now()
    with django_capture_on_commit_callbacks(execute=True):
        produce([factories.event(shop.ada, item, "view", None, at=at) for item in shop.novels])
    kept = keys(current_context())
    ask(shop.ada)
    everything = cache.history(kept, shop.ada.pk)
    assert everything is not None
    for most in (1, 2, 3):
        settings.FOLD_IN_EVENTS = most
        again = keys(current_context())
        redis.roundtrip(*cache.keep_history(again, everything))
        found = cache.history(again, shop.ada.pk)
        assert found is not None
        assert set(found.events["id"].tolist()) == set(load_recent([shop.ada.pk]).events["id"].tolist())


def test_events_of_deleted_items_are_forgotten(shop: Shop, happens: Any) -> None:
    ask(shop.ada)
    happens(shop.ada, shop.poems[0], "rating", 5)
    candidates()
    kept, gone = keys(current_context()), shop.poems[0].pk
    store.delete_items(Item.objects.filter(pk=gone), actor=SYSTEM)
    snapshot.forget()
    before, after = cache.history(kept, shop.ada.pk), user_candidates._cached(current_context(), shop.ada.pk, kept)
    assert before is not None
    assert after is not None
    assert set(before.events["item"].tolist()) - set(after.events["item"].tolist()) == {gone}
