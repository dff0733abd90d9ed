"""Run the worker's tasks of the demo: a past to look at."""

from typing import Any

from celery import shared_task

from recsite.platform import jobs
from recsite.platform.jobs import Progress
from storefront.past import making
from storefront.past.worlds import Numbers, tastes_of


@shared_task(reject_on_worker_lost=True)
def past(job_id: int, numbers: dict[str, Any] | None = None) -> None:
    """Make the past of the demo; `numbers` are those by which its own data were made."""
    known = Numbers(**numbers) if numbers else None

    def work(progress: Progress) -> str:
        days = making.span()
        making.refuse_another(days)
        return making.make(tastes_of(known, days.now), days, progress)

    jobs.run(job_id, work)
