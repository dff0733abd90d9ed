"""A merchandiser's questions in a browser: pin this until Sunday, why this item, and what another list would show."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Page, expect
from pytest_django import DjangoDbBlocker

from catalog.models import EndUser, Item
from recommender import merchandising
from recommender.models import DEFAULT, DailyImpressions, ItemImpressions, Placement
from recsite.platform.audit import SYSTEM
from storefront import shelves
from tests.browser.conftest import OpenTab
from tests.browser.test_admin import sign_in
from tests.outages import wait_until
from tests.web import Web

pytestmark = [pytest.mark.browser, pytest.mark.django_db]
PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
CARDS = """rows => rows.map(row => {
  const box = row.getBoundingClientRect();
  const outside = [...row.children].map(cell => cell.getBoundingClientRect())
    .filter(cell => cell.width && (cell.bottom > box.bottom + 1 || cell.right > box.right + 1));
  return {height: box.height, hidden: outside.length};
})"""
HIGHEST = 170
"""Pixels of a card: a phone shows four of them at a time."""


@pytest.fixture(scope="module", autouse=True)
def placed(web: Web, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """The placements of the shop's shelves, of which one shows each item most; afterwards the shop is as it was."""
    with django_db_blocker.unblock():
        shelves.make(SYSTEM)
        day = datetime.now(UTC).date()
        busy = DailyImpressions.objects.create(
            day=day, kind="everybody", placement="shop-popular", algorithm="popular", places=9_000_000
        )
        ItemImpressions.objects.bulk_create(
            ItemImpressions(daily=busy, item=one, shown=9_000) for one in Item.objects.all()
        )
        yield
        busy.delete()
        Placement.objects.exclude(name=DEFAULT).delete()


def titles(page: Page) -> list[str]:
    page.goto("/")
    return page.locator(".shelf-popular .card-title").all_inner_texts()


def wait_for_the_first(page: Page, title: str) -> None:
    """Wait until the shop shows the item first, as it does within two seconds of a change."""
    wait_until(lambda: titles(page)[:1] == [title])


def test_an_item_is_pinned_until_sunday_by_three_clicks_and_the_shop_shows_it_first(tab: OpenTab) -> None:
    page = sign_in(tab())
    usual = titles(page)
    item = Item.objects.get(title=usual[-1])
    page.goto(f"/admin/items/{item.pk}/")
    page.get_by_role("link", name="Pin", exact=True).click()
    expect(page.get_by_label("Placement")).to_have_value("shop-popular")
    until = page.get_by_label("Until").input_value()
    assert datetime.fromisoformat(until).weekday() == 6
    page.get_by_role("button", name="Publish …").click()
    expect(page.locator("form .rs-table")).to_contain_text(f"pin {item.item_id} at position 1, until {until} UTC")
    page.get_by_role("button", name="Publish", exact=True).click()
    expect(page.get_by_text("is live: everywhere within two seconds.")).to_be_visible()
    wait_for_the_first(page, item.title)

    page.goto(f"/admin/recommender/placement/{merchandising.find('shop-popular').pk}/revisions/")
    page.get_by_role("button", name="Return to revision 1").click()
    expect(page.get_by_text("is as in revision 1 again")).to_be_visible()
    wait_until(lambda: titles(page)[:1] not in ([], [item.title]))


@pytest.mark.parametrize("device", [PHONE, {}], ids=["phone", "desktop"])
def test_why_and_why_not_are_answered_on_the_page_of_a_person(tab: OpenTab, device: dict[str, object]) -> None:
    page = sign_in(tab(**device))
    page.goto(f"/admin/people/{EndUser.objects.get(user_id='ada').pk}/")
    card = page.locator(".rs-card").first
    card.get_by_text("Why?").click()
    expect(card.locator(".rs-drawer-body")).to_contain_text("Source")
    expect(card.locator(".rs-drawer-body")).to_contain_text("Rank")
    shown = card.locator("a").first.inner_text()
    page.get_by_label("Id or title of an item").press_sequentially(shown[:-1])
    expect(page.locator("#item-names option").first).to_be_attached()
    page.get_by_label("Id or title of an item").fill(shown)
    page.get_by_role("button", name="Ask").click()
    expect(page.get_by_role("status").last).to_contain_text("It is on the list, at rank 1.")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("device", [PHONE, {}], ids=["phone", "desktop"])
def test_lists_are_compared_on_a_tab_with_items_in_common_marked(tab: OpenTab, device: dict[str, object]) -> None:
    page = sign_in(tab(**device))
    page.goto(f"/admin/people/{EndUser.objects.get(user_id='ada').pk}/")
    page.get_by_role("navigation", name="Pages of ada").get_by_role("link", name="Compare").click()
    page.get_by_label("Compared with").select_option(label="Svd alone")
    page.get_by_role("button", name="Compare").click()
    expect(page.locator("th", has_text="Svd alone")).to_be_visible()
    expect(page.locator(".rs-common").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("address", ["catalog/item", "catalog/enduser", "recommender/placement"])
def test_a_row_of_a_list_is_a_card_on_a_phone_that_leaves_nothing_out(tab: OpenTab, address: str) -> None:
    page = sign_in(tab(**PHONE))
    page.goto(f"/admin/{address}/")
    found = page.locator("#result_list .data-row").evaluate_all(CARDS)
    assert found
    assert {one["hidden"] for one in found} == {0}
    assert max(one["height"] for one in found) < HIGHEST


def test_views_of_the_list_of_items_are_one_click_each(tab: OpenTab) -> None:
    page = sign_in(tab(**PHONE))
    page.goto("/admin/catalog/item/")
    for name in ("Never shown", "New", "Hidden", "Rising", "Falling"):
        page.get_by_role("link", name=name, exact=True).click()
        expect(page.get_by_role("link", name=name, exact=True)).to_have_attribute("aria-current", "page")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name
