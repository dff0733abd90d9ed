from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.utils import timezone

from catalog.models import EndUser, Item
from interactions.producers import produce
from recommender import cache
from recommender.serving import warming
from recommender.serving.candidates import current_context, users
from recsite.platform import redis
from recsite.platform.exceptions import Unavailable
from recsite.platform.jobs import Cancelled
from tests import factories
from tests.outages import stoppable_redis
from tests.recommender.fixtures import Shop, ask, forget, happened, ids, look_again, publish, start_afresh, svd


def active(*persons: EndUser, days_ago: float = 1) -> None:
    when = timezone.now() - timedelta(days=days_ago)
    EndUser.objects.filter(pk__in=[person.pk for person in persons]).update(last_active=when)


def test_after_a_warming_the_first_answer_asks_the_database_nothing(shop: Shop, django_assert_num_queries: Any) -> None:
    happened(shop.ada, shop.novels[0])
    active(shop.ada, shop.cleo)
    assert warming.warm().people == 2
    forget()
    ask(shop.ben)
    for person in (shop.ada, shop.cleo):
        with django_assert_num_queries(0):
            answer = ask(person)
        assert answer.cache_hit
    assert "novel-0" not in ids(ask(shop.ada, limit=20))


def test_a_warmed_list_is_the_one_that_would_be_made(shop: Shop, settings: Any) -> None:
    happened(shop.ada, shop.novels[1], "rating", 5)
    happened(shop.ben, shop.poems[1], "rating", 1, days_ago=0)
    happened(shop.cleo, shop.poems[1], "rating", 5)
    Item.objects.filter(pk=shop.novels[2].pk).update(is_available=False)
    everybody = (shop.ada, shop.ben, shop.cleo, factories.person("dora"))
    for settings.CANDIDATE_COUNT in (4, 200):
        start_afresh()
        made = [ask(person, limit=20) for person in everybody]
        start_afresh()
        warming.warm(everybody=True)
        warmed = [ask(person, limit=20) for person in everybody]
        assert all(answer.cache_hit for answer in warmed)
        assert [answer.items for answer in warmed] == [answer.items for answer in made]
        assert [answer.cold_start for answer in warmed] == [False, False, False, True]


def test_only_those_who_were_active_lately_are_warmed_the_last_one_first(shop: Shop, settings: Any) -> None:
    settings.WARM_ACTIVE_DAYS = 30
    active(shop.ada, days_ago=29)
    active(shop.ben, days_ago=31)
    active(shop.cleo, days_ago=2)
    assert warming.warm().people == 2
    assert [ask(person).cache_hit for person in (shop.ada, shop.ben, shop.cleo)] == [True, False, True]
    chosen = warming._chosen(everybody=True)
    assert list(chosen) == [shop.cleo, shop.ada, shop.ben]


def test_everybody_can_be_warmed_and_so_can_some(shop: Shop) -> None:
    assert warming.warm(EndUser.objects.filter(user_id="ben")).people == 1
    assert [ask(person).cache_hit for person in (shop.ada, shop.ben)] == [False, True]
    assert warming.warm(everybody=True).people == 3


def test_seen_items_are_read_for_many_people_at_once(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, django_assert_max_num_queries: Any
) -> None:
    monkeypatch.setattr(warming, "BLOCK", 10)
    for number in range(20):
        person = factories.person(f"person-{number}")
        happened(person, shop.novels[0])
    warming.warm(everybody=True)
    with django_assert_max_num_queries(20):
        assert warming.warm(everybody=True).people == 23


def test_an_event_during_the_warming_is_not_lost(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    with_new_events = users.with_new_events

    def something_happens(*args: Any) -> Any:
        found = with_new_events(*args)
        with django_capture_on_commit_callbacks(execute=True):
            produce([factories.event(shop.ada, shop.novels[0], "rating", 1, at=timezone.now())])
        return found

    monkeypatch.setattr(users, "with_new_events", something_happens)
    warming.warm(EndUser.objects.filter(user_id="ada"))
    monkeypatch.setattr(users, "with_new_events", with_new_events)
    answer = ask(shop.ada, limit=20)
    assert not answer.cache_hit
    assert {place.source for place in answer.items} >= {"fold-in"}
    assert "novel-0" not in ids(answer)


def test_it_tells_how_far_it_is_and_stops_when_asked(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(warming, "BLOCK", 1)
    told: list[tuple[float, str]] = []
    warming.warm(everybody=True, progress=lambda done, what: told.append((done, what)))
    assert [done for done, _ in told] == pytest.approx([0, 1 / 3, 2 / 3, 1])
    assert told[-1][1] == "3 of 3 users"

    def stop(done: float, what: str) -> None:
        if done > 0.5:
            raise Cancelled

    with pytest.raises(Cancelled):
        warming.warm(everybody=True, progress=stop)


def test_it_stops_when_another_release_goes_live(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    monkeypatch.setattr(warming, "BLOCK", 1)

    def promote(done: float, what: str) -> None:
        if 0 < done < 0.4:
            with django_capture_on_commit_callbacks(execute=True):
                publish({"svd": svd(shop.poems, shop.novels, [shop.ada, shop.ben])})
            look_again()

    warmed = warming.warm(everybody=True, progress=promote)
    assert warmed.people == 1
    assert "Another release went live" in str(warmed)


def test_it_says_what_it_did(shop: Shop) -> None:
    warmed = warming.warm(everybody=True)
    assert warmed.bytes_per_person > 100
    assert "The lists of 3 users are made" in str(warmed)


def test_without_a_release_there_is_nothing_to_make(shop: Shop) -> None:
    shop.release.members.all().delete()
    shop.release.delete()
    start_afresh()
    warmed = warming.warm(everybody=True)
    assert warmed.people == 0
    assert "train and promote first" in str(warmed)


def test_a_moment_without_redis_does_not_end_it(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    marks, outages = cache.marks, [redis.RedisDown("It is slow."), redis.RedisDown("It is slow.")]

    def slow(people: Any) -> list[bytes]:
        if outages:
            raise outages.pop()
        return marks(people)

    monkeypatch.setattr(cache, "marks", slow)
    assert warming.warm(everybody=True).people == 3
    assert ask(shop.ada).cache_hit


def test_without_redis_it_says_so(shop: Shop, tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(warming, "PATIENCE_SECS", 0)
    with stoppable_redis(tmp_path, settings) as server:
        server.stop()
        with pytest.raises(Unavailable, match="Redis doesn't answer"):
            warming.warm(everybody=True)


def test_what_was_seen_of_items_unknown_to_the_model_is_no_hindrance(shop: Shop) -> None:
    happened(shop.ada, factories.item("new"))
    start_afresh()
    assert warming.warm(everybody=True).people == 3
    assert "new" not in ids(ask(shop.ada, limit=20))
    keys = cache.keys_of("ada", current_context().list_digest("svd"), "svd")
    found = cache.look_up(keys)
    assert found.seen_is_complete
    assert found.candidates is not None
    assert found.candidates.items.dtype == np.uint32
    assert redis.roundtrip(("TTL", keys.candidates))[0] > 0


def test_with_nobody_to_warm_it_says_so() -> None:
    assert str(warming.Warmed(0, 0.1)) == "There was nobody to make lists for: they are made when somebody asks."
