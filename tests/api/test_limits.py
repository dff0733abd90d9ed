"""Limits of requests, by key and scope or by address: the same over all processes, told in headers, and no wait."""

import time
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from prometheus_client import REGISTRY

from recsite.platform import keys, redis
from recsite.platform.clients import client_address, network
from recsite.platform.limits import Bucket
from recsite.platform.models import ApiKey
from tests.outages import stoppable_redis
from tests.recommender.fixtures import Shop

pytestmark = pytest.mark.django_db
LIST = "/api/v1/recommendations/users/ada"
PATHS = [LIST, "/api/v1/recommendations/popular", "/api/v1/items", "/api/v1/models/live"]
VIEW = {"user_id": "ada", "item_id": "novel-1", "type": "view"}


@pytest.fixture(autouse=True)
def no_keys_remembered() -> None:
    keys.forget()


def holder(**fields: Any) -> Client:
    _, key = ApiKey.objects.create_key(name="shop", **fields)
    return Client(headers={"Authorization": f"Api-Key {key}"})


def counted(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0


@pytest.mark.parametrize("path", PATHS)
def test_a_key_has_one_minute_s_allowance(shop: Shop, path: str) -> None:
    client = holder(rate_limit=2)
    answers = [client.get(path) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert [answer["X-RateLimit-Remaining"] for answer in answers] == ["1", "0", "0"]
    for answer in answers:
        assert (answer["X-RateLimit-Limit"], answer["RateLimit-Policy"]) == ("2", '"key";q=2;w=60')
        assert 0 < int(answer["X-RateLimit-Reset"]) - time.time() <= 61
    assert answers[0]["RateLimit"] == '"key";r=1;t=30'
    refused = answers[2]
    assert 1 <= int(refused["Retry-After"]) <= 30
    assert refused.json()["error"]["code"] == "too_many_requests"
    assert refused.json()["error"]["message"].startswith(
        "Too many requests: 2 a minute are allowed here. Try again in "
    )
    assert refused["X-Request-ID"] == refused.json()["request_id"]


def test_each_scope_has_an_allowance_of_its_own(shop: Shop) -> None:
    client = holder(rate_limit=1)
    assert [client.get(LIST).status_code for _ in range(2)] == [200, 429]
    sent = [client.post("/api/v1/interactions", VIEW, "application/json").status_code for _ in range(2)]
    assert sent == [202, 429]


def test_a_request_that_is_refused_does_nothing(shop: Shop, django_assert_num_queries: Any) -> None:
    client = holder(rate_limit=1)
    client.post("/api/v1/interactions", VIEW, "application/json")
    with django_assert_num_queries(0):
        assert client.post("/api/v1/interactions", VIEW, "application/json").status_code == 429


def test_wrong_requests_count_too(shop: Shop) -> None:
    client = holder(rate_limit=1)
    assert [client.get(LIST, {"limit": "x"}).status_code for _ in range(2)] == [422, 429]


def test_tokens_come_back_evenly(shop: Shop) -> None:
    client = holder(rate_limit=2)
    key = ApiKey.objects.get()
    assert [client.get(LIST).status_code for _ in range(3)] == [200, 200, 429]
    name = f"limit:key:{key.prefix}:read"
    full_at, ttl = redis.roundtrip(("GET", name), ("PTTL", name))
    assert 0 < ttl <= 60_000
    # As if half a minute had passed.
    redis.roundtrip(("SET", name, int(full_at) - 30_000_000))
    assert [client.get(LIST).status_code for _ in range(2)] == [200, 429]


def test_the_default_is_the_setting_s_and_zero_is_none(shop: Shop, settings: Any) -> None:
    settings.RATE_LIMIT_PER_KEY = 7
    assert holder().get(LIST)["X-RateLimit-Limit"] == "7"
    assert "X-RateLimit-Limit" not in holder(rate_limit=0).get(LIST)


def test_a_cached_list_and_its_limit_are_one_round_trip(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    client = holder(rate_limit=4)
    client.get(LIST)
    trips: list[list[Any]] = []
    exchange = redis.exchange

    def count(connection: Any, *commands: Any) -> Any:
        trips.append([command[0] for command in commands])
        return exchange(connection, *commands)

    monkeypatch.setattr(redis, "exchange", count)
    answer = client.get(LIST)
    assert (answer.json()["cache_hit"], trips) == (True, [["EVAL", "MGET", "SMEMBERS"]])
    assert answer["X-RateLimit-Remaining"] == "2"


def test_without_a_key_the_address_has_an_allowance(settings: Any) -> None:
    settings.RATE_LIMIT_PER_ADDRESS = 2
    client = Client(REMOTE_ADDR="203.0.113.1")
    redis.roundtrip(("DEL", "limit:address:203.0.113.1"))
    answers = [client.get(LIST) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [401, 401, 429]
    assert answers[2]["RateLimit-Policy"] == '"address";q=2;w=60'
    redis.roundtrip(("DEL", "limit:address:203.0.113.2"))
    assert Client(REMOTE_ADDR="203.0.113.2").get(LIST).status_code == 401


@pytest.mark.parametrize("is_seen", [True, False])
def test_guesses_are_slowed_and_right_keys_are_not(shop: Shop, settings: Any, is_seen: bool) -> None:
    settings.RATE_LIMIT_PER_ADDRESS = 2
    client = holder()
    if is_seen:
        assert client.get(LIST).status_code == 200
    prefix = ApiKey.objects.get().prefix
    guess: Any = {"headers": {"Authorization": f"Api-Key {prefix}.{'x' * 32}"}}
    redis.roundtrip(*(("DEL", f"limit:address:203.0.113.{n}") for n in (3, 4)))
    wrong = Client(REMOTE_ADDR="203.0.113.3", **guess)
    assert [wrong.get(LIST).status_code for _ in range(3)] == [401, 401, 429]
    # By the key that they are at, also from another address.
    assert Client(REMOTE_ADDR="203.0.113.4", **guess).get(LIST).status_code == 429
    # The answer doesn't tell if there is such a key.
    other = {"Authorization": f"Api-Key {'0' * 8}.{'x' * 32}"}
    assert wrong.get(LIST, headers=other).status_code == wrong.get(LIST).status_code == 429
    assert client.get(LIST, REMOTE_ADDR="203.0.113.3").status_code == 200


def test_a_browser_key_is_found_where_its_address_has_guessed(shop: Shop, settings: Any) -> None:
    settings.RATE_LIMIT_PER_ADDRESS = 2
    row, _ = ApiKey.objects.create_key(name="pages", is_browser=True, origins=["https://shop.example"])
    address: Any = {"REMOTE_ADDR": "203.0.113.5"}
    redis.roundtrip(("DEL", "limit:address:203.0.113.5"))
    for status in (401, 401, 429):
        assert Client(headers={"Authorization": "Api-Key bad.key"}).get(LIST, **address).status_code == status
    pages = Client(headers={"Authorization": f"Api-Key {row.prefix}", "Origin": "https://shop.example"})
    assert pages.get(LIST, **address).json()["error"]["message"].startswith("A browser key needs the token of a user")


def test_staff_have_the_allowance_of_a_key(settings: Any) -> None:
    settings.RATE_LIMIT_PER_KEY = 1
    client = Client()
    client.force_login(User.objects.create_superuser("boss"))
    assert [client.get("/api/v1/items").status_code for _ in range(2)] == [200, 429]


def test_a_header_lets_nobody_by(shop: Shop) -> None:
    client = holder(rate_limit=1)
    headers = {"X-Bypass-Rate-Limit": "true", "X-Forwarded-For": "10.0.0.1"}
    assert [client.get(LIST, headers=headers).status_code for _ in range(2)] == [200, 429]


@pytest.mark.parametrize("switch", ["RATE_LIMIT_ENABLED", "API_AUTH_REQUIRED"])
def test_limits_can_be_switched_off(shop: Shop, settings: Any, switch: str) -> None:
    client = holder(rate_limit=1)
    setattr(settings, switch, False)
    answers = [client.get(LIST) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert "X-RateLimit-Limit" not in answers[0]


@pytest.mark.parametrize("path", ["/ping", "/ready", "/health", "/metrics", "/", "/admin/login/", "/api/docs/"])
def test_pages_and_probes_have_no_limit(db: None, settings: Any, path: str) -> None:
    settings.RATE_LIMIT_PER_ADDRESS = 1
    answers = [Client(REMOTE_ADDR="203.0.113.9").get(path) for _ in range(3)]
    assert not any(answer.status_code == 429 or "RateLimit" in answer.headers for answer in answers)


def test_without_redis_everybody_passes_and_is_counted(shop: Shop, settings: Any, tmp_path: Path) -> None:
    client = holder(rate_limit=1)
    with stoppable_redis(tmp_path, settings) as server:
        assert client.get(LIST).status_code == 200
        server.stop()
        before = counted("rate_limit_unchecked_total")
        answers = [client.get(path) for path in (LIST, "/api/v1/items", LIST)]
        assert [answer.status_code for answer in answers] == [200, 200, 200]
        assert counted("rate_limit_unchecked_total") == before + 3
        assert "X-RateLimit-Limit" not in answers[0]


def test_a_limit_holds_where_redis_may_not_write(shop: Shop, settings: Any, tmp_path: Path) -> None:
    client = holder()
    with stoppable_redis(tmp_path, settings):
        redis.call(lambda server: server.config_set("maxmemory", "1"))
        assert client.get("/api/v1/items").status_code == 200
        assert not redis.is_down()


@pytest.mark.parametrize("limit", [1, 3, 7, 999, 1_000, 10_000_000])
def test_the_whole_allowance_may_come_at_once(limit: int) -> None:
    bucket = Bucket("test", f"{limit}", limit)
    redis.roundtrip(("DEL", f"limit:test:{limit}"))
    asked = min(limit, 1_000)
    left = redis.roundtrip(*[bucket.command() for _ in range(asked)])
    assert all(one >= 0 for one in left)


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (0, "10.9.9.9", "203.0.113.7"),
        (1, "10.9.9.9, 198.51.100.4", "198.51.100.4"),
        (2, "10.9.9.9, 198.51.100.4, 10.0.0.2", "198.51.100.4"),
        (2, "198.51.100.4", "203.0.113.7"),
        (1, "", "203.0.113.7"),
    ],
)
def test_the_address_is_the_one_that_a_trusted_proxy_saw(
    rf: Any, settings: Any, proxies: int, forwarded: str, address: str
) -> None:
    settings.TRUSTED_PROXY_COUNT = proxies
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    assert client_address(rf.get("/", REMOTE_ADDR="203.0.113.7", headers=headers)) == address


def test_whoever_has_one_ipv6_address_has_all_of_its_network() -> None:
    assert network("2001:db8:1:2:3::4") == network("2001:db8:1:2:ffff::1") != network("2001:db8:1:3::1")
    assert network("::ffff:203.0.113.7") == "203.0.113.7"
    assert network("unix:") == "unix:"
