"""Data of a database that is in use comes through our migrations."""

import pytest
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from recommender.models import DailyImpressions, PositionImpressions, ReleaseModel
from recsite.platform.models import FeedCursor, Generation
from tests.recommender.fixtures import open_shop

BEFORE = [("recommender", "0008_schedule")]


def migrate(targets: list[tuple[str, str]]) -> None:
    MigrationExecutor(connection).migrate(targets)


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_totals_permissions_and_positions_survive_the_renaming_of_impressions() -> None:
    everything = MigrationExecutor(connection).loader.graph.leaf_nodes()
    daily = DailyImpressions.objects.create(kind="person", placement="home", algorithm="svd", lists=3)
    PositionImpressions.objects.create(daily=daily, rank=2, shown=5)
    group = Group.objects.create(name="readers of totals")
    group.permissions.add(Permission.objects.get(codename="view_dailyimpressions"))
    FeedCursor.objects.create(name="list impressions", position=17)
    try:
        migrate(BEFORE)
        with connection.cursor() as cursor:
            cursor.execute("SELECT position FROM platform_feedcursor WHERE name = 'served lists'")
            assert cursor.fetchone() == (17,)
            cursor.execute("SELECT codename FROM auth_permission WHERE codename LIKE 'view_served%' ORDER BY 1")
            assert ("view_servedday",) in cursor.fetchall()
    finally:
        migrate(everything)
    assert DailyImpressions.objects.get().ranks.get().shown == 5
    assert [one.codename for one in group.permissions.all()] == ["view_dailyimpressions"]
    assert FeedCursor.objects.get(name="list impressions").position == 17


@pytest.mark.parametrize(
    ("before", "old", "new"),
    [
        (("recommender", "0012_co_purchases_and_item_days"), "release member", "release model"),
        (("platform", "0010_dirty_flags"), "epoch", "generation"),
    ],
)
@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_rows_and_permissions_survive_the_renaming_of_a_model(before: tuple[str, str], old: str, new: str) -> None:
    everything = MigrationExecutor(connection).loader.graph.leaf_nodes()
    open_shop()
    Generation.objects.create(name="copies of a test", value=17)
    members = list(ReleaseModel.objects.values_list("pk", "release", "version", "role"))
    group = Group.objects.create(name="readers")
    group.permissions.add(_permission(before[0], new))
    try:
        migrate([before])
        assert _named(group) == [(before[0], f"view_{old.replace(' ', '')}", f"Can view {old}")]
    finally:
        migrate(everything)
    assert _named(group) == [(before[0], f"view_{new.replace(' ', '')}", f"Can view {new}")]
    assert _permission(before[0], new).content_type.model_class() in (ReleaseModel, Generation)
    assert not ContentType.objects.filter(app_label=before[0], model=old.replace(" ", "")).exists()
    assert list(ReleaseModel.objects.values_list("pk", "release", "version", "role")) == members
    assert Generation.objects.get(name="copies of a test").value == 17


def _permission(app: str, name: str) -> Permission:
    return Permission.objects.get(content_type__app_label=app, codename=f"view_{name.replace(' ', '')}")


def _named(group: Group) -> list[tuple[str, str, str]]:
    return list(group.permissions.values_list("content_type__app_label", "codename", "name"))
