"""Data of a database that is in use comes through our migrations."""

import pytest
from django.contrib.auth.models import Group, Permission
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from recommender.models import DailyImpressions, PositionImpressions
from recsite.platform.models import FeedCursor

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
    assert [one.codename for one in Group.objects.get().permissions.all()] == ["view_dailyimpressions"]
    assert FeedCursor.objects.get(name="list impressions").position == 17
