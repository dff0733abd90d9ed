"""Long work that shows how far it is, can be stopped, and says in one sentence what it did."""

import logging
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from billiard.exceptions import SoftTimeLimitExceeded
from django.contrib.auth.models import AbstractBaseUser
from django.db.models import QuerySet
from django.utils import timezone

from recsite.platform.exceptions import Explained
from recsite.platform.locks import Busy, only_one
from recsite.platform.models import Job

logger = logging.getLogger(__name__)
SECONDS_BETWEEN_WRITES = 0.5
LOG_LINES = 200


class Cancelled(Exception):
    """Staff asked the job to stop."""


class Progress:
    """What the work calls as it goes: `progress(0.4, "Fitting svd")`. Raises Cancelled when staff asked it to stop."""

    def __init__(self, job_id: int) -> None:
        self._job = Job.objects.filter(pk=job_id)
        self._lines: list[str] = []
        self._message = ""
        self._written_at = float("-inf")

    def __call__(self, fraction: float, message: str = "") -> None:
        """`fraction` runs from 0 to 1. Cheap enough for a tight loop: it writes twice a second at most."""
        if message:
            self.note(message)
        if time.monotonic() - self._written_at >= SECONDS_BETWEEN_WRITES:
            self._write(min(max(fraction, 0.0), 1.0))

    def note(self, message: str) -> None:
        """Adds a line to the job's log, without writing it yet."""
        if message != self._message:
            self._message = message[:500]
            self._lines = [*self._lines[1 - LOG_LINES :], f"{timezone.now():%H:%M:%S} {message}"]

    @property
    def log(self) -> str:
        return "\n".join(self._lines)

    def _write(self, fraction: float) -> None:
        self._job.update(progress=fraction, message=self._message, log=self.log, heartbeat_at=timezone.now())
        self._written_at = time.monotonic()
        if self._job.filter(cancel_requested=True).exists():
            raise Cancelled


def create(kind: str, title: str, user: AbstractBaseUser | None = None) -> Job:
    """A queued job. The caller enqueues the task that runs it once the transaction is committed."""
    return Job.objects.create(kind=kind, title=title[:200], started_by_id=user.pk if user else None)


def cancel(job_id: int) -> bool:
    """Stops a queued job at once, and asks a running one to stop. False where it is already over."""
    job = Job.objects.filter(pk=job_id)
    stopped = job.filter(state=Job.State.QUEUED).update(
        state=Job.State.CANCELLED, message="Cancelled before it began.", finished_at=timezone.now()
    )
    return bool(stopped or job.filter(state=Job.State.RUNNING).update(cancel_requested=True))


def refuse(job_id: int, sentence: str) -> None:
    """Fails a queued job that no worker could be told of."""
    Job.objects.filter(pk=job_id, state=Job.State.QUEUED).update(
        state=Job.State.FAILED, message=sentence[:500], finished_at=timezone.now()
    )


def run(job_id: int, work: Callable[[Progress], str]) -> None:
    """Runs `work`, which returns one sentence saying what it did, and records how it ended. Raises nothing of `work`'s.

    A task delivered twice runs once. Delivered again after its worker was killed, it starts again.
    """
    try:
        with only_one(_lock_name(job_id)):
            if _claim(job_id):
                _finish(job_id, *_outcome(job_id, work))
    except Busy:
        logger.info("Job %s is already running elsewhere.", job_id)


def reap(older_than: timedelta = timedelta(minutes=2)) -> int:
    """Fails the running jobs whose process is gone, and says how many.

    A long step that reports nothing is no sign of death, so silence alone doesn't count: the job's lock must be free.
    """
    silent = Job.objects.filter(state=Job.State.RUNNING, heartbeat_at__lt=timezone.now() - older_than)
    return sum(_reap_one(job_id) for job_id in silent.values_list("pk", flat=True))


def _reap_one(job_id: int) -> int:
    try:
        with only_one(_lock_name(job_id)):
            return _finish(job_id, Job.State.FAILED, "Its process ended without a word. Start it again.")
    except Busy:
        return 0


def _lock_name(job_id: int) -> str:
    return f"job {job_id}"


def _claim(job_id: int) -> bool:
    """Takes a job that is queued, or that a dead process left running: whoever holds its lock is alone with it."""
    now = timezone.now()
    left: QuerySet[Job] = Job.objects.filter(pk=job_id, state__in=[Job.State.QUEUED, Job.State.RUNNING])
    fresh: dict[str, Any] = {"progress": 0.0, "message": "", "log": "", "started_at": now, "heartbeat_at": now}
    return left.update(state=Job.State.RUNNING, **fresh) == 1


def _outcome(job_id: int, work: Callable[[Progress], str]) -> tuple[Job.State, str, Progress]:
    progress = Progress(job_id)
    try:
        return Job.State.SUCCEEDED, work(progress), progress
    except Cancelled:
        return Job.State.CANCELLED, "Stopped, as you asked.", progress
    except Explained as error:
        return Job.State.FAILED, str(error), progress
    except SoftTimeLimitExceeded:
        return Job.State.FAILED, "It took longer than TASK_TIME_LIMIT_SECS allows, and was stopped.", progress
    except Exception:
        logger.exception("Job %s failed.", job_id)
        return Job.State.FAILED, "It failed unexpectedly; the log has the details.", progress


def _finish(job_id: int, state: Job.State, sentence: str, progress: Progress | None = None) -> int:
    """Records the end of a running job; the last line of its log is the sentence."""
    change: dict[str, Any] = {"state": state, "message": sentence[:500], "finished_at": timezone.now()}
    if state == Job.State.SUCCEEDED:
        change["progress"] = 1.0
    if progress:
        progress.note(sentence)
        change["log"] = progress.log
    return Job.objects.filter(pk=job_id, state=Job.State.RUNNING).update(**change)
