"""Releases, Compare and Results in a browser: tick two and compare, on a phone and on a wide screen."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django import DjangoDbBlocker

from catalog.models import EndUser, Item
from recommender import registry
from recommender.models import DailyImpressions, ModelVersion, PositionImpressions, Release, ReleaseModel
from tests.browser.conftest import OpenTab
from tests.browser.looks import BROKEN, FAINT
from tests.browser.test_admin import sign_in
from tests.recommender.fixtures import NOVELS, POEMS, popular, publish, svd
from tests.recommender.test_compare import measured
from tests.web import Web

pytestmark = [pytest.mark.browser, pytest.mark.django_db]

PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
DESKTOP = {"viewport": {"width": 1280, "height": 860}}
DEVICES = pytest.mark.parametrize("device", [PHONE, DESKTOP], ids=["phone", "desktop"])


@pytest.fixture(scope="module", autouse=True)
def two(web: Web, django_db_blocker: DjangoDbBlocker) -> Iterator[tuple[Release, Release]]:
    """A better candidate beside the live release, whose lists were shown and clicked; afterwards all is as it was."""
    with django_db_blocker.unblock():
        live = registry.live_release()
        assert live is not None
        novels, poems = (list(Item.objects.filter(item_id__in=names).order_by("item_id")) for names in (NOVELS, POEMS))
        readers = [EndUser.objects.get(user_id=name) for name in ("ada", "ben")]
        other = publish({"svd": svd(poems, novels, readers), "popular": popular(novels + poems)}, promote=False)
        for release, ndcg in ((live, 0.1), (other, 0.2)):
            beside = {"beside": {"popular": {"ndcg_at_10": 0.08}}}
            found = ModelVersion.objects.filter(releases=release, algorithm="svd")
            found.update(metrics=measured(ndcg) | beside, verdict={"passed": True, "sentence": "It is better."})
        for algorithm, clicks in (("svd", 540), ("popular", 300)):
            _shown(live, algorithm, clicks)
        yield live, other
        DailyImpressions.objects.all().delete()
        ReleaseModel.objects.filter(release=other).delete()
        other.delete()
        ModelVersion.objects.exclude(releases=live).delete()
        ModelVersion.objects.update(metrics={}, verdict={})


def _shown(release: Release, algorithm: str, clicks: int) -> None:
    version = release.versions.get(algorithm=algorithm).pk
    for days_ago in range(3):
        row = DailyImpressions.objects.create(
            day=timezone.now().date() - timedelta(days=days_ago), kind="person", placement="default",
            algorithm=algorithm, version=version, lists=1_000, places=10_000, places_clicked=clicks,
        )  # fmt: skip
        for rank in range(1, 11):
            PositionImpressions.objects.create(daily=row, rank=rank, shown=1_000, clicked=clicks // (2 * rank))


@DEVICES
@pytest.mark.parametrize("color_scheme", ["light", "dark"])
def test_two_that_are_ticked_are_compared_and_every_page_fits(
    tab: OpenTab, two: tuple[Release, Release], device: dict[str, Any], color_scheme: Any
) -> None:
    live, other = two
    page = sign_in(tab(**device, color_scheme=color_scheme, reduced_motion="reduce"))
    page.goto("/admin/recommender/release/")
    expect(page.locator("main")).to_contain_text(f"{live}. Its lists are 1.2 times as good as popularity")
    fits(page)
    page.get_by_role("checkbox", name=f"Compare {live}", exact=True).check()
    page.get_by_role("button", name="Compare two").click()
    expect(page.locator("main")).to_contain_text("Tick two to compare, not 1.")
    for release in two:
        page.get_by_role("checkbox", name=f"Compare {release}", exact=True).check()
    page.get_by_role("button", name="Compare two").click()
    expect(page).to_have_url(f"{page.url.split('/admin/')[0]}/admin/compare/?of=release&a={live.pk}&b={other.pk}")
    expect(page.locator("main")).to_contain_text(f"{other} makes better lists, surely: nDCG@10 0.200 against 0.100.")
    # The lists come after the page.
    expect(page.locator("#lists ~ details").first).to_contain_text("in common")
    fits(page)
    page.get_by_role("link", name=str(other), exact=True).click()
    expect(page.get_by_role("heading", name="What is served")).to_be_visible()
    fits(page)
    page.goto("/admin/results/?period=7d")
    expect(page.locator("main")).to_contain_text("Lists that svd leads are clicked 1.8 times as often as popular ones")
    fits(page)


def fits(page: Page) -> None:
    """Nothing is faint, broken or wider than the screen."""
    assert page.evaluate(FAINT) == [], page.url
    assert page.evaluate(BROKEN) == [], page.url
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), page.url
