"""An operator sends a file in pieces, sees how it is read, checks all of it, imports it, and sees what came of it."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect
from pytest_django import DjangoDbBlocker

from catalog.models import Item
from interactions.models import FileImport, ImportRun
from recsite.platform.models import Job
from tests.browser.conftest import OpenTab
from tests.browser.test_admin import sign_in
from tests.web import Web, worker

pytestmark = [pytest.mark.browser, pytest.mark.django_db]
SOON = 60_000
ITEMS = "code,title,genre\nsanditon,Sanditon,Novels\nwatsons,The Watsons,Novels\n,Without an id,Novels\n"


@pytest.fixture(scope="module", autouse=True)
def working(web: Web, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """A worker; afterwards the shop is as it was."""
    with django_db_blocker.unblock(), worker(web.log.parent):
        yield
        Item.objects.filter(item_id__in=["sanditon", "watsons"]).delete()
        for model in (FileImport, ImportRun, Job):
            model._default_manager.all().delete()


def small_pieces(page: Page) -> None:
    """Make the page send twenty bytes at a time."""
    page.locator(".rs-upload").evaluate("form => { form.dataset.piece = 20 }")


def test_a_file_is_sent_mapped_checked_and_imported(tab: OpenTab) -> None:
    page = sign_in(tab())
    page.goto("/admin/imports/")
    page.wait_for_load_state("load")
    small_pieces(page)
    page.get_by_label("File", exact=True).set_input_files(
        {"name": "goods.csv", "mimeType": "text/csv", "buffer": ITEMS.encode()}
    )
    page.get_by_role("button", name="Send").click()
    page.wait_for_url("**/admin/imports/*/")

    page.get_by_label("It holds").select_option("items")
    page.get_by_role("button", name="Show how it is read now").click()
    page.get_by_label("item_id").select_option("code")
    page.get_by_role("button", name="Show how it is read now").click()
    preview = page.get_by_role("region", name="Its first rows, as they are read")
    expect(preview).to_contain_text("Sanditon")
    expect(preview).to_contain_text("Refused among them")

    page.get_by_role("button", name="Check the whole file").click()
    would = page.get_by_role("region", name="What an import would do")
    expect(would.get_by_role("row", name="Items 2 0")).to_be_visible(timeout=SOON)
    expect(would).to_contain_text("1 line refused")
    page.get_by_role("button", name="Import", exact=True).click()
    brought = page.get_by_role("region", name="What it brought")
    expect(brought.get_by_role("row", name="Items 2 0")).to_be_visible(timeout=SOON)
    with page.expect_download() as download:
        brought.get_by_role("link", name="The refused lines").click()
    assert "item_id" in download.value.path().read_text()
    page.goto("/admin/imports/")
    expect(page.get_by_role("row", name="goods.csv")).to_contain_text("2 items; 1 refused")
