"""Lists that are nobody's own can be kept and asked for again; those of a user can't."""

from typing import Any

import pytest
from django.test import Client

from recommender.insight import impressions
from recommender.models import CoPurchase, ListImpression
from recsite.local.paths import PROJECT
from recsite.platform.models import ApiKey
from tests.admin.staff import Staff
from tests.api.clients import V1
from tests.recommender.fixtures import Shop

pytestmark = pytest.mark.django_db
PUBLIC = ["popular", "trending", "latest", "items/novel-2/similar", "items/novel-2/bought-together"]


@pytest.fixture
def client(db: None) -> Client:
    return Client(headers={"Authorization": f"Api-Key {ApiKey.objects.create_key(name='shop')[1]}"})


def get(client: Client, path: str, tag: str = "", **query: Any) -> Any:
    headers = {"If-None-Match": tag} if tag else {}
    return client.get(f"{V1}recommendations/{path}", query, headers=headers)


def shown() -> int:
    impressions.flush()
    return ListImpression.objects.count()


@pytest.mark.parametrize("path", PUBLIC)
def test_a_list_that_has_not_changed_is_not_sent_again_nor_recorded(
    client: Client, shop: Shop, settings: Any, path: str
) -> None:
    settings.RECOMMENDATION_CACHE_TTL_SECS = 30
    pairs = [(0, 0), *((item.pk, item.pk) for item in shop.novels), (shop.novels[2].pk, shop.novels[3].pk)]
    CoPurchase.objects.bulk_create(CoPurchase(item_id=one, other_id=other, users=4) for one, other in pairs)
    first = get(client, path)
    tag = first.headers["ETag"]
    assert (first.status_code, shown()) == (200, 1)
    assert first.headers["Cache-Control"] == "public, max-age=30"
    for known in (tag, tag.removeprefix("W/"), f'"other", {tag}', "*"):
        again = get(client, path, known)
        assert (again.status_code, again.content, shown()) == (304, b"", 1)
        assert (again.headers["ETag"], again.headers["Cache-Control"]) == (tag, "public, max-age=30")
    changed = get(client, path, '"other"')
    assert (changed.status_code, changed.headers["ETag"], shown()) == (200, tag, 2)
    assert changed.json()["recommendation_id"] != first.json()["recommendation_id"]
    assert get(client, path, tag, limit=1, exclude="novel-3").status_code == 200


def test_the_lists_of_users_and_sessions_are_kept_by_nobody(client: Client, shop: Shop) -> None:
    answer = get(client, "users/ada")
    assert (answer.headers["Cache-Control"], "ETag" in answer.headers) == ("private, no-store", False)
    for path, body in (("batch", {"user_ids": ["ada"]}), ("session", {"items": ["novel-2"]})):
        answer = client.post(f"{V1}recommendations/{path}", body, content_type="application/json")
        assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "private, no-store")


def test_what_staff_look_up_is_kept_by_nobody_else(shop: Shop) -> None:
    answer = get(Staff("boss", is_superuser=True).client, "popular")
    assert answer.headers["Cache-Control"] == "private, no-store"


def test_shared_caches_tell_origins_and_keys_apart(client: Client, shop: Shop) -> None:
    answer = get(client, "popular")
    assert answer["Cache-Control"].startswith("public")
    assert {name.strip() for name in answer["Vary"].split(",")} >= {"Origin", "Authorization"}


def test_the_docs_say_for_how_long_lists_may_be_kept(client: Client, shop: Shop) -> None:
    kept = get(client, "popular").headers["Cache-Control"]
    assert kept == "public, max-age=300"
    assert f"Cache-Control: {kept}" in (PROJECT / "docs" / "API.md").read_text(encoding="utf-8")
