"""Activity is found by person, kind, day and door, leads to what was changed, and is a tab of each object."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from recommender.insight.experiments import verbs
from recommender.models import Placement, Release
from recsite.console.subjects import SUBJECTS
from recsite.platform import audit
from recsite.platform.audit import Actor, Kind
from recsite.platform.models import AuditEntry
from recsite.roles import VIEWER
from tests import factories
from tests.admin.staff import Staff, member
from tests.recommender.experiment_fixtures import defined
from tests.recommender.fixtures import Shop

pytestmark = pytest.mark.django_db
PAGE = "/admin/platform/auditentry/"
GRACE, ADA = Actor(Kind.STAFF, "grace", "admin"), Actor(Kind.KEY, "ada", "api")


def change(kind: str, name: object, actor: Actor = GRACE, at: datetime | None = None, verb: str = "change") -> None:
    audit.record(actor, f"{kind}.{verb}", kind, name, before={"title": "a"}, after={"title": "b"}, at=at)


def link_to(path: str, page: str) -> bool:
    return f'href="{path}"' in page


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ({"who": "grace"}, {"emma"}),
        ({"kind": "category"}, {"novels"}),
        ({"door": "api"}, {"novels"}),
        ({"day": "2026-05-02"}, {"emma"}),
        ({"day": "28d"}, {"novels"}),
        ({"day": "someday"}, {"emma", "novels"}),
        ({"who": "nobody"}, set()),
    ],
)
def test_changes_are_found_by_who_kind_day_and_door(admin: Staff, query: dict[str, str], shown: set[str]) -> None:
    change("item", "emma", at=datetime(2026, 5, 2, 23, 59, tzinfo=UTC))
    change("category", "novels", ADA)
    listed = admin.page(PAGE, **query).partition("Search")[2]
    assert {name for name in ("emma", "novels") if f"item {name}" in listed or f"category {name}" in listed} == shown


def test_a_change_leads_to_the_page_of_what_was_changed(viewer: Staff, shop: Shop) -> None:
    emma, placement = factories.item("emma"), Placement.objects.first()
    assert placement is not None
    for kind, name in (("item", "emma"), ("item", "gone"), ("placement", placement.name), ("release", 10**30)):
        change(kind, name)
    page = viewer.get(PAGE).content.decode()
    assert link_to(f"/admin/items/{emma.pk}/", page)
    assert "item gone" in page
    assert not link_to(
        f"/admin/items/{emma.pk}/", Staff("clerk", "platform.view_auditentry").get(PAGE).content.decode()
    )


def subjects(shop: Shop) -> dict[str, Any]:

    return {
        "item": shop.novels[0],
        "user": shop.ada,
        "placement": Placement.objects.earliest("pk"),
        "release": Release.objects.earliest("pk"),
        "experiment": verbs.create(defined(), actor=GRACE),
    }


def test_each_object_has_a_tab_with_its_changes_alone(shop: Shop) -> None:
    viewer = member(VIEWER)
    for kind, row in subjects(shop).items():
        change(kind, row.user_id if kind == "user" else SUBJECTS[kind].recorded_id(row), verb="polish")
        change(kind, "another", verb="spoil")
        address = f"/admin/activity/{kind}/{row.pk}/"
        from_page = viewer.get(f"/admin/{_page(kind, row)}")
        assert link_to(address, from_page.content.decode()), kind
        listed = viewer.page(address)
        assert "polish" in listed, kind
        assert "spoil" not in listed, kind
        assert "System Activity" in listed


def _page(kind: str, row: Any) -> str:
    if kind in ("item", "user"):
        return f"{'items' if kind == 'item' else 'people'}/{row.pk}/"
    return f"recommender/{kind}/{row.pk}/{'published' if kind == 'placement' else 'change'}/"


def test_who_may_not_see_the_object_or_the_record_sees_no_tab(shop: Shop) -> None:
    address = f"/admin/activity/item/{shop.novels[0].pk}/"
    assert Staff("one", "platform.view_auditentry").get(address).status_code == 403
    clerk = Staff("two", "catalog.view_item")
    assert clerk.get(address).status_code == 403
    assert not link_to(address, clerk.get(f"/admin/items/{shop.novels[0].pk}/").content.decode())


@pytest.mark.parametrize("path", ["item/999999", "staff/1", "nothing/1"])
def test_what_has_no_such_page_is_not_found(admin: Staff, path: str) -> None:
    assert admin.get(f"/admin/activity/{path}/").status_code == 404


def test_what_the_list_costs_does_not_grow(admin: Staff, shop: Shop, django_assert_num_queries: Any) -> None:
    AuditEntry.objects.all().delete()
    for number in range(40):
        change("item", shop.novels[number % 6].item_id, at=timezone.now() - timedelta(minutes=number))
        change("staff", User.objects.get(username="admin").username)
        change("release", shop.release.pk)
    admin.get(PAGE)
    with django_assert_num_queries(10):
        admin.get(PAGE)
