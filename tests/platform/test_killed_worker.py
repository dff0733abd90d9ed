"""A real worker whose process is killed by the task it runs: the task doesn't start for ever."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from recsite.local.paths import PROJECT
from recsite.platform import redis
from recsite.platform.models import Job
from tests.outages import wait_until
from tests.platform.deadly import deadly

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)


def test_a_task_that_kills_its_worker_is_one_failed_job_after_three_attempts(tmp_path: Path) -> None:
    # What earlier tests put into the queue would make jobs of its own.
    redis.roundtrip(("FLUSHDB",))
    deadly.delay()
    with worker(tmp_path / "log"):
        wait_until(lambda: Job.objects.filter(title="Deadly", state=Job.State.FAILED).exists(), seconds=60)
        job = Job.objects.get(title="Deadly")
    assert (job.title, job.attempts) == ("Deadly", 3)
    assert "killed each time it ran" in job.message


@contextmanager
def worker(log: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """Another process that runs tasks, on the same database and queue."""
    url = "postgres://{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}".format(**connection.settings_dict)
    environment = {**os.environ, "DATABASE_URL": url, "CELERY_BROKER_URL": settings.CELERY_BROKER_URL}
    options = ["--concurrency", "1", "--include", "tests.platform.deadly", "--without-gossip", "--without-mingle"]
    command = [sys.executable, "-m", "celery", "-A", "recsite.celery", "worker", *options]
    with log.open("wb") as file, subprocess.Popen(command, cwd=PROJECT, env=environment, stderr=file) as process:
        try:
            yield process
        finally:
            process.terminate()
            process.wait(20)
