"""Look at everything that alerts are about; `recsite.platform.alerts` calls these, and says what holds.

Each look reads roll-ups, samples or a few rows; docs/BENCHMARKS.md has what all of them take.
"""

import math
import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db.models import Count, Max, Min
from django.utils import timezone

from interactions import arrivals
from interactions.models import DeadLetter
from recommender import registry
from recommender.insight import drift
from recommender.models import Release
from recommender.serving import processes
from recsite.platform import broker, partitions, redis, series, workers
from recsite.platform import thresholds as limits
from recsite.platform.alerts import Finding, Look
from recsite.platform.backup import runs, storage
from recsite.platform.broker import BrokerAway
from recsite.platform.humanize import duration, pluralize
from recsite.platform.models import AlertMessage, Job
from recsite.platform.series.kinds import STORED

WINDOW = timedelta(minutes=10)
"""The latest time of which errors and durations are told."""

FEWEST = 20
"""Requests under which a share or a quantile says nothing."""

LISTS = "api lists"
COUNTED = 10_000
SAMPLED_WITHIN = timedelta(minutes=10)
QUIET_AFTER = timedelta(days=7)
"""Where the last event is older, nobody expects another one."""

MISSED = 5
"""Events that would have come by now, as usual in that week: where fewer come, silence says nothing."""


def _redis() -> Iterator[Finding]:
    """Raise RedisDown where it is away."""
    redis.roundtrip(("PING",))
    yield from ()


def _workers() -> Iterator[Finding]:
    absent = workers.complaint()
    if absent and not workers.may_still_start():
        yield Finding(limits.WORKER, absent, "admin:platform_job_changelist", "platform.view_job")


def _broker() -> Iterator[Finding]:
    try:
        broker.waiting()
    except BrokerAway as away:
        yield Finding(limits.BROKER, str(away), "health-page", "platform.view_job")


def _release() -> Iterator[Finding]:
    page, permission = "admin:recommender_release_changelist", "recommender.view_release"
    release = registry.live_release()
    if release is None:
        yield Finding(limits.RELEASE, "No release is live.", page, permission)
        return
    late = [one for one in processes.everyone() if one.fault]
    if late:
        names = ", ".join(f"{one.name} ({one.kind})" for one in late)
        sentence = f"Release {release.pk} is not loaded in {names}: {late[0].fault}"
        yield Finding(limits.LOADING, sentence, page, permission)
    yield from _age(release)


def _age(release: Release) -> Iterator[Finding]:
    """Yield a finding where the release is old, and events have come since its training."""
    until: datetime | None = release.versions.aggregate(at=Max("data_until"))["at"]
    last = arrivals.last_stored_at()
    hours = (timezone.now() - release.created_at).total_seconds() / 3600
    if limits.MODEL_AGE.is_crossed(hours) and until and last and last > max(until, release.created_at):
        sentence = f"Release {release.pk} was trained {duration(hours * 3600)} ago, and events have come since."
        page = "admin:recommender_release_changelist"
        yield Finding(limits.MODEL_AGE, sentence, page, "recommender.view_release", since=release.created_at)


def _requests() -> Iterator[Finding]:
    now = timezone.now()
    until = now.replace(second=0, microsecond=0) + timedelta(minutes=1)
    doors = series.read(series.REQUESTS, until - WINDOW, until, WINDOW, by="door", now=now).now
    asked = sum(door.total.count for door in doors.values())
    failed = sum(door.total.errors for door in doors.values())
    if asked >= FEWEST and limits.ERROR_SHARE.is_crossed(failed / asked):
        worst = max(doors, key=lambda name: doors[name].total.errors)
        many = pluralize(failed, "request")
        yield Finding(
            limits.ERROR_SHARE, f"{many} of {asked:,} failed in the last ten minutes, most of them of {worst}."
        )
    lists = doors[LISTS].total if LISTS in doors else None
    if lists and lists.count >= FEWEST and (seconds := lists.p95) and limits.P95.is_crossed(1000 * seconds):
        limit = f"{limits.P95.limit:,.0f} ms"
        yield Finding(
            limits.P95,
            f"95 of 100 requests for lists took up to {1000 * seconds:,.0f} ms in the last ten minutes; the limit is "
            f"{limit}.",
        )


def _events() -> Iterator[Finding]:
    last = arrivals.last_stored_at()
    silent = timezone.now() - last if last else timedelta()
    if silent < QUIET_AFTER and limits.SILENCE.is_crossed(silent.total_seconds()) and _expected(silent) >= MISSED:
        sentence = f"No event has been stored for {duration(silent.total_seconds())}."
        page, permission = "admin:interactions_interaction_changelist", "interactions.view_interaction"
        yield Finding(limits.SILENCE, sentence, page, permission, since=last)


def _expected(silent: timedelta) -> float:
    """Return how many events usually come by themselves in so long: files that were imported say nothing of that."""
    until = timezone.now().replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    found = series.read(series.EVENTS, until - QUIET_AFTER, until, timedelta(hours=1), by="outcome").now
    return found[STORED].total.count * (silent / QUIET_AFTER) if STORED in found else 0.0


