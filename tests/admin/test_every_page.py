"""Every table has a page, every page opens, and none of them counts the events."""

import re
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin as site
from django.db import connection, models
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from catalog.models import DeletedItem, ItemSearch
from interactions.models import FileImport, IgnoredLetters
from recommender.models import (
    Attribution,
    CategoryTotals,
    CoPurchase,
    CoVisit,
    ExperimentAnswers,
    ExperimentBaseline,
    ExperimentDay,
    ExperimentSums,
    ItemDay,
    ItemImpressions,
    ItemTotals,
    PlacementRevision,
    PositionImpressions,
    ReleaseModel,
    Shadow,
    ShadowDay,
    TrendingScore,
    Variant,
)
from recsite.platform.backup.runs import BackupRun
from recsite.platform.models import (
    AlertEpisode,
    AlertMessage,
    IdempotentRequest,
    RoleDefault,
    ScheduleDefault,
    Session,
    StaffLogin,
)
from recsite.platform.series_models import HeldAlert, SeriesPoint
from tests import factories
from tests.admin.rows import fill_tables
from tests.admin.staff import OURS, Staff
from tests.recommender.fixtures import Shop

SHOWN_ELSEWHERE: set[type[models.Model]] = {
    DeletedItem,
    FileImport,
    IgnoredLetters,
    ItemSearch,
    ReleaseModel,
    Attribution,
    ItemImpressions,
    ItemTotals,
    CategoryTotals,
    PlacementRevision,
    PositionImpressions,
    CoPurchase,
    CoVisit,
    ItemDay,
    TrendingScore,
    Variant,
    ExperimentDay,
    ExperimentBaseline,
    ExperimentSums,
    ExperimentAnswers,
    Shadow,
    ShadowDay,
    RoleDefault,
    ScheduleDefault,
    IdempotentRequest,
    StaffLogin,
    SeriesPoint,
    HeldAlert,
    BackupRun,
    AlertEpisode,
    AlertMessage,
    Session,
}
"""Rows shown on the page of what they belong to: a release, a list, a day, a placement, an experiment, an item, a role.

Deleted items, kept answers, sign-ins by token, the points of series and the alerts that hold are the program's own:
nobody has anything to do with them.
"""

EVENTS_READ = re.compile(r'FROM "interactions_interaction"')
AGGREGATED = re.compile(r"\b(COUNT|SUM|AVG|MIN|MAX|ARRAY_AGG)\(|GROUP BY", re.IGNORECASE)
OF_ONE_PERSON = re.compile(r'"interactions_interaction"."user_id" IN \(\d+\)')


@pytest.fixture
def filled(shop: Shop) -> Shop:
    fill_tables(shop)
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
    # It leads to the history with differences.
    found = [address for address in found if not re.search(r"/placement/\d+/history/$", address)]
    item, person = factories.item(), factories.ben()
    return [
        "/admin/",
        "/admin/results/",
        "/admin/drift/",
        "/admin/compare/",
        "/admin/compare/estimates/",
        f"/admin/people/{person.pk}/",
        *(f"/admin/people/{person.pk}/{tab}/" for tab in ("compare", "history", "data", "what-if")),
        f"/admin/items/{item.pk}/",
        *(f"/admin/items/{item.pk}/{tab}/" for tab in ("rule", "availability")),
        "/admin/suggestions/item/",
        "/admin/health/",
        "/admin/health/alerts/",
        "/admin/access/sessions/",
        "/admin/health/partitions/",
        "/admin/health/kafka/",
        "/admin/search/?s=a",
        *found,
    ]


def test_every_table_is_registered() -> None:
    missing = set(our_models()) - set(site.site._registry) - SHOWN_ELSEWHERE
    assert missing == set()


def test_every_page_opens(admin: Staff, filled: Shop) -> None:
    empty = [model for model in our_models() if not model._default_manager.exists()]
    assert set(empty) <= {SeriesPoint, HeldAlert, BackupRun}
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
    # A prepared statement that failed to run has no text.
    read = [query["sql"] for query in captured if EVENTS_READ.search(query["sql"] or "")]
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
        # Three of them look for what was measured of the live release: here nothing was, or it would be kept.
        ("/admin/", 17),
        ("/admin/interactions/interaction/", 5),
        ("/admin/catalog/enduser/", 5),
        ("/admin/catalog/item/", 5),
        ("/admin/recommender/modelversion/", 6),
        ("/admin/recommender/release/", 13),
        ("/admin/recommender/listimpression/", 5),
        ("/admin/results/", 7),
        ("/admin/platform/job/", 6),
        ("/admin/health/partitions/", 8),
        ("/admin/people/{ada}/", 9),
        ("/admin/items/{novel}/", 14),
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
    assert "Live release" not in nobody.page("/admin/")
    assert nobody.get(f"/admin/people/{shop.ada.pk}/").status_code == 403
    assert nobody.get(f"/admin/items/{shop.novels[0].pk}/").status_code == 403
    assert nobody.get("/admin/interactions/interaction/").status_code == 403
