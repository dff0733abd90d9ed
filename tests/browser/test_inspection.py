"""The shop, the admin, the API's description: nothing serious to axe-core, nothing that a page's policy forbids."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from catalog.models import EndUser, Item
from recommender.models import Placement
from recsite.console import menu
from tests.browser.inspecting import Inspector
from tests.browser.test_admin import sign_in
from tests.recommender.fixtures import NOVELS
from tests.web import Web

pytestmark = [pytest.mark.browser, pytest.mark.django_db]

WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
LOOKS: list[tuple[Any, Any]] = [(WIDE, "light"), (NARROW, "dark")]
SHOP = ("/", "/people", "/browse", "/browse?q=n", f"/items/{NOVELS[0]}", "/welcome", "/basket", "/orders", "/nowhere")
OF_SWAGGER = ("nested-interactive: ", "color-contrast: ")
"""The library puts a button that copies into the one that opens an operation, and writes in pale letters."""


@contextmanager
def window(web: Web, chromium: Browser, viewport: Any = WIDE, scheme: Any = "light") -> Iterator[Page]:
    context = chromium.new_context(base_url=web.url, viewport=viewport, color_scheme=scheme, reduced_motion="reduce")
    yield context.new_page()
    context.close()


def admin_pages() -> list[str]:
    """Every page of the menu, and those of an item, a user and a placement."""
    item, user = Item.objects.get(item_id=NOVELS[0]), EndUser.objects.get(user_id="ada")
    placement = Placement.objects.order_by("pk").first()
    assert placement is not None
    return [
        *(page.link for group in menu.MENU for entry in group.entries for page in entry.pages),
        f"/admin/items/{item.pk}/",
        *(f"/admin/people/{user.pk}/{tab}" for tab in ("", "compare/", "history/", "data/")),
        *(f"/admin/recommender/placement/{placement.pk}/{tab}/" for tab in ("change", "draft", "revisions")),
    ]


@pytest.mark.parametrize(("viewport", "scheme"), LOOKS)
def test_the_shop(web: Web, chromium: Browser, viewport: Any, scheme: Any) -> None:
    with window(web, chromium, viewport, scheme) as page:
        page.goto("/people")
        page.locator(".person").first.click()
        expect(page.locator(".shelf").first).to_be_visible()
        assert Inspector(page, web.url).visit(*SHOP) == {}


def test_the_description_of_the_api(web: Web, chromium: Browser) -> None:
    with window(web, chromium) as page:
        found = Inspector(page, web.url).visit("/api/docs/")
        assert [wrong for wrong in found.get("/api/docs/", []) if not wrong.startswith(OF_SWAGGER)] == []


def test_the_admin(web: Web, chromium: Browser) -> None:
    """Once: what differs between themes and widths is looked at on each page elsewhere."""
    with window(web, chromium) as page:
        sign_in(page)
        assert Inspector(page, web.url).visit(*admin_pages()) == {}
