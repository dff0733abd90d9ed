"""Each method of each route asks a key for its scope and staff for their permission, as one table says."""

import json
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import get_resolver

from recsite import route_table
from recsite.local.paths import PROJECT
from recsite.permissions import API_ACCESS, API_OPEN
from recsite.platform import keys, staff_tokens
from recsite.platform.access import Scope
from recsite.platform.models import ApiKey
from tests.admin.staff import Staff
from tests.recommender.fixtures import Shop

pytestmark = pytest.mark.django_db
VIEW = {"user_id": "ada", "item_id": "emma", "type": "view"}
REQUESTS: dict[tuple[str, str], tuple[str, Any]] = {
    ("recommendations", "GET"): ("recommendations/users/ada", None),
    ("batch", "POST"): ("recommendations/batch", {"user_ids": ["ada"]}),
    ("session", "POST"): ("recommendations/session", {"items": ["emma"]}),
    ("popular", "GET"): ("recommendations/popular", None),
    ("latest", "GET"): ("recommendations/latest", None),
    ("trending", "GET"): ("recommendations/trending", None),
    ("similar", "GET"): ("recommendations/items/emma/similar", None),
    ("together", "GET"): ("recommendations/items/emma/bought-together", None),
    ("live-models", "GET"): ("models/live", None),
    ("models", "GET"): ("models", None),
    ("model", "GET"): ("models/1", None),
    ("releases", "GET"): ("releases", None),
    ("release", "GET"): ("releases/1", None),
    ("compare-releases", "GET"): ("releases/compare?a=1&b=2", None),
    ("train", "POST"): ("models/train", {}),
    ("reload", "POST"): ("models/reload", {}),
    ("promote", "POST"): ("releases/1/promote", {}),
    ("estimate", "POST"): ("releases/1/estimate", {"placement": "default"}),
    ("rollback", "POST"): ("releases/rollback", {}),
    ("placements", "GET"): ("placements", None),
    ("placements", "POST"): ("placements", {"name": "home", "kind": "user"}),
    ("placement", "GET"): ("placements/default", None),
    ("placement", "DELETE"): ("placements/nowhere", None),
    ("placement-draft", "PUT"): ("placements/default/draft", {"settings": {}, "version": 0}),
    ("placement-publish", "POST"): ("placements/default/publish", {"version": 0}),
    ("placement-revert", "POST"): ("placements/default/revert", {"to": 1}),
    ("placement-preview", "POST"): ("placements/default/preview", {}),
    ("cache", "GET"): ("cache", None),
    ("cache", "POST"): ("cache", {}),
    ("export-lists", "POST"): ("recommendations/export", {}),
    ("cache-clear", "POST"): ("cache/clear", {}),
    ("stats", "GET"): ("stats", None),
    ("placement-analytics", "GET"): ("analytics/placements", None),
    ("algorithm-analytics", "GET"): ("analytics/algorithms", None),
    ("system-analytics", "GET"): ("analytics/system", None),
    ("user-statistics", "GET"): ("users/ada/statistics", None),
    ("why-not", "GET"): ("users/ada/why-not?item_id=novel-0", None),
    ("item-statistics", "GET"): ("items/emma/statistics", None),
    ("jobs", "GET"): ("jobs", None),
    ("job", "GET"): ("jobs/1", None),
    ("job-cancel", "POST"): ("jobs/1/cancel", {}),
    ("webhooks", "GET"): ("webhooks", None),
    ("webhooks", "POST"): ("webhooks", {"url": "https://shop.example/", "events": ["job.failed"]}),
    ("webhook", "GET"): ("webhooks/1", None),
    ("webhook", "PATCH"): ("webhooks/1", {"state": "paused"}),
    ("webhook", "DELETE"): ("webhooks/1", None),
    ("webhook-events", "GET"): ("webhooks/events", None),
    ("webhook-rotate", "POST"): ("webhooks/1/rotate", {}),
    ("webhook-test", "POST"): ("webhooks/1/test", {}),
    ("webhook-deliveries", "GET"): ("webhooks/1/deliveries", None),
    ("webhook-delivery", "GET"): ("webhooks/1/deliveries/1", None),
    ("webhook-redeliver", "POST"): ("webhooks/1/deliveries/1/redeliver", {}),
    ("experiments", "GET"): ("experiments", None),
    ("experiments", "POST"): ("experiments", {}),
    ("experiment", "GET"): ("experiments/leads", None),
    ("experiment-results", "GET"): ("experiments/leads/results", None),
    ("experiment-assign", "POST"): ("experiments/leads/assign", {"user_id": "ada"}),
    ("experiment-start", "POST"): ("experiments/leads/start", {}),
    ("experiment-pause", "POST"): ("experiments/leads/pause", {}),
    ("experiment-stop", "POST"): ("experiments/leads/stop", {}),
    ("experiment-archive", "POST"): ("experiments/leads/archive", {}),
    ("experiment-ship", "POST"): ("experiments/leads/ship", {}),
    ("shadows", "GET"): ("shadows", None),
    ("shadows", "POST"): ("shadows", {}),
    ("shadow", "GET"): ("shadows/3", None),
    ("shadow-stop", "POST"): ("shadows/3/stop", {}),
    ("interactions", "POST"): ("interactions", VIEW),
    ("interactions-bulk", "POST"): ("interactions/bulk", {"events": [VIEW]}),
    ("export-users", "GET"): ("export/users", None),
    ("export-items", "GET"): ("export/items", None),
    ("export-interactions", "GET"): ("export/interactions", None),
    ("user-interactions", "GET"): ("users/ada/interactions", None),
    ("item-interactions", "GET"): ("items/novel-0/interactions", None),
    ("items", "GET"): ("items", None),
    ("item", "GET"): ("items/emma", None),
    ("interaction-types", "GET"): ("interaction-types", None),
    ("interaction-types", "POST"): ("interaction-types", {"name": "save", "weight": 1}),
    ("interaction-type", "GET"): ("interaction-types/like", None),
    ("interaction-type", "PUT"): ("interaction-types/like", {"weight": 1}),
    ("interaction-type", "DELETE"): ("interaction-types/share", None),
    ("items-search", "GET"): ("items/search?q=emma", None),
    ("items-bulk", "POST"): ("items/bulk", {"items": [{"item_id": "new", "title": "New"}]}),
    ("users-bulk", "POST"): ("users/bulk", {"users": [{"user_id": "new"}]}),
    ("items", "POST"): ("items", {"item_id": "new", "title": "New"}),
    ("item", "PUT"): ("items/emma", {"title": "Emma"}),
    ("item", "PATCH"): ("items/emma", {"title": "Emma"}),
    ("item", "DELETE"): ("items/emma", None),
    ("users", "GET"): ("users", None),
    ("users", "POST"): ("users", {"user_id": "new"}),
    ("user", "PUT"): ("users/ada", {}),
    ("user", "PATCH"): ("users/ada", {}),
    ("user", "GET"): ("users/ada", None),
    ("user", "DELETE"): ("users/eve", None),
    ("user-export", "GET"): ("users/ada/export", None),
    ("user-opt-out", "POST"): ("users/eve/opt-out", {}),
    ("user-opt-out", "DELETE"): ("users/eve/opt-out", None),
    ("user-merge", "POST"): ("users/eve/merge", {"into": "ada"}),
}
"""One request that works for each entry of the table: its path and its body."""

