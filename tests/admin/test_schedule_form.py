"""The form of a scheduled task has plain words: how often, or at which time of which days."""

import os
import subprocess
import sys
from typing import Any

import pytest
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask, SolarSchedule

from recsite.console import timing
from recsite.console.timing import DAYS, UNITS, Daily, Often, Otherwise, Timing
from recsite.local.paths import PROJECT
from recsite.platform.models import AuditEntry
from recsite.roles import OPERATOR, VIEWER
from tests.admin.staff import Staff, member
from tests.admin.test_schedule import SCHEDULE, run_beat

NAME = "Check drift"


@pytest.fixture
def operator(db: None) -> Staff:
    run_beat()
    return member(OPERATOR)


def row(name: str = NAME) -> PeriodicTask:
    return PeriodicTask.objects.get(name=name)


def save(staff: Staff, **fields: Any) -> Any:
    asked = {"name": NAME, "enabled": "on", "how": "often", "number": "10", "unit": "minutes"} | fields
    return staff.post(f"{SCHEDULE}{row().pk}/change/", **asked)


def test_it_shows_what_the_task_does_and_when_it_runs(operator: Staff) -> None:
    page = operator.get(f"{SCHEDULE}{row().pk}/change/").content.decode()
    assert 'value="10"' in page
    assert "Again and again" in page
    for word in ("crontab", "solar", "clocked", "kwargs", "expire"):
        assert word not in page.lower().partition('id="content"')[2], word


def test_it_runs_as_often_as_was_chosen(operator: Staff) -> None:
    operator.follow(save(operator, number="2", unit="hours"))
    assert str(timing.of(row())) == "every 2 hours"
    entry = AuditEntry.objects.get(verb="schedule.change")
    assert (entry.before, entry.after) == ({"when": "every 10 minutes"}, {"when": "every 2 hours"})


def test_it_runs_at_a_time_of_some_days(operator: Staff) -> None:
    operator.follow(save(operator, how="daily", at="03:30", days="1"))
    found = row()
    assert (found.interval, str(timing.of(found))) == (None, "at 03:30 UTC on Mondays")
    page = operator.page(SCHEDULE)
    assert "at 03:30 UTC on Mondays" in page
    operator.follow(save(operator))
    assert (row().crontab, str(timing.of(row()))) == (None, "every 10 minutes")


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"number": ""}, "Say after how many seconds, minutes, hours or days it runs again."),
        ({"number": "0"}, "greater than or equal to 1"),
        ({"how": "daily", "at": ""}, "Give a time, such as 03:00."),
        ({"how": "daily", "at": "25:00"}, "Enter a valid time."),
        ({"how": "as it is"}, "Select a valid choice."),
    ],
)
def test_what_is_wrong_is_said_and_nothing_changes(operator: Staff, fields: dict[str, Any], sentence: str) -> None:
    answer = save(operator, **fields)
    assert answer.status_code == 200
    assert sentence in answer.content.decode()
    assert str(timing.of(row())) == "every 10 minutes"


def test_another_calendar_stays_unless_somebody_chooses(operator: Staff) -> None:
    first = CrontabSchedule.objects.create(minute="0", hour="3", day_of_month="1")
    PeriodicTask.objects.filter(name=NAME).update(interval=None, crontab=first)
    assert "As it is: " in operator.page(f"{SCHEDULE}{row().pk}/change/")
    operator.follow(save(operator, how="as it is", number=""))
    assert row().crontab == first
    operator.follow(save(operator))
    assert str(timing.of(row())) == "every 10 minutes"


def test_a_task_is_added_a_second_time(operator: Staff) -> None:
    fields: dict[str, Any] = {
        "name": "Train at night",
        "enabled": "on",
        "task": "recommender.tasks.train",
        "how": "daily",
    }
    operator.follow(operator.post(f"{SCHEDULE}add/", **fields, at="02:00", days="*"))
    made = row("Train at night")
    assert (made.task, str(timing.of(made))) == ("recommender.tasks.train", "at 02:00 UTC every day")


def test_who_only_looks_sees_it_in_words(operator: Staff) -> None:
    page = member(VIEWER).page(f"{SCHEDULE}{row().pk}/change/")
    assert "every 10 minutes" in page


@pytest.mark.parametrize(
    "one", [Often(1, "hours"), *(Often(7, unit) for unit in UNITS), *(Daily(3, 5, days) for days in DAYS)], ids=str
)
def test_words_are_read_as_they_are_written(db: None, one: Timing) -> None:
    assert timing.read(str(one)) == one
    task = PeriodicTask(name="a", task="b")
    one.set_on(task)
    assert timing.of(task) == one
    rows = IntervalSchedule.objects.count(), CrontabSchedule.objects.count()
    one.set_on(task)
    assert (IntervalSchedule.objects.count(), CrontabSchedule.objects.count()) == rows


def test_what_has_no_plain_words_is_said_as_it_is(db: None) -> None:
    dawn = SolarSchedule.objects.create(event="sunrise", latitude=1, longitude=1)
    found = timing.of(PeriodicTask(name="a", task="b", solar=dawn))
    assert isinstance(found, Otherwise)
    assert "Sunrise" in str(found)
    assert timing.read(str(found)) is None


def test_a_process_that_has_needed_no_task_yet_knows_what_each_does() -> None:
    code = "import django; django.setup(); from recsite.console.schedule_form import purpose; print(purpose('{}'))"
    done = subprocess.run(
        [sys.executable, "-c", code.format("recsite.tasks.sample_levels")],
        cwd=PROJECT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "recsite.settings"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.strip().startswith("Note how much waits in queues"), done.stderr
