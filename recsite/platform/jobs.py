"""Long work that shows how far it is, can be stopped, and says in one sentence what it did."""

import logging
import time
from collections.abc import Callable
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from billiard.exceptions import SoftTimeLimitExceeded
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from recsite.platform import audit, handing
from recsite.platform.audit import Actor, Kind
from recsite.platform.exceptions import Unavailable, UserFacingError
from recsite.platform.job_steps import shape
from recsite.platform.locks import AlreadyRunning, exclusive, is_held
from recsite.platform.models import Job
from recsite.platform.webhooks import outbox

logger = logging.getLogger(__name__)
SECONDS_BETWEEN_WRITES = 0.5
LOG_LINES = 200
ASK_AFTER = timedelta(seconds=5)
"""Silence after which it is worth looking whether a job's worker still holds its lock."""

MAX_ATTEMPTS = 3
"""A job whose worker was killed starts once more; the attempt with this number fails instead of starting."""

KILLED = (
    "Its worker was killed each time it ran, most often because the machine ran out of memory. "
    "Give the worker more memory or the job less to do, then start it again."
)


class Cancelled(Exception):
    """Staff asked the job to stop."""


class NothingToDo(UserFacingError):
    """There was no work: the job ends as skipped, with this sentence."""


class Progress:
    """Progress of a job: the work calls `progress(0.4, "Fitting svd")`. Raises Cancelled when asked to stop."""

    def __init__(self, job_id: int) -> None:
        self._job = Job.objects.filter(pk=job_id)
        self._lines: list[str] = []
        self._message = ""
        self._counts = False
        self._written_at = float("-inf")

    def __call__(self, fraction: float, message: str = "") -> None:
        """Report a fraction from 0 to 1. Cheap enough for a tight loop: it writes twice a second at most."""
        if message:
            self.note(message)
        if time.monotonic() - self._written_at >= SECONDS_BETWEEN_WRITES:
            self._write(min(max(fraction, 0.0), 1.0))

    def note(self, message: str) -> None:
        """Add a line to the job's log, without writing it yet. Of a step that counts the first and last lines stay."""
        if message == self._message:
            return
        counts = "#" in shape(message) and shape(message) == shape(self._message)
        kept = self._lines[:-1] if counts and self._counts else self._lines
        self._message, self._counts = message[:500], counts
        self._lines = [*kept[1 - LOG_LINES :], f"{timezone.now():%H:%M:%S} {message}"]

    @property
    def log(self) -> str:
        return "\n".join(self._lines)

    def _write(self, fraction: float) -> None:
        self._job.update(progress=fraction, message=self._message, log=self.log, heartbeat_at=timezone.now())
        self._written_at = time.monotonic()
        if self._job.filter(cancel_requested=True).exists():
            raise Cancelled


def create(kind: str, title: str, user: AbstractBaseUser | None = None, *, actor: Actor | None = None) -> Job:
    """Create a queued job. The caller enqueues the task that runs it once the transaction is committed."""
    if user is None and actor and actor.kind == Kind.STAFF:
        user = get_user_model().objects.filter(username=actor.name).first()
    by = asdict(actor) if actor else {}
    return Job.objects.create(kind=kind, title=title[:200], started_by_id=user.pk if user else None, actor=by)


def start(task: Any, kind: str, title: str, *, actor: Actor, **arguments: Any) -> Job:
    """Create a job and, once that is committed, enqueue the task that runs it with these arguments."""
    job = create(kind, title, actor=actor)
    transaction.on_commit(lambda: _enqueue(task, {"job_id": job.pk, **arguments}))
    return job


def actor_of(job: Job) -> Actor:
    """Return who asked for a job. One that nobody did is of the schedule."""
    if job.actor:
        return Actor(Kind(job.actor["kind"]), job.actor["name"], job.actor["door"])
    if job.started_by:
        return Actor(Kind.STAFF, job.started_by.get_username(), "admin")
    return Actor.schedule(job.title)


def create_for_task(task_id: str | None, kind: str, title: str) -> Job:
    """Return the job of a Celery task: a new one, or the one it made before its worker was killed."""
    if task_id is None:
        return create(kind, title)
    job, _ = Job.objects.get_or_create(task_id=task_id, defaults={"kind": kind, "title": title[:200]})
    return job


@transaction.atomic
def cancel(job_id: int, *, actor: Actor = audit.SYSTEM) -> bool:
    """Stop a queued job at once, and ask a running one to stop; return False where it is already over."""
    job = Job.objects.filter(pk=job_id)
    stopped = job.filter(state=Job.State.QUEUED).update(
        state=Job.State.CANCELLED, message="Cancelled before it began.", finished_at=timezone.now()
    )
    is_asked = bool(stopped or job.filter(state=Job.State.RUNNING).update(cancel_requested=True))
    if is_asked:
        audit.record(actor, "job.cancel", "job", job_id, after={"title": job.values_list("title", flat=True).get()})
    return is_asked


def refuse(job_id: int, sentence: str) -> None:
    """Fail a queued job that no worker could be told of."""
    queued = Job.objects.filter(pk=job_id, state=Job.State.QUEUED)
    _end(queued, job_id, {"state": Job.State.FAILED, "message": sentence[:500], "finished_at": timezone.now()})


