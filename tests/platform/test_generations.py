import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import redis as client
from django.db import transaction

from recsite.platform import database, generations, redis
from recsite.platform.models import Generation
from tests.outages import Redis, no_postgres, stoppable_redis, wait_until

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)


@pytest.fixture(autouse=True)
def server(tmp_path: Path, settings: Any) -> Iterator[Redis]:
    with stoppable_redis(tmp_path, settings) as server:
        yield server


def look() -> int:
    """What another process would know now."""
    generations.forget()
    return generations.current("lists")


def published() -> int:
    return int(redis.roundtrip(("HGET", generations.KEY, "lists"))[0] or 0)


def test_what_was_never_bumped_is_zero() -> None:
    assert look() == 0


def test_a_bump_reaches_other_processes_and_only_rises() -> None:
    seen = [look()]
    for _ in range(3):
        generations.bump("lists")
        seen.append(look())
    assert seen == sorted(set(seen))


def test_a_bump_waits_for_the_commit_and_dies_with_the_transaction() -> None:
    with transaction.atomic():
        generations.bump("lists")
        assert look() == 0
        transaction.set_rollback(True)
    assert look() == 0


def test_between_two_looks_nobody_is_asked(django_assert_num_queries: Any) -> None:
    generations.bump("lists")
    look()
    with django_assert_num_queries(0):
        generations.current("lists")


def test_a_look_asks_redis_and_not_the_database(django_assert_num_queries: Any) -> None:
    generations.bump("lists")
    look()
    generations._known.look_again_at = 0
    with django_assert_num_queries(0):
        generations.current("lists")


def test_without_redis_the_database_answers(server: Redis) -> None:
    generations.bump("lists")
    known = look()
    server.stop()
    generations.bump("lists")
    assert look() > known


def test_without_the_database_redis_answers() -> None:
    generations.bump("lists")
    known = look()
    with no_postgres():
        assert look() == known


def test_without_either_what_is_known_stays(server: Redis) -> None:
    generations.bump("lists")
    known = look()
    server.stop()
    with no_postgres():
        generations._known.look_again_at = 0
        assert generations.current("lists") == known


def test_a_bump_during_an_outage_is_made_once_more_when_redis_is_back(server: Redis) -> None:
    generations.bump("lists")
    server.stop()
    generations.bump("lists")
    during = Generation.objects.get(name="lists").value
    server.start()
    wait_until(lambda: not redis.is_down())
    assert published() > during


def test_a_flushed_redis_learns_the_numbers_again() -> None:
    generations.bump("lists")
    known = look()
    redis.roundtrip(("FLUSHALL",))
    generations._known.look_again_at = 0
    assert generations.current("lists") == known == published()


def test_a_new_process_mends_what_a_dead_one_could_not_tell() -> None:
    generations.bump("lists")
    Generation.objects.update(value=published() + 1)
    assert look() == published() == Generation.objects.get().value


def test_an_older_number_never_replaces_a_newer_one() -> None:
    generations.bump("lists")
    known = look()
    Generation.objects.update(value=known - 10)
    generations.repair()
    assert look() == published() == known


def test_a_database_restored_from_a_backup_still_rises_past_what_was_published() -> None:
    generations.bump("lists")
    known = look()
    Generation.objects.all().delete()
    generations.bump("lists")
    assert look() > known


def test_two_processes_that_bump_at_once_both_count() -> None:
    workers = [threading.Thread(target=_bump_and_close) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert look() == published() == Generation.objects.get().value


def _bump_and_close() -> None:
    from django.db import connection

    generations.bump("lists")
    connection.close()


def test_a_mark_of_a_dead_process_counts_for_the_next_one() -> None:
    generations.bump("lists")
    known = look()
    generations.mark_dirty("lists")
    generations._known.look_again_at = 0
    assert generations.current("lists") == known
    assert look() > known
    kept = published()
    assert look() == kept


def test_a_mark_that_was_cleared_changes_nothing() -> None:
    generations.bump("lists")
    known = look()
    generations.mark_dirty("lists")
    generations.clear_dirty("lists")
    assert look() == known


def test_nobody_clears_the_mark_of_another() -> None:
    generations.bump("lists")
    known = look()
    generations.mark_dirty("lists")
    generations._known.process = uuid4()
    generations.clear_dirty("lists")
    assert look() > known


def test_a_restart_of_redis_is_noticed(server: Redis) -> None:
    look()
    run = generations.redis_run()
    assert len(run) == 40
    server.stop()
    server.start()
    look()
    assert generations.redis_run() not in (run, b"")


def test_with_the_database_gone_too_a_loss_waits_without_harm(server: Redis) -> None:
    known = look()
    server.stop()
    generations.bump("lists")
    with no_postgres():
        server.start()
        redis.forget()
        generations._known.look_again_at = 0
        assert generations.current("lists") > known
        generations.mark_dirty("lists")
        generations.clear_dirty("lists")
    database.forget()
    generations._known.look_again_at = 0
    assert generations.current("lists") == published()


def test_redis_is_understood_in_its_older_protocol_too(server: Redis) -> None:
    generations.bump("lists")
    spoken = [client.Redis.from_url(server.url, protocol=protocol) for protocol in (2, 3)]
    old, new = (generations._parse(redis.exchange(one, *generations.PUBLISHED)) for one in spoken)
    assert old == new
    assert old[0]["lists"] == look()
    assert old[1] == generations.redis_run() != b""
