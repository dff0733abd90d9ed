"""Count requests for Prometheus by operation: each name once, and labels that nobody outside can multiply.

Of django-prometheus's eighteen metrics of requests most count the same again, so two take their place by its own way.
"""

from functools import cache

from django.http import HttpRequest
from django_prometheus.middleware import Metrics
from prometheus_client import Counter, Histogram

from recsite.platform import tracing
from recsite.platform.exemplars import Exemplars

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"})
OTHER = "other"
"""Stands for every method that there isn't."""

UNKNOWN = "unknown"
"""Stands for every address that leads to no operation, or that was refused before anybody looked where it leads."""


SECONDS = "recommendation_request_duration_seconds"
LABELS = ("door", "method", "endpoint")
BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1.0, 2.5, 5.0, 10.0)


class RequestMetrics(Metrics):
    """Register the metrics of requests, under the names that the field has for them."""

    def register(self) -> None:
        self.requests = Counter(
            "recommendation_requests_total",
            "Requests that were answered, without static files and what looks after the server.",
            ["door", "method", "endpoint", "status"],
        )
        self.seconds = Histogram(
            SECONDS,
            "How long requests took, all middleware included.",
            LABELS,
            buckets=BUCKETS,
        )


metrics = RequestMetrics.get_instance()
exemplars = Exemplars(SECONDS, LABELS, BUCKETS)


def request(asked: HttpRequest, door: str, status: int, took: float) -> None:
    """Count an answered request of a door, as `recsite.platform.series` names it."""
    match = asked.resolver_match
    endpoint = (match.view_name if match else "") or UNKNOWN
    method = asked.method if asked.method in METHODS else OTHER
    _number(door, str(method), endpoint, status).inc()
    _times(door, str(method), endpoint).observe(took)
    if trace_id := tracing.current().trace_id():
        exemplars.note((door, str(method), endpoint), took, trace_id)


# Looking a metric up by its labels takes longer than counting. They are bounded: doors, methods, operations, statuses.
@cache
def _number(door: str, method: str, endpoint: str, status: int) -> Counter:
    return metrics.requests.labels(door, method, endpoint, status)


@cache
def _times(door: str, method: str, endpoint: str) -> Histogram:
    return metrics.seconds.labels(door, method, endpoint)
