"""The admin in a browser, with a worker that really trains: operate the models, and see why a person gets what."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django import DjangoDbBlocker

from catalog.models import EndUser, Item
from interactions import producers
from interactions.models import Interaction
from recommender import registry
from recommender.models import ModelVersion, Release, ReleaseModel
from recsite.platform import queues, redis
from recsite.platform.models import Job
from tests import factories
from tests.browser.conftest import OpenTab
from tests.live_shop import OPERATOR
from tests.recommender.events import happened
from tests.web import Web, worker

pytestmark = [pytest.mark.browser, pytest.mark.django_db]

PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
PATIENCE_MS = 180_000
PAGES = [
    "/admin/",
    "/admin/recommender/modelversion/",
    "/admin/recommender/modelversion/{version}/change/",
    "/admin/recommender/release/{release}/change/",
    "/admin/catalog/enduser/",
    "/admin/catalog/item/add/",
    "/admin/interactions/interaction/",
    "/admin/interactions/interactiontype/add/",
    "/admin/platform/job/",
    "/admin/django_celery_beat/periodictask/add/",
    "/admin/auth/group/add/",
    "/admin/people/{person}/",
    "/admin/items/{item}/",
]


@pytest.fixture(scope="module", autouse=True)
def working(web: Web, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """A worker, and something to train on; afterwards the shop is as it was."""
    with django_db_blocker.unblock():
        redis.roundtrip(("DEL", *queues.NAMES))
        before = registry.live_release()
        assert before is not None
        rate()
        with worker(web.log.parent):
            yield
        registry.promote(before)
        restore(before)


def rate() -> None:
    """Twelve readers like every second of the shop's books, and dislike the others."""
    books = list(Item.objects.filter(item_id__regex="^(novel|poem)-"))
    for number in range(12):
        reader = factories.person(f"reader-{number}", last_active=timezone.now())
        for place, book in enumerate(books):
            when = timezone.now() - timedelta(days=30, minutes=100 * place + number)
            happened(reader, book, "rating", value=5 if (place + number) % 2 else 1, occurred_at=when)


def restore(before: Release) -> None:
    Interaction.objects.filter(user__user_id__startswith="reader-").delete()
    EndUser.objects.filter(user_id__startswith="reader-").delete()
    producers.stored_in_bulk()
    ReleaseModel.objects.exclude(release=before).delete()
    Release.objects.exclude(pk=before.pk).delete()
    ModelVersion.objects.exclude(releases=before).delete()
    Job.objects.all().delete()


def sign_in(page: Page) -> Page:
    page.goto("/admin/")
    page.locator("[name=username]").fill(OPERATOR)
    page.locator("[name=password]").fill(OPERATOR)
    page.locator("[name=password]").press("Enter")
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    return page


def operate(page: Page, button: str, answer: str) -> None:
    """Presses a button of the page, and says yes to its question."""
    page.get_by_role("link", name=button).first.click()
    page.locator("#dialog").get_by_role("button", name=answer).click()
    page.wait_for_url("**/platform/job/*/change/")


def message(page: Page) -> Any:
    return page.locator(".rs-job-message")


def ended(page: Page, words: str | re.Pattern[str]) -> None:
    """The job's page shows by itself that the work is done."""
    expect(message(page)).to_have_text(words, timeout=PATIENCE_MS)
    expect(page.locator(".rs-job")).to_have_attribute("data-state", "succeeded", timeout=PATIENCE_MS)
    assert page.locator("progress").get_attribute("value") == "1.000"


def test_staff_train_promote_and_roll_back(tab: OpenTab) -> None:
    page = sign_in(tab())
    before = registry.live_release()
    old = ModelVersion.objects.get(releases=before, algorithm="svd")
    operate(page, "Train now", "Train")
    ended(page, re.compile(r"Release \d+ is live: svd"))
    expect(page.locator(".rs-log")).to_contain_text("epoch")
    trained = registry.live_release()
    assert trained not in {before, None}

    page.goto(f"/admin/recommender/modelversion/{old.pk}/change/")
    operate(page, "Promote", "Promote")
    ended(page, re.compile(r"Release \d+ is live\."))
    assert old in registry.live_release().versions.all()  # type: ignore[union-attr]  # there is one

    page.goto("/admin/recommender/modelversion/")
    page.get_by_role("link", name="Roll back").click()
    expect(page.locator("#dialog")).to_contain_text(f"Served again afterwards: {trained}")
    page.locator("#dialog").get_by_role("button", name="Roll back").click()
    page.wait_for_url("**/platform/job/*/change/")
    ended(page, f"{trained} is live again.")
    page.goto("/admin/")
    expect(page.locator("section", has_text="Live release")).to_contain_text(str(trained))


