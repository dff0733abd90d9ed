"""What people type finds items: words, beginnings of words, without accents, with small typos, the best first."""

from typing import Any

import pytest

from catalog import search, store
from catalog.importers.rows import ItemRow
from catalog.models import Item, ItemSearch
from catalog.upserts import upsert_items
from recsite.platform.audit import SYSTEM
from tests import factories
from tests.api.clients import ApiClient, details

pytestmark = pytest.mark.django_db


def found(text: str, **more: Any) -> list[str]:
    pks = search.find(text, 10, **more).items
    by_pk = Item.objects.in_bulk(pks)
    return [by_pk[pk].item_id for pk in pks]


def books() -> None:
    factories.item("emma", title="Emma", features={"creator": "Jane Austen"}, categories=["Fiction"])
    factories.item("pride", title="Pride and Prejudice", features={"creator": "Jane Austen"}, categories=["Fiction"])
    factories.item("eyre", title="Jane Eyre", features={"creator": "Charlotte Brontë"}, categories=["Fiction"])
    factories.item("garcon", title="Le Garçon d'à côté", categories=["Récits"], description="Rien sur Emma.")
    factories.item("war", title="Война и мир", features={"creator": "Лев Толстой"}, categories=[])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("emma", ["emma", "garcon"]),
        ("EMM", ["emma", "garcon"]),
        ("austen jane", ["emma", "pride"]),
        ("jane", ["eyre", "emma", "pride"]),
        ("bronte", ["eyre"]),
        ("Brontë", ["eyre"]),
        ("garcon cote", ["garcon"]),
        ("recits", ["garcon"]),
        ("ВОЙНА", ["war"]),
        ("толстои", ["war"]),
        ("prejudice!!", ["pride"]),
        ("emma pride", []),
        ("'); drop table x; --", []),
        ("&|!<->:*", []),
        ("", []),
    ],
)
def test_words_and_their_beginnings_find_items(text: str, expected: list[str]) -> None:
    books()
    assert found(text) == expected


@pytest.mark.parametrize(
    ("text", "corrected", "expected"),
    [
        ("prejudise", "prejudice", ["pride"]),
        ("perjudice", "prejudice", ["pride"]),
        ("prejdudice", "prejudice", ["pride"]),
        ("jane austin", "jane austen", ["emma", "pride"]),
        ("austne", "austen", ["emma", "pride"]),
        ("prejudcie pirde", "prejudice pride", ["pride"]),
        ("ema jane", "", []),
        ("xyzzyplugh", "", []),
    ],
)
def test_small_typos_are_forgiven(text: str, corrected: str, expected: list[str]) -> None:
    books()
    assert (search.find(text, 10).corrected, found(text)) == (corrected, expected)


def test_a_title_that_is_the_query_comes_first() -> None:
    factories.item("long", title="The loving of emma and other emma stories about Emma")
    factories.item("part", title="Emmanuelle")
    factories.item("exact", title="Emma")
    assert found("emma")[0] == "exact"
    assert found("emma")[-1] == "part"


def test_every_writer_is_followed() -> None:
    emma = factories.item("emma", title="Emma", description="old")
    emma.title = "Persuasion"
    store.save_item(emma, actor=SYSTEM)
    assert (found("emma"), found("persuasion")) == ([], ["emma"])
    upsert_items([ItemRow("emma", "Sanditon"), ItemRow("new", "Lady Susan")])
    assert (found("persuasion"), found("sanditon"), found("susan")) == ([], ["emma"], ["new"])
    Item.objects.filter(item_id="new").update(features={"creator": ["Jane Austen", "Another"]})
    assert found("another") == ["new"]
    store.delete_items(Item.objects.all(), actor=SYSTEM)
    assert not ItemSearch.objects.exists()


def test_odd_titles_and_creators_can_be_stored() -> None:
    for number, title in enumerate(
        ["'\\", "\u3000\u1680x\u180e", "a" * 500, "...", "C++ & <b>:*", "\U0001f600 smile", "ﬁne Æon"]
    ):
        factories.item(f"odd-{number}", title=title, features={"creator": {"name": 5}})
    assert found("smile") == ["odd-5"]
    assert found("fine aeon") == ["odd-6"]
    assert found("a" * 40) == ["odd-2"]


@pytest.mark.parametrize(
    ("one", "other", "far"),
    [
        ("emma", "emma", 0),
        ("emma", "ema", 1),
        ("emma", "mema", 1),
        ("emma", "xmma", 1),
        ("emma", "emmas", 1),
        ("ab", "yz", 2),
    ],
)
def test_the_distance_of_words(one: str, other: str, far: int) -> None:
    assert search.distance(one, other, 2) == far


def test_the_api_pages_filters_and_counts(api: ApiClient) -> None:
    books()
    told = api.get("items/search", q="jane", limit=2).json()
    assert [item["item_id"] for item in told["items"]] == ["eyre", "emma"]
    assert (told["total"], told["next_offset"], told["corrected"]) == (3, 2, None)
    assert told["facets"] == {"categories": [{"name": "Fiction", "count": 3}]}
    assert [item["item_id"] for item in api.get("items/search", q="jane", limit=2, offset=2).json()["items"]] == [
        "pride"
    ]
    Item.objects.filter(item_id="emma").update(is_available=False, tags=["x"], item_type="book")
    for filter_, expected in (
        ({"available": "false"}, ["emma"]),
        ({"available": "true"}, ["eyre", "pride"]),
        ({"tag": "x"}, ["emma"]),
        ({"item_type": "book"}, ["emma"]),
        ({"category": "Poetry"}, []),
    ):
        told = api.get("items/search", q="jane", **filter_).json()
        assert [item["item_id"] for item in told["items"]] == expected
    assert api.get("items/search", q="jane austin").json()["corrected"] == "jane austen"


WRONG: list[dict[str, str]] = [{}, {"q": " "}, {"q": "x", "limit": "0"}, {"q": "x", "offset": "10001"}, {"query": "x"}]


@pytest.mark.parametrize("query", WRONG)
def test_a_wrong_search_is_explained(api: ApiClient, query: dict[str, str]) -> None:
    assert details(api.get("items/search", **query))


def test_a_search_takes_few_queries(api: ApiClient, django_assert_num_queries: Any) -> None:
    books()
    api.get("items/search", q="jane")
    with django_assert_num_queries(3):
        api.get("items/search", q="jane")


def test_words_of_letters_and_digits_are_taken_whole() -> None:
    """Those that PostgreSQL's own parser takes for numbers, versions or parts of something included."""
    words = ["1e5", "1e5abc", "4e", "007", "3d", "x1y2", "e2e4", "10e10e10", "a1b", "0x1f", "1815a", "inf"]
    for number, word in enumerate(words):
        factories.item(f"word-{number}", title=f"{word} {word}x")
    for number, word in enumerate(words):
        assert f"word-{number}" in found(f"{word}x"), word
        assert f"word-{number}" in found(word), word
