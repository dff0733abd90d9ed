"""GET /items and /items/{item_id}."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from catalog.models import Item
from recsite.platform.moments import HOW
from recsite.platform.values import NO_NUL
from tests import factories
from tests.api.clients import ApiClient, details


def ids(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.content
    return [item["item_id"] for item in answer.json()["items"]]


def test_an_item_is_read_by_its_own_id(api: ApiClient) -> None:
    factories.item("emma/1815", title="Emma", features={"creator": "Jane Austen"}, published_at=factories.NOON)
    found = api.get("items/emma/1815").json()
    assert found["item_id"] == "emma/1815"
    assert found["title"] == "Emma"
    assert found["features"] == {"creator": "Jane Austen"}
    assert datetime.fromisoformat(found["published_at"]) == datetime(2026, 5, 1, 12, tzinfo=UTC)
    assert "id" not in found


def test_an_unknown_item_is_not_found(api: ApiClient) -> None:
    answer = api.get("items/nothing")
    assert (answer.status_code, answer.json()["error"]["message"]) == (404, "There is no item 'nothing'.")


def test_pages_show_every_item_once_in_a_lasting_order(api: ApiClient) -> None:
    made = [item.item_id for item in factories.items(7)]
    first = api.get("items", limit=3)
    second = api.get("items", limit=3, cursor=first.json()["next_cursor"])
    third = api.get("items", limit=3, cursor=second.json()["next_cursor"])
    assert [len(ids(page)) for page in (first, second, third)] == [3, 3, 1]
    assert ids(first) + ids(second) + ids(third) == made
    assert third.json()["next_cursor"] is None


def test_the_last_full_page_has_no_next(api: ApiClient) -> None:
    factories.items(3)
    assert api.get("items", limit=3).json()["next_cursor"] is None


def test_filters_narrow_the_list(api: ApiClient) -> None:
    factories.item("a", item_type="book", categories=["Poetry", "Drama"])
    factories.item("b", item_type="book", categories=["Novels"])
    factories.item("c", item_type="film", categories=["Poetry"])
    assert ids(api.get("items", item_type="book")) == ["a", "b"]
    assert ids(api.get("items", category="Poetry")) == ["a", "c"]
    assert ids(api.get("items", category="Poetry", item_type="book")) == ["a"]


def test_available_means_now(api: ApiClient) -> None:
    soon, ago = timezone.now() + timedelta(hours=1), timezone.now() - timedelta(hours=1)
    factories.item("open")
    factories.item("hidden", is_available=False)
    factories.item("later", available_from=soon)
    factories.item("over", available_until=ago)
    assert ids(api.get("items", available="true")) == ["open"]
    assert ids(api.get("items", available="false")) == ["hidden", "later", "over"]


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ({"limit": "0"}, "A whole number from 1 to 200 is needed."),
        ({"limit": "201"}, "A whole number from 1 to 200 is needed."),
        ({"limit": "ten"}, "A whole number from 1 to 200 is needed."),
        (
            {"limt": "5"},
            "There is no such parameter. Known: available, category, changed_since, cursor, item_type, limit, tag.",
        ),
        ({"available": "yes"}, "Either true or false is needed."),
        ({"cursor": "nonsense"}, "Use the next_cursor of the page before, as it came."),
        ({"category": ""}, "A text that is not empty is needed."),
        ({"category": "a\x00b"}, NO_NUL),
        ({"limit": ["1", "2"]}, "It is given more than once."),
    ],
)
def test_a_wrong_query_is_explained(api: ApiClient, query: dict[str, Any], sentence: str) -> None:
    assert details(api.get("items", **query)) == {next(iter(query)): sentence}


def test_everything_wrong_is_told_at_once(api: ApiClient) -> None:
    assert details(api.get("items", limit="x", available="x")).keys() == {"limit", "available"}


def test_a_page_takes_one_query(api: ApiClient, django_assert_num_queries: Any) -> None:
    factories.items(30)
    api.get("items")
    with django_assert_num_queries(1):
        assert len(ids(api.get("items", limit=25, category="Novels", available="true"))) == 25


def test_what_is_not_possible_says_what_is(api: ApiClient) -> None:
    answer = api.delete("items")
    assert (answer.status_code, answer.json()["error"]["code"]) == (405, "method_not_allowed")
    assert answer["Allow"] == "GET, POST, HEAD, OPTIONS"


def test_items_are_filtered_by_tag_and_by_when_they_changed(api: ApiClient) -> None:
    factories.item("a", tags=["classic", "irony"])
    factories.item("b", tags=["irony"])
    assert ids(api.get("items", tag="classic")) == ["a"]
    Item.objects.filter(item_id="a").update(updated_at=datetime(2026, 5, 1, 12, tzinfo=UTC))
    assert ids(api.get("items", changed_since="2026-05-01T12:00:01Z")) == ["b"]
    assert ids(api.get("items", changed_since="2026-05-01T14:00:00+02:00")) == ["a", "b"]
    assert ids(api.get("items", changed_since="2026-05-01")) == ["a", "b"]
    assert details(api.get("items", changed_since="yesterday")) == {"changed_since": HOW}


def test_an_item_that_is_as_it_was_is_not_sent_again(api: ApiClient) -> None:
    factories.item("emma")
    first = api.get("items/emma")
    tag = first["ETag"]
    assert first["Cache-Control"] == "private, no-cache"
    again = api.get("items/emma", headers={"If-None-Match": f'"other", W/{tag}'})
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", tag)
    api.patch("items/emma", {"title": "Ema"})
    assert api.get("items/emma", headers={"If-None-Match": tag}).status_code == 200


@pytest.mark.parametrize("text", ["%00", "a%0Ab", "a%09b", "x" * 256, "undefined", "%20"])
@pytest.mark.parametrize("kind", ["item", "user"])
def test_what_is_no_id_is_refused_in_an_address(api: ApiClient, kind: str, text: str) -> None:
    answer = api.get(f"{kind}s/{text}")
    assert (answer.status_code, list(answer.json()["error"]["details"])) == (422, [f"{kind}_id"])


def test_an_address_finds_an_id_by_its_one_form(api: ApiClient) -> None:
    factories.item("Zo\u00eb")
    assert api.get("items/%20Zoe%CC%88").json()["item_id"] == "Zo\u00eb"
