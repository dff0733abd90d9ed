"""The steps of a job, told from its log: their times, how far they are, and how long the rest takes."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from recsite.platform import job_steps, jobs
from recsite.platform.models import Job

pytestmark = pytest.mark.django_db
BEGAN = timezone.now().replace(year=2026, month=5, day=1, hour=23, minute=59, second=0, microsecond=500_000)
LOG = """23:59:00 reading the events
23:59:10 svd: evaluating: epoch 1 of 20
23:59:40 svd: evaluating: epoch 20 of 20
23:59:41 svd: evaluating: judging the lists
23:59:55 svd: fitting: epoch 1 of 20
00:00:25 svd: fitting: epoch 20 of 20
00:00:25 svd: storing the model"""


def job(log: str = LOG, **fields: Any) -> Job:
    return Job(title="Train", started_at=BEGAN, log=log, **{"state": Job.State.RUNNING, **fields})


def told(found: Job, now: datetime) -> list[tuple[str, str, str, bool]]:
    return [(one.name, one.detail, one.took, one.is_over) for one in job_steps.steps(found, now)]


def test_each_step_has_its_time_also_past_midnight() -> None:
    assert told(job(), BEGAN + timedelta(seconds=90)) == [
        ("reading the events", "", "10 s", True),
        ("svd: evaluating", "judging the lists", "45 s", True),
        ("svd: fitting", "epoch 20 of 20", "30 s", True),
        ("svd: storing the model", "", "5.5 s", False),
    ]


def test_the_sentence_at_the_end_is_no_step() -> None:
    over = job(f"{LOG}\n00:00:30 Release 3 is live.", state=Job.State.SUCCEEDED, message="Release 3 is live.")
    over.finished_at = BEGAN + timedelta(seconds=90)
    assert [one.is_over for one in job_steps.steps(over)] == [True] * 4
    assert job_steps.clock(over) == "Took 1 min 30 s."


def test_what_counts_alone_is_the_step_that_it_is_of() -> None:
    log = "23:59:00 making lists for 2,500 people\n23:59:05 1,000 of 2,500 people"
    ((name, detail, _, _),) = told(job(log), BEGAN + timedelta(seconds=9))
    assert (name, detail) == ("making lists for 2,500 people", "1,000 of 2,500 people")
    assert [one.name for one in job_steps.steps(job("23:59:05 1 of 2 lists"))] == ["Train"]
    # Of sums that grow each line says the same.
    rising = "23:59:00 100 items: 90 new\n23:59:01 200 items: 180 new"
    assert [one.name for one in job_steps.steps(job(rising))] == ["200 items: 180 new"]


def test_how_much_is_left_is_said_once_it_can_be() -> None:
    def clock(seconds: float, progress: float) -> str:
        return job_steps.clock(job(progress=progress), BEGAN + timedelta(seconds=seconds))

    assert clock(80, 0.4) == "Running for 1 min 20 s, about 2 min left."
    assert clock(80, 0.9) == "Running for 1 min 20 s, less than a minute left."
    assert clock(3_600, 0.1) == "Running for 1 h 0 min, about 9 h left."
    assert clock(80, 0.01) == "Running for 1 min 20 s."
    assert clock(5, 0.5) == "Running for 5.0 s."
    assert job_steps.clock(Job(title="Train")) == ""


def test_a_step_that_counts_keeps_its_first_and_its_last_line() -> None:
    progress = jobs.Progress(jobs.create("train", "Train").pk)
    for number in range(1, 501):
        progress.note(f"svd: epoch {number} of 500")
    progress.note("Line 2: no item.")
    progress.note("Line 3: no item.")
    said = [line[9:] for line in progress.log.splitlines()]
    assert said == ["svd: epoch 1 of 500", "svd: epoch 500 of 500", "Line 2: no item.", "Line 3: no item."]