def test_staff_warm_and_reload_from_where_they_are(tab: OpenTab) -> None:
    page = sign_in(tab())
    operate(page, "Warm cache", "Warm the cache")
    ended(page, re.compile("The lists of 12 users (are made|were up to date)"))
    page.goto("/admin/recommender/modelversion/")
    operate(page, "Reload", "Reload")
    ended(page, re.compile("is being read again"))


def test_staff_see_why_a_person_gets_what_they_get(tab: OpenTab) -> None:
    page = sign_in(tab())
    page.goto("/admin/catalog/enduser/")
    page.get_by_role("textbox").fill("reader-1")
    page.keyboard.press("Enter")
    page.get_by_role("row", name=re.compile("reader-11")).get_by_role("link", name="See why").click()
    cards = page.get_by_role("region", name="What they get").locator("li.rs-card")
    expect(cards).to_have_count(12)
    cards.first.get_by_text("Why?").click()
    expect(cards.first.locator("details")).to_have_attribute("open", "")
    page.get_by_label("Pages of reader-11").get_by_role("link", name="History").click()
    did = page.get_by_role("region", name="What they did")
    expect(did).to_contain_text("Rated 5")
    did.locator("li a").first.click()
    expect(page.get_by_role("region", name="Similar")).to_be_visible()


def test_a_question_can_be_dismissed(tab: OpenTab) -> None:
    page = sign_in(tab())
    jobs = Job.objects.count()
    for key in ("Escape", "Enter"):
        page.get_by_role("link", name="Train now").click()
        expect(page.locator("#dialog")).to_be_visible()
        page.locator("#dialog").get_by_role("link", name="Cancel").press(key)
        expect(page.locator("#dialog")).to_be_hidden()
    assert Job.objects.count() == jobs


def test_an_answer_that_does_not_come_is_said_in_the_dialog(tab: OpenTab) -> None:
    page = sign_in(tab(faults_expected=True))
    page.get_by_role("link", name="Train now").click()
    page.route("**/train/", lambda route: route.fulfill(status=503, body="<main><p>Try again later.</p></main>"))
    page.locator("#dialog").get_by_role("button", name="Train").click()
    expect(page.locator("#dialog").get_by_role("alert")).to_have_text("Try again later.")
    page.unroute("**/train/")
    page.route("**/train/", lambda route: route.abort())
    page.locator("#dialog").get_by_role("button", name="Train").click()
    expect(page.locator("#dialog").get_by_role("alert")).to_contain_text("The server can't be reached.")


def test_whoever_was_signed_out_meanwhile_is_asked_to_sign_in(tab: OpenTab) -> None:
    page = sign_in(tab())
    page.context.clear_cookies()
    page.get_by_role("link", name="Train now").click()
    expect(page.locator("[name=username]")).to_be_visible()
    assert "next=/admin/" in page.url


@pytest.mark.parametrize(("wide", "device"), [(390, PHONE), (1280, {"viewport": {"width": 1280, "height": 900}})])
def test_nothing_sticks_out_of_a_page(tab: OpenTab, wide: int, device: dict[str, Any]) -> None:
    page = sign_in(tab(**device))
    assert [address for address in addresses() if width(page, address) > wide] == []


def test_a_dialog_fits_a_phone(tab: OpenTab) -> None:
    page = sign_in(tab(**PHONE))
    page.get_by_role("link", name="Train now").click()
    expect(page.locator("#dialog")).to_be_visible()
    box = page.locator("#modal-content").bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390


def test_light_and_dark_follow_the_system(tab: OpenTab) -> None:
    grounds = set()
    for scheme in ("light", "dark"):
        page = sign_in(tab(color_scheme=scheme))
        grounds.add(page.evaluate("getComputedStyle(document.querySelector('.rs-panel')).backgroundColor"))
    assert len(grounds) == 2


def addresses() -> list[str]:
    numbers = {
        "version": ModelVersion.objects.latest("pk").pk,
        "release": Release.objects.latest("pk").pk,
        "person": EndUser.objects.get(user_id="reader-1").pk,
        "item": Item.objects.get(item_id="novel-0").pk,
    }
    return [address.format(**numbers) for address in PAGES]


def width(page: Page, address: str) -> int:
    """Of everything on the page, however far one has to scroll for it."""
    page.goto(address)
    return int(page.evaluate("document.documentElement.scrollWidth"))