ENTRIES = sorted(REQUESTS)
PERMISSIONS = {access.permission for methods in API_ACCESS.values() for access in methods.values()}


@pytest.fixture(autouse=True)
def no_keys_remembered() -> None:
    keys.forget()


def status(client: Client, entry: tuple[str, str], key: str = "", token: str = "") -> int:
    path, body = REQUESTS[entry]
    headers = {"Authorization": f"Api-Key {key}"} if key else {"Authorization": f"Bearer {token}"} if token else {}
    sent = "" if body is None else json.dumps(body)
    return client.generic(entry[1], f"/api/v1/{path}", sent, "application/json", headers=headers).status_code


def routes() -> set[str]:
    """Return the names of all routes under /api/v1/."""
    prefixes: list[Any] = [one for one in get_resolver().url_patterns if str(one.pattern) == "api/v1/"]
    return {route.name for prefix in prefixes for route in prefix.url_patterns}


def key_with(*scopes: Scope) -> str:
    return str(ApiKey.objects.create_key(name="shop", scopes=list(scopes))[1])


def test_every_method_of_every_route_stands_in_the_table_with_a_permission_that_exists() -> None:
    assert routes() == API_ACCESS.keys() | set(API_OPEN)
    assert not API_ACCESS.keys() & set(API_OPEN)
    assert {(route, method) for route, methods in API_ACCESS.items() for method in methods} == set(ENTRIES)
    known = {
        f"{one.content_type.app_label}.{one.codename}" for one in Permission.objects.select_related("content_type")
    }
    assert known >= PERMISSIONS


