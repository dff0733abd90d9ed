"""Shelves by reason, reasons on cards, what staff see behind a shelf, and what is told when it came into view."""

from typing import Any

import pytest

from catalog import snapshot
from interactions.models import Interaction
from recommender.models import CoPurchase
from recommender.serving import recommend
from recommender.serving.incremental import trends
from recommender.serving.reasons import Reason
from recsite.platform.audit import SYSTEM
from storefront import shelves
from storefront.views import reasons
from storefront.views.cards import Card
from tests.admin.staff import Staff
from tests.recommender.fixtures import Shop, happened, look_again, set_placement, start_afresh
from tests.storefront.pages import Visitor, text, titles

REASONS = ("Because you liked “Emma”.", "Because you liked “Emma” and “Persuasion”.", "It suits your taste.")


def test_items_of_one_reason_have_a_shelf_of_their_own(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reasons, "LEADING", 2)
    asked, placement = shelves.asked_at(shelves.FOR_YOU, "ada")
    answer = recommend(asked)
    told = [place._replace(reason=Reason(REASONS[place.rank % 3])) for place in answer.items]
    first, apart = reasons.by_reason(snapshot.current(), answer._replace(items=tuple(told)), placement)
    assert (first.title, apart.title) == ("For you", "Because you liked “Emma”")
    # Of ranks 3 to 12 every third has a reason that names no item, and stays.
    assert [card.title for card in first.cards] == [told[rank - 1].title for rank in (1, 2, 5, 8, 11)]
    assert [card.title for card in apart.cards] == [told[rank - 1].title for rank in (3, 4, 6, 7, 9, 10, 12)]
    assert "from=for-you&at=3&" in apart.cards[0].href, "All are parts of one list."
    monkeypatch.setattr(reasons, "FEWEST", 8)
    assert len(list(reasons.by_reason(snapshot.current(), answer._replace(items=tuple(told)), placement))) == 1


def test_who_says_what_they_like_finds_it_on_the_next_page(shop: Shop) -> None:
    visitor = Visitor()
    page = visitor.get("/welcome")
    assert [one.name for one in page.context["categories"]] == ["Novels", "Poetry"]
    visitor.client.post("/people/new", {"subject": ["Poetry", "Unheard of"]})
    home = visitor.get("/")
    assert home.context["shelves"][0].key == "for-you"
    assert home.context["shelves"][0].cards[0].why == "You said you like Poetry."
    assert "Visitor" in text(home)
    assert visitor.user_id not in text(home), "Nobody is a number."


@pytest.mark.parametrize(
    ("user_id", "name"),
    [("matilda-0042", "Matilda"), ("42", "Reader 42"), ("visitor-0a1b2c", "Visitor"), ("ada", "ada")],
)
def test_people_have_names(shop: Shop, user_id: str, name: str) -> None:
    happened(shop.ada, shop.novels[0])
    type(shop.ada).objects.filter(pk=shop.ada.pk).update(user_id=user_id)
    assert f'<span class="who">{name}</span>' in text(Visitor(user_id).get("/"))


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_what_is_trending_has_a_shelf_where_enough_is(shop: Shop) -> None:
    assert "trending" not in Visitor().shelves()
    for item in shop.novels[1:5]:
        happened(shop.ben, item, "like", days_ago=1)
    for _ in range(2):
        trends.advance()
    start_afresh()
    assert sorted(Visitor().shelves()["trending"]) == sorted(titles(shop.novels[1:5]))


def together(shop: Shop) -> list[Card]:
    shown = Visitor().open(shop.novels[0]).context["shelves"]
    return next(list(shelf.cards) for shelf in shown if shelf.key == "together")


