"""The headless browser of the tests."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import connections
from playwright.sync_api import Browser, sync_playwright

from recsite.local.packages import find_chromium

# Headless Chromium names itself as such, and is then counted as a crawler: the tests are visitors.
VISITOR = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
FLAGS = [f"--user-agent={VISITOR}", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]


@contextmanager
def headless() -> Iterator[Browser]:
    """Run Chromium, or skip the test where there is none."""
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
