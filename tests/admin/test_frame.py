"""What is around every page: the environment, what is down, a way past the menu."""

from pathlib import Path
from typing import Any

import pytest

from recsite.console import strip
from recsite.platform import workers
from tests.admin.staff import Staff
from tests.outages import stoppable_redis
from tests.recommender.fixtures import Shop

PAGES = ["/admin/", "/admin/results/", "/admin/catalog/item/", "/admin/platform/job/", "/admin/health/", "/admin/x/"]


@pytest.mark.parametrize(
    ("name", "words"), [("production", "Production"), ("demo", "Demo"), ("development", "Development")]
)
def test_the_side_bar_names_the_environment(viewer: Staff, settings: Any, name: str, words: str) -> None:
    settings.ENVIRONMENT = name
    page = viewer.get("/admin/").content.decode()
    brand = page[page.index('class="rs-brand"') : page.index("nav-sidebar-apps")]
    assert words in brand


def test_all_is_well_and_no_strip_is_shown(viewer: Staff, shop: Shop) -> None:
    workers.note()
    for address in PAGES:
        assert "rs-strip" not in viewer.get(address).content.decode(), address


@pytest.mark.parametrize("address", PAGES)
def test_a_strip_on_every_page_says_what_is_down(viewer: Staff, shop: Shop, address: str) -> None:
    answer = viewer.get(address).content.decode()
    assert 'class="rs-strip"' in answer
    assert "No worker has been seen lately" in answer


def test_nothing_live_is_said_as_well(viewer: Staff) -> None:
    workers.note()
    assert "No release is live" in viewer.page("/admin/results/")


@pytest.mark.parametrize("address", PAGES)
def test_with_redis_away_every_page_opens_and_says_so(
    viewer: Staff, shop: Shop, settings: Any, tmp_path: Path, address: str
) -> None:
    workers.note()
    usual = viewer.get(address).status_code
    strip.forget()
    with stoppable_redis(tmp_path, settings) as server:
        server.stop()
        answer = viewer.get(address)
    assert answer.status_code == usual
    assert "Redis can&#x27;t be reached: every list is made at request time." in answer.content.decode()


def test_a_look_is_taken_every_few_seconds_at_most(
    viewer: Staff, shop: Shop, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workers.note()
    assert strip.down() == []
    with stoppable_redis(tmp_path, settings) as server:
        server.stop()
        assert strip.down() == []
        monkeypatch.setattr(strip, "monotonic", lambda: strip._look.until)
        assert strip.down() != []


def test_a_look_that_fails_breaks_no_page(viewer: Staff, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> str:
        raise ZeroDivisionError

    monkeypatch.setattr(strip, "PARTS", (fail,))
    assert "A part can't be looked at: ZeroDivisionError." in viewer.page("/admin/results/")


def test_nobody_who_is_not_signed_in_is_told(client: Any) -> None:
    assert "rs-strip" not in client.get("/admin/login/").content.decode()


def test_a_skip_link_leads_past_the_menu_into_main(viewer: Staff) -> None:
    page = viewer.get("/admin/catalog/item/").content.decode()
    assert page.index('href="#content"') < page.index("nav-sidebar") < page.index("<main") < page.index('id="content"')
    assert page.count("<main") == 1
