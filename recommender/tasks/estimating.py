"""Run the worker's tasks that estimate what would be achieved."""

from celery import shared_task

from recommender.operations import estimate
from recsite.platform import jobs


@shared_task(reject_on_worker_lost=True)
def estimate_candidate(
    job_id: int, placement: str, release: int = 0, model: int = 0, is_later_only: bool = False
) -> None:
    """Estimate a release, a model or, without either, the draft of a placement, from the lists that it drew."""
    jobs.run(
        job_id,
        lambda progress: (
            estimate.estimate_at(
                placement,
                estimate.candidate(placement, release, model),
                is_later_only=is_later_only,
                progress=progress,
            ).sentence
        ),
    )
