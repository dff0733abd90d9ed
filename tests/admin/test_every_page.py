"""Every table has a page, every page opens, and none of them counts the events."""

import re
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib import admin as site
from django.db import connection, models
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from catalog.models import Category, ItemEmbedding
from interactions.models import BehaviourWindow, DeadLetter, ImportRun, OutboxMessage
from interactions.store import store
from recommender.models import (
    Attribution,
    CoVisit,
    DailyImpressions,
    DriftReport,
    Exposure,
    ItemImpressions,
    ListImpression,
    PositionImpressions,
    ReleaseMember,
    TrendingScore,
    TuningTrial,
)
from recsite.platform import jobs
from recsite.platform.models import ApiKey, Epoch, FeedCursor
from tests import factories
from tests.admin.staff import OURS, Staff
from tests.recommender.fixtures import Shop, happened

SHOWN_ELSEWHERE: set[type[models.Model]] = {
    ReleaseMember,
    Attribution,
    ItemImpressions,
    PositionImpressions,
    CoVisit,
    TrendingScore,
}
"""Rows that stand on the page of what they belong to: a release, a list, a day of figures, an item, a list of items."""

EVENTS_READ = re.compile(r'FROM "interactions_interaction"')
AGGREGATED = re.compile(r"\b(COUNT|SUM|AVG|MIN|MAX|ARRAY_AGG)\(|GROUP BY", re.IGNORECASE)
OF_ONE_PERSON = re.compile(r'"interactions_interaction"."user_id" IN \(\d+\)')


@pytest.fixture
def filled(shop: Shop) -> Shop:
    """At least one row in every table."""
    for number in range(60):
        happened(shop.ada, shop.novels[number % 6], "rating", 4, days_ago=number)
    Category.objects.create(name="Novels")
    DeadLetter.objects.create(source="api", reason="There is no item x.", payload={"item_id": "x"})
    OutboxMessage.objects.create(topic="reviews", key="ada", value=b'{"version": 1}')
    ImportRun.objects.create(format="csv", source="a.csv", fingerprint="f", counts={"events": 3})
    Epoch.objects.get_or_create(name="release", defaults={"value": 1})
    ApiKey.objects.create_key(name="shop")
    jobs.create("train", "Train and promote")
    TuningTrial.objects.create(
        algorithm="svd", data_hash="0" * 64, metric="rmse", number=0, settings={"reg": 0.1}, value=0.9, seconds=1
    )
    Exposure.objects.create(item=shop.novels[0], shown=3)
    first, second = shop.novels[:2]
    shown_as, now = factories.event("ada", first).event_id, timezone.now()
    ListImpression.objects.create(
        recommendation_id=shown_as,
        user_id="ada",
        kind="person",
        placement="default",
        algorithm="svd",
        items=[first.pk, second.pk, 0],
        sources=[0, 1, 99],
        first_rank=3,
        served_at=now,
    )
    Attribution.objects.create(
        recommendation_id=shown_as, item=second, served_at=now, rank=4, event_id=shown_as, acted_at=now, by_id=False
    )
    day = DailyImpressions.objects.create(kind="person", placement="default", algorithm="svd", lists=1, places=2)
    PositionImpressions.objects.create(daily=day, rank=4, shown=1, clicked=1)
    ItemImpressions.objects.create(daily=day, item=second, shown=1, clicked=1)
    FeedCursor.objects.get_or_create(name="attribution")
    written = {"title": "Good", "text": "Very good."}
    store([factories.event("ada", "", "login", at=now), factories.event("ada", first, "rating", 5, review=written)])
    BehaviourWindow.objects.create(start=now, views=10, carts=4, purchases=1)
    DriftReport.objects.create(
        release=1,
        window_minutes=60,
        distribution="type",
        psi=0.3,
        js=0.1,
        noise=0.01,
        n_before=9,
        n_now=9,
        is_drift=True,
    )
    CoVisit.objects.create(item_id=first.pk, other_id=second.pk, sessions=2)
    TrendingScore.objects.create(item_id=first.pk, score=1)
    vector = [0.5] * settings.FEATURE_VECTOR_DIMENSION
    ItemEmbedding.objects.create(item=shop.novels[0], model_version=1, vector=vector)
    return shop


def our_models() -> list[type[models.Model]]:
    return [model for model in apps.get_models() if model._meta.app_label in OURS]


