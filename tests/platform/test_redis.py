import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from recsite.platform import redis
from recsite.platform.redis import RedisDown
from tests.outages import Redis, stoppable_redis, wait_until


@pytest.fixture
def server(tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Redis]:
    monkeypatch.setattr(redis, "on_recovery", [])
    with stoppable_redis(tmp_path, settings) as server:
        yield server


def test_commands_travel_together_and_answer_in_order(server: Redis) -> None:
    assert redis.roundtrip(("SET", "a", b"\x00\xff"), ("GET", "a"), ("MGET", "a", "b")) == [
        b"OK",
        b"\x00\xff",
        [b"\x00\xff", None],
    ]


def test_a_refused_command_leaves_no_answer_behind_for_the_next(server: Redis) -> None:
    redis.roundtrip(("SET", "a", 1))
    with pytest.raises(RedisDown):
        redis.roundtrip(("SMEMBERS", "a"), ("GET", "a"))
    redis.forget()
    assert redis.roundtrip(("PING",)) == [b"PONG"]


def test_a_stopped_server_is_down_at_once_and_noticed_when_it_is_back(server: Redis) -> None:
    redis.roundtrip(("SET", "a", 1))
    server.stop()
    with pytest.raises(RedisDown):
        redis.roundtrip(("GET", "a"))
    assert redis.is_down()
    server.start()
    wait_until(lambda: not redis.is_down())
    assert redis.roundtrip(("GET", "a")) == [b"1"]


def test_one_request_finds_out_that_the_server_hangs_and_the_others_do_not_ask_it(server: Redis) -> None:
    server.hang()
    with pytest.raises(RedisDown):
        redis.roundtrip(("PING",))
    asked: list[redis.Client] = []
    for _ in range(5):
        with pytest.raises(RedisDown):
            redis.call(asked.append)
    assert asked == []


def test_it_stays_out_of_use_until_everything_is_mended(server: Redis) -> None:
    mended = threading.Event()

    def mend(client: redis.Client) -> None:
        if not mended.is_set():
            raise ValueError("not yet")

    redis.on_recovery.append(mend)
    server.stop()
    with pytest.raises(RedisDown):
        redis.roundtrip(("PING",))
    server.start()
    with pytest.raises(RedisDown):
        redis.roundtrip(("PING",))
    mended.set()
    wait_until(lambda: not redis.is_down())
    assert redis.roundtrip(("PING",)) == [b"PONG"]


def test_a_pool_that_is_used_up_says_nothing_about_the_server(server: Redis) -> None:
    redis.call(lambda client: setattr(client.connection_pool, "max_connections", 0))
    with pytest.raises(RedisDown):
        redis.roundtrip(("PING",))
    assert not redis.is_down()
