"""Run the worker's tasks about events."""

import logging

from celery import shared_task

from interactions import repairs, windows
from interactions.letter_kinds import Group
from interactions.models import DeadLetter
from interactions.repairs import Repair
from recsite.platform import jobs
from recsite.platform.jobs import Progress
from recsite.platform.models import Job

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
            progress(done / number, f"{done:,} of {number:,} letters, of which {left:,} can't be stored so.")

        return str(repairs.replay_group(letters_of, repair, actor=jobs.actor_of(job), report=report))

    jobs.run(job_id, work)
