from typing import Any

import numpy as np
import pytest

from interactions import producers, types
from recommender import cache
from recommender.cache import COMPLETE, NOBODY, Candidates
from recommender.cache.lists import HEADER
from recsite.platform import generations, redis
from tests.recommender.fixtures import Shop

MARK = b"\x00\xffmark\r\n"


def candidates(person: int = 7, n: int = 3) -> Candidates:
    return Candidates(
        person=person,
        is_personal=True,
        items=np.arange(2**32 - n, 2**32, dtype=np.int64),
        scores=np.linspace(5, 1, n, dtype=np.float32),
        sources=np.zeros(n, np.uint8),
    )


def keep(keys: cache.Keys, mark: bytes = MARK, made: Candidates | None = None, seen: list[int] | None = None) -> None:
    cache.store([*cache.keep(keys, mark, made or candidates()), *cache.keep_seen(keys, seen or [])])


def test_what_is_kept_is_found_again_exactly(shop: Shop) -> None:
    keys = cache.keys_of("ada", "d42", "svd")
    keep(keys, seen=[3, 2**31])
    found = cache.look_up(keys)
    assert found.candidates is not None
    assert (found.is_fresh, found.mark, found.seen, found.seen_is_complete) == (True, MARK, {3, 2**31}, True)
    assert (found.candidates.person, found.candidates.is_personal) == (7, True)
    for column in ("items", "scores", "sources"):
        assert getattr(found.candidates, column).tolist() == getattr(candidates(), column).tolist()


def test_of_nobody_nothing_is_known(shop: Shop) -> None:
    assert cache.look_up(cache.keys_of("ada", "d42", "svd")) == cache.CachedEntry(seen=set())


def test_a_list_is_plain_arrays_and_nothing_pickled(shop: Shop) -> None:
    keys = cache.keys_of("ada", "d42", "svd")
    keep(keys, made=candidates(n=200))
    (packed,) = redis.roundtrip(("GET", keys.candidates))
    assert len(packed) == HEADER.size + 200 * 9
    assert np.frombuffer(packed, "<u4", 200, HEADER.size).tolist() == candidates(n=200).items.tolist()


def test_keys_name_all_that_shapes_the_candidates(shop: Shop) -> None:
    shapes = [("ada", "d42", "svd"), ("ben", "d42", "svd"), ("ada", "d43", "svd"), ("ada", "d42", "popular")]
    assert len({cache.keys_of(*shape).candidates for shape in shapes}) == 4
    assert ":d42:svd:{ada}" in cache.keys_of("ada", "d42", "svd").candidates


def test_a_list_of_another_format_is_not_read(shop: Shop) -> None:
    keys = cache.keys_of("ada", "d42", "svd")
    keep(keys)
    redis.roundtrip(("SET", keys.candidates, b"\x63" + b"\x00" * 100))
    assert cache.look_up(keys).candidates is None


def test_after_an_event_the_candidates_are_stale_and_the_item_is_seen(shop: Shop) -> None:
    keys = cache.keys_of("ada", "d42", "svd")
    keep(keys, seen=[3])
    cache.note_events({"ada": [4, 5]})
    found = cache.look_up(keys)
    assert not found.is_fresh
    assert found.candidates is not None
    assert found.seen == {3, 4, 5}
    assert found.seen_is_complete


def test_a_list_made_while_an_event_came_in_is_stale_when_it_is_written(shop: Shop) -> None:
    keys = cache.keys_of("ada", "d42", "svd")
    keep(keys)
    before = cache.look_up(keys).mark
    cache.note_events({"ada": [4]})
    keep(keys, mark=before)
    assert not cache.look_up(keys).is_fresh


def test_the_same_holds_for_a_persons_first_list(shop: Shop) -> None:
    keys = cache.keys_of("ada", "d42", "svd")
    mark = cache.look_up(keys).mark or cache.new_mark()
    cache.note_events({"ada": [4]})
    keep(keys, mark=mark)
    assert not cache.look_up(keys).is_fresh


