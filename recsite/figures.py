"""Look up what Prometheus is told of models, trainings, queues and the cache; `recsite.metrics` serves it."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db.models import Max
from django.utils import timezone
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from recommender import registry
from recommender.models import Release
from recsite.platform import broker, database, redis, series, workers
from recsite.platform.backup import runs
from recsite.platform.models import Job
from recsite.platform.queues import NAMES

TRAININGS = ("train", "rebuild")
"""The kinds of the jobs that make models."""

ENDS = {"success": Job.State.SUCCEEDED, "failure": Job.State.FAILED}
RECENT = timedelta(minutes=10)


class ModelCollector(Collector):
    """Collect what is live, and how the latest trainings ended."""

    def collect(self) -> Iterator[Metric]:
        live = database.ask(registry.live_release)
        if live is not None:
            age = max((timezone.now() - live.created_at).total_seconds(), 0.0)
            yield GaugeMetricFamily("model_age_seconds", "Since the release that is live was made.", age)
        number = database.ask(lambda: _members(live))
        yield GaugeMetricFamily("active_models", "Models that the release which is live consists of.", number)
        ended = database.ask(_trainings)
        for name, state in ENDS.items():
            if at := ended.get(state):
                yield GaugeMetricFamily(
                    f"training_last_{name}_timestamp_seconds", f"When a training last ended in {name}.", at.timestamp()
                )


def _members(live: Release | None) -> int:
    return live.versions.count() if live else 0


def _trainings() -> dict[str, datetime]:
    """Return when a training last ended in each of the two ways."""
    found = Job.objects.filter(kind__in=TRAININGS, state__in=ENDS.values(), finished_at__isnull=False)
    return dict(found.order_by().values_list("state").annotate(at=Max("finished_at")))


class QueueCollector(Collector):
    """Collect what waits for the workers, and whether they are there."""

    def collect(self) -> Iterator[Metric]:
        waiting = GaugeMetricFamily("queue_tasks_waiting", "Tasks that wait for a worker.", labels=["queue"])
        for name, number in broker.waiting().items():
            waiting.add_metric([name], number)
        yield waiting
        seen = GaugeMetricFamily(
            "queue_has_worker",
            "1 where a worker of the queue was seen in the last 15 seconds, else 0.",
            labels=["queue"],
        )
        absent = workers.missing()
        for name in NAMES:
            seen.add_metric([name], 0 if name in absent else 1)
        yield seen


class CacheCollector(Collector):
    """Collect how many lists came from the cache lately, as the admin's pages count them."""

    def collect(self) -> Iterator[Metric]:
        now = timezone.now()
        until = now.replace(second=0, microsecond=0) + timedelta(minutes=1)
        found = database.ask(lambda: series.read(series.ANSWERS, until - RECENT, until, RECENT, now=now).now)
        total = [period.total for period in found.values()]
        made = sum(one.count for one in total)
        if made:
            hits = sum(one.hits for one in total)
            yield GaugeMetricFamily(
                "cache_hit_rate", "The share of the last ten minutes' lists that came from the cache.", hits / made
            )


class BackupCollector(Collector):
    """Collect when the last good backup was made."""

    def collect(self) -> Iterator[Metric]:
        if last := database.ask(runs.last_success):
            yield GaugeMetricFamily(
                "backup_last_success_timestamp_seconds",
                "When the rows of the last good backup were read.",
                last.timestamp(),
            )


class RedisCollector(Collector):
    """Collect whether Redis answers: without it lists are computed anew."""

    def collect(self) -> Iterator[Metric]:
        try:
            redis.roundtrip(("PING",))
            answers = 1
        except redis.RedisDown:
            answers = 0
        yield GaugeMetricFamily("redis_answers", "1 where Redis answers, else 0.", answers)
