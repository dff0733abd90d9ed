"""Sentinels say which Redis is the primary: when it is lost, cache and broker go on with the next one by themselves."""

import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import redis as client
from kombu import Connection

from recsite import redis_settings
from recsite.local.home import redis_server_path
from recsite.local.server import free_port
from recsite.platform import breaker, redis
from tests.outages import start_afresh, wait_until

SERVICE = "shop-lists"
PASSWORD = "p@ss/word"
QUEUE = "tried"
# Who has lost the primary is told by one Sentinel here; in production three have to agree.
SENTINEL = """
port {port}
dir {folder}
sentinel monitor {service} 127.0.0.1 {primary} 1
sentinel auth-pass {service} {password}
sentinel down-after-milliseconds {service} 400
sentinel failover-timeout {service} 2000
"""


class Servers:
    """A primary, its replica, and the Sentinel that watches them."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self._folder, self._stack = folder, stack
        self.primary, self.replica, self.sentinel = free_port(), free_port(), free_port()
        self._first = self._start(self.primary)
        self._start(self.replica, "--replicaof", "127.0.0.1", str(self.primary))
        wait_until(lambda: self._info(self.replica).get("master_link_status") == "up")
        watch = {"folder": folder, "service": SERVICE, "primary": self.primary, "password": PASSWORD}
        (folder / "sentinel.conf").write_text(SENTINEL.format(port=self.sentinel, **watch))
        self._spawn(str(folder / "sentinel.conf"), "--sentinel")
        wait_until(self._sentinel_knows_the_replica)

    def url(self) -> str:
        """Return an address with a Sentinel that is gone before the one that answers."""
        login = PASSWORD.replace("@", "%40").replace("/", "%2F")
        return f"redis+sentinel://:{login}@127.0.0.1:{free_port()},127.0.0.1:{self.sentinel}/{SERVICE}/0"

    def lose_the_primary(self) -> None:
        self._first.kill()
        self._first.wait()

    def _start(self, port: int, *options: str) -> "subprocess.Popen[bytes]":
        login = ("--requirepass", PASSWORD, "--masterauth", PASSWORD)
        return self._spawn("--port", str(port), "--dir", str(self._folder), "--save", "", *login, *options)

    def _spawn(self, *arguments: str) -> "subprocess.Popen[bytes]":
        process = subprocess.Popen([str(redis_server_path()), *arguments], stdout=subprocess.DEVNULL)
        self._stack.callback(process.wait)
        self._stack.callback(process.kill)
        return process

    def _info(self, port: int) -> dict[str, Any]:
        try:
            found: Any = client.Redis(port=port, password=PASSWORD).info("replication")
        except client.RedisError:
            return {}
        return dict(found)

    def _sentinel_knows_the_replica(self) -> bool:
        try:
            sentinel: Any = client.Redis(port=self.sentinel)
            known = sentinel.execute_command("SENTINEL", "REPLICAS", SERVICE)
        except client.RedisError:
            return False
        return bool(known)


@pytest.fixture
def servers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Servers]:
    monkeypatch.setattr(redis, "on_recovery", [])
    monkeypatch.setattr(breaker, "LONGEST_PAUSE", 0.5)
    with ExitStack() as stack:
        servers = Servers(tmp_path, stack)
        yield servers
    start_afresh()


def test_cache_and_broker_go_on_with_the_next_primary(servers: Servers, settings: Any) -> None:
    found = redis_settings.read("REDIS_URL", servers.url())
    settings.CACHES = redis_settings.caches(found, 20)
    start_afresh()
    redis.call(lambda one: one.set("list", b"kept"))
    with Connection(found.broker_url, transport_options=found.broker_options) as broker:
        broker.SimpleQueue(QUEUE).put({"task": 1})
        wait_until(lambda: servers._info(servers.primary)["slave0"]["lag"] == 0)
        redis.call(lambda one: one.wait(1, 2000))

        servers.lose_the_primary()
        with pytest.raises(redis.RedisDown):
            redis.call(lambda one: one.get("list"))
        wait_until(lambda: not redis.is_down(), 60)
        assert redis.call(lambda one: one.get("list")) == b"kept"
        # Another round trip, by which the new primary takes writes.
        assert redis.roundtrip(("SET", "list", "new"), ("GET", "list")) == [b"OK", b"new"]
    with Connection(found.broker_url, transport_options=found.broker_options) as broker:
        assert broker.SimpleQueue(QUEUE).get(timeout=10).payload == {"task": 1}


def test_with_tls_both_are_asked_by_tls() -> None:
    found = redis_settings.read("REDIS_URL", "rediss+sentinel://a,b:1/main/2?sentinel_password=x")
    assert found.url == "redis://main/2"
    assert found.broker_url == "sentinel://a:26379/2;sentinel://b:1/2"
    assert found.broker_tls == {"ssl_cert_reqs": "required"}
    options = redis_settings.caches(found, 5)["default"]["OPTIONS"]
    assert options["SENTINELS"] == [("a", 26_379), ("b", 1)]
    assert options["CONNECTION_POOL_KWARGS"] == {"max_connections": 5, "ssl": True}
    assert options["SENTINEL_KWARGS"]["ssl"] is True
    assert options["SENTINEL_KWARGS"]["password"] == "x"
