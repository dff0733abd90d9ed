"""`/metrics`: what the processes count, and what has to be looked up when somebody asks.

Counters of several worker processes add up by themselves. How far consumers lag, or how much waits, belongs to none of
them: it is asked for at each scrape.
"""

import logging
from collections.abc import Iterator
from functools import partial
from typing import Any

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django_prometheus.exports import ExportToDjangoView
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from interactions import windows
from interactions.consumers import GROUP
from interactions.kafka import BrokerDown
from interactions.lag import lag
from interactions.models import BehaviourWindow, DeadLetter, OutboxMessage
from interactions.streams import Window
from recommender.insight import analytics, drift, impressions
from recommender.serving import warming
from recommender.serving.incremental import covisits, trends
from recsite.platform import database, feed, partitions
from recsite.platform.database import DatabaseDown

logger = logging.getLogger(__name__)
COUNTED = 100_000
"""Rows up to which a table is counted: more of them are an alarm all the same."""


def metrics(request: HttpRequest) -> HttpResponse:
    """Return all metrics in Prometheus's text format."""
    response: HttpResponse = ExportToDjangoView(request)
    response.content += generate_latest(_asked)
    return response


def asked_now() -> dict[str, Any]:
    """Return what is looked up at each scrape: a number by its name, or a list of numbers with their labels."""
    found: dict[str, Any] = {}
    for family in _asked.collect():
        samples = [{**sample.labels, "value": sample.value} for sample in family.samples]
        if samples:
            found[family.name] = samples if len(samples[0]) > 1 else samples[0]["value"]
    return found


class EventLogCollector(Collector):
    """The event log: what is on its way, and what didn't arrive. What can't be asked is left out."""

    def collect(self) -> Iterator[Metric]:
        try:
            behind = GaugeMetricFamily(
                "kafka_consumer_lag",
                "Events on a topic that the group has not stored yet.",
                labels=["group", "topic", "partition"],
            )
            for one in lag():
                behind.add_metric([GROUP, one.topic, str(one.partition)], one.events)
            yield behind
        except BrokerDown as down:
            logger.warning("%s", down)
        try:
            waiting, dead = database.ask(
                lambda: (OutboxMessage.objects.all()[:COUNTED].count(), DeadLetter.objects.waiting()[:COUNTED].count())
            )
        except (DatabaseDown, DatabaseError) as down:
            logger.warning("%s", down)
            return
        yield GaugeMetricFamily("outbox_waiting", "Accepted events that wait for Kafka.", waiting)
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
        try:
            for report in database.ask(drift.latest):
                apart.add_metric([report.distribution, report.window_label], report.psi)
            for algorithm, rate in database.ask(analytics.click_rates).items():
                rates.add_metric([algorithm], rate)
            for reader, table in FEEDS.items():
                behind.add_metric([reader], database.ask(partial(feed.waiting, reader, table)))
        except (DatabaseDown, DatabaseError) as down:
            logger.warning("%s", down)
            return
        yield rates
        yield apart
        yield behind


class PartitionsCollector(Collector):
    """Months that are ready for what comes. An alarm is due below two."""

    def collect(self) -> Iterator[Metric]:
        ahead = GaugeMetricFamily(
            "partition_months_ahead", "Coming months that have a partition, without a gap.", labels=["table"]
        )
        try:
            for table in partitions.tables():
                ahead.add_metric([table.table], database.ask(partial(table.months_ahead, timezone.now())))
        except (DatabaseDown, DatabaseError) as down:
            logger.warning("%s", down)
            return
        yield ahead


class BehaviourCollector(Collector):
    """Collect the behaviour of users in the latest half hour that has begun."""

    def collect(self) -> Iterator[Metric]:
        try:
            latest = database.ask(BehaviourWindow.objects.filter(start__lte=timezone.now()).first)
        except (DatabaseDown, DatabaseError) as down:
            logger.warning("%s", down)
            return
        of_now = latest if latest and latest.start == Window.of(timezone.now()).start else BehaviourWindow()
        yield GaugeMetricFamily("active_users", "People who did something in this half hour.", of_now.active_users)
        for name in ("sessions", "views", "carts", "purchases", "recommendation_clicks", "late"):
            yield GaugeMetricFamily(f"behaviour_{name}", f"{name} in this half hour.", getattr(of_now, name))


_asked = CollectorRegistry(auto_describe=False)
_asked.register(EventLogCollector())
_asked.register(ServedCollector())
_asked.register(BehaviourCollector())
_asked.register(PartitionsCollector())
