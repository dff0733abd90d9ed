"""An operator finds what could not be stored, sees what a repair would store, and stores all of it with one button."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect
from pytest_django import DjangoDbBlocker

from interactions.models import DeadLetter, Interaction
from interactions.store import store
from tests import factories
from tests.browser.conftest import OpenTab
from tests.browser.test_admin import sign_in
from tests.web import Web

pytestmark = [pytest.mark.browser, pytest.mark.django_db]


@pytest.fixture(scope="module")
def lost(web: Web, django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    """Three events of an item whose id lost a letter; returns the id of the one that is meant."""
    with django_db_blocker.unblock():
        meant = factories.item("northanger-abbey", title="Northanger Abbey")
        store([factories.event(f"lost-{number}", "northanger-abey") for number in range(3)])
        yield meant.item_id
        DeadLetter.objects.all().delete()
        Interaction.objects.filter(item=meant).delete()
        meant.delete()


def test_a_kind_of_mistake_is_previewed_mended_and_stored(tab: OpenTab, lost: str) -> None:
    page = sign_in(tab())
    page.goto("/admin/dead-letters/")
    page.get_by_role("link", name="Unknown item northanger-abey").click()
    preview = page.locator("#preview")
    expect(page.get_by_label("item_id becomes")).to_have_value(lost)
    expect(preview).to_contain_text("3 of 3 letters would be stored.")
    page.get_by_label("item_id becomes").fill("nobody-knows-it")
    expect(preview).to_contain_text("0 of 3 letters would be stored.")
    expect(page.get_by_role("button", name="Save and replay")).to_have_count(0)
    expect(page.get_by_text("So none of them can be stored")).to_be_visible()
    page.get_by_label("item_id becomes").fill(lost)
    expect(preview).to_contain_text("3 of 3 letters would be stored.")
    page.get_by_role("button", name="Save and replay all 3").click()
    expect(page.get_by_text("3 letters mended and stored.")).to_be_visible()
    expect(page.get_by_text("every one that was accepted could be stored")).to_be_visible()