def test_a_list_does_not_come_back_to_life_when_its_mark_was_evicted(shop: Shop) -> None:
    keys = cache.keys_of("ada", "d42", "svd")
    keep(keys)
    redis.roundtrip(("DEL", keys.mark))
    assert not cache.look_up(keys).is_fresh
    cache.note_events({"ada": [4]})
    assert not cache.look_up(keys).is_fresh


def test_an_event_alone_makes_no_seen_set_complete(shop: Shop) -> None:
    cache.note_events({"ada": [4]})
    found = cache.look_up(cache.keys_of("ada", "d42", "svd"))
    assert (found.seen, found.seen_is_complete) == ({4}, False)


def test_an_event_between_the_reading_and_the_writing_of_a_seen_set_stays(shop: Shop) -> None:
    keys = cache.keys_of("ada", "d42", "svd")
    read_from_the_database = [1, 2]
    cache.note_events({"ada": [3]})
    keep(keys, seen=read_from_the_database)
    found = cache.look_up(keys)
    assert (found.seen, found.seen_is_complete) == ({1, 2, 3}, True)
    assert COMPLETE not in found.seen


def test_everything_expires_the_list_first(shop: Shop, settings: Any) -> None:
    settings.CANDIDATE_TTL_SECS = 1000
    keys = cache.keys_of("ada", "d42", "svd")
    keep(keys)
    assert redis.roundtrip(("TTL", keys.candidates), ("TTL", keys.mark), ("TTL", keys.seen)) == [1000, 2000, 2000]


def test_strangers_are_remembered_for_minutes_only(shop: Shop) -> None:
    keys = cache.keys_of("nobody", "d42", "svd")
    cache.store(cache.keep(keys, MARK, Candidates.impersonal(NOBODY)))
    assert redis.roundtrip(("TTL", keys.candidates)) == [cache.STRANGER_SECS]


@pytest.mark.parametrize("change", [types.changed, producers.stored_in_bulk])
def test_what_concerns_all_lists_makes_all_of_them_anew(
    shop: Shop, change: Any, django_capture_on_commit_callbacks: Any
) -> None:
    keep(cache.keys_of("ada", "d42", "svd"), seen=[1])
    with django_capture_on_commit_callbacks(execute=True):
        change()
    found = cache.look_up(cache.keys_of("ada", "d42", "svd"))
    assert found.candidates is None
    assert not found.seen_is_complete


def test_a_list_begun_under_an_older_generation_is_not_taken_for_a_newer_one(
    shop: Shop, django_capture_on_commit_callbacks: Any
) -> None:
    begun = cache.keys_of("ada", "d42", "svd")
    with django_capture_on_commit_callbacks(execute=True):
        producers.stored_in_bulk()
    keep(begun)
    assert cache.look_up(cache.keys_of("ada", "d42", "svd")).candidates is None


def test_an_event_goes_to_the_newest_generation_even_if_this_process_has_not_heard_of_it(
    shop: Shop, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        producers.stored_in_bulk()
    newest = cache.keys_of("ada", "d42", "svd")
    generations._known.numbers = {}
    generations._known.look_again_at = float("inf")
    assert cache.keys_of("ada", "d42", "svd") != newest
    cache.note_events({"ada": [4]})
    assert cache.look_up(newest).seen == {4}


def test_memory_is_measured_for_each_person(shop: Shop) -> None:
    people = [cache.keys_of(user_id, "d42", "svd") for user_id in ("ada", "ben")]
    for keys in people:
        keep(keys, made=candidates(n=200), seen=list(range(1, 61)))
    assert 1800 < cache.memory(people) < 4000
    assert cache.memory([]) == 0


def test_an_event_takes_one_round_trip(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    cache.note_events({"ada": [4]})
    trips, exchange = [], redis.exchange

    def counted(*sent: Any) -> list[Any]:
        trips.append(sent)
        return exchange(*sent)

    monkeypatch.setattr(redis, "exchange", counted)
    cache.note_events({"ada": [5]})
    assert len(trips) == 1
