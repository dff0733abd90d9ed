"""Run the worker's tasks about events."""

import logging
from collections.abc import Callable
from typing import Any

from celery import shared_task

from interactions import repairs, windows
from interactions.importing import fetching, file_jobs, files
from interactions.letter_kinds import Group
from interactions.models import DeadLetter
from interactions.repairs import Repair
from recsite.platform import jobs
from recsite.platform.audit import Actor
from recsite.platform.jobs import Progress
from recsite.platform.locks import AlreadyRunning, exclusive
from recsite.platform.models import Job

FILES = "The files that staff brought"
AGAIN_SECS = 5
logger = logging.getLogger(__name__)


@shared_task(soft_time_limit=300, time_limit=360)
def add_up_behaviour() -> None:
    """Add up what users did, by half hours."""
    changed = windows.advance()
    if changed:
        logger.info("%d half hours changed, the latest of them from %s.", len(changed), changed[0])


@shared_task(reject_on_worker_lost=True)
def replay_dead_letters(job_id: int, group: list[str], field: str, value: str) -> None:
    """Mend and store all dead letters of a group; begun again, it goes on with those that are left."""
    letters_of, repair = Group(*group), Repair(field, value)
    job = Job.objects.get(pk=job_id)
    number = max(DeadLetter.objects.of(letters_of).count(), 1)

    def work(progress: Progress) -> str:
        def report(done: int, left: int) -> None:
            progress(done / number, f"Replaying: {done:,} of {number:,} letters, {left:,} can't be stored so.")

        return str(repairs.replay_group(letters_of, repair, actor=jobs.actor_of(job), report=report))

    jobs.run(job_id, work)


def _one_by_one(task: Any, job_id: int, work: Callable[[Progress], str]) -> None:
    """Run the job of a file, or try again in a moment while another file is at work.

    They wait for no training, so they are in the queue of what is quick; one at a time, they leave room for that.
    """
    try:
        with exclusive(FILES):
            jobs.run(job_id, work)
    except AlreadyRunning as busy:
        raise task.retry(exc=busy, countdown=AGAIN_SECS, max_retries=None) from None


@shared_task(bind=True, reject_on_worker_lost=True)
def import_fetch(self: Any, job_id: int, pk: int) -> None:
    """Fetch a file from the address that staff gave."""
    _one_by_one(self, job_id, lambda progress: fetching.fetch(pk, progress))


@shared_task(bind=True, reject_on_worker_lost=True)
def import_check(self: Any, job_id: int, pk: int) -> None:
    """Read a file that staff brought, and say what an import would do."""
    _one_by_one(self, job_id, lambda progress: file_jobs.check_file(pk, progress))


@shared_task(bind=True, reject_on_worker_lost=True)
def import_load(self: Any, job_id: int, pk: int, again: bool) -> None:
    """Import a file that staff brought; begun again, it goes on where it stopped."""
    job = Job.objects.get(pk=job_id)
    # What is read once more is so from its start, and goes on as well if the worker is killed.
    again = again and not job.attempts
    _one_by_one(self, job_id, lambda progress: file_jobs.load_file(pk, progress, again=again, actor=jobs.actor_of(job)))


@shared_task(bind=True, reject_on_worker_lost=True)
def import_undo(self: Any, job_id: int, pk: int) -> None:
    """Delete the events that a file brought."""
    job = Job.objects.get(pk=job_id)
    _one_by_one(self, job_id, lambda progress: file_jobs.undo_file(pk, progress, actor=jobs.actor_of(job)))


@shared_task(soft_time_limit=600, time_limit=660)
def discard_stale_uploads() -> None:
    """Delete files that staff brought longer ago than IMPORT_KEPT_DAYS."""
    if number := files.discard_stale(actor=Actor.schedule("Discard stale uploads")):
        logger.info("%d files that staff had brought are deleted.", number)
