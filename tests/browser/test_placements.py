"""A merchandiser drafts a shelf, previews it, publishes it, sees it in the shop, and takes it back."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect
from pytest_django import DjangoDbBlocker

from catalog.models import Item
from recommender import merchandising
from recommender.models import DEFAULT, ListImpression, Placement
from recsite.platform.audit import SYSTEM
from storefront import shelves
from tests.browser.conftest import OpenTab
from tests.browser.test_admin import sign_in
from tests.web import Web

pytestmark = [pytest.mark.browser, pytest.mark.django_db]
SHELF = "#shelf-popular"


@pytest.fixture(scope="module", autouse=True)
def placed(web: Web, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """The placements of the shop's shelves; afterwards the shop is as it was."""
    with django_db_blocker.unblock():
        shelves.make(SYSTEM)
        yield
        Placement.objects.exclude(name=DEFAULT).delete()


def change(page: Page, setting: str, value: str) -> None:
    """Open the row of a setting and fill its field."""
    page.locator(".rs-row > summary", has_text=setting).first.click()
    page.get_by_label(setting, exact=True).fill(value)
    page.get_by_label(setting, exact=True).blur()


def blocked(price: int) -> str:
    return f"Block items where price is over {price}"


def on_the_shelf(page: Page) -> int:
    page.goto("/")
    return page.locator(".shelf-popular li").count()


def test_a_shelf_is_drafted_previewed_published_and_taken_back(tab: OpenTab) -> None:
    page = sign_in(tab())
    usual = on_the_shelf(page)
    assert usual > 3
    # What the shop has shown is recorded within a second or two.
    page.wait_for_timeout(2_000)
    shown = ListImpression.objects.count()
    assert shown

    page.goto("/admin/recommender/placement/")
    page.get_by_role("link", name="shop-popular").click()
    expect(page.locator("#preview")).to_contain_text("For everybody")
    change(page, "Most of one category", "1")
    expect(page.locator("#preview")).to_contain_text(re.compile("positions? changes?"))
    expect(page.locator("#preview .rs-moved .rs-badge").first).to_be_visible()
    expect(page.locator("#said-max_per_category")).to_contain_text("1 changed")
    assert ListImpression.objects.count() == shown
    change(page, "Length", "3")
    page.get_by_role("button", name="Save and publish").click()

    expect(page.get_by_role("heading", name="Publish the draft of shop-popular?")).to_be_visible()
    expect(page.locator("form .rs-table")).to_contain_text("Most of one category")
    page.get_by_label("Why, for the history (optional)").fill("A mix, for the spring.")
    page.get_by_role("button", name="Publish", exact=True).click()
    expect(page.get_by_text("is live: everywhere within two seconds.")).to_be_visible()
    page.wait_for_timeout(2_000)
    assert on_the_shelf(page) <= 3

    page.goto(f"/admin/recommender/placement/{merchandising.find('shop-popular').pk}/revisions/")
    expect(page.locator("#content")).to_contain_text("A mix, for the spring.")
    page.get_by_role("button", name="Return to revision 1").click()
    expect(page.get_by_text("is as in revision 1 again")).to_be_visible()
    page.wait_for_timeout(2_000)
    assert on_the_shelf(page) == usual


def test_a_pin_is_drafted_previewed_published_shown_in_the_shop_and_taken_back(tab: OpenTab) -> None:
    page = sign_in(tab())
    page.goto("/")
    usual = page.locator(".shelf-popular .card-title").all_inner_texts()
    pinned = usual[-1]
    item_id = Item.objects.get(title=pinned).item_id
    page.goto(f"/admin/recommender/placement/{merchandising.find('shop-popular').pk}/draft/")
    page.get_by_text("Another rule").last.click()
    row = page.locator("details[open]")
    row.get_by_label("Then", exact=True).select_option("pin an item")
    row.get_by_label("Item", exact=True).fill(item_id)
    row.get_by_label("At position").fill("1")
    row.get_by_label("At position").blur()
    expect(page.locator("#preview .rs-badge", has_text="pinned")).to_be_visible()
    page.get_by_role("button", name="Save and publish").click()
    page.get_by_role("button", name="Publish", exact=True).click()
    expect(page.get_by_text("is live: everywhere within two seconds.")).to_be_visible()
    page.wait_for_timeout(2_000)
    page.goto("/")
    assert page.locator(".shelf-popular .card-title").all_inner_texts() == [pinned, *usual[:-1]]

    page.goto(f"/admin/recommender/placement/{merchandising.find('shop-popular').pk}/revisions/")
    page.get_by_role("button", name="Return to revision").last.click()
    expect(page.get_by_text("again, published as")).to_be_visible()
    page.wait_for_timeout(2_000)
    page.goto("/")
    assert page.locator(".shelf-popular .card-title").all_inner_texts() == usual


