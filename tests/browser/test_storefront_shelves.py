"""Shelves in a browser: what leaves them, what comes back, one tab stop, suggestions, and what is bought."""

import pytest
from playwright.sync_api import expect

from interactions.models import Interaction
from tests.browser.conftest import OpenTab
from tests.browser.test_storefront import be_someone_new

pytestmark = [pytest.mark.browser, pytest.mark.django_db]
POPULAR = ".shelf-popular .slot"


def test_a_title_leaves_every_shelf_at_once_and_comes_back(tab: OpenTab) -> None:
    page = tab()
    be_someone_new(page)
    page.evaluate("window.untouched = true")
    slot = page.locator(POPULAR).first
    title = slot.locator(".card-title").inner_text()
    slot.get_by_role("button", name="Not interested").click()
    undo = slot.get_by_role("button", name="Undo")
    expect(undo).to_be_focused()
    expect(slot.locator(".card")).to_be_hidden()
    expect(page.locator(".card:visible", has_text=title)).to_have_count(0)
    page.keyboard.press("Enter")
    expect(slot.locator(".card")).to_be_focused()
    expect(page.locator("#said")).to_contain_text("Taken back")
    assert page.evaluate("window.untouched")
    page.reload()
    expect(page.locator(POPULAR).first.locator(".card-title")).to_have_text(title)


def test_without_javascript_a_title_leaves_and_comes_back_too(tab: OpenTab) -> None:
    page = tab(java_script_enabled=False)
    be_someone_new(page)
    first = page.locator(POPULAR).first
    title = first.locator(".card-title").inner_text()
    first.get_by_text("Why").click()
    expect(first.get_by_text("Many people like it.")).to_be_visible()
    first.get_by_role("button", name="Not interested").click()
    expect(page.locator(".shelf-popular .card-title", has_text=title)).to_have_count(0)
    page.locator(".off").get_by_role("button", name="Undo").click()
    expect(first.locator(".card-title")).to_have_text(title)


def test_a_shelf_is_one_tab_stop_and_arrows_reach_all_of_it(tab: OpenTab) -> None:
    page = tab(viewport={"width": 1000, "height": 800}, reduced_motion="reduce")
    page.goto("/")
    slots = page.locator(POPULAR)
    slots.first.locator(".card").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    expect(slots.nth(1).locator("summary")).to_be_focused()
    page.keyboard.press("Enter")
    expect(slots.nth(1).get_by_text("Many people like it.")).to_be_visible()
    page.keyboard.press("ArrowDown")
    expect(slots.nth(1).locator(".card-act")).to_be_focused()
    page.keyboard.press("End")
    expect(slots.last.locator(".card")).to_be_focused()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('.shelf-popular')") is None
    page.keyboard.press("Shift+Tab")
    expect(slots.last.locator(".card")).to_be_focused()


def test_suggestions_come_while_somebody_types_and_go_with_escape(tab: OpenTab) -> None:
    page = tab()
    page.goto("/people")
    page.get_by_role("searchbox").press_sequentially("poem-3")
    first = page.locator(".suggestion").first
    expect(first).to_contain_text("The book of poem-3")
    page.keyboard.press("Escape")
    expect(page.locator(".suggestion")).to_have_count(0)
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.get_by_role("searchbox").fill("poem-4")
    page.locator(".suggestion", has_text="poem-4").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("The book of poem-4")


def test_subjects_make_a_first_shelf_and_a_basket_is_bought_without_javascript(tab: OpenTab) -> None:
    page = tab(java_script_enabled=False)
    page.goto("/welcome")
    page.get_by_label("Poetry").check()
    page.get_by_role("button", name="Show my shelves").click()
    expect(page.locator(".shelf-for-you .card-title").first).to_have_text("The book of poem-0")
    page.locator(".shelf-for-you .card").first.click()
    page.get_by_role("button", name="To the basket").click()
    page.get_by_role("link", name="Basket").click()
    page.get_by_role("button", name="Buy 1 title").click()
    expect(page.locator("#said")).to_contain_text("Bought: 1 title")
    expect(page.locator(".line b")).to_have_text("The book of poem-0")
    assert Interaction.objects.filter(type__name="purchase", context__source="for-you").exists()
