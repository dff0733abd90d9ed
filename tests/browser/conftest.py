"""Chromium before a real gunicorn that serves a small, committed shop."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page
from pytest_django import DjangoDbBlocker

from tests.chromium import headless
from tests.live_shop import live_shop
from tests.web import Web

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
    with headless() as browser:
        yield browser


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