def run(job_id: int, work: Callable[[Progress], str]) -> None:
    """Run `work`, which returns one sentence about what it did, and record how it ended; never re-raise its exceptions.

    A task delivered twice runs once. Delivered again after its worker was killed, it starts again, but not for ever:
    a job that kills its worker each time (it needs more memory than there is) fails at attempt MAX_ATTEMPTS.
    """
    try:
        with exclusive(_lock_name(job_id)):
            if attempt := _claim(job_id):
                _finish(job_id, *_outcome(job_id, work, attempt))
    except AlreadyRunning:
        logger.info("Job %s is already running elsewhere.", job_id)


def fail_dead_jobs(older_than: timedelta = timedelta(minutes=2)) -> int:
    """Fail the running jobs whose process is gone; return how many.

    A long step that reports nothing is no sign of death, so silence alone doesn't count: the job's lock must be free.
    """
    silent = Job.objects.filter(state=Job.State.RUNNING, heartbeat_at__lt=timezone.now() - older_than)
    return sum(_fail_if_dead(job_id) for job_id in silent.values_list("pk", flat=True))


def has_lost_its_worker(job: Job) -> bool:
    """Tell whether a job says that it runs, but has been silent for a moment, and no process holds its lock."""
    silent = timezone.now() - (job.heartbeat_at or job.created_at)
    return job.state == Job.State.RUNNING and silent > ASK_AFTER and not is_held(_lock_name(job.pk))


def prune(older_than: timedelta) -> int:
    """Delete the jobs that ended longer ago than that; return how many."""
    deleted, _ = Job.objects.filter(state__in=Job.ENDED, created_at__lt=timezone.now() - older_than).delete()
    return deleted


def _enqueue(task: Any, arguments: dict[str, Any]) -> None:
    try:
        handing.hand(task, kwargs=arguments)
    except Unavailable as fault:
        refuse(arguments["job_id"], str(fault))


def _fail_if_dead(job_id: int) -> int:
    try:
        with exclusive(_lock_name(job_id)):
            return _finish(job_id, Job.State.FAILED, "Its process ended without a word. Start it again.")
    except AlreadyRunning:
        return 0


def _lock_name(job_id: int) -> str:
    return f"job {job_id}"


def _claim(job_id: int) -> int:
    """Start a job that is queued, or that a dead process left running; return the number of the attempt.

    Whoever holds the job's lock is alone with it. Return 0 where the job is over, or has killed too many workers.
    """
    now = timezone.now()
    left: QuerySet[Job] = Job.objects.filter(pk=job_id, state__in=[Job.State.QUEUED, Job.State.RUNNING])
    fresh: dict[str, Any] = {"progress": 0.0, "message": "", "log": "", "started_at": now, "heartbeat_at": now}
    if not left.update(state=Job.State.RUNNING, attempts=F("attempts") + 1, **fresh):
        return 0
    attempt = Job.objects.values_list("attempts", flat=True).get(pk=job_id)
    if attempt >= MAX_ATTEMPTS:
        logger.error("Job %s is given up at attempt %d: %s", job_id, attempt, KILLED)
        _finish(job_id, Job.State.FAILED, KILLED)
        return 0
    return attempt


def _outcome(job_id: int, work: Callable[[Progress], str], attempt: int = 1) -> tuple[Job.State, str, Progress]:
    progress = Progress(job_id)
    if attempt > 1:
        progress.note(f"Attempt {attempt}: the worker of the one before was killed.")
    try:
        return Job.State.SUCCEEDED, work(progress), progress
    except Cancelled:
        return Job.State.CANCELLED, "Stopped, as you asked.", progress
    except (NothingToDo, AlreadyRunning) as reason:
        logger.info("%s", reason)
        return Job.State.SKIPPED, f"Nothing was done. {reason}", progress
    except UserFacingError as error:
        return Job.State.FAILED, str(error), progress
    except SoftTimeLimitExceeded:
        return Job.State.FAILED, "It took longer than TASK_TIME_LIMIT_SECS allows, and was stopped.", progress
    except Exception:
        logger.exception("Job %s failed.", job_id)
        return Job.State.FAILED, "It failed unexpectedly; the log has the details.", progress


def _finish(job_id: int, state: Job.State, sentence: str, progress: Progress | None = None) -> int:
    """Record the end of a running job; the last line of its log is the sentence."""
    change: dict[str, Any] = {"state": state, "message": sentence[:500], "finished_at": timezone.now()}
    if state in (Job.State.SUCCEEDED, Job.State.SKIPPED):
        change["progress"] = 1.0
    if progress:
        progress.note(sentence)
        change["log"] = progress.log
    return _end(Job.objects.filter(pk=job_id, state=Job.State.RUNNING), job_id, change)


@transaction.atomic
def _end(jobs: QuerySet[Job], job_id: int, change: dict[str, Any]) -> int:
    """Write down how a job ended, and tell whoever wants to know of failures."""
    ended = jobs.update(**change)
    if ended and change["state"] == Job.State.FAILED:
        job = Job.objects.select_related("started_by").get(pk=job_id)
        said = {"id": job.pk, "kind": job.kind, "title": job.title, "message": job.message}
        outbox.publish("job.failed", {**said, "started_by": actor_of(job).name, "created_at": job.created_at})
    return ended