def pages(model: type[models.Model]) -> list[str]:
    """The addresses of the admin for a model, and for the first of its rows."""
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
    first = model._default_manager.order_by("pk").first()
    rows = [reverse(f"{name}_{page}", args=[first.pk]) for page in ("change", "delete", "history")] if first else []
    return [reverse(f"{name}_changelist"), reverse(f"{name}_add"), *rows]


def every_page() -> list[str]:
    found = [address for model in site.site._registry for address in pages(model)]
    apps_listed = [reverse("admin:app_list", args=[app]) for app in OURS]
    item, person = factories.item(), factories.ben()
    return [
        "/admin/",
        "/admin/results/",
        "/admin/drift/",
        f"/admin/people/{person.pk}/",
        f"/admin/items/{item.pk}/",
        *apps_listed,
        *found,
    ]


def test_every_table_is_registered() -> None:
    missing = set(our_models()) - set(site.site._registry) - SHOWN_ELSEWHERE
    assert missing == set()


def test_every_page_opens(admin: Staff, filled: Shop) -> None:
    assert all(model._default_manager.exists() for model in our_models())
    answers = {address: admin.get(address).status_code for address in every_page()}
    assert {address: status for address, status in answers.items() if status not in {200, 403}} == {}
    refused = [address for address, status in answers.items() if status == 403]
    assert all(address.endswith(("/add/", "/delete/")) for address in refused)


def test_every_page_opens_when_there_is_nothing_yet(admin: Staff) -> None:
    answers = {address: admin.get(address).status_code for address in every_page()}
    assert {address: status for address, status in answers.items() if status not in {200, 403}} == {}


def test_no_page_counts_the_events(admin: Staff, filled: Shop) -> None:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        for address in every_page():
            admin.get(address)
    read = [query["sql"] for query in captured if EVENTS_READ.search(query["sql"])]
    assert read
    # What one person has seen is put together when Redis doesn't have it: by an index, and never counted.
    assert [sql for sql in read if AGGREGATED.search(sql) and not OF_ONE_PERSON.search(sql)] == []
    assert [sql for sql in read if "COUNT(" in sql] == []


def test_no_deletion_reads_the_events(admin: Staff, filled: Shop) -> None:
    with CaptureQueriesContext(connection) as captured:
        for address in (
            f"/admin/catalog/enduser/{filled.ada.pk}/delete/",
            f"/admin/catalog/item/{filled.items[0].pk}/delete/",
        ):
            assert admin.get(address).status_code == 200
    assert [query["sql"] for query in captured if EVENTS_READ.search(query["sql"])] == []


@pytest.mark.parametrize(
    ("address", "queries"),
    [
        ("/admin/", 9),
        ("/admin/interactions/interaction/", 4),
        ("/admin/catalog/enduser/", 4),
        ("/admin/catalog/item/", 4),
        ("/admin/recommender/modelversion/", 5),
        ("/admin/recommender/release/", 6),
        ("/admin/recommender/listimpression/", 4),
        ("/admin/results/", 4),
        ("/admin/platform/job/", 5),
        ("/admin/people/{ada}/", 7),
        ("/admin/items/{novel}/", 5),
    ],
)
def test_what_a_page_costs_does_not_grow_with_its_rows(
    admin: Staff, filled: Shop, address: str, queries: int, django_assert_num_queries: Any
) -> None:
    path = address.format(ada=filled.ada.pk, novel=filled.novels[0].pk)
    admin.get(path)
    with django_assert_num_queries(queries):
        admin.get(path)


@pytest.mark.parametrize("path", ["/admin/catalog/item/999999/change/", "/admin/catalog/item/x/change/"])
def test_what_is_not_there_leads_back_with_a_sentence(admin: Staff, path: str) -> None:
    assert "doesn’t exist" in admin.follow(admin.get(path))


@pytest.mark.parametrize("path", ["/admin/people/999999/", "/admin/items/999999/", "/admin/platform/job/9/status/"])
def test_a_console_of_nobody_is_not_found(admin: Staff, path: str) -> None:
    assert admin.get(path).status_code == 404


def test_staff_without_permissions_see_nothing(shop: Shop) -> None:
    nobody = Staff("nobody")
    assert nobody.get("/admin/").status_code == 200
    assert "Live now" not in nobody.page("/admin/")
    assert nobody.get(f"/admin/people/{shop.ada.pk}/").status_code == 403
    assert nobody.get(f"/admin/items/{shop.novels[0].pk}/").status_code == 403
    assert nobody.get("/admin/interactions/interaction/").status_code == 403
