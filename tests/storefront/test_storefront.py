"""The storefront's pages, as a browser without JavaScript sees them."""

from datetime import UTC, datetime
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from recommender.models import Release
from tests import factories
from tests.admin.staff import Staff
from tests.recommender.fixtures import NOVELS, Shop, happened, start_afresh
from tests.storefront.pages import HTMX, Visitor, stored, text, titles

AWKWARD = ["a/b c?d#e%f", "Ünïcödé ✓", "..x", "x" * 255, "50% & <b>"]
"""Ids that people's own systems may use."""


def test_nobody_sees_what_is_popular_and_is_invited_in(shop: Shop) -> None:
    page = Visitor().get("/")
    assert page.status_code == 200
    assert "I'm new here" in text(page)
    assert "Choose a person" in text(page)
    assert Visitor().shelves() == {"popular": titles(shop.poems + shop.novels), "new": []}


def test_what_is_new_stands_on_a_shelf_of_its_own(shop: Shop) -> None:
    for day, item in enumerate(shop.novels[:3], 1):
        item.published_at = datetime(2026, 1, day, tzinfo=UTC)
        item.save()
    start_afresh()
    assert Visitor().shelves()["new"] == titles(shop.novels[2::-1])


def test_a_chosen_person_finds_their_own_shelf_first(shop: Shop) -> None:
    ada = Visitor("ada")
    shelves = ada.shelves()
    assert next(iter(shelves)) == "for-you"
    assert shelves["for-you"] == titles(shop.novels + shop.poems)
    assert "You would probably give it 4.0 of 5" in text(ada.get("/"))


def test_what_a_person_did_last_stands_on_a_small_shelf(shop: Shop) -> None:
    happened(shop.ada, shop.novels[4], "rating", 4, days_ago=3)
    happened(shop.ada, shop.novels[4], "view", days_ago=2)
    happened(shop.ada, shop.poems[1], "view", days_ago=1)
    happened(shop.ada, shop.poems[2], "impression")
    ada = Visitor("ada")
    history = next(shelf for shelf in ada.get("/").context["shelves"] if shelf.key == "history")
    assert [(card.title, card.badge and card.badge.text) for card in history.cards] == [
        (shop.poems[1].title, None),
        (shop.novels[4].title, "4"),
    ]


def test_somebody_new_is_asked_to_rate_and_sees_what_is_popular_first(shop: Shop) -> None:
    visitor = Visitor()
    assert visitor.post("/people/new").headers["Location"] == "/"
    assert visitor.user_id.startswith("visitor-")
    assert "Rate something you know" in text(visitor.get("/"))
    assert next(key for key, shown in visitor.shelves().items() if shown) == "popular"


def test_two_newcomers_are_two_people(shop: Shop) -> None:
    newcomers = [Visitor(), Visitor()]
    for newcomer in newcomers:
        newcomer.post("/people/new")
    assert len({newcomer.user_id for newcomer in newcomers}) == 2


def test_the_choice_of_people_shows_all_kinds(shop: Shop) -> None:
    for item in shop.novels:
        happened(shop.ada, item)
    happened(shop.ben, shop.poems[0])
    people = {member.who.user_id: member for member in Visitor().get("/people").context["people"]}
    assert people["ada"].about == "6 events"
    assert people["ada"].likes == "Novels"
    assert people["ben"].about == "1 event"
    assert people["cleo"].about == "No events"


def test_anybody_can_be_chosen_by_id_and_left_again(shop: Shop) -> None:
    visitor = Visitor()
    assert visitor.post("/people/be", {"user_id": " ben "}).headers["Location"] == "/"
    assert visitor.user_id == "ben"
    assert visitor.post("/people/leave").headers["Location"] == "/"
    assert visitor.user_id == ""


@pytest.mark.parametrize("asked", ["", "nobody", "ADA", "no\x00body", "<script>"])
def test_an_unknown_id_gets_a_sentence_and_the_choice_again(shop: Shop, asked: str) -> None:
    visitor = Visitor()
    page = visitor.post("/people/be", {"user_id": asked})
    assert page.status_code == 404
    assert "Nobody here has the id" in text(page)
    assert "<script>”" not in text(page)
    assert visitor.user_id == ""


