"""Write metrics in Prometheus's text format; what can't be looked up is left out, and the rest is told."""

import logging
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from django.db import DatabaseError, connection
from django.http import HttpRequest
from django_prometheus import models
from django_prometheus.exports import ExportToDjangoView
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, disable_created_metrics, generate_latest
from prometheus_client.core import Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.openmetrics import exposition as openmetrics
from prometheus_client.registry import Collector

from recsite.platform import counting, shared_counters
from recsite.platform.exceptions import Unavailable
from recsite.platform.redis import RedisDown

logger = logging.getLogger(__name__)
CONTENT_TYPE = CONTENT_TYPE_LATEST
OPEN_CONTENT_TYPE, OPEN = openmetrics.CONTENT_TYPE_LATEST, "application/openmetrics-text"
SHARED = "PROMETHEUS_MULTIPROC_DIR"
"""The variable that names the folder in which the processes of one role count together."""


for _unused in (models.model_inserts, models.model_updates, models.model_deletes):
    # Its mixin for models misses rows that are stored many at once: none of ours has it.
    REGISTRY.unregister(_unused)

# Of use to no rule, and a second series for each counter.
disable_created_metrics()


class Careful(Collector):
    """Collect what another one looks up, as far as it gets during an outage."""

    def __init__(self, other: Collector) -> None:
        self._other = other

    def collect(self) -> Iterator[Metric]:
        try:
            yield from self._other.collect()
        except (Unavailable, RedisDown, DatabaseError) as down:
            logger.warning("%s: %s", type(self._other).__name__, down)


def registry_of(collectors: Iterable[Collector]) -> CollectorRegistry:
    """Return a registry of what is looked up at each scrape."""
    found = CollectorRegistry(auto_describe=False)
    for one in collectors:
        found.register(Careful(one))
    return found


def counted() -> bytes:
    """Return what this process has counted, or all processes of its role where they share a folder."""
    if SHARED not in os.environ:
        return _exported()
    with shared_counters.in_order(Path(os.environ[SHARED]), alone=False):
        return _exported()


def _exported() -> bytes:
    return bytes(ExportToDjangoView(HttpRequest()).content)


def page(asked: CollectorRegistry) -> bytes:
    """Return all metrics of a process: what it has counted, and what is looked up now."""
    with _connection_given_back():
        return counted() + generate_latest(asked)


def open_page(asked: CollectorRegistry) -> bytes:
    """Return the same in OpenMetrics' format, whose buckets name a trace each."""
    with _connection_given_back():
        if SHARED in os.environ:
            with shared_counters.in_order(Path(os.environ[SHARED]), alone=False):
                found = [*MultiProcessCollector(None).collect()]
        else:
            found = [*REGISTRY.collect()]
        return bytes(openmetrics.generate_latest(_Found([*counting.exemplars.told(found), *asked.collect()])))


class _Found(CollectorRegistry):
    """Hold what has been collected already."""

    def __init__(self, found: list[Metric]) -> None:
        super().__init__()
        self._found = found

    def collect(self) -> Iterator[Metric]:
        return iter(self._found)


@contextmanager
def _connection_given_back() -> Iterator[None]:
    try:
        yield
    finally:
        # A thread that answers scrapes would hold its connection for ever.
        if not connection.in_atomic_block:
            connection.close()
