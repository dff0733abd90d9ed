"""The frame of the console in a browser: search by the keyboard, the way past the menu, and the new pages' looks."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenTab
from tests.browser.looks import BROKEN, FAINT
from tests.browser.test_admin import sign_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db]

PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
DESKTOP = {"viewport": {"width": 1280, "height": 860}}
DEVICES = pytest.mark.parametrize("device", [PHONE, DESKTOP], ids=["phone", "desktop"])
NEW = ["/admin/health/", "/admin/health/partitions/", "/admin/health/kafka/", "/admin/results/"]
NEW += ["/admin/health/alerts/", "/admin/access/sessions/", "/admin/platform/auditentry/"]


def search(page: Page, text: str) -> None:
    page.get_by_role("dialog", name="Search").get_by_role("searchbox").fill(text)


def open_search(page: Page, keys: str) -> None:
    """Press the keys once the page has its scripts."""
    page.wait_for_load_state("load")
    page.keyboard.press(keys)
    expect(page.get_by_role("dialog", name="Search").get_by_role("searchbox")).to_be_focused()


@DEVICES
@pytest.mark.parametrize("keys", ["/", "Control+k"])
def test_search_is_opened_and_used_by_the_keyboard_alone(tab: OpenTab, device: dict[str, Any], keys: str) -> None:
    page = sign_in(tab(**device))
    page.goto("/admin/catalog/item/")
    page.keyboard.press(keys)
    box = page.get_by_role("dialog", name="Search")
    expect(box.get_by_role("searchbox")).to_be_focused()
    page.keyboard.type("ada")
    expect(box.locator("a").first).to_contain_text("ada")
    page.keyboard.press("Enter")
    page.wait_for_url("**/admin/people/*/")
    open_search(page, keys)
    page.keyboard.type("drift")
    expect(box.locator("a")).to_have_count(2)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**/admin/recommender/driftreport/")
    open_search(page, keys)
    page.keyboard.type("qwertz")
    expect(box).to_contain_text("Nothing fits “qwertz”.")
    page.keyboard.press("Escape")
    expect(box).to_be_hidden()


@DEVICES
def test_the_button_on_top_opens_it_as_well(tab: OpenTab, device: dict[str, Any]) -> None:
    page = sign_in(tab(**device))
    page.get_by_role("button", name="Search").click()
    search(page, "dead")
    page.get_by_role("dialog", name="Search").get_by_role("link", name="Dead letters").click()
    page.wait_for_url("**/admin/dead-letters/")


def test_a_slash_in_a_field_is_a_slash(tab: OpenTab) -> None:
    page = sign_in(tab(**DESKTOP))
    page.goto("/admin/catalog/item/")
    page.locator("#searchbar").press_sequentially("a/b")
    expect(page.locator("#searchbar")).to_have_value("a/b")
    expect(page.get_by_role("dialog", name="Search")).to_be_hidden()


def test_the_first_key_leads_past_the_menu(tab: OpenTab) -> None:
    page = sign_in(tab(**DESKTOP))
    page.goto("/admin/health/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#content")).to_be_focused()


def test_icons_are_hidden_from_readers_of_screens(tab: OpenTab) -> None:
    page = sign_in(tab(**DESKTOP))
    page.goto("/admin/catalog/item/")
    expect(page.locator(".material-symbols-outlined:not([aria-hidden])")).to_have_count(0)


@DEVICES
@pytest.mark.parametrize("color_scheme", ["light", "dark"])
def test_new_pages_stand_out_and_fit(tab: OpenTab, device: dict[str, Any], color_scheme: Any) -> None:
    page = sign_in(tab(faults_expected=True, **device, color_scheme=color_scheme, reduced_motion="reduce"))
    for address in NEW:
        page.goto(address)
        assert page.evaluate(FAINT) == [], address
        assert page.evaluate(BROKEN) == [], address
        assert page.evaluate("document.documentElement.scrollWidth") <= device["viewport"]["width"], address
