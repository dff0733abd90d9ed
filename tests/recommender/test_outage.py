from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from catalog import snapshot
from interactions.models import Interaction
from interactions.producers import EventLogUnavailable, produce
from recommender import cache
from recommender.cache import events
from recommender.serving import ServingUnavailable, warming
from recommender.serving.candidates import loaded_release
from recsite.platform import database, redis
from recsite.platform.models import Generation
from tests import factories
from tests.outages import Redis, no_postgres, stoppable_redis, wait_until
from tests.recommender.fixtures import NOVELS, POEMS, Shop, ask, forget, happened, ids, look_again, publish, svd

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)


@pytest.fixture(autouse=True)
def server(shop: Shop, tmp_path: Path, settings: Any) -> Iterator[Redis]:
    with stoppable_redis(tmp_path, settings) as server:
        forget()
        yield server


def recover(server: Redis) -> None:
    """It goes on where it hung, or starts again with its data."""
    server.go_on()
    wait_until(lambda: not redis.is_down())


def recover_unnoticed(server: Redis) -> None:
    """It was gone while nobody asked."""
    server.start()
    look_again()


def refuse(*_: object) -> None:
    raise redis.RedisDown("It is gone.")


def happens(who: Any, what: Any, kind: str = "view", value: float | None = None) -> None:
    produce([factories.event(who, what, kind, value, at=timezone.now())])


def test_with_redis_stopped_everybody_gets_the_same_list_from_the_model(shop: Shop, server: Redis) -> None:
    happened(shop.ada, shop.novels[0])
    forget()
    with_redis = {who: ids(ask(who, limit=20)) for who in ("ada", "ben", "cleo", "nobody")}
    server.stop()
    for _ in range(2):
        for who, expected in with_redis.items():
            answer = ask(who, limit=20)
            assert ids(answer) == expected
            assert not answer.cache_hit


