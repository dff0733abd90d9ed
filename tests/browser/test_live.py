"""A visitor in one window, an operator in others: what the one does, the others see within two seconds, untouched."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import OpenTab
from tests.browser.test_admin import sign_in
from tests.browser.test_storefront import OWN, be_someone_new

pytestmark = [pytest.mark.browser, pytest.mark.django_db]
WITHIN = 2_000
EVENTS = "/admin/interactions/interaction/"


def test_a_like_here_is_an_event_and_a_fresh_list_there(tab: OpenTab) -> None:
    visitor, operator = tab(), sign_in(tab())
    operator.goto(EVENTS)
    be_someone_new(visitor)
    visitor.goto("/items/poem-3")
    row = operator.locator("#result_list tbody").first
    expect(row).to_contain_text("view", timeout=10_000)
    visitor.get_by_role("button", name="Like", exact=True).click()
    expect(visitor.get_by_role("button", name="Like", exact=True)).to_have_attribute("aria-pressed", "true")
    expect(row).to_contain_text("like", timeout=WITHIN + 500)
    expect(row).to_contain_text("The book of poem-3")
    # The list of whoever liked it is another one at once, for the operator as for the visitor.
    row.get_by_role("link").nth(1).click()
    expect(operator.locator("main")).to_contain_text("The book of poem-0")
    visitor.goto("/")
    expect(visitor.locator(OWN).first).to_have_text("The book of poem-0")


def test_who_reads_pauses_the_stream(tab: OpenTab) -> None:
    page = tab()
    page.clock.install()
    sign_in(page)
    page.goto(EVENTS)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "x-seen" in request.headers else None)
    page.get_by_role("button", name="Pause").click()
    page.clock.run_for(10_000)
    assert asked == []
    page.get_by_role("button", name="Go on").click()
    page.clock.run_for(3_000)
    assert len(asked) == 1
