"""Everything in the storefront can be reached and used with the keyboard alone."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenTab

pytestmark = [pytest.mark.browser, pytest.mark.django_db]

STOPS = """() => [...document.querySelectorAll("a[href], button, input:not([type=hidden]), summary, [tabindex='0']")]
    .filter((element) => !element.disabled && element.tabIndex >= 0 && element.getClientRects().length).length"""
FOCUSED = """() => {
  const element = document.activeElement;
  if (element === document.body) return null;
  const style = getComputedStyle(element), around = getComputedStyle(element.parentElement);
  const ringed = [style, around].some((one) => one.outlineStyle !== "none" && parseFloat(one.outlineWidth) >= 2);
  const box = element.getBoundingClientRect();
  const shown = box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
  element.dataset.stop ??= String(document.querySelectorAll("[data-stop]").length);
  return [element.dataset.stop, ringed, shown, element.outerHTML.slice(0, 90)];
}"""


@pytest.mark.parametrize("path", ["/", "/people", "/browse", "/items/novel-5"])
def test_every_stop_is_reached_and_shows_the_focus(tab: OpenTab, path: str) -> None:
    page = tab(viewport={"width": 1000, "height": 800}, reduced_motion="reduce")
    page.goto(path)
    expected = page.evaluate(STOPS)
    reached = set()
    for _ in range(expected):
        page.keyboard.press("Tab")
        stop, ringed, shown, name = page.evaluate(FOCUSED)
        assert ringed, name
        assert shown, name
        reached.add(stop)
    assert len(reached) == expected


def test_the_first_stop_skips_to_the_content(tab: OpenTab) -> None:
    page = tab()
    page.goto("/browse")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.querySelector('main').contains(document.activeElement)")


def test_arrow_keys_walk_along_a_shelf_and_bring_covers_into_view(tab: OpenTab) -> None:
    page = tab(viewport={"width": 700, "height": 800}, reduced_motion="reduce")
    page.goto("/")
    cards = page.locator(".shelf-popular .card")
    cards.first.focus()
    for _ in range(8):
        page.keyboard.press("ArrowRight")
    expect(cards.nth(8)).to_be_focused()
    expect(cards.nth(8)).to_be_in_viewport(ratio=0.9)
    page.keyboard.press("ArrowLeft")
    expect(cards.nth(7)).to_be_focused()


def test_the_arrow_buttons_move_a_shelf_and_end_with_it(tab: OpenTab) -> None:
    page = tab(viewport={"width": 700, "height": 800}, reduced_motion="reduce")
    page.goto("/")
    back = page.get_by_role("button", name="Back along Popular")
    on = page.get_by_role("button", name="Further along Popular")
    expect(back).to_be_disabled()
    while on.is_enabled():
        on.click()
        page.wait_for_timeout(100)
    expect(page.locator(".shelf-popular .card").last).to_be_in_viewport(ratio=0.9)
    expect(back).to_be_enabled()


def test_a_person_is_chosen_and_an_item_rated_by_keyboard(tab: OpenTab) -> None:
    page = tab()
    page.goto("/people")
    page.get_by_role("link", name="I'm new here").focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Skip").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Rate something you know")
    page.locator(".shelf-popular .card").nth(1).focus()
    page.keyboard.press("Enter")
    star = page.get_by_role("button", name="Rate 4 of 5")
    star.focus()
    page.keyboard.press("Space")
    expect(star).to_have_attribute("aria-pressed", "true")
    expect(star).to_be_focused()


def test_more_titles_hang_below_and_the_first_of_them_has_the_focus(tab: OpenTab) -> None:
    page = tab()
    page.goto("/browse?category=Many")
    shown = page.locator(".grid .card")
    expect(shown).to_have_count(36)
    page.get_by_role("link", name="More titles").focus()
    page.keyboard.press("Enter")
    expect(shown).to_have_count(40)
    expect(shown.nth(36)).to_be_focused()


def test_without_javascript_more_titles_are_a_page_of_their_own(tab: OpenTab) -> None:
    page: Page = tab(java_script_enabled=False)
    page.goto("/browse?category=Many")
    page.get_by_role("link", name="More titles").click()
    expect(page.locator(".grid .card")).to_have_count(4)
