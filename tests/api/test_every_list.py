"""What every list takes reaches serving: reasons, fields, windows and the variant."""

from datetime import UTC, datetime, timedelta

from django.utils import timezone

from catalog import snapshot
from catalog.models import Item
from recommender.models import CoPurchase
from recommender.serving.contract import FIELDS
from tests.api.clients import ApiClient, details
from tests.api.test_contract import PATHS, SIMILAR, TOGETHER, ask
from tests.api.test_recommendations import ids
from tests.recommender.fixtures import Shop, happened


def test_lists_from_an_item_have_reasons_that_name_it(api: ApiClient, shop: Shop) -> None:
    emma = [{"item_id": "novel-2", "title": shop.novels[2].title, "share": 1.0}]
    told = api.get(SIMILAR, explain="true").json()["items"]
    assert (told[0]["source"], told[0]["reason"]) == ("svd", f"It is like “{shop.novels[2].title}”.")
    assert told[0]["because"] == emma
    assert told[0]["sources"] is None
    CoPurchase.objects.bulk_create(
        CoPurchase(item_id=one, other_id=other, users=4)
        for one, other in (
            (0, 0),
            *((item.pk, item.pk) for item in shop.novels),
            (shop.novels[2].pk, shop.novels[3].pk),
        )
    )
    (told,) = api.get(TOGETHER, explain="true", fields="categories").json()["items"]
    assert (told["item_id"], told["fields"]) == ("novel-3", {"categories": ["Novels"]})
    assert (told["reason"], told["because"]) == (f"It is often bought with “{shop.novels[2].title}”.", emma)
    (told,) = api.get(TOGETHER).json()["items"]
    assert (told["reason"], told["because"], "fields" in told) == (None, None, False)


def test_fields_tell_what_the_catalogue_holds_of_each_item(api: ApiClient, shop: Shop) -> None:
    Item.objects.filter(pk=shop.novels[0].pk).update(
        features={"creator": "Jane Austen", "price": "12.50"},
        group="emma",
        published_at=datetime(1815, 12, 23, tzinfo=UTC),
    )
    snapshot.forget()
    for path in PATHS.keys() - {TOGETHER}:
        told = ask(api, path, fields=list(FIELDS)).json()
        items = [item for one in told.get("results", [told]) for item in one["items"]]
        assert {tuple(item["fields"]) for item in items} == {FIELDS}, path
    told = api.get("recommendations/users/ada", fields=list(FIELDS), limit=1).json()["items"][0]["fields"]
    assert told == {
        "item_type": "",
        "categories": ["Novels"],
        "tags": ["prose"],
        "creator": "Jane Austen",
        "group": "emma",
        "published_at": "1815-12-23T00:00:00+00:00",
        "price": 12.5,
    }
    assert details(api.get("recommendations/popular", fields="cost"))["fields"].startswith("One of item_type, ")


def test_no_answer_is_of_an_experiment_yet(api: ApiClient, shop: Shop) -> None:
    for path in PATHS:
        told = ask(api, path).json()
        assert {one["variant"] for one in told.get("results", [told])} == {None}


def test_public_lists_look_back_as_far_as_they_are_told(api: ApiClient, shop: Shop) -> None:
    for number, days_ago in ((5, 2), (4, 40)):
        for person in (shop.ada, shop.ben, shop.cleo)[: number - 3]:
            happened(person, shop.novels[number], "like", days_ago=days_ago)
    assert ids(api.get("recommendations/popular", window_days=7, limit=2)) == ["novel-5", "poem-0"]
    assert ids(api.get("recommendations/popular", window_days=60, limit=3)) == ["novel-5", "novel-4", "poem-0"]
    assert ids(api.get("recommendations/popular", limit=1)) == ["poem-0"]
    assert ids(api.get("recommendations/users/nobody", algorithm="popular", window_days=7, limit=1)) == ["novel-5"]
    Item.objects.filter(item_id="novel-1").update(published_at=timezone.now() - timedelta(days=3))
    Item.objects.filter(item_id="novel-2").update(published_at=timezone.now() - timedelta(days=30))
    snapshot.forget()
    told = api.get("recommendations/latest", window_days=7).json()
    assert ([item["item_id"] for item in told["items"]], told["total_available"]) == (["novel-1"], 1)
    assert ids(api.get("recommendations/latest", window_days=60)) == ["novel-1", "novel-2"]