def _levels() -> Iterator[Finding]:
    """Read the latest samples: asking the brokers for each page would take seconds while they are away."""
    now = timezone.now()
    queues = series.latest(series.QUEUES, timedelta(days=1), now)
    newest = max((at for at, _ in queues.values()), default=None)
    silent = (now - newest).total_seconds() if newest else math.inf
    if limits.LEVELS.is_crossed(silent) and not workers.may_still_start():
        told = f"for {duration((now - newest).total_seconds())}" if newest else "in the last day"
        page, permission = "admin:django_celery_beat_periodictask_changelist", "django_celery_beat.view_periodictask"
        yield Finding(limits.LEVELS, f"Queues and lag have not been looked at {told}.", page, permission, since=newest)
    for (queue,), (at, depth) in queues.items():
        if now - at < SAMPLED_WITHIN and limits.QUEUE_DEPTH.is_crossed(depth):
            sentence = f"{pluralize(round(depth), 'task')} wait in the queue {queue}."
            page, permission = "admin:platform_job_changelist", "platform.view_job"
            yield Finding(limits.QUEUE_DEPTH, sentence, page, permission, part=queue)
    for (group,), (_, behind) in series.latest(series.LAG, SAMPLED_WITHIN, now).items():
        if limits.LAG.is_crossed(behind):
            yield Finding(limits.LAG, f"{group} is {pluralize(round(behind), 'event')} behind on Kafka.", part=group)
    for _, waiting in series.latest(series.OUTBOX, SAMPLED_WITHIN, now).values():
        if limits.OUTBOX.is_crossed(waiting):
            sentence = f"{pluralize(round(waiting), 'event')} wait for Kafka."
            page, permission = "admin:interactions_outboxmessage_changelist", "interactions.view_outboxmessage"
            yield Finding(limits.OUTBOX, sentence, page, permission)


def _jobs() -> Iterator[Finding]:
    oldest = Job.objects.filter(state=Job.State.QUEUED).order_by("created_at").first()
    waits = (timezone.now() - oldest.created_at).total_seconds() if oldest else None
    if oldest and limits.OLDEST_JOB.is_crossed(waits):
        sentence = f"{oldest.title} has waited for {duration(waits)}."
        page = "admin:platform_job_changelist"
        yield Finding(limits.OLDEST_JOB, sentence, page, "platform.view_job", since=oldest.created_at)


def _months() -> Iterator[Finding]:
    if alarms := partitions.alarms():
        yield Finding(limits.MONTHS_AHEAD, " ".join(alarms))


def _drift() -> Iterator[Finding]:
    found = [report for report in drift.latest() if report.is_drift]
    if found:
        worst = max(found, key=lambda report: report.psi)
        since = drift.drifting_since(worst)
        yield Finding(limits.DRIFT, worst.sentence, "drift", "recommender.view_driftreport", since=since)


def _dead_letters() -> Iterator[Finding]:
    number = DeadLetter.objects.waiting()[:COUNTED].count()
    if limits.DEAD_LETTERS.is_crossed(number):
        many = f"{COUNTED:,} or more events" if number == COUNTED else pluralize(number, "event")
        sentence = f"{many} could not be stored and {'waits' if number == 1 else 'wait'} to be mended."
        page, permission = "dead-letters", "interactions.view_deadletter"
        first = DeadLetter.objects.waiting().order_by("received_at").values_list("received_at", flat=True).first()
        yield Finding(limits.DEAD_LETTERS, sentence, page, permission, since=first)


def _telling() -> Iterator[Finding]:
    """Yield a finding where mails about alerts fail; the addresses are for those alone who choose them."""
    failing = AlertMessage.objects.filter(sent_at=None, tries__gt=0, subscription__is_on=True)
    found = failing.aggregate(number=Count("pk"), since=Min("episode__noticed_at"), error=Max("error"))
    if number := found["number"]:
        sentence = f"{pluralize(number, 'message')} about alerts can't be sent. {found['error']}"
        yield Finding(limits.TELLING, sentence, "alerts-page", "platform.view_job", since=found["since"])


def _disk() -> Iterator[Finding]:
    usage = shutil.disk_usage(settings.STATE_DIR if settings.STATE_DIR.exists() else Path.cwd())
    if limits.FREE_SHARE.is_crossed(usage.free / usage.total):
        yield Finding(
            limits.FREE_SHARE, f"{usage.free / usage.total:.1%} of the disk is free, {usage.free:,} bytes.", part="disk"
        )


def _backup() -> Iterator[Finding]:
    """Yield a finding where the last good backup is old, or there has never been one; nothing where none are made."""
    if not storage.is_set_up():
        return
    last, tried = runs.last_success(), runs.last()
    hours = (timezone.now() - last).total_seconds() / 3600 if last else math.inf
    if limits.BACKUP.is_crossed(hours):
        said = f"The last good backup was made {duration(hours * 3600)} ago." if last else "There is no good backup."
        because = f" {tried.error}" if tried and tried.error else ""
        yield Finding(limits.BACKUP, f"{said}{because}", "health-page", "platform.view_job", since=last)


LOOKS: dict[str, Look] = {
    "Redis": _redis,
    "The task broker": _broker,
    "The worker": _workers,
    "The live release": _release,
    "Requests": _requests,
    "Events": _events,
    "Queues and lag": _levels,
    "Jobs": _jobs,
    "Partitions": _months,
    "Drift": _drift,
    "Dead letters": _dead_letters,
    "Mails about alerts": _telling,
    "The disk": _disk,
    "Backups": _backup,
}
"""What is looked at, by its name in words."""
