"""An analyst starts an experiment on a shelf of the shop, looks early, reads the result and ships it."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from django.db import connection
from django.utils import timezone
from playwright.sync_api import expect
from pytest_django import DjangoDbBlocker

from interactions import producers
from recommender import merchandising, serving, tasks
from recommender.insight import impressions
from recommender.models import DEFAULT, Experiment, Placement
from recommender.serving import Request
from recsite.platform import generations
from recsite.platform.audit import SYSTEM
from storefront import shelves
from tests import factories
from tests.browser.conftest import OpenTab
from tests.browser.test_admin import sign_in
from tests.recommender.fixtures import start_afresh
from tests.web import Web

pytestmark = [pytest.mark.browser, pytest.mark.django_db]
SHELF = "shop-for-you"
CLICKS = {"A": 0.3, "B": 0.9}


@pytest.fixture(scope="module", autouse=True)
def placed(web: Web, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """The placements of the shop's shelves; afterwards the shop is as it was."""
    with django_db_blocker.unblock():
        shelves.make(SYSTEM)
        yield
        Experiment.objects.all().delete()
        Placement.objects.exclude(name=DEFAULT).delete()


def visits(first: int, last: int) -> int:
    """Let visitors see the shelf and click as their variant makes them, and add up; return the live revision."""
    start_afresh()
    generations.look()
    rng = np.random.default_rng(first)
    clicks, revision = [], None
    for number in range(first, last):
        answer = serving.recommend(Request(f"passer-by-{number}", placement=SHELF, limit=5))
        revision = answer.placement_revision
        if answer.variant and rng.random() < CLICKS[answer.variant[-1]]:
            named = {"recommendation_id": str(answer.recommendation_id)}
            item = answer.items[0].item_id
            clicks.append(factories.event(answer.user_id, item, "click", at=timezone.now(), context=named))
    producers.produce(clicks)
    impressions.flush()
    for _ in range(2):
        tasks.roll_up_impressions()
    connection.close()
    return revision or 0


def committed(first: int, last: int) -> int:
    """What the server is to see, a connection of its own has to store."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(visits, first, last).result()


def test_from_a_hypothesis_to_what_everybody_gets(tab: OpenTab) -> None:
    page = sign_in(tab())
    page.goto("/admin/recommender/experiment/new/")
    page.locator("[name=key]").fill("for-you")
    page.locator("[name=hypothesis]").fill("What is popular is clicked more often.")
    page.locator("[name=placement]").select_option(SHELF)
    page.locator("[name=minimum_lift]").fill("50")
    page.locator("[name=algorithm_1]").select_option("popular")
    page.get_by_role("button", name="Save draft").click()
    page.get_by_role("button", name="Start", exact=True).click()
    expect(page.get_by_text("for-you runs: everywhere within two seconds.")).to_be_visible()
    expect(page.locator("#says")).to_contain_text("nobody has seen it yet")

    committed(0, 60)
    page.reload()
    expect(page.locator("#says")).to_contain_text("Too early to say: an interval needs 100 users in each variant")
    expect(page.locator("#content")).to_contain_text("Look as often as you like")

    committed(60, 320)
    page.reload()
    expect(page.locator("#says")).to_contain_text("sure enough to ship.")
    expect(page.get_by_role("heading", name="Measured")).to_be_visible()
    page.get_by_role("button", name="Ship", exact=True).click()
    expect(page.get_by_text(f"B is shipped. Revision 2 of {SHELF} is live.")).to_be_visible()

    assert committed(320, 321) == 2
    live = merchandising.find(SHELF).live
    assert live
    assert live.settings["algorithm"] == "popular"
    page.goto(f"/admin/recommender/placement/{merchandising.find(SHELF).pk}/revisions/")
    expect(page.locator("#content")).to_contain_text("Experiment for-you: B is better by")
