"""Run the worker's tasks that compare releases."""

from celery import shared_task

from recommender.operations import compare
from recommender.operations.sides import Side
from recsite.platform import jobs


@shared_task(reject_on_worker_lost=True)
def measure_overlap(job_id: int, of: str, a: int, b: int) -> None:
    """Measure how much the lists of two releases, or of two models, have in common."""
    jobs.run(job_id, lambda progress: str(compare.measure_overlap(Side.of(of, a), Side.of(of, b), progress=progress)))
