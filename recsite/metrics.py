"""`/metrics`: what the processes count, and what has to be looked up when somebody asks.

Counters of several worker processes add up by themselves. How far consumers lag, or how much waits, belongs to none of
them: it is asked for at each scrape.
"""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from interactions import outbox, windows
from interactions.consumers import GROUP
from interactions.lag import lag
from interactions.models import BehaviourWindow, DeadLetter
from interactions.streams import Window
from recommender.insight import analytics, drift, impressions
from recommender.serving import warming
from recommender.serving.incremental import covisits, trends
from recsite.figures import BackupCollector, CacheCollector, ModelCollector, QueueCollector, RedisCollector
from recsite.platform import database, exposing, feed, partitions, tracing
from recsite.process_roles import CONSUMER, RELAY

COUNTED = 100_000
"""Rows up to which a table is counted: more of them are an alarm all the same."""


def metrics(request: HttpRequest) -> HttpResponse:
    """Return all metrics in Prometheus's text format; in OpenMetrics' for who takes it, where there are traces."""
    if tracing.current().is_on and exposing.OPEN in request.headers.get("Accept", ""):
        return HttpResponse(exposing.open_page(_asked), content_type=exposing.OPEN_CONTENT_TYPE)
    return HttpResponse(exposing.page(_asked), content_type=exposing.CONTENT_TYPE)


def asked_now() -> dict[str, Any]:
    """Return what is looked up at each scrape: a number by its name, or a list of numbers with their labels."""
    found: dict[str, Any] = {}
    for family in _asked.collect():
        samples = [{**sample.labels, "value": sample.value} for sample in family.samples]
        if samples:
            found[family.name] = samples if len(samples[0]) > 1 else samples[0]["value"]
    return found


class EventLogCollector(Collector):
    """Collect what is on its way through Kafka."""

    def collect(self) -> Iterator[Metric]:
        behind = GaugeMetricFamily(
            "kafka_consumer_lag",
            "Events on a topic that the group has not stored yet.",
            labels=["group", "topic", "partition"],
        )
        for one in lag():
            behind.add_metric([GROUP, one.topic, str(one.partition)], one.events)
        yield behind


class OutboxCollector(Collector):
    """Collect what waits for Kafka, and for how long."""

    def collect(self) -> Iterator[Metric]:
        waiting, oldest = database.ask(outbox.level)
        yield GaugeMetricFamily("outbox_waiting", "Accepted events that wait for Kafka.", waiting)
        yield GaugeMetricFamily("outbox_oldest_age_seconds", "How long the oldest of them has waited.", oldest)


class DeadLetterCollector(Collector):
    """Collect what did not arrive."""

    def collect(self) -> Iterator[Metric]:
        dead = database.ask(DeadLetter.objects.waiting()[:COUNTED].count)
        yield GaugeMetricFamily("dead_letters", "Events that could not be stored, and wait to be mended.", dead)


FEEDS = {
    **impressions.READERS,
    **{module.READER: module.TABLE for module in (windows, trends, covisits, warming)},
}
"""Who reads the rows of which table."""


class ServedCollector(Collector):
    """Collect click rates and drift, and how far their readers are behind."""

    def collect(self) -> Iterator[Metric]:
        rates = GaugeMetricFamily(
            "recommendation_click_through_rate",
            "The share of the places shown today and yesterday that were clicked.",
            labels=["algorithm"],
        )
        apart = GaugeMetricFamily(
            "data_drift_psi",
            "How far the latest events lie from those of the training, by the population stability index.",
            labels=["distribution", "window"],
        )
        behind = GaugeMetricFamily("feed_waiting", "Rows that a reader of a feed has not read.", labels=["reader"])
        for report in database.ask(drift.latest):
            apart.add_metric([report.distribution, report.window_label], report.psi)
        for algorithm, rate in database.ask(analytics.click_rates).items():
            rates.add_metric([algorithm], rate)
        for reader, table in FEEDS.items():
            behind.add_metric([reader], database.ask(partial(feed.waiting, reader, table)))
        yield rates
        yield apart
        yield behind


class PartitionsCollector(Collector):
    """Collect the months that are ready for what comes. An alarm is due below two."""

    def collect(self) -> Iterator[Metric]:
        ahead = GaugeMetricFamily(
            "partition_months_ahead", "Coming months that have a partition, without a gap.", labels=["table"]
        )
        for table in partitions.tables():
            ahead.add_metric([table.table], database.ask(partial(table.months_ahead, timezone.now())))
        yield ahead


class BehaviourCollector(Collector):
    """Collect the behaviour of users in the latest half hour that has begun."""

    def collect(self) -> Iterator[Metric]:
        latest = database.ask(BehaviourWindow.objects.filter(start__lte=timezone.now()).first)
        of_now = latest if latest and latest.start == Window.of(timezone.now()).start else BehaviourWindow()
        yield GaugeMetricFamily("active_users", "People who did something in this half hour.", of_now.active_users)
        for name in ("sessions", "views", "carts", "purchases", "recommendation_clicks", "late"):
            yield GaugeMetricFamily(f"behaviour_{name}", f"{name} in this half hour.", getattr(of_now, name))


OF_ROLES: dict[str, Sequence[type[Collector]]] = {
    CONSUMER: (EventLogCollector,),
    RELAY: (OutboxCollector,),
}
"""What roles tell beside what they count; each is also told by the web server, which is nearly always there."""

ALL = (
    EventLogCollector,
    OutboxCollector,
    DeadLetterCollector,
    ServedCollector,
    BehaviourCollector,
    PartitionsCollector,
    ModelCollector,
    QueueCollector,
    CacheCollector,
    RedisCollector,
    BackupCollector,
)
_asked = exposing.registry_of(one() for one in ALL)


def of_role(role: str) -> CollectorRegistry:
    """Return what a role other than the web server tells beside what it counts."""
    return exposing.registry_of(one() for one in OF_ROLES.get(role, ()))
