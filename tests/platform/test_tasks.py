import logging
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone

from interactions.partitions import EVENTS
from recsite.celery import app
from recsite.platform import tasks
from recsite.platform.locks import exclusive
from recsite.platform.months import Month

pytestmark = pytest.mark.django_db


def farthest() -> Month:
    return Month.of(timezone.now()).plus(settings.PARTITION_MONTHS_AHEAD)


def test_the_coming_months_get_their_partitions(settings: Any) -> None:
    settings.PARTITION_MONTHS_AHEAD = 5
    tasks.keep_partitions()
    assert farthest() in EVENTS.find().attached


def test_again_there_is_nothing_to_do(caplog: pytest.LogCaptureFixture) -> None:
    tasks.keep_partitions()
    caplog.clear()
    with caplog.at_level(logging.INFO, "recsite.platform.tasks"):
        tasks.keep_partitions()
    assert caplog.messages == []


def test_a_second_one_ends_quietly(caplog: pytest.LogCaptureFixture) -> None:
    with exclusive("The upkeep of the partitions"), caplog.at_level(logging.INFO, "recsite.platform.tasks"):
        tasks.keep_partitions()
    assert caplog.messages == ["The upkeep of the partitions is already being worked on. Wait for it to finish."]


def test_it_is_on_the_schedule_under_its_name_and_has_a_time_limit() -> None:
    scheduled = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert tasks.keep_partitions.name in scheduled
    assert app.tasks[tasks.keep_partitions.name].time_limit
