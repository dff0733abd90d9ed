"""The JavaScript client in a browser, in a page of another origin than the API's."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page
from pytest_django import DjangoDbBlocker

from recsite.platform.models import ApiKey
from recsite_client import Client, NotFound, sign_user_token
from tests.chromium import headless
from tests.clients.pages import SOURCE, Pages, serve_pages
from tests.clients.snippets import READER, snippets
from tests.outages import wait_until
from tests.web import Web

pytestmark = [pytest.mark.browser, pytest.mark.django_db]
BEGIN = 'const { Events, Impressions, Recsite } = await import("recsite-client");'
Run = Callable[[Page, str], Any]


@pytest.fixture(scope="module")
def pages() -> Iterator[Pages]:
    with serve_pages() as pages:
        yield pages


@pytest.fixture(scope="module")
def browser_key(web: Web, pages: Pages, django_db_blocker: DjangoDbBlocker) -> str:
    with django_db_blocker.unblock():
        row = {"name": "pages", "is_browser": True, "origins": [pages.origin], "rate_limit": 0}
        return ApiKey.objects.create_key(**row)[1]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with headless() as browser:
        yield browser


@pytest.fixture
def page(chromium: Browser, pages: Pages) -> Iterator[Page]:
    """A page in which no script may fail."""
    faults: list[str] = []
    context = chromium.new_context()
    page = context.new_page()
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto(pages.origin)
    yield page
    context.close()
    assert faults == []


@pytest.fixture
def run(web: Web, pages: Pages, browser_key: str) -> Run:
    """Runs a script that finds `client`, of the user `page-user`."""
    pages.token = lambda: sign_user_token(browser_key, "page-user")
    prefix = browser_key.partition(".")[0]
    token = 'fetch("/recsite-token").then((answer) => answer.text())'
    client = f'new Recsite({{ url: "{web.url}", key: "{prefix}", userToken: () => {token} }})'

    def run_script(page: Page, script: str) -> Any:
        return page.evaluate(f"async () => {{ {BEGIN} const client = {client}; {script} }}")

    return run_script


def history(web: Web, key: str, user_id: str, **filters: Any) -> list[Any]:
    with Client(web.url, key) as client:
        try:
            return list(client.user_history(user_id, **filters))
        except NotFound:
            return []


def test_a_page_reads_lists_and_sends_events(page: Page, run: Run, web: Web, key: str) -> None:
    said = run(
        page,
        """
        const list = await client.recommendForUser("page-user", { limit: 3 });
        const events = new Events(client);
        events.add({ user_id: "page-user", type: "click", item_id: list.items[0].item_id });
        await events.flush();
        return [list.items.length, events.counts];
        """,
    )
    assert said == [3, {"accepted": 1}]
    assert len(history(web, key, "page-user", type="click")) == 1


def test_a_page_gets_nothing_of_others(page: Page, run: Run) -> None:
    said = run(page, 'return await client.recommendForUser("ada").catch((error) => [error.status, error.code]);')
    assert said == [403, "forbidden"]


def test_a_page_that_is_left_sends_what_waits(page: Page, run: Run, web: Web, key: str, pages: Pages) -> None:
    run(
        page,
        """
        await client.listPopular({ limit: 1 });
        window.events = new Events(client, { interval: 60 });
        window.events.add({ user_id: "page-user", type: "add_to_cart", item_id: "novel-0" });
        """,
    )
    page.goto(f"{pages.origin}/elsewhere")
    wait_until(lambda: bool(history(web, key, "page-user", type="add_to_cart")), 20)


def test_without_a_key_a_beacon_is_sent(page: Page, pages: Pages) -> None:
    page.evaluate(
        f"""async () => {{ {BEGIN}
        const events = new Events(new Recsite({{ url: location.origin }}), {{ interval: 60 }});
        for (const item_id of ["novel-1", "novel-2"]) events.add({{ user_id: "beacon", type: "view", item_id }});
        }}"""
    )
    page.goto(f"{pages.origin}/elsewhere")
    wait_until(lambda: bool(pages.bulks), 20)
    assert [[event["item_id"] for event in bulk] for bulk in pages.bulks] == [["novel-1", "novel-2"]]


def test_what_was_really_seen_is_an_impression(page: Page, run: Run, web: Web, key: str) -> None:
    run(
        page,
        """
        document.body.innerHTML = '<p style="height: 100px">1</p><p style="height: 3000px">2</p><p id="low">3</p>';
        window.events = new Events(client, { interval: 60 });
        const impressions = new Impressions(window.events, { userId: "page-user", seconds: 0.05 });
        const items = ["novel-3", "novel-4", "novel-5"].map((item_id, place) => ({ item_id, rank: place + 1 }));
        const list = { recommendation_id: "01a20744-cc17-7522-810d-23d7e9938751", items };
        impressions.observeList(document.querySelectorAll("p"), list);
        """,
    )
    wait = "(number) => window.events.left === number"
    # The second is higher than the window: never is half of it in view.
    page.wait_for_function(wait, arg=1)
    page.evaluate("document.querySelector('#low').scrollIntoView()")
    page.wait_for_function(wait, arg=2)
    page.evaluate("window.scrollTo(0, 0)")
    page.evaluate("() => window.events.flush()")
    seen = history(web, key, "page-user", type="impression")
    assert {(event["item_id"], event["context"]["position"]) for event in seen} == {("novel-3", 1), ("novel-5", 3)}
    assert len(seen) == 2


def test_the_snippet_of_the_readme_runs(page: Page, web: Web, key: str, pages: Pages, browser_key: str) -> None:
    pages.token = lambda: sign_user_token(browser_key, READER)
    (snippet,) = snippets(SOURCE.parent / "README.md", "js browser")
    script = snippet.replace("RECSITE_URL", f'"{web.url}"').replace("pubAbc12", browser_key.partition(".")[0])
    page.add_script_tag(content=script, type="module")
    page.click("#shelf a >> nth=0")
    assert page.locator("#shelf a").count() == 5
    wait_until(lambda: bool(history(web, key, READER, type="impression")), 20)
    assert [event["context"]["position"] for event in history(web, key, READER, type="click")] == [1]
