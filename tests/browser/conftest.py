"""Chromium before a real gunicorn that serves a small, committed shop."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connections
from playwright.sync_api import Browser, Page, sync_playwright
from pytest_django import DjangoDbBlocker

from recsite.local.packages import find_chromium
from tests.live_shop import live_shop
from tests.web import Web

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
OpenTab = Callable[..., Page]


@pytest.fixture(scope="package")
def web(
    tmp_path_factory: pytest.TempPathFactory, django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[Web]:
    """A server with the shop of `tests.recommender.fixtures`; each test is a person of its own there."""
    with django_db_blocker.unblock(), live_shop(tmp_path_factory.mktemp("browser")) as server:
        yield server


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    program = find_chromium()
    if program is None:
        pytest.skip("Chromium is missing: install the package chromium, or set CHROMIUM to one.")
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        # Playwright's event loop runs in this thread; the tests still ask the database as usual.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield browser
        browser.close()
        # Under the loop Django used connections of their own, which would keep the test database from being dropped.
        connections.close_all()


@pytest.fixture
def tab(web: Web, chromium: Browser) -> Iterator[OpenTab]:
    """Opens windows, each with cookies of its own. In none of them may anything fail or be fetched from elsewhere."""
    faults: list[str] = []
    opened = []

    def open_tab(faults_expected: bool = False, **options: Any) -> Page:
        context = chromium.new_context(base_url=web.url, **options)
        opened.append(context)
        page = context.new_page()
        ours = (f"{web.url}/", "data:")
        page.on("request", lambda request: _note(faults, not request.url.startswith(ours), request.url))
        if not faults_expected:
            page.on("console", lambda said: _note(faults, said.type in {"error", "warning"}, said.text))
            page.on("pageerror", lambda error: faults.append(str(error)))
        return page

    yield open_tab
    for context in opened:
        context.close()
    assert faults == []


def _note(faults: list[str], is_fault: bool, words: str) -> None:
    if is_fault:
        faults.append(words)