@pytest.mark.parametrize("fault", ["stop", "hang"])
def test_an_outage_of_redis_is_found_out_once_and_then_nobody_waits_for_it(
    shop: Shop, server: Redis, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(shop.ada)
    getattr(server, fault)()
    ask(shop.ada)
    assert redis.is_down()

    def wait(*_: object) -> None:
        raise AssertionError("A request went to the server that is gone.")

    monkeypatch.setattr(redis, "_guarded", wait)
    assert ids(ask(shop.ada))[0] == "novel-0"
    happens(shop.ada, shop.novels[0])
    assert ids(ask(shop.ada))[0] == "novel-1"


def test_a_process_that_starts_during_the_outage_serves(shop: Shop, server: Redis) -> None:
    server.stop()
    forget()
    assert ids(ask(shop.ada))[0] == "novel-0"
    assert ids(ask("nobody"))[0] == "poem-0"


@pytest.mark.parametrize("fault", ["stop", "hang"])
def test_when_redis_is_back_lists_of_before_an_event_are_not_served(shop: Shop, server: Redis, fault: str) -> None:
    assert ids(ask(shop.ada, limit=20)) == [*NOVELS, *POEMS]
    getattr(server, fault)()
    for poem in shop.poems[:3]:
        happens(shop.ada, poem, "rating", 5)
    happens(shop.ada, shop.novels[0], "rating", 1)
    recover(server)
    assert redis.call(lambda client: client.dbsize()) > 0
    for is_hit in (False, True):
        answer = ask(shop.ada, limit=20)
        assert ids(answer)[:3] == POEMS[3:]
        assert "novel-0" not in ids(answer)
        assert answer.cache_hit == is_hit


def test_the_others_keep_their_lists(shop: Shop, server: Redis) -> None:
    ask(shop.ada), ask(shop.ben)
    server.hang()
    happens(shop.ada, shop.novels[0])
    recover(server)
    assert [ask(person).cache_hit for person in (shop.ada, shop.ben)] == [False, True]


def test_other_processes_know_it_too(shop: Shop, server: Redis) -> None:
    ask(shop.ada)
    server.hang()
    happens(shop.ada, shop.novels[0], "rating", 1)
    recover(server)
    forget()
    assert not ask(shop.ada).cache_hit


def test_what_was_lost_between_the_recovery_and_its_notice_is_told_before_anything_is_read(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(shop.ada)
    with monkeypatch.context() as gone:
        gone.setattr(redis, "roundtrip", refuse)
        happens(shop.ada, shop.novels[0], "rating", 1)
    answer = ask(shop.ada, limit=20)
    assert not answer.cache_hit
    assert "novel-0" not in ids(answer)
    assert Generation.objects.get(name=cache.LISTS_GENERATION).dirty_flags == []


def test_a_process_that_was_killed_before_it_could_tell_leaves_no_stale_list(shop: Shop, server: Redis) -> None:
    ask(shop.ada)
    server.hang()
    happens(shop.ada, shop.novels[0], "rating", 1)
    redis.forget()
    forget()
    server.wake()
    answer = ask(shop.ada, limit=20)
    assert not answer.cache_hit
    assert "novel-0" not in ids(answer)
    assert ask(shop.ada).cache_hit


def test_when_too_much_was_lost_everybodys_list_is_made_anew(
    shop: Shop, server: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "MOST_UNTOLD", 1)
    ask(shop.cleo)
    server.hang()
    for person in (shop.ada, shop.ben):
        happens(person, shop.novels[0])
    recover(server)
    assert not ask(shop.cleo).cache_hit


def test_after_a_restart_of_redis_lists_are_made_anew_because_it_may_have_forgotten_events(
    shop: Shop, server: Redis
) -> None:
    ask(shop.ada)
    server.stop()
    recover_unnoticed(server)
    assert redis.call(lambda client: client.dbsize()) > 0
    assert [ask(shop.ada).cache_hit for _ in range(2)] == [False, True]


def test_an_outage_without_events_costs_nobody_the_list(shop: Shop, server: Redis) -> None:
    ask(shop.ada)
    server.hang()
    ask(shop.ada)
    recover(server)
    assert ask(shop.ada).cache_hit


def test_an_outage_of_redis_loses_no_event(shop: Shop, server: Redis) -> None:
    server.stop()
    happens(shop.ada, shop.novels[0])
    assert Interaction.objects.count() == 1


def test_a_promotion_during_the_outage_is_in_force_during_it_and_after(shop: Shop, server: Redis) -> None:
    ask(shop.ada)
    server.stop()
    newer = publish({"svd": svd(shop.poems, shop.novels, [shop.ada, shop.ben])})
    for _ in range(2):
        look_again()
        answer = ask(shop.ada)
        assert (answer.release, ids(answer)[0]) == (newer.pk, "poem-0")
        if redis.is_down():
            recover(server)


def test_with_postgres_gone_a_warmed_person_gets_her_list_and_others_what_is_popular(shop: Shop) -> None:
    happened(shop.ada, shop.novels[0])
    warming.warm(everybody=True)
    with no_postgres():
        look_again()
        for _ in range(2):
            mine, theirs = ask(shop.ada, limit=20), ask("somebody new")
            assert ids(mine) == [*NOVELS[1:], *POEMS]
            assert mine.cache_hit
            assert ids(theirs)[:6] == POEMS
            assert theirs.cold_start
            assert ids(ask(shop.ada, categories=["Poetry"], limit=6)) == POEMS


def test_with_postgres_gone_a_page_beyond_the_candidates_is_filled_with_what_is_popular(
    shop: Shop, settings: Any
) -> None:
    settings.CANDIDATE_COUNT = 3
    ask(shop.ada)
    with no_postgres():
        answer = ask(shop.ada, limit=20)
        assert ids(answer) == [*NOVELS[:3], *POEMS, *NOVELS[3:]]
        assert answer.items[-1].source == "popular"


def test_with_postgres_gone_an_older_list_is_better_than_none(shop: Shop) -> None:
    ask(shop.ada)
    happens(shop.ada, shop.novels[0])
    with no_postgres():
        answer = ask(shop.ada, limit=20)
        assert ids(answer) == [*NOVELS[1:], *POEMS]


def test_with_both_gone_everybody_gets_what_is_popular(shop: Shop, server: Redis) -> None:
    warming.warm(everybody=True)
    server.stop()
    with no_postgres():
        for who in (shop.ada, "nobody"):
            assert ids(ask(who, limit=6)) == POEMS


def test_postgres_is_asked_once_and_then_left_alone_until_it_is_back(shop: Shop) -> None:
    ask(shop.ada)
    with no_postgres() as refused:
        for user_id in ("a", "b", "c", "d"):
            assert ask(user_id).cold_start
        assert len(refused) == 1
    wait_until(lambda: not database.is_down())
    assert not ask(shop.ben).cold_start


def test_with_postgres_gone_an_event_is_not_accepted(shop: Shop) -> None:
    event = factories.event(shop.ada, shop.novels[0])
    with no_postgres(), pytest.raises(EventLogUnavailable):
        produce([event])


def test_a_process_that_has_nothing_says_so_and_recovers_by_itself(shop: Shop) -> None:
    with no_postgres():
        snapshot.forget()
        loaded_release.forget()
        with pytest.raises(ServingUnavailable, match="Try again"):
            ask(shop.ada)
    wait_until(lambda: not database.is_down())
    look_again()
    assert ids(ask(shop.ada))[0] == "novel-0"
