"""Count requests by operation, as django-prometheus does, and look each metric up once."""

from typing import Any

from django.http import HttpRequest
from django_prometheus.middleware import PrometheusAfterMiddleware


class CountingMiddleware(PrometheusAfterMiddleware):
    """Keep the metric of each combination of labels: looking it up takes longer than counting."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._labelled: dict[tuple[Any, ...], Any] = {}

    def label_metric(self, metric: Any, request: HttpRequest, response: Any = None, **labels: Any) -> Any:
        """Return the metric for these labels; the library calls this for whatever it counts."""
        key = (metric, *labels.values())
        found = self._labelled.get(key)
        if found is None:
            # The labels are bounded: operations, known methods, statuses, character sets.
            found = self._labelled[key] = super().label_metric(metric, request, response, **labels)
        return found