def test_the_shelves_need_few_queries(shop: Shop, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    nobody, ada = Visitor(), Visitor("ada")
    for visitor in (nobody, ada):
        visitor.get("/")
    with django_assert_num_queries(0):
        nobody.get("/")
    # The session, what they did last, and the history that the reasons come from.
    with django_assert_num_queries(3):
        ada.get("/")


def test_an_items_page_needs_few_queries(shop: Shop, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    nobody = Visitor()
    nobody.open(shop.novels[0])
    # The item, and what was bought and looked at together with it.
    with django_assert_num_queries(3):
        nobody.open(shop.novels[0])
    with django_assert_num_queries(0):
        nobody.get(f"/covers/{shop.novels[0].pk}.svg")


def test_before_the_first_training_the_shelves_say_how_to_train(shop: Shop) -> None:
    Release.objects.all().delete()
    start_afresh()
    page = text(Visitor("ada").get("/"))
    assert "manage.py train" in page
    assert "For you" not in page
    assert sorted(Visitor("ada").shelves()["new"]) == sorted(titles(shop.items))


@pytest.mark.django_db
def test_an_empty_shop_says_how_to_fill_it() -> None:
    start_afresh()
    for path in ("/", "/browse"):
        assert "manage.py demo_data" in text(Visitor().get(path))
    assert Visitor().get("/people").status_code == 200


def test_an_item_has_a_page_with_its_facts_and_what_is_like_it(shop: Shop) -> None:
    item = factories.item(
        "odyssey",
        title="The Odyssey",
        description="A long way home.",
        features={"creator": "Homer", "year": -700, "link": "https://example.com", "pages": 300, "tags": ["x"]},
        tags=["sea"],
    )
    start_afresh()
    page = Visitor().open(item)
    assert dict(page.context["facts"]) == {"Year": "700 BC", "Pages": "300"}
    for words in ("The Odyssey", "Homer", "A long way home.", "sea", f"/covers/{item.pk}.svg"):
        assert words in text(page)
    liked = Visitor().open(shop.novels[0]).context["shelves"][-1]
    assert [card.title for card in liked.cards][:5] == titles(shop.novels[1:])
    assert liked.cards[0].why == f"It is like “{shop.novels[0].title}”."


@pytest.mark.parametrize("item_id", AWKWARD)
def test_items_with_awkward_ids_and_bare_facts_are_found(shop: Shop, item_id: str) -> None:
    item = factories.item(item_id, title="T" * 500, categories=[])
    start_afresh()
    link = next(card.href for card in Visitor().get("/browse").context["cards"] if card.title == item.title)
    page = Visitor().get(link)
    assert page.status_code == 200
    assert page.context["item"] == item
    ada = Visitor("ada")
    assert ada.post(page.context["react"], {"type": "like"}).status_code == 302
    assert stored("ada") == [(item_id, "like", None)]


def test_what_is_not_available_has_a_page_that_says_so(shop: Shop) -> None:
    item = factories.item(is_available=False)
    start_afresh()
    assert "Not available at the moment" in text(Visitor().open(item))
    assert item.title not in str(Visitor().get("/browse").context["cards"])


@pytest.mark.parametrize(
    "path", ["/items/unknown", "/items/a%00b", "/covers/0.svg", f"/covers/{10**30}.svg", "/nothing"]
)
def test_what_is_not_there_is_not_found(shop: Shop, path: str) -> None:
    assert Visitor().get(path).status_code == 404


def test_a_cover_is_drawn_once_and_then_cached(shop: Shop) -> None:
    item = shop.novels[0]
    drawn = Visitor().get(f"/covers/{item.pk}.svg")
    assert drawn.headers["Content-Type"] == "image/svg+xml; charset=utf-8"
    assert "max-age=604800" in drawn.headers["Cache-Control"]
    again = Visitor().get(f"/covers/{item.pk}.svg", If_None_Match=drawn.headers["ETag"])
    assert (again.status_code, again.content) == (304, b"")
    item.title = "Another title"
    item.save()
    start_afresh()
    assert Visitor().get(f"/covers/{item.pk}.svg", If_None_Match=drawn.headers["ETag"]).status_code == 200


def test_a_cover_sets_no_cookie_so_that_caches_may_keep_it(shop: Shop) -> None:
    drawn = Visitor().get(f"/covers/{shop.novels[0].pk}.svg")
    assert not drawn.cookies
    assert "Cookie" not in drawn.headers.get("Vary", "")


def test_browsing_goes_category_by_category_and_page_by_page(shop: Shop) -> None:
    factories.items(40, categories=["Sci-Fi & more"])
    start_afresh()
    first = Visitor().get("/browse?category=Sci-Fi+%26+more")
    assert len(first.context["cards"]) == 36
    assert first.context["more"] == "/browse?category=Sci-Fi+%26+more&page=2"
    second = Visitor().get(first.context["more"], **HTMX)
    assert len(second.context["cards"]) == 4
    assert not second.context["more"]
    assert "<html" not in text(second)
    assert "<html" in text(Visitor().get(first.context["more"]))


def test_the_newest_come_first_and_what_has_no_date_last_whatever_the_page(shop: Shop) -> None:
    dates = [datetime(2000 + number % 9, 1, 1, tzinfo=UTC) if number % 5 else None for number in range(80)]
    items = [factories.item(categories=["Dated"], published_at=date) for date in dates]
    start_afresh()
    expected = sorted(items, key=lambda item: (-item.published_at.timestamp() if item.published_at else 1, item.pk))
    pages = [Visitor().get(f"/browse?category=Dated&page={page}").context["cards"] for page in (1, 2, 3)]
    assert [card.title for page in pages for card in page] == [item.title for item in expected]


def test_categories_are_those_with_the_most_available_items(shop: Shop) -> None:
    for number in range(20):
        factories.items(2, categories=[f"Of two {number:02}"])
    factories.item(categories=["Of one"])
    factories.items(9, categories=["Hidden"], is_available=False)
    start_afresh()
    found = [(one.name, one.count) for one, _ in Visitor().get("/browse").context["categories"]]
    assert found == [("Novels", 6), *((f"Of two {number:02}", 2) for number in range(16)), ("Poetry", 6)]


@pytest.mark.parametrize("page", ["0", "-1", "x", "99999999999", "²"])
def test_a_page_that_makes_no_sense_is_no_error(shop: Shop, page: str) -> None:
    assert Visitor().get(f"/browse?page={page}").status_code == 200


@pytest.mark.parametrize("words", ["lighthouse", "WOOLF", "to the", "lighthouse woolf"])
def test_a_search_finds_titles_and_creators(shop: Shop, words: str) -> None:
    factories.item(title="To the Lighthouse", features={"creator": "Virginia Woolf"})
    factories.item(title="To the Lighthouse, hidden", is_available=False)
    start_afresh()
    assert [card.title for card in Visitor().get(f"/browse?q={words}").context["cards"]] == ["To the Lighthouse"]


@pytest.mark.parametrize("words", ["zzz", "100%", "'; drop table", "\x00", "_"])
def test_a_search_that_finds_nothing_says_so(shop: Shop, words: str) -> None:
    page = Visitor().client.get("/browse", {"q": words})
    assert page.status_code == 200
    assert not page.context["query"] or "No title and no creator" in text(page)


def test_a_closed_shop_lets_staff_alone_in(shop: Shop, settings: Any, admin_user: Any, django_user_model: Any) -> None:
    settings.STOREFRONT_OPEN = False
    visitor = Visitor()
    for path in ("/", "/people", f"/items/{NOVELS[0]}", f"/covers/{shop.novels[0].pk}.svg"):
        assert visitor.get(path).headers["Location"].startswith("/admin/login/")
    visitor.client.force_login(django_user_model.objects.create_user("clerk"))
    assert visitor.get("/").status_code == 403
    looks = Staff("looks", "catalog.view_enduser")
    for staff, entered in ((Staff("nobody"), 403), (looks, 200)):
        assert staff.get("/").status_code == entered
        assert staff.post(f"/react/{NOVELS[0]}", type="view").status_code == 403
    visitor.client.force_login(admin_user)
    assert visitor.get("/").status_code == 200