def test_bought_together_stands_below_a_title_where_enough_bought_both(shop: Shop) -> None:
    first, second = sorted((shop.novels[0].pk, shop.poems[0].pk))
    for item, other, users in ((0, 0, 9), (first, first, 5), (second, second, 5), (first, second, 2)):
        CoPurchase.objects.create(item_id=item, other_id=other, users=users, last_at=shop.ada.created_at)
    assert not together(shop)
    CoPurchase.objects.filter(item_id=first, other_id=second).update(users=3)
    assert [card.title for card in together(shop)] == [shop.poems[0].title]
    assert together(shop)[0].why == f"It is often bought with “{shop.novels[0].title}”."


def test_an_item_s_page_says_why_it_was_shown(shop: Shop) -> None:
    ada = Visitor("ada")
    own, *_ = ada.get("/").context["shelves"]
    assert ada.get(own.cards[0].href).context["reason"] == own.cards[0].why
    assert ada.open(shop.poems[0], "?from=popular&at=1").context["reason"] == "Many people like it."
    assert ada.open(shop.poems[0]).context["reason"] == ""


def test_staff_see_what_is_behind_a_shelf_and_shoppers_do_not(shop: Shop, admin_user: Any) -> None:
    shelves.make(SYSTEM)
    look_again()
    ada = Visitor("ada")
    ada.get("/")
    staff = Visitor()
    staff.client.force_login(admin_user)
    staff.post("/people/be", {"user_id": "ada"})
    page = text(staff.get("/"))
    for words in (
        "shop-for-you</a>",
        "revision 1",
        "by svd",
        f"Release {shop.release.pk}, from the cache",
        "by popular",
    ):
        assert words in page
    pk = staff.get("/").context["shelves"][0].served.placement_pk
    assert staff.get(f"/admin/recommender/placement/{pk}/published/").status_code == 200
    page = Staff("looks", "catalog.view_enduser").get("/").content.decode()
    assert "<span>shop-popular</span>" in page
    assert "/admin/recommender/placement/" not in page
    for words in ("shop-for-you", "revision 1", "by svd", "Release"):
        assert words not in text(ada.get("/"))


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_what_came_into_view_is_told_where_that_counts_as_shown(shop: Shop) -> None:
    shelves.make(SYSTEM)
    look_again()
    ada = Visitor("ada")
    assert "data-list" not in text(ada.get("/"))
    set_placement("shop-for-you", shown_by="event")
    look_again()
    assert text(ada.get("/")).count("data-list") == 1
    assert "data-list" not in text(Visitor().get("/"))
    shelf = ada.get("/").context["shelves"][0]
    told = {"rec": shelf.list_id, "from": "for-you", "item": ["1 novel-0", "2 novel-1", "x novel-2", "3 nothing", ""]}
    assert ada.client.post("/seen", told).status_code == 204
    events = Interaction.objects.order_by("id").values_list("item__item_id", "type__name", "context")
    assert list(events) == [
        (item, "impression", {"source": "for-you", "position": place, "recommendation_id": shelf.list_id})
        for place, item in ((1, "novel-0"), (2, "novel-1"))
    ]
    assert Visitor().client.post("/seen", told).status_code == 204
    assert ada.client.post("/seen", {**told, "rec": "x"}).status_code == 204
    assert Interaction.objects.count() == 2


@pytest.mark.parametrize(
    "path", ["/", "/people", "/welcome", "/browse", "/items/novel-0", "/basket", "/orders", "/items/no"]
)
def test_no_page_of_the_shop_runs_or_styles_what_is_not_a_file_of_its_own(shop: Shop, path: str) -> None:
    page = Visitor("ada").get(path)
    policy = page.headers["Content-Security-Policy"].split("; ")
    assert {"script-src 'self'", "style-src 'self'"} <= set(policy)
    assert "unsafe" not in policy
    for inline in ("<style", " style=", "<script>", " onclick=", "hx-on"):
        assert inline not in text(page)


def test_a_failure_is_a_page_of_the_shop(shop: Shop) -> None:
    page = Visitor("ada").get("/items/unknown")
    assert page.status_code == 404
    for words in ("<h1>There is nothing here</h1>", "Search for it", 'role="search"', "To the shelves"):
        assert words in text(page)
