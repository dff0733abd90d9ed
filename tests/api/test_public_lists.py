"""Lists that are nobody's own, visits and batches, through the API."""

from typing import Any

import pytest

from catalog import snapshot
from interactions.producers import produce
from recommender.api.serializers import BatchOut, BoughtOut, ListOut
from recommender.serving.incremental import co_purchases
from tests import factories
from tests.api.clients import ApiClient, details
from tests.api.test_recommendations import ids
from tests.recommender.fixtures import NOVELS, POEMS, Shop, start_afresh

pytestmark = pytest.mark.usefixtures("shop")


def assert_conforms(told: dict[str, Any], shape: Any = ListOut) -> None:
    described = shape(data=told)
    assert described.is_valid(), described.errors
    assert list(told) == list(described.fields)


@pytest.mark.parametrize("name", ["popular", "latest", "trending"])
def test_a_shelf_is_the_same_for_everybody(api: ApiClient, name: str) -> None:
    answer = api.get(f"recommendations/{name}", limit=4)
    assert len(ids(answer)) == 4
    assert_conforms(answer.json())
    rest = ids(api.get(f"recommendations/{name}", limit=4, offset=4))
    assert not set(rest) & set(ids(answer))
    assert set(ids(api.get(f"recommendations/{name}", categories="Novels", limit=100))) == set(NOVELS)


def test_popular_is_by_popularity(api: ApiClient) -> None:
    assert ids(api.get("recommendations/popular", limit=2)) == ["poem-0", "poem-1"]
    assert api.get("recommendations/popular").json()["algorithm"] == "popular"


def test_without_a_model_what_is_new_stands_for_what_is_popular(api: ApiClient, shop: Shop) -> None:
    shop.release.delete()
    start_afresh()
    assert api.get("recommendations/popular").json()["algorithm"] == "latest"


def test_a_wrong_window_is_explained(api: ApiClient) -> None:
    wrong = details(api.get("recommendations/trending", window_days=0))
    assert wrong == {"window_days": "A whole number from 1 to 365 is needed."}
    similar = api.get("recommendations/items/novel-2/similar", window_days=7)
    assert details(similar).keys() == {"window_days"}


def test_what_is_like_an_item(api: ApiClient) -> None:
    answer = api.get("recommendations/items/novel-2/similar", limit=5)
    assert set(ids(answer)) == set(NOVELS) - {"novel-2"}
    assert_conforms(answer.json())
    assert ids(api.get("recommendations/items/novel-2/similar", limit=2, exclude="novel-0", tags="prose"))
    missing = api.get("recommendations/items/gone/similar")
    assert (missing.status_code, missing.json()["error"]["message"]) == (404, "There is no item 'gone'.")


def test_an_id_with_a_slash_is_an_id(api: ApiClient) -> None:
    factories.item("a/b", categories=["Novels"])
    snapshot.forget()
    assert set(ids(api.get("recommendations/items/a/b/similar", limit=6))) == set(NOVELS)


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_what_is_bought_together(api: ApiClient) -> None:
    for buyer, bought in {"u1": (0, 1), "u2": (0, 1), "u3": (0, 1, 2), "u4": (2,), "u5": (2, 3), "u6": (0, 2)}.items():
        produce([factories.event(buyer, NOVELS[number], "purchase") for number in bought])
    co_purchases.advance()
    co_purchases.advance()
    answer = api.get("recommendations/items/novel-0/bought-together", min_support=2)
    assert_conforms(answer.json(), BoughtOut)
    # Of the 4 buyers of novel-0, 3 bought novel-1, as 3 of all 6 did; 2 bought novel-2, as 4 of 6 did.
    assert [
        (item["item_id"], item["support"], item["confidence"], item["lift"]) for item in answer.json()["items"]
    ] == [
        ("novel-1", 3, 0.75, 1.5),
        ("novel-2", 2, 0.5, 0.75),
    ]
    strict = api.get("recommendations/items/novel-0/bought-together").json()["items"]
    assert [item["item_id"] for item in strict] == ["novel-1"]
    assert api.get("recommendations/items/novel-5/bought-together").json()["items"] == []


def test_a_visit_gets_what_goes_with_it(api: ApiClient) -> None:
    answer = api.post("recommendations/session", {"items": ["novel-3", "novel-1"], "limit": 3})
    assert ids(answer) == ["novel-0", "novel-2", "novel-4"]
    assert_conforms(answer.json())
    assert answer.json()["items"][0]["source"] == "fold-in"
    poems = api.post("recommendations/session", {"items": ["poem-3"], "limit": 2, "exclude": ["poem-0"]})
    assert ids(poems) == ["poem-1", "poem-2"]
    pages = [
        ids(api.post("recommendations/session", {"items": ["poem-3"], "limit": 4, "offset": n})) for n in (0, 4, 8)
    ]
    assert len({item for page in pages for item in page}) == sum(map(len, pages)) == 11


def test_a_visit_to_something_the_model_has_never_seen_gets_what_is_popular(api: ApiClient) -> None:
    factories.item("brand-new")
    snapshot.forget()
    answer = api.post("recommendations/session", {"items": ["brand-new"], "limit": 2})
    assert ids(answer) == POEMS[:2]
    assert answer.json()["algorithm"] == "popular"


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ({"items": []}, {"items"}),
        ({}, {"items"}),
        ({"items": ["gone"]}, {"items"}),
        ({"items": ["novel-1"], "limt": 3}, {"limt"}),
        ({"items": ["novel-1"], "limit": 0}, {"limit"}),
        ({"items": [["novel-1"]]}, {"items"}),
        ([1], {"body"}),
    ],
)
def test_a_wrong_visit_is_explained(api: ApiClient, body: Any, wrong: set[str]) -> None:
    assert details(api.post("recommendations/session", body)).keys() == wrong


def test_a_batch_is_each_list_as_if_asked_for_alone(api: ApiClient) -> None:
    answer = api.post("recommendations/batch", {"user_ids": ["ada", "nobody", "ben"], "limit": 3})
    assert answer.status_code == 200
    assert_conforms(answer.json(), BatchOut)
    lists = [[item["item_id"] for item in one["items"]] for one in answer.json()["results"]]
    alone = [ids(api.get(f"recommendations/users/{name}", limit=3)) for name in ("ada", "nobody", "ben")]
    assert lists == alone
    assert details(api.post("recommendations/batch", {"user_ids": ["x"] * 101})).keys() == {"user_ids"}
    assert details(api.post("recommendations/batch", {"user_ids": ["ada"], "algorithm": "magic"})).keys() == {
        "algorithm"
    }
