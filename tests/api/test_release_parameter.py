"""`release` is for who may operate: staff with the permission, and keys with the scope."""

import pytest
from django.test import Client

from recommender.models import Release
from recommender.serving.kafka_requests import reply
from recsite.platform import keys
from recsite.platform.access import Scope
from recsite.platform.models import ApiKey
from tests.admin.staff import Staff
from tests.api.clients import ApiClient, details
from tests.api.test_contract import PATHS, ask
from tests.recommender.fixtures import Shop, popular, publish

pytestmark = pytest.mark.django_db
SEE = "catalog.view_enduser"
USER = "/api/v1/recommendations/users/ada"


@pytest.fixture
def candidate(shop: Shop) -> Release:
    keys.forget()
    return publish({"popular": popular(shop.novels + shop.poems)}, promote=False)


def test_every_list_that_takes_it_is_made_by_that_release(api: ApiClient, shop: Shop, candidate: Release) -> None:
    for path, (operation, _) in PATHS.items():
        if "release" in operation.takes:
            told = ask(api, path, release=candidate.pk).json()
            assert {one["release"] for one in told.get("results", [told])} == {candidate.pk}, path


def test_a_key_without_the_scope_is_told_so(client: Client, shop: Shop, candidate: Release) -> None:
    _, key = ApiKey.objects.create_key(name="shop", scopes=[Scope.READ, Scope.WRITE, Scope.ERASE])
    headers = {"Authorization": f"Api-Key {key}"}
    assert client.get(USER, headers=headers).status_code == 200
    answer = client.get(USER, {"release": candidate.pk}, headers=headers)
    assert answer.status_code == 403
    assert "a key with the scope operate" in answer.json()["error"]["message"]
    body = {"user_ids": ["ada"], "release": candidate.pk}
    many = client.post("/api/v1/recommendations/batch", body, content_type="application/json", headers=headers)
    assert many.status_code == 403


def test_staff_need_the_permission(shop: Shop, candidate: Release) -> None:
    viewer, operator = Staff("viewer", SEE), Staff("operator", SEE, "recommender.operate")
    assert viewer.get(USER, release=candidate.pk).status_code == 403
    assert operator.get(USER, release=candidate.pk).status_code == 200


def test_one_that_is_not_there_is_a_422(api: ApiClient, shop: Shop) -> None:
    assert details(api.get("recommendations/users/ada", release=99999)) == {"release": "There is no release 99999."}
    assert details(api.get("recommendations/users/ada", release=0)).keys() == {"release"}


def test_nobody_may_keep_such_a_list(api: ApiClient, shop: Shop, candidate: Release) -> None:
    similar = "recommendations/items/novel-2/similar"
    assert api.get(similar).headers["Cache-Control"].startswith("public")
    assert api.get(similar, release=candidate.pk).headers["Cache-Control"] == "private, no-store"


def test_a_message_can_not_name_a_release(shop: Shop, candidate: Release) -> None:
    raw = b'{"version": 1, "request_id": "r", "user_id": "ada", "release": 1}'
    assert reply(raw).body["error"]["details"] == {
        "release": "A message can't have it, since it needs a key: ask the API."
    }
