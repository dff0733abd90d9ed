"""/gorse/api: users and items with Gorse's shapes, statuses and errors."""

from typing import Any

import pytest

from catalog.models import EndUser, Item
from recsite.platform.models import AuditEntry
from tests import factories
from tests.gorse.client import GorseClient

pytestmark = pytest.mark.django_db
EMMA = {
    "ItemId": "emma",
    "IsHidden": False,
    "Categories": ["Novels"],
    "Timestamp": "1815-12-23T00:00:00Z",
    "Labels": {"genres": ["comedy"], "pages": 474},
    "Comment": "Emma",
}
ADA = {"UserId": "ada", "Labels": {"country": "UK"}, "Comment": "the first"}


@pytest.fixture
def gorse() -> GorseClient:
    return GorseClient()


def test_an_item_comes_back_as_it_was_sent(gorse: GorseClient) -> None:
    assert gorse.does("POST", "item", EMMA) == 1
    assert gorse.told("item/emma") == gorse.told("item/emma/") == EMMA
    emma = Item.objects.get()
    assert (emma.title, emma.tags, emma.features) == ("Emma", ["comedy"], {"genres": ["comedy"], "pages": 474})
    assert AuditEntry.objects.get().verb == "item.upsert"


@pytest.mark.parametrize(
    "labels",
    [None, ["a", "b"], {"a": 1, "b": {"c": ["d"]}}, ["a", 1], "one", 7, {"embedding": [0.1, 0.2]}, {"labels": ["x"]}],
)
def test_labels_of_any_kind_come_back(gorse: GorseClient, labels: Any) -> None:
    gorse.does("POST", "item", {**EMMA, "Labels": labels})
    gorse.does("POST", "user", {**ADA, "Labels": labels})
    expected = ["x"] if labels == {"labels": ["x"]} else labels
    assert gorse.told("item/emma")["Labels"] == expected
    assert gorse.told("user/ada") == {**ADA, "Labels": expected}


def test_an_item_that_is_sent_again_is_replaced(gorse: GorseClient) -> None:
    gorse.does("POST", "items", [EMMA, {"ItemId": "bare"}])
    gorse.does("POST", "items", [{"ItemId": "emma", "IsHidden": True}])
    bare = {"IsHidden": True, "Categories": [], "Timestamp": "0001-01-01T00:00:00Z", "Labels": None, "Comment": ""}
    assert gorse.told("item/emma") == {"ItemId": "emma", **bare}
    assert gorse.told("item/bare") == {"ItemId": "bare", **bare, "IsHidden": False}


def test_a_patch_changes_what_is_not_null(gorse: GorseClient) -> None:
    gorse.does("POST", "item", EMMA)
    nothing = dict.fromkeys(("Categories", "Comment", "IsHidden", "Labels", "Timestamp"))
    assert gorse.does("PATCH", "item/emma", nothing) == 1
    assert gorse.told("item/emma") == EMMA
    gorse.does("PATCH", "item/emma", {**nothing, "IsHidden": True, "Categories": []})
    assert gorse.told("item/emma") == {**EMMA, "IsHidden": True, "Categories": []}
    gorse.does("POST", "user", ADA)
    gorse.does("PATCH", "user/ada", {"Labels": ["x"], "Comment": None})
    assert gorse.told("user/ada") == {**ADA, "Labels": ["x"]}


def test_categories_are_added_and_taken_away_without_a_body(gorse: GorseClient) -> None:
    gorse.does("POST", "item", EMMA)
    assert [gorse.does("PUT", "item/emma/category/Love") for _ in range(2)] == [1, 1]
    assert gorse.told("item/emma")["Categories"] == ["Novels", "Love"]
    gorse.does("DELETE", "item/emma/category/Novels")
    assert gorse.told("item/emma")["Categories"] == ["Love"]


@pytest.mark.parametrize("spelling", ["cursor", "Cursor"])
def test_pages_never_overlap_and_end(gorse: GorseClient, spelling: str) -> None:
    gorse.does("POST", "items", [{"ItemId": f"i{number}"} for number in range(5)])
    gorse.does("POST", "users", [{"UserId": f"u{number}"} for number in range(3)])
    found, cursor = [], ""
    while True:
        page = gorse.told("items", n=2, **{spelling: cursor})
        found += [item["ItemId"] for item in page["Items"]]
        if not (cursor := page["Cursor"]):
            break
    assert found == [f"i{number}" for number in range(5)]
    assert [user["UserId"] for user in gorse.told("users", n=-1)["Users"]] == ["u0", "u1", "u2"]
    assert gorse.told("users", n=0) == {"Cursor": "", "Users": []}


