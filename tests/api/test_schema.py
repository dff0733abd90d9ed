"""The API's description: valid, complete, and true."""

import re
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from drf_spectacular.generators import SchemaGenerator

from interactions import types
from interactions.schema import Event

OPEN = {("post", f"/api/v1/auth/{name}") for name in ("token", "refresh", "revoke")}
OPERATIONS = {
    *OPEN,
    ("get", "/api/v1/items"),
    ("get", "/api/v1/items/{item_id}"),
    ("post", "/api/v1/items"),
    ("get", "/api/v1/interaction-types"),
    ("post", "/api/v1/interaction-types"),
    ("get", "/api/v1/interaction-types/{name}"),
    ("put", "/api/v1/interaction-types/{name}"),
    ("delete", "/api/v1/interaction-types/{name}"),
    ("get", "/api/v1/items/search"),
    ("post", "/api/v1/items/bulk"),
    ("post", "/api/v1/users/bulk"),
    ("put", "/api/v1/items/{item_id}"),
    ("patch", "/api/v1/items/{item_id}"),
    ("delete", "/api/v1/items/{item_id}"),
    ("get", "/api/v1/users"),
    ("post", "/api/v1/users"),
    ("put", "/api/v1/users/{user_id}"),
    ("patch", "/api/v1/users/{user_id}"),
    ("get", "/api/v1/users/{user_id}"),
    ("post", "/api/v1/interactions"),
    ("post", "/api/v1/interactions/bulk"),
    ("get", "/api/v1/export/users"),
    ("get", "/api/v1/export/items"),
    ("get", "/api/v1/export/interactions"),
    ("get", "/api/v1/users/{user_id}/interactions"),
    ("delete", "/api/v1/users/{user_id}"),
    ("get", "/api/v1/users/{user_id}/export"),
    ("get", "/api/v1/users/{user_id}/why-not"),
    ("get", "/api/v1/releases/compare"),
    ("post", "/api/v1/users/{user_id}/opt-out"),
    ("delete", "/api/v1/users/{user_id}/opt-out"),
    ("post", "/api/v1/users/{user_id}/merge"),
    ("get", "/api/v1/items/{item_id}/interactions"),
    ("get", "/api/v1/models/live"),
    ("get", "/api/v1/models"),
    ("get", "/api/v1/models/{model_id}"),
    ("post", "/api/v1/models/train"),
    ("post", "/api/v1/models/reload"),
    ("get", "/api/v1/releases"),
    ("get", "/api/v1/releases/{release_id}"),
    ("post", "/api/v1/releases/{release_id}/promote"),
    ("post", "/api/v1/releases/{release_id}/estimate"),
    ("post", "/api/v1/releases/rollback"),
    ("get", "/api/v1/experiments"),
    ("post", "/api/v1/experiments"),
    ("get", "/api/v1/experiments/{key}"),
    ("get", "/api/v1/experiments/{key}/results"),
    ("post", "/api/v1/experiments/{key}/assign"),
    ("post", "/api/v1/experiments/{key}/start"),
    ("post", "/api/v1/experiments/{key}/pause"),
    ("post", "/api/v1/experiments/{key}/stop"),
    ("post", "/api/v1/experiments/{key}/archive"),
    ("post", "/api/v1/experiments/{key}/ship"),
    ("get", "/api/v1/shadows"),
    ("post", "/api/v1/shadows"),
    ("get", "/api/v1/shadows/{shadow_id}"),
    ("post", "/api/v1/shadows/{shadow_id}/stop"),
    ("get", "/api/v1/placements"),
    ("post", "/api/v1/placements"),
    ("get", "/api/v1/placements/{name}"),
    ("delete", "/api/v1/placements/{name}"),
    ("put", "/api/v1/placements/{name}/draft"),
    ("post", "/api/v1/placements/{name}/publish"),
    ("post", "/api/v1/placements/{name}/revert"),
    ("post", "/api/v1/placements/{name}/preview"),
    ("get", "/api/v1/cache"),
    ("post", "/api/v1/cache"),
    ("post", "/api/v1/cache/clear"),
    ("post", "/api/v1/recommendations/export"),
    ("get", "/api/v1/stats"),
    ("get", "/api/v1/analytics/placements"),
    ("get", "/api/v1/analytics/algorithms"),
    ("get", "/api/v1/analytics/system"),
    ("get", "/api/v1/users/{user_id}/statistics"),
    ("get", "/api/v1/items/{item_id}/statistics"),
    ("get", "/api/v1/webhooks"),
    ("post", "/api/v1/webhooks"),
    ("get", "/api/v1/webhooks/events"),
    ("get", "/api/v1/webhooks/{webhook_id}"),
    ("patch", "/api/v1/webhooks/{webhook_id}"),
    ("delete", "/api/v1/webhooks/{webhook_id}"),
    ("post", "/api/v1/webhooks/{webhook_id}/rotate"),
    ("post", "/api/v1/webhooks/{webhook_id}/test"),
    ("get", "/api/v1/webhooks/{webhook_id}/deliveries"),
    ("get", "/api/v1/webhooks/{webhook_id}/deliveries/{delivery_id}"),
    ("post", "/api/v1/webhooks/{webhook_id}/deliveries/{delivery_id}/redeliver"),
    ("get", "/api/v1/jobs"),
    ("get", "/api/v1/jobs/{job_id}"),
    ("post", "/api/v1/jobs/{job_id}/cancel"),
    ("get", "/api/v1/recommendations/users/{user_id}"),
    ("get", "/api/v1/recommendations/items/{item_id}/similar"),
    ("get", "/api/v1/recommendations/items/{item_id}/bought-together"),
    ("get", "/api/v1/recommendations/popular"),
    ("get", "/api/v1/recommendations/latest"),
    ("get", "/api/v1/recommendations/trending"),
    ("post", "/api/v1/recommendations/session"),
    ("post", "/api/v1/recommendations/batch"),
}

