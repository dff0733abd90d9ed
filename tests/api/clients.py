"""Clients of the API."""

from typing import Any

from django.http import HttpResponse
from django.test import Client

from recsite.platform.access import Scope
from recsite.platform.models import ApiKey

V1 = "/api/v1/"


class ApiClient:
    """Calls /api/v1/ with a key of its own."""

    def __init__(self) -> None:
        _, key = ApiKey.objects.create_key(name="tests", scopes=list(Scope))
        self._client = Client(raise_request_exception=False, headers={"Authorization": f"Api-Key {key}"})

    def get(self, path: str, headers: Any = None, **query: Any) -> Any:
        return self._client.get(V1 + path, query, headers=headers)

    def post(self, path: str, body: Any, content_type: str = "application/json", **headers: str) -> Any:
        return self._client.post(V1 + path, body, content_type=content_type, headers=headers)

    def put(self, path: str, body: Any) -> Any:
        return self._client.put(V1 + path, body, content_type="application/json")

    def patch(self, path: str, body: Any) -> Any:
        return self._client.patch(V1 + path, body, content_type="application/json")

    def delete(self, path: str) -> Any:
        return self._client.delete(V1 + path)


def details(answer: HttpResponse) -> dict[str, str]:
    """The sentences of a 422, by field."""
    body: Any = answer
    assert answer.status_code == 422, answer.content
    assert body.json()["error"]["code"] == "invalid"
    return dict(body.json()["error"]["details"])