def test_items_are_searched(gorse: GorseClient) -> None:
    gorse.does("POST", "items", [EMMA, {"ItemId": "other", "Comment": "100% sure"}])
    assert gorse.told("items", q="EMM") == {"Cursor": "", "Items": [EMMA]}
    assert [item["ItemId"] for item in gorse.told("items", q="100%")["Items"]] == ["other"]
    gorse.does("POST", "items", [{"ItemId": f"sea-{number}", "Comment": f"The sea {number}"} for number in range(3)])
    first = gorse.told("items", q="sea", n=2)
    rest = gorse.told("items", q="sea", n=2, cursor=first["Cursor"])
    assert len({item["ItemId"] for page in (first, rest) for item in page["Items"]}) == 3
    assert rest["Cursor"] == ""


def test_deleting(gorse: GorseClient) -> None:
    gorse.does("POST", "item", EMMA)
    gorse.does("POST", "user", ADA)
    assert [gorse.does("DELETE", "item/emma") for _ in range(2)] == [1, 0]
    assert [gorse.does("DELETE", "user/ada") for _ in range(2)] == [1, 0]
    assert gorse.refused("GET", "user/ada", status=404) == "There is no user 'ada'. POST /gorse/api/user adds one."
    assert "was erased" in gorse.refused("POST", "user", ADA)
    assert gorse.does("POST", "users", [ADA, {"UserId": "ben"}]) == 1
    assert [user.user_id for user in EndUser.objects.all()] == ["ben"]


@pytest.mark.parametrize(
    ("method", "path", "body", "sentence"),
    [
        ("POST", "item", {}, "ItemId is not a text."),
        ("POST", "item", [], "An object is needed."),
        ("POST", "items", {}, "A list of objects is needed."),
        ("POST", "items", [EMMA, {**EMMA, "ItemId": "a\nb"}], "row 2: ItemId holds a line break"),
        ("POST", "item", {**EMMA, "ItemId": "a/b"}, "holds a slash"),
        ("POST", "item", {**EMMA, "ItemId": "search"}, "as an address of the API does"),
        ("POST", "item", {**EMMA, "Timestamp": "soon"}, "'soon' is no date with a year, a month and a day"),
        ("POST", "item", {**EMMA, "Categories": "Novels"}, "Categories is not a list of texts"),
        ("POST", "item", {**EMMA, "Categories": [str(one) for one in range(200)]}, "At most 100 values"),
        ("PATCH", "item/emma", {"IsHidden": 1}, "IsHidden is neither true nor false"),
        ("GET", "items?n=ten", None, "n: A whole number is needed."),
        ("GET", "items?cursor=xyz", None, "Use the Cursor of the page before"),
    ],
)
def test_what_is_wrong_is_said_in_plain_words(
    gorse: GorseClient, method: str, path: str, body: Any, sentence: str
) -> None:
    factories.item("emma")
    assert sentence in gorse.refused(method, path, body)
    assert Item.objects.count() == 1


def test_what_is_not_there_is_404(gorse: GorseClient) -> None:
    for method, path, body in (("GET", "item/no", None), ("PATCH", "item/no", {}), ("PUT", "item/no/category/x", None)):
        assert gorse.refused(method, path, body, 404) == "There is no item 'no'. POST /gorse/api/item adds one."
    assert gorse.refused("GET", "measurements/x", status=404) == (
        "There is no /gorse/api/measurements/x. docs/FROM_GORSE.md lists what is answered here; an id with a slash is "
        "reached under /api/v1 alone."
    )
    assert "Possible here: POST" in gorse.refused("GET", "user", status=405)


def test_an_item_of_before_its_id_was_reserved_is_read(gorse: GorseClient) -> None:
    factories.item("bulk")
    assert gorse.told("item/bulk")["ItemId"] == "bulk"


def test_a_long_comment_is_kept_whole(gorse: GorseClient) -> None:
    gorse.does("POST", "item", {**EMMA, "Comment": "long " * 200 + "end"})
    assert gorse.told("item/emma")["Comment"] == "long " * 200 + "end"