EMPTY = ("204", "304")
"""Statuses of answers without a body."""


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    generator: Any = SchemaGenerator
    return dict(generator().get_schema(public=True))


def operations(schema: dict[str, Any]) -> dict[tuple[str, str], Any]:
    return {(method, path): told for path, methods in schema["paths"].items() for method, told in methods.items()}


def test_it_is_valid_openapi(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("spectacular", "--validate", "--fail-on-warn")
    assert capsys.readouterr().out.startswith("openapi: 3.1.0")


def test_it_has_every_operation(schema: dict[str, Any]) -> None:
    assert operations(schema).keys() == OPERATIONS


@pytest.mark.parametrize("operation", sorted(OPERATIONS))
def test_every_operation_is_described_with_examples(schema: dict[str, Any], operation: tuple[str, str]) -> None:
    told = operations(schema)[operation]
    assert told["summary"]
    assert told["description"]
    ways: list[dict[str, Any]] = (
        [{}] if operation in OPEN else [{"ApiKey": []}, {"StaffToken": []}, {"StaffSession": []}]
    )
    assert [way for way in told.get("security", [{}]) if "BrowserKey" not in way] == ways
    assert {"400", "401", "406", "414", "422", "503"} <= told["responses"].keys()
    assert (operation[0] in ("post", "put", "patch")) == ("requestBody" in told)
    if body := told.get("requestBody"):
        # Of a POST, one that has no needed field may be left out.
        content = body["content"]["application/json"]
        has_needed = "$ref" in content["schema"] or "required" in content["schema"]
        assert body["required"] == (has_needed or operation[0] != "post")
    for status, response in told["responses"].items():
        assert status in EMPTY or any(one.get("examples") for one in response["content"].values()), status
    for parameter in told.get("parameters", []):
        assert parameter["in"] == "path" or parameter["description"], parameter["name"]


def test_the_ways_in_are_described(schema: dict[str, Any]) -> None:
    ways = schema["components"]["securitySchemes"]
    assert {name: (way["type"], way.get("scheme", way.get("in"))) for name, way in ways.items()} == {
        "ApiKey": ("apiKey", "header"),
        "StaffToken": ("http", "bearer"),
        "StaffSession": ("apiKey", "cookie"),
        "BrowserKey": ("apiKey", "header"),
        "UserToken": ("apiKey", "header"),
    }
    both: dict[str, Any] = {"BrowserKey": [], "UserToken": []}
    opened = {path for (_, path), told in operations(schema).items() if both in told.get("security", [])}
    assert opened == {
        "/api/v1/interactions",
        "/api/v1/interactions/bulk",
        "/api/v1/recommendations/users/{user_id}",
        "/api/v1/recommendations/items/{item_id}/similar",
        "/api/v1/recommendations/items/{item_id}/bought-together",
        "/api/v1/recommendations/popular",
        "/api/v1/recommendations/latest",
        "/api/v1/recommendations/trending",
        "/api/v1/recommendations/session",
    }


def test_the_fields_of_an_event_are_those_that_are_read(schema: dict[str, Any]) -> None:
    described = schema["components"]["schemas"]["EventIn"]["properties"].keys()
    assert described == set(Event.__dataclass_fields__) - {"undated"}


@pytest.mark.django_db
def test_a_server_says_what_each_type_of_event_takes(client: Client) -> None:
    schema = client.get("/api/schema/?format=json").json()["components"]["schemas"]["EventIn"]
    branches = {name: branch for branch in schema["oneOf"] for name in branch["properties"]["type"]["enum"]}
    assert branches.keys() == types.by_name().keys()
    assert branches["rating"]["properties"]["value"] == {"type": "number", "minimum": 1, "maximum": 5}
    assert branches["rating"]["required"] == ["item_id", "value"]
    assert branches["purchase"]["properties"]["value"]["minimum"] == 0
    assert branches["login"]["properties"]["item_id"] == {"enum": ["", None]}


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/api/docs/", "/api/redoc/", "/api/schema/"])
def test_the_docs_are_open_and_fetch_nothing_from_elsewhere(client: Client, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 200
    scripts = re.findall(r'(?:src|href)="([^"]+\.(?:js|css))"', answer.text)
    assert bool(scripts) == (path != "/api/schema/")
    assert all(script.startswith("/static/") for script in scripts)
    assert all(client.get(script).status_code == 200 for script in scripts)
    assert "cdn" not in answer.text