def test_a_draft_that_somebody_saved_meanwhile_is_shown_beside_ones_own(tab: OpenTab) -> None:
    page, other = (sign_in(tab(faults_expected=True)) for _ in range(2))
    draft = f"/admin/recommender/placement/{merchandising.find('shop-new').pk}/draft/"
    page.goto(draft)
    change(page, "Diversity", "0.5")
    other.goto(draft)
    change(other, "Length", "7")
    other.get_by_role("button", name="Save draft").click()
    expect(other.get_by_text("The draft is saved")).to_be_visible()
    page.get_by_role("button", name="Save draft").click()
    expect(page.get_by_role("alert")).to_contain_text("Nothing of yours is lost")
    expect(page.get_by_label("Diversity")).to_have_value("0.5")
    page.get_by_role("button", name="Save draft").click()
    expect(page.get_by_text("The draft is saved")).to_be_visible()


def test_a_rule_is_drafted_by_a_row_and_its_badge_stands_in_the_preview(tab: OpenTab) -> None:
    page = sign_in(tab())
    page.goto("/admin/recommender/placement/")
    page.get_by_role("link", name="shop-popular").click()
    last = page.locator("#preview section").nth(0).locator("li a").last.inner_text()
    item = Item.objects.get(title=last)
    page.get_by_text("Another rule").last.click()
    row = page.locator("details[open]")
    row.get_by_label("Then", exact=True).select_option("pin an item")
    row.get_by_label("Item", exact=True).fill(item.item_id)
    row.get_by_label("At position").fill("2")
    row.get_by_label("At position").blur()
    expect(page.locator("#preview .rs-badge", has_text="pinned")).to_be_visible()
    expect(page.locator("#said-rule-1")).to_have_text(f"Pin “{last}” at position 2")
    page.get_by_role("button", name="Save draft").click()
    expect(page.locator("#said-rule-1")).to_have_text(f"Pin “{last}” at position 2")
    page.get_by_role("button", name="Discard draft").click()
    expect(page.get_by_text("The draft is gone")).to_be_visible()


def test_a_row_shows_what_its_verb_takes_and_the_last_one_brings_another(tab: OpenTab) -> None:
    page = sign_in(tab(viewport={"width": 390, "height": 844}))
    page.goto(f"/admin/recommender/placement/{merchandising.find('shop-popular').pk}/draft/")
    page.get_by_text("Another rule").last.click()
    row = page.locator(".rs-rule").first
    expect(row.locator(".rs-field:visible label")).to_have_text(["Then"])
    row.get_by_label("Then", exact=True).select_option("pin an item")
    expect(row.get_by_label("At position")).to_be_visible()
    expect(row.get_by_label("First day")).to_be_visible()
    expect(row.get_by_label("Filter", exact=True)).to_be_hidden()
    row.get_by_label("Item", exact=True).fill("an item")
    row.get_by_label("Then", exact=True).select_option("block a filter")
    expect(row.get_by_label("Item", exact=True)).to_be_hidden()
    row.get_by_label("Filter", exact=True).fill("price > 1000")
    page.get_by_text("Another rule").last.click()
    row = page.locator(".rs-rule").nth(1)
    row.get_by_label("Then", exact=True).select_option("boost a filter")
    row.get_by_label("Filter", exact=True).fill("price < 1000")
    row.get_by_label("Time zone").fill("")
    page.get_by_role("button", name="Save draft").click()
    expect(page.locator(".rs-rule").nth(1).locator(".rs-error")).to_have_text("It is needed to boost a filter.")
    expect(page.locator(".rs-rule").nth(1).get_by_label("By the factor")).to_be_visible()
    page.locator(".rs-rule").nth(1).get_by_label("By the factor").fill("2")
    page.get_by_role("button", name="Save draft").click()
    words = ["Block items where price is over 1000", "Boost by 2: items where price is under 1000"]
    expect(page.locator(".rs-rule .rs-row-words")).to_have_text([*words, "Another rule …"])
    page.get_by_role("button", name="Discard draft").click()
    expect(page.get_by_text("The draft is gone")).to_be_visible()