@pytest.mark.parametrize("entry", ENTRIES, ids="-".join)
def test_without_a_key_nobody_comes_in(client: Client, entry: tuple[str, str]) -> None:
    assert status(client, entry) == 401


@pytest.mark.parametrize("entry", ENTRIES, ids="-".join)
def test_a_key_needs_the_scope_and_no_other(shop: Shop, client: Client, entry: tuple[str, str]) -> None:
    needed = API_ACCESS[entry[0]][entry[1]].scope
    assert status(client, entry, key_with(*(scope for scope in Scope if scope != needed))) == 403
    assert status(client, entry, key_with(needed)) not in (401, 403)


@pytest.mark.parametrize("entry", ENTRIES, ids="-".join)
def test_staff_need_the_permission_and_no_other(shop: Shop, entry: tuple[str, str]) -> None:
    needed = API_ACCESS[entry[0]][entry[1]].permission
    assert status(Staff("nobody").client, entry) == 403
    assert status(Staff("others", *sorted(PERMISSIONS - {needed})).client, entry) == 403
    assert status(Staff("allowed", needed).client, entry) not in (401, 403)


@pytest.mark.parametrize("entry", ENTRIES, ids="-".join)
def test_a_token_of_staff_opens_what_their_permissions_open(shop: Shop, client: Client, entry: tuple[str, str]) -> None:
    needed = API_ACCESS[entry[0]][entry[1]].permission
    others = Staff("others", *sorted(PERMISSIONS - {needed})).user
    assert status(client, entry, token=staff_tokens.begin(others).access) == 403
    allowed = Staff("allowed", needed).user
    assert status(client, entry, token=staff_tokens.begin(allowed).access) not in (401, 403)


def test_the_refusals_name_what_is_lacking(shop: Shop, client: Client) -> None:
    answer = Staff("nobody").client.get("/api/v1/users")
    assert answer.json()["error"]["code"] == "forbidden"
    assert answer.json()["error"]["message"] == "Your account lacks the permission catalog.view_enduser."
    answer = client.get("/api/v1/users", headers={"Authorization": f"Api-Key {key_with(Scope.WRITE)}"})
    assert answer.json()["error"]["message"] == "The key lacks the scope read. It has: write."


def test_superusers_may_use_every_route(shop: Shop) -> None:
    boss = Staff("boss", is_superuser=True)
    assert {entry for entry in ENTRIES if status(boss.client, entry) in (401, 403)} == set()


def test_a_route_outside_the_table_is_for_superusers(
    shop: Shop, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "API_ACCESS", {})
    assert status(Staff("viewer", "catalog.view_item").client, ("items", "GET")) == 403
    assert status(client, ("items", "GET"), key_with(*Scope)) == 403
    assert status(Staff("boss", is_superuser=True).client, ("items", "GET")) == 200


def test_the_docs_have_the_table_that_requests_are_checked_by() -> None:
    docs = (PROJECT / "docs" / "API.md").read_text(encoding="utf-8")
    assert route_table.table() in docs, f"Put this table into docs/API.md:\n{route_table.table()}"
