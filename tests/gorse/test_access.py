"""The routes under /gorse obey the same keys, scopes, permissions and limits as the API."""

import json
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import get_resolver
from pytest_django import Settings

from recsite.gorse_permissions import API_ACCESS, GORSE_ACCESS, GORSE_OPEN
from recsite.platform import keys
from recsite.platform.access import Scope
from recsite.platform.models import ApiKey
from tests import outages
from tests.admin.staff import Staff
from tests.recommender.fixtures import Shop

pytestmark = pytest.mark.django_db
READ = [{"FeedbackType": "read", "UserId": "ada", "ItemId": "novel-0"}]
REQUESTS: dict[tuple[str, str], tuple[str, Any]] = {
    ("gorse-new-user", "POST"): ("user", {"UserId": "new"}),
    ("gorse-users", "GET"): ("users", None),
    ("gorse-users", "POST"): ("users", [{"UserId": "new"}]),
    ("gorse-user", "GET"): ("user/ada", None),
    ("gorse-user", "PATCH"): ("user/ada", {}),
    ("gorse-user", "DELETE"): ("user/ada", None),
    ("gorse-new-item", "POST"): ("item", {"ItemId": "new"}),
    ("gorse-items", "GET"): ("items", None),
    ("gorse-items", "POST"): ("items", [{"ItemId": "new"}]),
    ("gorse-item", "GET"): ("item/novel-0", None),
    ("gorse-item", "PATCH"): ("item/novel-0", {}),
    ("gorse-item", "DELETE"): ("item/novel-0", None),
    ("gorse-item-category", "PUT"): ("item/novel-0/category/x", None),
    ("gorse-item-category", "DELETE"): ("item/novel-0/category/x", None),
    ("gorse-feedback", "GET"): ("feedback", None),
    ("gorse-feedback", "POST"): ("feedback", READ),
    ("gorse-feedback", "PUT"): ("feedback", READ),
    ("gorse-typed-feedback", "GET"): ("feedback/read", None),
    ("gorse-pair-feedback", "GET"): ("feedback/ada/novel-0", None),
    ("gorse-pair-feedback", "DELETE"): ("feedback/ada/novel-0", None),
    ("gorse-one-feedback", "GET"): ("feedback/read/ada/novel-0", None),
    ("gorse-one-feedback", "DELETE"): ("feedback/read/ada/novel-0", None),
    ("gorse-user-feedback", "GET"): ("user/ada/feedback", None),
    ("gorse-item-feedback", "GET"): ("item/novel-0/feedback", None),
    ("gorse-recommend", "GET"): ("recommend/ada", None),
    ("gorse-collaborative", "GET"): ("collaborative-filtering/ada", None),
    ("gorse-user-neighbors", "GET"): ("user/ada/neighbors", None),
    ("gorse-session", "POST"): ("session/recommend", READ),
    ("gorse-latest", "GET"): ("latest", None),
    ("gorse-popular", "GET"): ("popular", None),
    ("gorse-non-personalized", "GET"): ("non-personalized/popular", None),
    ("gorse-item-neighbors", "GET"): ("item/novel-0/neighbors", None),
}
PERMISSIONS = {access.permission for methods in API_ACCESS.values() for access in methods.values()}
entries = pytest.mark.parametrize("entry", sorted(REQUESTS), ids="-".join)


@pytest.fixture(autouse=True)
def no_keys_remembered() -> None:
    keys.forget()


def ask(client: Client, entry: tuple[str, str], **headers: str) -> Any:
    path, body = REQUESTS[entry]
    sent = "" if body is None else json.dumps(body)
    return client.generic(entry[1], f"/gorse/api/{path}", sent, "application/json", headers=headers)


def key_with(*scopes: Scope, **fields: Any) -> str:
    return str(ApiKey.objects.create_key(name="gorse", scopes=list(scopes), **fields)[1])


