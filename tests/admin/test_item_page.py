"""What is like an item, and what happened to it."""

from typing import Any

from recommender.models import CoVisit, Release
from tests import factories
from tests.admin.staff import ITEMS, Staff
from tests.recommender.fixtures import Shop, forget, happened, start_afresh


def console(staff: Staff, item: Any) -> str:
    return staff.page(f"/admin/items/{item.pk}/")


def similar(staff: Staff, item: Any) -> list[tuple[str, str]]:
    answer: Any = staff.get(f"/admin/items/{item.pk}/")
    return [(place["title"], place["source"]) for place in answer.context["similar"]]


def test_neighbours_come_with_their_likeness_and_events_with_their_people(viewer: Staff, shop: Shop) -> None:
    happened(shop.ada, shop.novels[0], "rating", 5)
    found = similar(viewer, shop.novels[0])
    assert {title for title, _ in found[:5]} == {f"The book of novel-{number}" for number in range(1, 6)}
    assert {source for _, source in found} == {"svd"}
    page = console(viewer, shop.novels[0])
    assert "svd 1.000" in page
    assert "ada rating 5" in page
    assert "As the live model has learned; the higher the score, the more similar." in page


def test_what_goes_with_it_in_sessions_is_shown(viewer: Staff, shop: Shop) -> None:
    first, second = shop.novels[:2]
    assert "In the same sessions" not in console(viewer, first)
    for item, other, sessions in (
        (0, 0, 40),
        (first.pk, first.pk, 10),
        (second.pk, second.pk, 8),
        (first.pk, second.pk, 4),
    ):
        CoVisit.objects.create(item_id=item, other_id=other, sessions=sessions)
    assert f"{second.title} 4 2.000" in console(viewer, first)


def test_an_item_that_the_model_does_not_know_says_so(viewer: Staff, shop: Shop) -> None:
    fresh = factories.item("fresh", categories=["Poetry"])
    forget()
    page = console(viewer, fresh)
    assert "The live model doesn't know this item, so these are popular items, of its categories first." in page
    assert similar(viewer, fresh)[0] == ("The book of poem-0", "popular")
    assert "No events yet." in page


def test_with_nothing_live_it_says_so(viewer: Staff, shop: Shop) -> None:
    Release.objects.all().delete()
    start_afresh()
    assert "No release is live: all users get the newest items." in console(viewer, shop.novels[0])


def test_availability_is_told(viewer: Staff, shop: Shop) -> None:
    hidden = factories.item("hidden", is_available=False)
    assert "Available no" in console(viewer, hidden)
    assert "Available yes" in console(viewer, shop.novels[0])


def test_there_is_a_way_back_to_the_list_of_items(viewer: Staff, shop: Shop) -> None:
    item = shop.novels[0]
    page = viewer.get(f"/admin/items/{item.pk}/").content.decode()
    assert f'href="{ITEMS}"' in page
    assert f"/admin/items/{item.pk}/" in viewer.get(ITEMS).content.decode()
    assert viewer.get(f"{ITEMS}{item.pk}/open_console/").headers["Location"] == f"/admin/items/{item.pk}/"


def test_the_events_are_for_those_who_may_see_them(shop: Shop) -> None:
    happened(shop.ada, shop.novels[0])
    page = console(Staff("clerk", "catalog.view_item"), shop.novels[0])
    assert "Similar items" in page
    assert "ada" not in page.split("Similar items")[1]
