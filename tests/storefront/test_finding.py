"""Titles are found by words with typos and accents, by subject, author and tag, and put in order."""

from datetime import UTC, datetime

import pytest

from catalog.models import Item
from tests import factories
from tests.recommender.fixtures import Shop, start_afresh
from tests.storefront.pages import Visitor, text


@pytest.fixture
def library(shop: Shop) -> list[Item]:
    rows: tuple[tuple[str, str, list[str], list[str], int], ...] = (
        ("Jane Eyre", "Charlotte Brontë", ["Classics"], ["governess"], 1847),
        ("Villette", "Charlotte Brontë", ["Classics", "Travel"], ["school"], 1853),
        ("Agnes Grey", "Anne Brontë", ["Travel"], ["governess"], 1847),
        ("A Life of Brontë", "Charlotte Brontë Scholar", ["Memoir"], [], 1900),
    )
    made = [
        factories.item(
            f"book-{number}",
            title=title,
            features={"creator": creator},
            categories=categories,
            tags=tags,
            published_at=datetime(year, number, 1, tzinfo=UTC),
        )
        for number, (title, creator, categories, tags, year) in enumerate(rows, 1)
    ]
    start_afresh()
    return made


def found(query: str) -> list[str]:
    return [card.title for card in Visitor().get(f"/browse?{query}").context["cards"]]


@pytest.mark.parametrize("words", ["bronte", "Brontë", "bronbte", "brontee"])
def test_accents_and_typos_are_forgiven(library: list[Item], words: str) -> None:
    assert set(found(f"q={words}")) == {item.title for item in library}


def test_facets_say_how_many_there_are_and_narrow_the_search(library: list[Item]) -> None:
    page = Visitor().get("/browse?q=bronte")
    assert {one.name: one.count for one, _ in page.context["categories"]} == {"Classics": 2, "Travel": 2, "Memoir": 1}
    address = next(address for one, address in page.context["categories"] if one.name == "Travel")
    assert address == "/browse?q=bronte&category=Travel"
    narrowed = Visitor().get(address)
    assert sorted(card.title for card in narrowed.context["cards"]) == ["Agnes Grey", "Villette"]
    assert narrowed.context["all_categories"] == "/browse?q=bronte"
    assert "2 titles" in text(narrowed)


def test_what_is_found_is_put_in_order(library: list[Item]) -> None:
    assert found("q=bronte&sort=title") == ["A Life of Brontë", "Agnes Grey", "Jane Eyre", "Villette"]
    assert found("q=bronte&sort=newest") == ["A Life of Brontë", "Villette", "Agnes Grey", "Jane Eyre"]
    assert found("category=Classics&sort=title") == ["Jane Eyre", "Villette"]
    assert found("q=bronte&sort=nonsense") == found("q=bronte")


def test_an_author_and_a_tag_lead_to_all_that_have_them(library: list[Item]) -> None:
    page = text(Visitor().open(library[0]))
    for address in ("/browse?by=Charlotte+Bront%C3%AB", "/browse?tag=governess"):
        assert f'href="{address}"' in page
    assert set(found("by=Charlotte+Bront%C3%AB")) == {"Jane Eyre", "Villette"}
    assert set(found("tag=governess")) == {"Jane Eyre", "Agnes Grey"}
    assert found("by=nobody") == found("tag=nothing") == []


def test_suggestions_come_while_somebody_types(library: list[Item]) -> None:
    part = text(Visitor().get("/suggest?q=bronbte"))
    assert "<html" not in part
    assert "these have “bronte”" in part
    assert "Jane Eyre" in part
    assert "Show as a list" in part
    assert "Nothing has “zzzz”" in text(Visitor().get("/suggest?q=zzzz"))
    assert not text(Visitor().get("/suggest?q=")).strip()


def test_a_next_page_asks_for_the_same(library: list[Item]) -> None:
    factories.items(40, title="Brontë again", categories=["Many"])
    start_afresh()
    more = Visitor().get("/browse?q=bronte&category=Many&sort=title").context["more"]
    assert more == "/browse?q=bronte&category=Many&sort=title&page=2"
    assert len(Visitor().get(more).context["cards"]) == 4