def test_every_method_of_every_route_stands_in_the_table_with_a_permission_that_exists() -> None:
    patterns: list[Any] = get_resolver().url_patterns
    (prefix,) = [one for one in patterns if str(one.pattern) == "gorse/api/"]
    assert {route.name for route in prefix.url_patterns} == GORSE_ACCESS.keys() | set(GORSE_OPEN)
    assert {(route, method) for route, methods in GORSE_ACCESS.items() for method in methods} == set(REQUESTS)
    known = {f"{one.content_type.app_label}.{one.codename}" for one in Permission.objects.all()}
    assert known >= PERMISSIONS


@entries
def test_without_a_key_nobody_comes_in(client: Client, entry: tuple[str, str]) -> None:
    answer = ask(client, entry)
    assert (answer.status_code, answer.content) == (401, b"unauthorized")
    assert ask(client, entry, **{"X-API-Key": "wrong.key"}).status_code == 401


@entries
def test_a_key_needs_the_scope_and_no_other(shop: Shop, client: Client, entry: tuple[str, str]) -> None:
    needed = GORSE_ACCESS[entry[0]][entry[1]].scope
    others = key_with(*(scope for scope in Scope if scope != needed))
    assert ask(client, entry, **{"X-API-Key": others}).status_code == 403
    assert ask(client, entry, **{"X-API-Key": key_with(needed)}).status_code == 200


@entries
def test_staff_need_the_permission_and_no_other(shop: Shop, entry: tuple[str, str]) -> None:
    needed = GORSE_ACCESS[entry[0]][entry[1]].permission
    assert ask(Staff("others", *sorted(PERMISSIONS - {needed})).client, entry).status_code == 403
    assert ask(Staff("allowed", needed).client, entry).status_code == 200


@pytest.mark.parametrize("path", ["feedback/ada/novel-0", "feedback/read/ada/novel-0"])
def test_a_key_that_writes_deletes_no_events(shop: Shop, client: Client, path: str) -> None:
    for scope, status in ((Scope.WRITE, 403), (Scope.ERASE, 200)):
        answer = client.delete(f"/gorse/api/{path}", headers={"X-API-Key": key_with(scope)})
        assert answer.status_code == status


def test_our_own_header_works_as_well(shop: Shop, client: Client) -> None:
    key = key_with(Scope.READ)
    answer = ask(client, ("gorse-recommend", "GET"), Authorization=f"Api-Key {key}", **{"X-API-Key": "ignored"})
    assert answer.status_code == 200
    assert answer.headers["X-Request-ID"]


def test_limits_hold_and_say_when_to_come_again(shop: Shop, client: Client, settings: Settings) -> None:
    settings.RATE_LIMIT_ENABLED = True
    key = key_with(Scope.READ, rate_limit=1)
    answers = [ask(client, ("gorse-items", "GET"), **{"X-API-Key": key}) for _ in range(2)]
    assert [one.status_code for one in answers] == [200, 429]
    assert answers[1].content.startswith(b"Too many requests")
    assert answers[1].headers["Retry-After"]


@pytest.mark.parametrize("path", ["health/live", "health/ready", "health/ready/"])
def test_health_needs_no_key(client: Client, path: str) -> None:
    well = {"Ready": True, "DataStoreError": None, "CacheStoreError": None}
    answer = client.get(f"/gorse/api/{path}")
    assert answer.json() == {**well, "DataStoreConnected": True, "CacheStoreConnected": True}


def test_without_the_database_it_is_not_ready(client: Client) -> None:
    with outages.no_postgres():
        answers = [client.get(f"/gorse/api/health/{name}") for name in ("live", "ready")]
    assert [one.status_code for one in answers] == [200, 503]
    assert answers[1].json()["DataStoreError"] == "PostgreSQL doesn't answer."


def test_the_log_names_no_user(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO", "recsite.access"):
        client.get("/gorse/api/recommend/lovelace")
        client.get("/gorse/api/feedback/read/lovelace/emma")
    lines = [record.getMessage() for record in caplog.records if record.name == "recsite.access"]
    assert len(lines) == 2
    assert not any("lovelace" in line for line in lines)
