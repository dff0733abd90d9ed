"""Lists are keyed by what they are made of: releases that change nothing in them keep them, superseded ones go soon."""

from typing import Any

import numpy as np
import pytest

from interactions import producers
from recommender import cache, registry
from recommender.engine.algorithms.hybrid import blended
from recommender.engine.types import Model
from recommender.models import Release
from recommender.serving import warming
from recommender.serving.candidates import current_context
from recsite.platform import generations, redis
from tests.recommender.fixtures import Shop, ask, forget, look_again, popular, publish, start_afresh, svd

CHANGED = ("hybrid", "bpmf", "popular")
"""The models that shape the hybrid's lists; the SVD rates behind BPMF, and trending is a list of its own."""


def model(shop: Shop, name: str) -> Any:
    own = svd(shop.novels, shop.poems, [shop.ada, shop.ben])
    models: dict[str, Model] = {"als": own, "popular": popular(shop.items)}
    if name == "hybrid":
        return blended(models, {"als": np.ones(5), "popular": np.zeros(5)})
    return own if name in ("svd", "bpmf") else popular(shop.items)


@pytest.fixture
def led(shop: Shop) -> Release:
    """A release that the hybrid leads and BPMF rates, and Ada's list."""
    release = publish({name: model(shop, name) for name in ("hybrid", "bpmf", "svd", "popular", "trending")})
    start_afresh()
    assert not ask(shop.ada).cache_hit
    return release


@pytest.fixture
def promote(shop: Shop, django_capture_on_commit_callbacks: Any) -> Any:
    def promoted(*names: str) -> Release:
        with django_capture_on_commit_callbacks(execute=True):
            release = publish({name: model(shop, name) for name in names})
        look_again()
        return release

    return promoted


@pytest.fixture
def roll_back(django_capture_on_commit_callbacks: Any) -> Any:
    def rolled_back() -> Release:
        with django_capture_on_commit_callbacks(execute=True):
            release = registry.rollback()
        look_again()
        return release

    return rolled_back


def lists_of(user_id: str) -> list[str]:
    """The keys of a user's candidates that are in Redis now."""
    (keys,) = redis.roundtrip(("KEYS", f"rec:*:hybrid:*{user_id}*"))
    return sorted(key.decode() for key in keys if not key.startswith(b"rec:latest:"))


def seconds_left(*keys: str) -> list[int]:
    return redis.roundtrip(*(("TTL", key) for key in keys))


def hybrid_key(user_id: str) -> str:
    return cache.keys_of(user_id, current_context().list_digest("hybrid"), "hybrid").candidates


@pytest.mark.parametrize("other", ["svd", "trending"])
def test_a_release_that_changes_nothing_in_a_list_keeps_it(shop: Shop, led: Release, promote: Any, other: str) -> None:
    release = promote(other)
    answer = ask(shop.ada)
    assert answer.cache_hit
    assert answer.release == release.pk, "The answer names the release that is live."
    assert len(lists_of("ada")) == 1


@pytest.mark.parametrize("changed", CHANGED)
def test_a_release_that_changes_what_a_list_is_made_of_makes_it_anew(
    shop: Shop, led: Release, promote: Any, changed: str
) -> None:
    promote(changed)
    assert not ask(shop.ada).cache_hit


def test_lists_of_another_algorithm_of_the_release_go_by_their_own_models(
    shop: Shop, led: Release, promote: Any
) -> None:
    assert not ask(shop.ada, algorithm="svd").cache_hit
    promote("bpmf")
    assert ask(shop.ada, algorithm="svd").cache_hit, "A list of predicted ratings shows its own."
    promote("svd")
    assert not ask(shop.ada, algorithm="svd").cache_hit


def test_another_number_of_candidates_makes_other_lists(shop: Shop, led: Release, settings: Any) -> None:
    settings.CANDIDATE_COUNT = 500
    forget()
    assert not ask(shop.ada).cache_hit


def test_a_warming_leaves_alone_what_is_up_to_date(shop: Shop, led: Release, promote: Any) -> None:
    warming.warm(everybody=True)
    promote("svd")
    kept = warming.warm(everybody=True)
    assert (kept.people, kept.up_to_date) == (3, 3)
    assert str(kept) == "The lists of 3 users were up to date."
    promote("popular")
    made = warming.warm(everybody=True)
    assert (made.people, made.up_to_date) == (3, 0)


def test_a_warming_goes_on_where_a_release_changes_nothing_in_its_lists(
    shop: Shop, led: Release, promote: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(warming, "BLOCK", 1)
    warmed = warming.warm(everybody=True, progress=lambda done, _: promote("svd") if 0 < done < 0.4 else None)
    assert (warmed.people, warmed.stopped) == (3, "")


def test_of_a_user_no_more_than_two_lists_are_kept_and_the_old_one_goes_soon(
    shop: Shop, led: Release, promote: Any, settings: Any
) -> None:
    before = hybrid_key("ada")
    promote("hybrid")
    ask(shop.ada)
    now = hybrid_key("ada")
    assert lists_of("ada") == sorted([before, now])
    assert 0 < seconds_left(before)[0] <= cache.SUPERSEDED_SECS < seconds_left(now)[0]
    for _ in range(3):
        promote("hybrid")
        warming.warm(everybody=True)
    soon = [key for key in lists_of("ada") if seconds_left(key)[0] <= cache.SUPERSEDED_SECS]
    assert lists_of("ada") == sorted([*soon, hybrid_key("ada")])


def test_a_roll_back_finds_the_old_lists(shop: Shop, led: Release, promote: Any, roll_back: Any) -> None:
    promote("hybrid")
    ask(shop.ada)
    assert roll_back() == led
    assert ask(shop.ada).cache_hit


def test_the_warming_after_a_roll_back_makes_lists_that_are_about_to_go(
    shop: Shop, led: Release, promote: Any, roll_back: Any
) -> None:
    warming.warm(everybody=True)
    promote("hybrid")
    ask(shop.ada)
    roll_back()
    warmed = warming.warm(everybody=True)
    assert (warmed.people, warmed.up_to_date) == (3, 2), "Ada's had minutes left, the others' were never superseded."
    assert seconds_left(hybrid_key("ada"))[0] > cache.SUPERSEDED_SECS


def test_a_list_of_an_earlier_generation_goes_soon_too(
    shop: Shop, led: Release, django_capture_on_commit_callbacks: Any
) -> None:
    before = hybrid_key("ada")
    with django_capture_on_commit_callbacks(execute=True):
        producers.stored_in_bulk()
    generations.look()
    assert not ask(shop.ada).cache_hit
    assert hybrid_key("ada") != before
    assert 0 < seconds_left(before)[0] <= cache.SUPERSEDED_SECS


def test_a_content_weight_has_lists_of_its_own_and_supersedes_no_others(shop: Shop, led: Release) -> None:
    digest = current_context().list_digest("hybrid")
    own, weighed = (cache.keys_of("ada", digest, name) for name in ("hybrid", "hybrid~0.50"))
    assert own.candidates != weighed.candidates
    assert own.latest != weighed.latest


def test_a_cached_answer_takes_one_round_trip_and_no_query(
    shop: Shop, led: Release, promote: Any, monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Any
) -> None:
    promote("svd")
    ask(shop.ben)
    sent: list[Any] = []
    roundtrip = redis.roundtrip

    def counted(*commands: redis.Command, **how: Any) -> list[Any]:
        sent.append(commands)
        return roundtrip(*commands, **how)

    monkeypatch.setattr(redis, "roundtrip", counted)
    with django_assert_num_queries(0):
        assert ask(shop.ada).cache_hit
    assert len(sent) == 1