def test_rules_can_be_made_without_scripts(tab: OpenTab) -> None:
    page = sign_in(tab())
    plain = tab(java_script_enabled=False, storage_state=page.context.storage_state())
    plain.goto(f"/admin/recommender/placement/{merchandising.find('shop-popular').pk}/draft/")
    for label in ("Then", "Item", "Filter", "By the factor", "Of each value of", "Owner"):
        expect(plain.locator(".rs-rule").first.get_by_label(label, exact=True)).to_be_enabled()


def test_rules_are_moved_deleted_and_put_back_by_their_buttons(tab: OpenTab) -> None:
    page = sign_in(tab())
    page.goto(f"/admin/recommender/placement/{merchandising.find('shop-popular').pk}/draft/")
    for number, price in enumerate((10, 20, 30)):
        page.get_by_text("Another rule").last.click()
        row = page.locator(".rs-rule").nth(number)
        row.get_by_label("Then", exact=True).select_option("block a filter")
        row.get_by_label("Filter", exact=True).fill(f"price > {price}")
        row.get_by_label("Filter", exact=True).blur()
    words = page.locator(".rs-rule .rs-row-words")
    expect(words).to_have_text(
        [*(f"Block items where price is over {price}" for price in (10, 20, 30)), "Another rule …"]
    )
    page.get_by_role("button", name="Move rule 3 up").click()
    page.get_by_role("button", name="Move rule 1 down").click()
    page.locator(".rs-ruled:has(#said-rule-2)").get_by_role("button", name="Delete").click()
    page.locator(".rs-ruled:has(#said-rule-1)").get_by_role("button", name="Delete").click()
    page.locator(".rs-ruled:has(#said-rule-1)").get_by_role("button", name="Put back").click()
    page.get_by_role("button", name="Save draft").click()
    expect(page.get_by_text("The draft is saved")).to_be_visible()
    expect(words).to_have_text([*map(blocked, (30, 10)), "Another rule …"])
    page.get_by_role("button", name="Discard draft").click()
    expect(page.get_by_text("The draft is gone")).to_be_visible()


def test_the_person_of_the_preview_is_offered_while_one_types(tab: OpenTab) -> None:
    page = sign_in(tab())
    page.goto(f"/admin/recommender/placement/{merchandising.find('shop-for-you').pk}/draft/")
    box = page.get_by_label("Id of a user")
    box.press_sequentially("ad")
    expect(page.locator("#id_subject_id-names option[value=ada]")).to_have_count(1)
    box.fill("ada")
    box.blur()
    expect(page.locator("#preview")).to_contain_text("For ada:")
    expect(page.get_by_label("Shown to")).to_have_value("chosen")
    page.get_by_label("Shown to").select_option("a newcomer")
    expect(page.locator("#preview")).to_contain_text("For a newcomer:")
    expect(box).to_have_value("")


@pytest.mark.parametrize("name", ["draft", "published", "revisions"])
def test_pages_of_a_placement_fit_a_phone(tab: OpenTab, name: str) -> None:
    page = sign_in(tab(viewport={"width": 390, "height": 844}))
    page.goto(f"/admin/recommender/placement/{merchandising.find('shop-popular').pk}/{name}/")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    if name == "draft":
        draft, previewed = (page.locator(f"#{one}").evaluate("it => it.offsetTop") for one in ("draft", "previewed"))
        # What a change does is seen before the many settings, not after all of them.
        assert previewed < draft
