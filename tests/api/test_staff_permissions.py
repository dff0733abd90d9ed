"""Staff who use the API by their session may do there what their account may do in the admin, and no more."""

from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import get_resolver

from recsite.permissions import API_PERMISSIONS
from tests.admin.staff import Staff
from tests.recommender.fixtures import Shop

pytestmark = pytest.mark.django_db
VIEW = {"user_id": "ada", "item_id": "emma", "type": "view"}
REQUESTS: dict[str, tuple[str, Any]] = {
    "recommendations": ("recommendations/users/ada", None),
    "batch": ("recommendations/batch", {"user_ids": ["ada"]}),
    "session": ("recommendations/session", {"items": ["emma"]}),
    "popular": ("recommendations/popular", None),
    "latest": ("recommendations/latest", None),
    "trending": ("recommendations/trending", None),
    "similar": ("recommendations/items/emma/similar", None),
    "together": ("recommendations/items/emma/bought-together", None),
    "live-models": ("models/live", None),
    "interactions": ("interactions", VIEW),
    "interactions-bulk": ("interactions/bulk", {"events": [VIEW]}),
    "items": ("items", None),
    "item": ("items/emma", None),
    "users": ("users", None),
    "user": ("users/ada", None),
}


def status(client: Client, route: str) -> int:
    path, body = REQUESTS[route]
    if body is None:
        return client.get(f"/api/v1/{path}").status_code
    return client.post(f"/api/v1/{path}", body, content_type="application/json").status_code


def routes() -> set[str]:
    """Return the names of all routes under /api/v1/."""
    prefixes: list[Any] = [one for one in get_resolver().url_patterns if str(one.pattern) == "api/v1/"]
    return {route.name for prefix in prefixes for route in prefix.url_patterns}


def test_every_route_stands_in_the_table_with_a_permission_that_exists() -> None:
    assert routes() == API_PERMISSIONS.keys() == REQUESTS.keys()
    known = {
        f"{one.content_type.app_label}.{one.codename}" for one in Permission.objects.select_related("content_type")
    }
    assert set(API_PERMISSIONS.values()) <= known


@pytest.mark.parametrize("route", sorted(REQUESTS))
def test_staff_without_the_permission_are_refused(shop: Shop, route: str) -> None:
    others = sorted(set(API_PERMISSIONS.values()) - {API_PERMISSIONS[route]})
    assert status(Staff("nobody").client, route) == 403
    assert status(Staff("others", *others).client, route) == 403
    assert status(Staff("allowed", API_PERMISSIONS[route]).client, route) not in (401, 403)


def test_the_refusal_names_the_permission(shop: Shop) -> None:
    answer = Staff("nobody").client.get("/api/v1/users")
    assert answer.json()["error"]["code"] == "forbidden"
    assert answer.json()["error"]["message"] == "Your account lacks the permission catalog.view_enduser."


def test_superusers_may_use_every_route(shop: Shop) -> None:
    boss = Staff("boss", is_superuser=True)
    assert {route for route in REQUESTS if status(boss.client, route) in (401, 403)} == set()


def test_a_route_outside_the_table_is_for_superusers(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "API_PERMISSIONS", {})
    assert status(Staff("viewer", "catalog.view_item").client, "items") == 403
    assert status(Staff("boss", is_superuser=True).client, "items") == 200
