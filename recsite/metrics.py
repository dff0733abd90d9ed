"""`/metrics`: what the processes count, and what has to be looked up when somebody asks.

Counters of several worker processes add up by themselves. How far consumers lag, or how much waits, belongs to none of
them: it is asked for at each scrape.
"""

import logging
from collections.abc import Iterator

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django_prometheus.exports import ExportToDjangoView
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from interactions.consumers import GROUP
from interactions.kafka import BrokerDown
from interactions.lag import lag
from interactions.models import DeadLetter, OutboxMessage
from recsite.platform import database
from recsite.platform.database import DatabaseDown

logger = logging.getLogger(__name__)
COUNTED = 100_000
"""Rows up to which a table is counted: more of them are an alarm all the same."""


def metrics(request: HttpRequest) -> HttpResponse:
    """Everything, in Prometheus's text format."""
    response: HttpResponse = ExportToDjangoView(request)
    response.content += generate_latest(_asked)
    return response


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
                lambda: (OutboxMessage.objects.all()[:COUNTED].count(), DeadLetter.objects.all()[:COUNTED].count())
            )
        except (DatabaseDown, DatabaseError) as down:
            logger.warning("%s", down)
            return
        yield GaugeMetricFamily("outbox_waiting", "Accepted events that wait for Kafka.", waiting)
        yield GaugeMetricFamily("dead_letters", "Events that could not be stored, and wait to be mended.", dead)


_asked = CollectorRegistry(auto_describe=False)
_asked.register(EventLogCollector())
