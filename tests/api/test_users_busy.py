"""While users are being stored without a pause, what needs to be alone with them is put off, and nothing is done."""

from typing import Any

import pytest

from catalog import people_lock
from catalog.models import EndUser
from interactions.models import InteractionType
from recsite.platform.models import AuditEntry
from tests import factories
from tests.api.clients import ApiClient

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)


@pytest.mark.parametrize(
    ("method", "path", "body", "undone"),
    [
        ("delete", "users/ada", None, "nobody was erased"),
        ("post", "users/ada/merge", {"into": "ben"}, "nobody was merged"),
        ("delete", "interaction-types/dislike", None, "no type was deleted"),
    ],
)
def test_the_api_says_to_come_again(
    api: ApiClient, monkeypatch: pytest.MonkeyPatch, method: str, path: str, body: Any, undone: str
) -> None:
    factories.person("ada")
    monkeypatch.setattr(people_lock, "ATTEMPTS", 0)
    answer = getattr(api, method)(path, *([body] if body else []))
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert undone in answer.json()["error"]["message"]
    assert EndUser.objects.filter(user_id="ada").exists()
    assert InteractionType.objects.filter(name="dislike").exists()
    assert not AuditEntry.objects.exists()
