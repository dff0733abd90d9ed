"""The pages of the API's description work, and nothing of them comes from another host."""

import pytest
from playwright.sync_api import Browser, expect

from tests.web import Web

pytestmark = [pytest.mark.browser, pytest.mark.django_db]


@pytest.mark.parametrize("path", ["/api/docs/", "/api/redoc/"])
def test_the_description_is_shown_without_other_hosts(web: Web, chromium: Browser, path: str) -> None:
    context = chromium.new_context(base_url=web.url)
    page = context.new_page()
    answered: list[str] = []
    failed: list[str] = []
    # What the policy forbids is a request too, to the browser's tools: it fails before it leaves the machine.
    page.on("response", lambda response: answered.append(response.url))
    page.on("pageerror", lambda error: failed.append(str(error)))
    page.goto(path)
    expect(page.get_by_text("Recommend items to a user").locator("visible=true").first).to_be_visible(timeout=60_000)
    page.wait_for_load_state("networkidle")
    context.close()
    assert [url for url in answered if not url.startswith((f"{web.url}/", "data:", "blob:"))] == []
    assert len(answered) > 2
    assert failed == []
