"""Run the worker's tasks about the catalogue."""

import os
from collections import Counter

from celery import shared_task

from catalog import bulk, uploads
from recsite.platform import jobs, ndjson
from recsite.platform.exceptions import UserFacingError
from recsite.platform.humanize import pluralize
from recsite.platform.jobs import Progress
from recsite.platform.models import Job

NAMED = 100
"""Refused rows that the job's log names."""


@shared_task(reject_on_worker_lost=True)
def load_many(job_id: int, what: str, upload: str) -> None:
    """Load items or users from lines of JSON that a client sent; begun again, it changes nothing twice."""
    job = Job.objects.get(pk=job_id)
    jobs.run(job_id, lambda progress: _load(bulk.KINDS[what], upload, job, progress))
    job.refresh_from_db()
    if job.is_over:
        uploads.discard(upload)


def _load(kind: bulk.Kind, upload: str, job: Job, progress: Progress) -> str:
    counts, named = Counter[str](), 0
    try:
        with uploads.opened(upload) as file:
            size = max(file.seek(0, os.SEEK_END), 1)
            file.seek(0)
            for rows in bulk.load_lines(kind, ndjson.read_lines(file), jobs.actor_of(job)):
                counts += bulk.count(rows)
                for row in rows:
                    if row.errors and named < NAMED:
                        named += 1
                        progress.note(
                            f"Line {row.number}: {' '.join(f'{name}: {why}' for name, why in row.errors.items())}"
                        )
                progress(file.tell() / size, _told(kind, counts))
    except FileNotFoundError as error:
        raise UserFacingError("What was sent is gone: web server and worker share no UPLOAD_STORAGE_PATH.") from error
    bulk.analyze()
    return f"{_told(kind, counts)}."


def _told(kind: bulk.Kind, counts: Counter[str]) -> str:
    parts = ", ".join(f"{counts[status]:,} {status}" for status in bulk.STATUSES if counts[status])
    return f"{pluralize(counts.total(), kind.name)}: {parts or 'none'}"
