"""The API sends JSON alone, and says so to whoever accepts something else only."""

import pytest

from tests.api.clients import V1, ApiClient
from tests.recommender.fixtures import Shop


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        ("*/*", 200),
        ("application/json", 200),
        ("text/html, application/*;q=0.5", 200),
        ("text/html,*/*;q=0.8", 200),
        ("text/html", 406),
        ("application/json;q=0", 406),
        ("application/xml", 406),
    ],
)
def test_what_no_json_fits_is_not_acceptable(api: ApiClient, shop: Shop, accept: str, status: int) -> None:
    for path in ("recommendations/popular", "recommendations/users/ada"):
        answer = api._client.get(f"{V1}{path}", headers={"Accept": accept})
        assert answer.status_code == status
        if status == 406:
            assert answer.json()["error"]["code"] == "not_acceptable"
