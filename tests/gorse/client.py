"""A client that speaks as Gorse's own do."""

from typing import Any

from django.test import Client

from recsite.platform.access import Scope
from recsite.platform.models import ApiKey


class GorseClient:
    """Call /gorse/api/ with a key in Gorse's own header."""

    def __init__(self, *scopes: Scope) -> None:
        _, key = ApiKey.objects.create_key(name="gorse", scopes=list(scopes or Scope))
        self._client = Client(raise_request_exception=False, headers={"X-API-Key": key})

    def get(self, path: str, version: str = "", **query: Any) -> Any:
        headers = {"X-API-Version": version} if version else None
        return self._client.get(f"/gorse/api/{path}", query, headers=headers)

    def send(self, method: str, path: str, body: Any = None) -> Any:
        if body is None:
            return self._client.generic(method, f"/gorse/api/{path}")
        return getattr(self._client, method.lower())(f"/gorse/api/{path}", body, content_type="application/json")

    def told(self, path: str, version: str = "", **query: Any) -> Any:
        answer = self.get(path, version, **query)
        assert answer.status_code == 200, answer.content
        return answer.json()

    def does(self, method: str, path: str, body: Any = None) -> int:
        """Do it, and return the rows that it affected."""
        answer = self.send(method, path, body)
        assert answer.status_code == 200, answer.content
        return int(answer.json()["RowAffected"])

    def refused(self, method: str, path: str, body: Any = None, status: int = 400) -> str:
        answer = self.send(method, path, body)
        assert (answer.status_code, answer.headers["Content-Type"]) == (status, "text/plain; charset=utf-8")
        return str(answer.content.decode())
