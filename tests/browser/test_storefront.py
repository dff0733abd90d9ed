"""The storefront in a browser: with JavaScript and without, with mouse, keyboard and thumb."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from interactions.models import Interaction
from tests.browser.conftest import OpenTab
from tests.browser.looks import FAINT
from tests.live_shop import OPERATOR

pytestmark = [pytest.mark.browser, pytest.mark.django_db]

PAGES = ["/", "/people", "/welcome", "/browse", "/browse?q=zzz", "/items/novel-0", "/basket", "/orders"]
PHONE = {"viewport": {"width": 360, "height": 740}, "is_mobile": True, "has_touch": True}
DESKTOP = {"viewport": {"width": 1280, "height": 800}}
OWN = ".shelf-for-you .card-title"


def be(page: Page, user_id: str) -> None:
    page.goto("/people")
    page.get_by_label("Somebody by id").fill(user_id)
    page.get_by_role("button", name="Be them").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(user_id)


def be_someone_new(page: Page) -> None:
    page.goto("/")
    page.get_by_role("link", name="I'm new here").click()
    page.get_by_role("button", name="Skip").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Rate something you know")


def views(item_id: str) -> int:
    return Interaction.objects.filter(item__item_id=item_id, type__name="view").count()


@pytest.mark.parametrize("java_script_enabled", [True, False])
def test_a_chosen_person_sees_their_own_shelf(tab: OpenTab, java_script_enabled: bool) -> None:
    page = tab(java_script_enabled=java_script_enabled)
    be(page, "ben")
    expect(page.locator(OWN).first).to_have_text("The book of poem-0")
    expect(page.get_by_role("heading", level=2).first).to_have_text("For you")


@pytest.mark.parametrize("java_script_enabled", [True, False])
def test_a_rating_changes_the_shelf_on_the_next_view(tab: OpenTab, java_script_enabled: bool) -> None:
    page = tab(java_script_enabled=java_script_enabled)
    be_someone_new(page)
    expect(page.locator(OWN)).to_have_count(0)
    page.locator(".shelf-popular .card").nth(2).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("The book of poem-2")
    page.get_by_role("button", name="Rate 5 of 5").click()
    expect(page.locator("#said")).to_contain_text("You gave it 5.")
    expect(page.locator(".star-on")).to_have_count(5)
    page.get_by_role("link", name="recsite").first.click()
    expect(page.locator(OWN).first).to_have_text("The book of poem-0")
    expect(page.locator(OWN, has_text="poem-2")).to_have_count(0)
    expect(page.locator(".shelf-history .badge-rating")).to_contain_text("5")


def test_with_javascript_a_reaction_loads_no_page_and_keeps_the_focus(tab: OpenTab) -> None:
    page = tab()
    be_someone_new(page)
    page.goto("/items/novel-3")
    page.evaluate("window.untouched = true")
    like = page.get_by_role("button", name="Like", exact=True)
    like.focus()
    page.keyboard.press("Enter")
    expect(like).to_have_attribute("aria-pressed", "true")
    expect(like).to_be_focused()
    page.get_by_role("button", name="Not for me").click()
    expect(like).to_have_attribute("aria-pressed", "false")
    assert page.evaluate("window.untouched")


def test_a_page_opened_once_is_one_view_however_often_it_is_rated(tab: OpenTab) -> None:
    page = tab(java_script_enabled=False)
    be_someone_new(page)
    before = views("novel-4")
    page.goto("/items/novel-4")
    for stars in (2, 4):
        page.get_by_role("button", name=f"Rate {stars} of 5").click()
        expect(page.locator(".star-on")).to_have_count(stars)
    assert views("novel-4") == before + 1


def test_coming_back_shows_the_shelves_as_they_are_now(tab: OpenTab) -> None:
    page = tab()
    be(page, "ada")
    page.goto("/")
    first = page.locator(".shelf-for-you .card").first
    title = first.locator(".card-title").inner_text()
    first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(title)
    page.go_back()
    expect(page.locator(OWN, has_text=title)).to_have_count(0)


def test_a_search_and_a_category_find_titles(tab: OpenTab) -> None:
    page = tab()
    page.goto("/")
    page.get_by_role("searchbox").fill("poem-3")
    page.keyboard.press("Enter")
    expect(page.locator(".grid .card-title")).to_have_text(["The book of poem-3"])
    page.goto("/browse")
    page.get_by_role("link", name=re.compile("Novels")).click()
    expect(page.locator(".grid .card")).to_have_count(6)


def test_staff_reload_the_models_from_the_bar(tab: OpenTab) -> None:
    page = tab()
    page.goto("/admin/login/?next=/")
    page.locator("[name=username]").fill(OPERATOR)
    page.locator("[name=password]").fill(OPERATOR)
    page.keyboard.press("Enter")
    expect(page.locator("#staff")).to_contain_text("promoted")
    page.evaluate("window.untouched = true")
    page.get_by_role("button", name="Reload").click()
    expect(page.locator("#said")).to_contain_text("is being read again.")
    assert page.evaluate("window.untouched")


def test_what_does_not_reach_the_shop_is_said(tab: OpenTab) -> None:
    page = tab(faults_expected=True)
    be_someone_new(page)
    page.goto("/items/novel-1")
    page.context.set_offline(True)
    page.get_by_role("button", name="Rate 3 of 5").click()
    expect(page.locator("#said")).to_contain_text("Try again in a moment.")
    expect(page.locator(".star-on")).to_have_count(0)


@pytest.mark.parametrize("java_script_enabled", [True, False])
def test_nothing_sticks_out_of_a_narrow_phone(tab: OpenTab, java_script_enabled: bool) -> None:
    page = tab(**PHONE, java_script_enabled=java_script_enabled)
    for who in ("", "ada"):
        be(page, who) if who else None
        for path in PAGES:
            page.goto(path)
            assert page.evaluate("document.documentElement.scrollWidth") == 360, (who, path)


@pytest.mark.parametrize("wide", [360, 390])
def test_the_way_to_choose_a_person_is_readable_on_a_phone(tab: OpenTab, wide: int) -> None:
    page = tab(**{**PHONE, "viewport": {"width": wide, "height": 740}})
    page.goto("/")
    words = page.locator(".me-name")
    expect(words).to_have_text("Choose a person")
    assert words.evaluate("(element) => element.scrollWidth <= element.clientWidth")


def test_what_is_pressed_is_large_enough_for_a_thumb(tab: OpenTab) -> None:
    page = tab(**PHONE)
    be(page, "ada")
    small = """() => [...document.querySelectorAll("a, button, input:not([type=hidden])")]
        .map((element) => [element.outerHTML.slice(0, 80), element.getBoundingClientRect()])
        .filter(([name, box]) => box.width && !name.includes("skip") && (box.height < 43.9 || box.width < 24))
        .map(([name]) => name)"""
    for path in PAGES:
        page.goto(path)
        assert page.evaluate(small) == [], path


@pytest.mark.parametrize("color_scheme", ["light", "dark"])
def test_text_stands_out_from_what_is_behind_it(tab: OpenTab, color_scheme: Any) -> None:
    page = tab(**DESKTOP, color_scheme=color_scheme, reduced_motion="reduce")
    be(page, "ada")
    for path in PAGES:
        page.goto(path)
        assert page.evaluate(FAINT) == [], path


def test_light_and_dark_follow_the_system(tab: OpenTab) -> None:
    grounds = set()
    for scheme in ("light", "dark"):
        page = tab(color_scheme=scheme)
        page.goto("/")
        grounds.add(page.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert len(grounds) == 2


def test_nothing_moves_while_a_page_loads(tab: OpenTab) -> None:
    page = tab(**DESKTOP)
    be(page, "ada")
    for path in PAGES:
        page.goto(path, wait_until="networkidle")
        shifts = """() => new Promise((done) => new PerformanceObserver((list) =>
            done(list.getEntries().reduce((sum, entry) => sum + entry.value, 0))).observe(
                {type: "layout-shift", buffered: true}) || setTimeout(() => done(0), 300))"""
        assert page.evaluate(shifts) < 0.01, path
