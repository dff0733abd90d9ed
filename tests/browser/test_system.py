"""The pages of System in a browser: silence an alert, move a task, find a change, end a session, copy a key."""

from collections.abc import Iterator

import pytest
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask
from playwright.sync_api import expect
from pytest_django import DjangoDbBlocker

from catalog import store
from catalog.models import Item
from recsite.platform.audit import Actor, Kind
from tests.browser.conftest import OpenTab
from tests.browser.test_admin import sign_in
from tests.browser.test_console import DESKTOP, PHONE
from tests.live_shop import OPERATOR
from tests.recommender.fixtures import NOVELS
from tests.web import Web

pytestmark = [pytest.mark.browser, pytest.mark.django_db]
TASK = "Check drift"


@pytest.fixture(scope="module", autouse=True)
def filled(web: Web, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """A scheduled task, and a title that somebody hid and showed again; rows of the product go with the server."""
    with django_db_blocker.unblock():
        often = IntervalSchedule.objects.create(every=600, period="seconds")
        PeriodicTask.objects.create(name=TASK, task="recommender.tasks.check_drift", interval=often)
        item, clerk = Item.objects.filter(item_id=NOVELS[0]), Actor(Kind.STAFF, "clerk", "admin")
        for is_available in (False, True):
            store.set_available(item, is_available, actor=clerk)
        yield
        for model in (PeriodicTask, IntervalSchedule, CrontabSchedule):
            model._default_manager.all().delete()


def test_an_alert_is_silenced_and_somebody_is_told(tab: OpenTab) -> None:
    page = sign_in(tab(**PHONE))
    page.goto("/admin/health/alerts/")
    # No worker runs beside this server.
    alert = page.locator(".rs-alerts li", has_text="No worker has been seen")
    alert.get_by_role("link", name="Silence").click()
    page.get_by_label("A day").check()
    page.get_by_label("Reason").fill("The workers are being moved.")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(alert).to_contain_text("The workers are being moved.")
    page.get_by_role("link", name="Tell somebody").click()
    page.get_by_label("E-mail address").fill("ops@shop.example")
    page.get_by_role("button", name="Save", exact=True).click()
    page.goto("/admin/health/alerts/")
    expect(page.get_by_role("row", name="ops@shop.example")).to_contain_text("Every kind")


def test_health_leads_to_the_form_of_a_task(tab: OpenTab) -> None:
    page = sign_in(tab(**DESKTOP))
    page.goto("/admin/health/")
    page.get_by_text("run as planned").click()
    row = page.get_by_role("row", name=TASK)
    expect(row).to_contain_text("every 10 minutes")
    row.get_by_role("button", name="Switch off").click()
    expect(row.get_by_role("button", name="Switch on")).to_be_visible()
    row.get_by_role("link", name=TASK).click()
    page.get_by_label("At a time of day").check()
    page.get_by_label("At (UTC)").fill("03:30")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("#result_list")).to_contain_text("at 03:30 UTC every day")


def test_the_changes_of_an_item_are_a_tab_of_it(tab: OpenTab) -> None:
    page = sign_in(tab(**PHONE))
    page.goto(f"/admin/items/{Item.objects.get(item_id=NOVELS[0]).pk}/")
    page.get_by_role("main").get_by_role("link", name="Activity", exact=True).click()
    expect(page.locator("#result_list")).to_contain_text("clerk")
    expect(page.get_by_role("link", name="Undo").first).to_be_visible()


def test_a_session_is_ended_from_the_list(tab: OpenTab) -> None:
    other, page = sign_in(tab(**DESKTOP)), sign_in(tab(**PHONE))
    page.goto("/admin/access/sessions/")
    rows = page.get_by_role("row", name=OPERATOR)
    number = rows.count()
    assert number >= 2
    rows.filter(has_not_text="this one").first.get_by_role("button", name="Sign out").click()
    expect(rows).to_have_count(number - 1)
    other.goto("/admin/")
    expect(other.get_by_label("Password")).to_be_visible()


def test_a_new_key_is_copied(tab: OpenTab) -> None:
    page = sign_in(tab(**DESKTOP, permissions=["clipboard-read", "clipboard-write"]))
    page.goto("/admin/platform/apikey/add/")
    page.get_by_label("Name").fill("shop")
    page.get_by_role("button", name="Save", exact=True).click()
    shown = page.locator("#made-key").inner_text()
    page.get_by_role("button", name="Copy the key").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == shown
