"""Run the worker's tasks: each calls one function; long ones show their progress as a job."""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from celery import current_task, shared_task
from django.conf import settings
from django.db import DatabaseError, transaction

from catalog import store
from interactions import keyed, pace
from interactions.keyed import Feedback
from recommender import cache, registry
from recommender.insight import drift, impressions
from recommender.insight.experiments import verbs as experiments
from recommender.models import ModelVersion, Release
from recommender.serving import list_export, warming
from recommender.serving.candidates import vectors
from recommender.serving.contract import Request
from recommender.serving.incremental import co_purchases, covisits, item_days, trends
from recommender.tasks import summing as summing
from recommender.training import refit
from recommender.training import train as training
from recsite.platform import generations, handing, jobs
from recsite.platform.audit import Actor, Kind
from recsite.platform.exceptions import Unavailable
from recsite.platform.jobs import Progress
from recsite.platform.locks import AlreadyRunning, exclusive
from recsite.platform.models import Job
from recsite.platform.redis import RedisDown

logger = logging.getLogger(__name__)
WARMING_EXPIRES_SECS = 3600

UPDATES = (
    pace.advance,
    trends.advance,
    vectors.refresh,
    warming.refresh,
    covisits.advance,
    co_purchases.advance,
    item_days.advance,
)
"""The parts of an incremental update, in their order."""

job_task = partial(shared_task, reject_on_worker_lost=True)
"""For tasks with a job, which counts how often they were started: only these are delivered again after their worker
was killed. What beat sends every few seconds is not: the next tick does the work."""


@job_task
def train(
    job_id: int | None = None,
    algorithms: Sequence[str] | None = None,
    seed: int = training.SEED,
    promote: bool = True,
) -> None:
    """Train and, unless told otherwise, promote and warm. Without a job it is a scheduled training, and makes one.

    Where no algorithms are named, what leads and rates is fitted anew with all that it has learned.
    """
    job = _job(job_id, "train", "Train and promote" if promote else "Train a candidate")
    due = algorithms or refit.hourly() or training.DEFAULT
    _train(job, due, seed, promote, is_scheduled=job_id is None, quick=not algorithms)


def _train(
    job: Job,
    algorithms: Sequence[str],
    seed: int = training.SEED,
    promote: bool = True,
    is_scheduled: bool = False,
    quick: bool = False,
) -> None:
    def work(progress: Progress) -> str:
        release = training.train(
            algorithms,
            seed=seed,
            promote=promote,
            started_by=job.started_by,
            actor=jobs.actor_of(job),
            progress=progress,
            is_scheduled=is_scheduled,
            skip_unchanged=True,
            quick=quick,
        )
        if promote:
            warm_soon()
        return training.summary(release, algorithms)

    jobs.run(job.pk, work)


@job_task
def rebuild(job_id: int | None = None) -> None:
    """Train everything, the models that rank included; promote and warm."""
    job = _job(job_id, "train", "Train everything and promote")
    _train(job, training.EVERYTHING, is_scheduled=job_id is None)


@job_task
def warm(job_id: int | None = None, everybody: bool = False) -> None:
    """Make the lists of the live release for recently active users, or for all."""
    job = _job(job_id, "warm", "Warm the cache")

    def work(progress: Progress) -> str:
        # The lock carries the release: a new one is not kept waiting by the lists of the one before.
        with exclusive(f"The warming of {registry.live_release() or 'no release'}"):
            return str(warming.warm(everybody=everybody, progress=progress, actor=jobs.actor_of(job)))

    jobs.run(job.pk, work)


@job_task
def clear_cache(job_id: int) -> None:
    """Throw away every user's lists; they are made again when they are asked for."""
    job = Job.objects.get(pk=job_id)
    jobs.run(job.pk, lambda progress: cache.clear(progress, actor=jobs.actor_of(job)))


@job_task
def export_lists(job_id: int, asked: dict[str, Any]) -> None:
    """Write the lists of all users, or of those who were active, into a file of the storage of exports."""
    since = datetime.fromisoformat(asked["active_since"]) if "active_since" in asked else None
    rest = {name: value for name, value in asked.items() if name not in ("format", "active_since", "record")}
    request = Request(**rest, is_shown=asked.get("record", False))
    format_ = asked.get("format", list_export.JSONL)
    actor = jobs.actor_of(Job.objects.get(pk=job_id))
    jobs.run(job_id, lambda show: str(list_export.export_to_storage(request, format_, since, show, actor=actor)))


@job_task
def reload(job_id: int | None = None) -> None:
    """Have every process read the live models again."""
    job = _job(job_id, "reload", "Reload the models")
    jobs.run(job.pk, lambda _: f"{registry.reload(actor=jobs.actor_of(job))} is being read again.")


@job_task
def promote(job_id: int, release_id: int = 0, version_id: int = 0, reason: str = "") -> None:
    """Make a release live, or one of this version and the rest of the live release; then warm the cache.

    `reason` overrides the quality gate.
    """
    job = Job.objects.get(pk=job_id)

    def work(_: Progress) -> str:
        if version_id:
            release = registry.publish(
                [ModelVersion.objects.get(pk=version_id)], job.started_by, reason, actor=jobs.actor_of(job)
            )
        else:
            release = registry.promote(
                Release.objects.get(pk=release_id), job.started_by, reason, actor=jobs.actor_of(job)
            )
        warm_soon()
        return " ".join([f"{release} is live.", *(f"Attention: {doubt}" for doubt in registry.doubts(release))])

    jobs.run(job.pk, work)


