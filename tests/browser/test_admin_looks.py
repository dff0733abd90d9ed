"""Every page of the admin, light and dark, wide and narrow: text stands out, and no word or number is broken."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib import admin as site
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth import get_user_model
from django.db.models import Model
from playwright.sync_api import Page
from pytest_django import DjangoDbBlocker

from catalog.models import Category, EndUser, Item, ItemEmbedding
from interactions import producers
from interactions.models import (
    BehaviourWindow,
    DeadLetter,
    ImportRun,
    Interaction,
    OutboxMessage,
    PersonEvent,
    Review,
)
from recommender import registry
from recommender.models import (
    AlgorithmSettings,
    Attribution,
    CoVisit,
    DailyImpressions,
    DriftReport,
    Exposure,
    ListImpression,
    Shadow,
    TrainingPlan,
    TrendingScore,
    TuningTrial,
)
from recsite.platform.models import AlertEpisode, AlertSilence, AlertSubscription, ApiKey, FeedCursor, Job
from tests.admin.rows import fill_tables
from tests.admin.test_every_page import pages
from tests.browser.conftest import OpenTab
from tests.browser.looks import BROKEN, FAINT, LABELLED
from tests.browser.test_admin import sign_in
from tests.live_shop import OPERATOR
from tests.recommender.fixtures import NOVELS, POEMS, Shop
from tests.web import Web

pytestmark = [pytest.mark.browser, pytest.mark.django_db]

PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
DESKTOP = {"viewport": {"width": 1440, "height": 900}}
CHECKED = re.compile(r"^/admin/[a-z_]+/[a-z]+/(.+/change/)?$")
FILLED: list[type[Model]] = [
    TrainingPlan, AlgorithmSettings, Attribution, BehaviourWindow, Category, CoVisit, DailyImpressions, DeadLetter,
    DriftReport, Exposure, FeedCursor, ImportRun, Interaction, ItemEmbedding, ListImpression, OutboxMessage,
    PersonEvent, Review, Shadow, TrendingScore, TuningTrial, ApiKey, Job, LogEntry,
    AlertEpisode, AlertSilence, AlertSubscription,
]  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def filled(web: Web, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Rows in every table; afterwards the shop is as it was."""
    with django_db_blocker.unblock():
        release = registry.live_release()
        assert release is not None
        novels, poems = (list(Item.objects.filter(item_id__in=names).order_by("item_id")) for names in (NOVELS, POEMS))
        ada, ben, cleo = (EndUser.objects.get(user_id=name) for name in ("ada", "ben", "cleo"))
        fill_tables(Shop(novels, poems, ada, ben, cleo, release))
        operator = get_user_model().objects.get(username=OPERATOR)
        LogEntry.objects.log_actions(operator.pk, [novels[0]], CHANGE, change_message="Hidden.")
        yield
        for model in FILLED:
            model._default_manager.all().delete()
        producers.stored_in_bulk()


def addresses() -> list[str]:
    """Return the product's own pages, and of each table the list and the page of a row."""
    own = ["/admin/", "/admin/results/", "/admin/drift/"]
    item, user = Item.objects.get(item_id=NOVELS[0]), EndUser.objects.get(user_id="ada")
    rows = [address for model in site.site._registry for address in pages(model) if CHECKED.search(address)]
    history, erasing = f"/admin/catalog/item/{item.pk}/history/", f"/admin/catalog/enduser/{user.pk}/delete/"
    return [*own, f"/admin/items/{item.pk}/", f"/admin/people/{user.pk}/", history, erasing, *rows]


@pytest.mark.parametrize(
    ("device", "color_scheme", "is_labelled"),
    [(PHONE, "dark", True), (DESKTOP, "light", False)],
    ids=["phone-dark", "desktop-light"],
)
def test_text_stands_out_no_word_is_broken_and_cells_repeat_their_heading_on_a_phone_alone(
    tab: OpenTab, device: dict[str, Any], color_scheme: Any, is_labelled: bool
) -> None:
    page = sign_in(tab(faults_expected=True, **device, color_scheme=color_scheme, reduced_motion="reduce"))
    faint, broken, labelled = found_on_pages(page, FAINT, BROKEN, LABELLED)
    assert faint == {}
    assert broken == {}
    assert any(address.endswith("/history/") for address in labelled) is is_labelled
    assert bool(labelled) is is_labelled


@pytest.mark.parametrize("color_scheme", ["light", "dark"])
def test_an_alert_has_its_colour_in_both_themes(tab: OpenTab, color_scheme: Any) -> None:
    page = sign_in(tab(**DESKTOP, color_scheme=color_scheme))
    style = "(element) => [getComputedStyle(element).borderLeftColor, getComputedStyle(element).backgroundColor]"
    alert, panel = page.locator(".rs-alerts li").first, page.locator("section.rs-panel").first
    assert not set(alert.evaluate(style)) & set(panel.evaluate(style))


def found_on_pages(page: Page, *scripts: str) -> list[dict[str, list[str]]]:
    """Return what each script finds, by address; pages that staff may not open are left out."""
    found: list[dict[str, list[str]]] = [{} for _ in scripts]
    for address in addresses():
        answer = page.goto(address)
        if answer and answer.ok:
            for wrong, script in zip(found, scripts, strict=True):
                wrong[address] = page.evaluate(script)
    return [{address: words for address, words in wrong.items() if words} for wrong in found]
