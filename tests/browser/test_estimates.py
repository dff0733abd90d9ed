"""What a release was estimated to achieve stands beside the gate's verdict, and leads to where more is estimated."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect
from pytest_django import DjangoDbBlocker

from recommender import registry
from recommender.api.estimate_shapes import ESTIMATE
from recommender.models import Release
from tests.browser.conftest import OpenTab
from tests.browser.test_admin import sign_in
from tests.web import Web

pytestmark = [pytest.mark.browser, pytest.mark.django_db]


@pytest.fixture(scope="module", autouse=True)
def estimated(web: Web, django_db_blocker: DjangoDbBlocker) -> Iterator[Release]:
    """The live release was estimated at one placement; afterwards it was not."""
    with django_db_blocker.unblock():
        release = registry.live_release()
        assert release is not None
        Release.objects.filter(pk=release.pk).update(estimates={"home": ESTIMATE})
        yield release
        Release.objects.update(estimates={})


@pytest.mark.parametrize("width", [1440, 390])
def test_from_the_release_one_estimates_it_at_a_placement(tab: OpenTab, estimated: Release, width: int) -> None:
    page = sign_in(tab(viewport={"width": width, "height": 900}))
    page.goto(f"/admin/recommender/release/{estimated.pk}/change/")
    expect(page.get_by_text(ESTIMATE["sentence"]).first).to_be_visible()
    page.get_by_role("link", name="Estimate what it would achieve").click()
    expect(page.get_by_label("What", exact=True)).to_have_value(str(estimated.pk))
    expect(page.get_by_text("0.42 (0.37 to 0.47)")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_label("At the placement").select_option("default")
    page.get_by_role("button", name="Estimate", exact=True).click()
    expect(page.get_by_role("heading", name=f"Estimate release {estimated.pk} at default")).to_be_visible()