@job_task
def roll_back(job_id: int, release_id: int = 0) -> None:
    """Return to the release that the live one replaced; then warm. `release_id` is the one that was seen live."""
    job = Job.objects.get(pk=job_id)

    def work(_: Progress) -> str:
        release = registry.rollback(by=job.started_by, of=release_id, actor=jobs.actor_of(job))
        warm_soon()
        return f"{release} is live again."

    jobs.run(job.pk, work)


@job_task
def take_out(job_id: int, algorithm: str) -> None:
    """Take a model out of the live release; then warm."""
    job = Job.objects.get(pk=job_id)

    def work(_: Progress) -> str:
        release = registry.take_out(algorithm, job.started_by, actor=jobs.actor_of(job))
        warm_soon()
        return f"{release} is live, without {algorithm}. Scheduled trainings leave it out."

    jobs.run(job.pk, work)


@shared_task(soft_time_limit=300, time_limit=360)
def fail_dead_jobs() -> None:
    """Fail what killed processes left: running jobs, versions in training, cache invalidations that were never sent."""
    try:
        with exclusive("The failing of dead jobs"):
            jobs.fail_dead_jobs()
            registry.reap()
            generations.repair()
            cache.sweep()
    except (AlreadyRunning, RedisDown) as reason:
        logger.info("%s", reason)


@shared_task(soft_time_limit=3_000, time_limit=3_060)
def incremental_update() -> None:
    """Update between two trainings: trending items, new items' vectors, lists of users with new events, co-visits.

    A part that can't be done now, or fails, doesn't hold up the others.
    """
    try:
        with exclusive("The incremental update"):
            for part in UPDATES:
                try:
                    part()
                except (AlreadyRunning, RedisDown, Unavailable) as reason:
                    logger.info("%s", reason)
                except DatabaseError:
                    logger.exception("%s.%s failed, and is tried again.", part.__module__, part.__name__)
    except AlreadyRunning as reason:
        logger.info("%s", reason)


@shared_task(soft_time_limit=540, time_limit=600)
def check_drift() -> None:
    """Compare the latest events with the training's; start a training where the settings ask for it."""
    reports = drift.check()
    for report in reports:
        if report.is_drift:
            logger.warning("%s", report.sentence)
    if drift.should_retrain(reports):
        rebuild.delay()


@shared_task(soft_time_limit=300, time_limit=360)
def prune_covisits() -> None:
    """Delete pairs of items that were seen together once, long ago."""
    logger.info("%d co-visits are pruned, %d co-purchases.", covisits.prune(), co_purchases.prune())


@shared_task(soft_time_limit=3_000, time_limit=3_060)
def prune_history() -> None:
    """Delete what grows with time and nobody reads any more: ended jobs, deleted items' ids, details of old totals."""
    item_days.prune()
    store.prune_deletions()
    jobs_gone = jobs.prune(timedelta(days=settings.JOB_RETENTION_DAYS))
    logger.info("%d jobs are pruned, the totals of %d days condensed.", jobs_gone, impressions.condense())


@shared_task(soft_time_limit=300, time_limit=360)
def roll_up_impressions() -> None:
    """Roll up impressions, clicks and conversions; stop experiments whose end has come."""
    lists, places = impressions.roll_up()
    experiments.advance()
    if lists or places:
        logger.info("%d lists were shown; %d places of lists were clicked or converted.", lists, places)


def warm_soon() -> None:
    """Have the worker make the lists of the live release, once the transaction is committed."""
    transaction.on_commit(_send_warm)


def _send_warm() -> None:
    try:
        handing.hand(warm, expires=WARMING_EXPIRES_SECS)
    except Unavailable:
        logger.warning("No worker can be told to warm the cache: lists are made when they are asked for.")


def _job(job_id: int | None, kind: str, title: str) -> Job:
    """Return the job that staff made, or the one of this task: a task delivered again goes on with its own."""
    if job_id is not None:
        return Job.objects.get(pk=job_id)
    return jobs.create_for_task(current_task.request.id if current_task else None, kind, title)


def run_as_job(job_id: int | None, kind: str, title: str, work: Callable[[Progress], str]) -> None:
    """Run `work` as the job that staff made, or as one of this task's own."""
    jobs.run(_job(job_id, kind, title).pk, work)


# A worker that was upgraded still finds the messages of the version before, which knew other names.
for _old, _task in {
    "take_in": incremental_update,
    "add_up": roll_up_impressions,
    "look_for_drift": check_drift,
    "forget_the_rare": prune_covisits,
    "reap": fail_dead_jobs,
}.items():
    _limits: dict[str, Any] = {"soft_time_limit": _task.soft_time_limit, "time_limit": _task.time_limit}
    _register: Callable[..., Any] = shared_task(name=f"recommender.tasks.{_old}", **_limits)
    _register(_task.run)


@shared_task
def write_back(kind: str, user_id: str, item_ids: Sequence[str], who: Sequence[str]) -> None:
    """Note that a user was recommended these items, some time after it happened, as clients of /gorse may ask."""
    given = [Feedback(kind, user_id, item_id) for item_id in item_ids]
    keyed.save(given, replaces=False, actor=Actor(Kind(who[0]), *who[1:]))
