"""What grows with time has an end: old totals are condensed, jobs that ended are deleted."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from recommender import tasks
from recommender.insight import impressions
from recommender.models import DailyImpressions, HourlyImpressions, ItemImpressions, PositionImpressions
from recsite.platform import jobs
from recsite.platform.models import Job
from tests import factories

pytestmark = pytest.mark.django_db


def total(days_ago: int, version: int, **counts: Any) -> DailyImpressions:
    day = timezone.now().date() - timedelta(days=days_ago)
    daily = DailyImpressions.objects.create(
        day=day, kind="person", placement="home", algorithm="svd", version=version, **counts
    )
    PositionImpressions.objects.create(daily=daily, rank=1, shown=5)
    ItemImpressions.objects.create(daily=daily, item=factories.item(), shown=5)
    return daily


def test_old_totals_keep_their_sums_and_lose_versions_ranks_and_items(settings: Any) -> None:
    settings.IMPRESSION_DETAIL_DAYS = 30
    total(31, 7, lists=3, places=30, places_clicked=2, items=10)
    total(31, 8, lists=4, places=40, places_clicked=1, items=12)
    fresh = total(30, 8, lists=5)
    assert impressions.condense() == 1
    old = DailyImpressions.objects.exclude(pk=fresh.pk).get()
    assert (old.version, old.lists, old.places, old.places_clicked, old.items) == (0, 7, 70, 3, 12)
    assert [one.daily for one in PositionImpressions.objects.all()] == [fresh]
    assert [one.daily for one in ItemImpressions.objects.all()] == [fresh]
    assert impressions.condense() == 0, "There is nothing left to do."


def test_old_totals_by_hour_are_deleted(settings: Any) -> None:
    settings.IMPRESSION_DETAIL_DAYS = 30
    now = timezone.now()
    for days_ago in (29, 32):
        HourlyImpressions.objects.create(
            hour=now - timedelta(days=days_ago), kind="user", placement="home", algorithm="svd"
        )
    impressions.condense()
    assert [one.hour > now - timedelta(days=30) for one in HourlyImpressions.objects.all()] == [True]


def test_totals_of_impersonal_lists_join_those_of_the_versions(settings: Any) -> None:
    settings.IMPRESSION_DETAIL_DAYS = 1
    total(5, 0, lists=1)
    total(5, 9, lists=2)
    assert impressions.condense() == 1
    assert DailyImpressions.objects.get().lists == 3
    assert impressions.condense() == 0


def test_the_daily_task_deletes_jobs_that_ended_long_ago(settings: Any) -> None:
    settings.JOB_RETENTION_DAYS, settings.IMPRESSION_DETAIL_DAYS = 10, 10
    old, fresh = jobs.create("train", "Train"), jobs.create("train", "Train")
    running = jobs.create("train", "Train")
    ago = timezone.now() - timedelta(days=11)
    Job.objects.filter(pk__in=[old.pk, fresh.pk]).update(state=Job.State.SUCCEEDED)
    Job.objects.filter(pk__in=[old.pk, running.pk]).update(created_at=ago)
    total(11, 7, lists=3)
    tasks.prune_history()
    assert set(Job.objects.all()) == {fresh, running}
    assert not ItemImpressions.objects.exists()
