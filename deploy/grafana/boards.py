"""Lay out the dashboards: `python -m deploy.grafana.boards` writes `dashboards/*.json`, which Grafana reads.

Tables here, since files of Grafana say the same forty lines of each panel. Queries are narrowed to a `namespace`: one
Grafana may look at several sites; where there are no namespaces, as with compose, it is empty and everything counts.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "dashboards"
SOURCE = {"type": "prometheus", "uid": "prometheus"}
WIDTH, HEIGHT, ACROSS = 8, 8, 3
HERE = 'namespace=~"$namespace"'
REQUESTS, DURATION = "recommendation_requests_total", "recommendation_request_duration_seconds"


@dataclass(frozen=True, slots=True)
class Panel:
    """Describe a chart: what it is called, in which unit, and its lines as pairs of a query and a legend."""

    title: str
    unit: str
    lines: tuple[tuple[str, str], ...]
    about: str = ""


def _rate(metric: str, by: str = "", more: str = "") -> str:
    of = f"{metric}{{{', '.join(filter(None, (HERE, more)))}}}[$__rate_interval]"
    return f"sum by ({by}) (rate({of}))" if by else f"sum(rate({of}))"


def _asked(metric: str, by: str = "", more: str = "") -> str:
    """Return what every web process tells alike, once."""
    of = f"{metric}{{{', '.join(filter(None, (HERE, more)))}}}"
    return f"max by ({by}) ({of})" if by else f"max({of})"


def _quantile(share: float, metric: str, by: str = "", more: str = "") -> str:
    return f"histogram_quantile({share}, {_rate(f'{metric}_bucket', ', '.join(filter(None, (by, 'le'))), more)})"


def _quantiles(metric: str, more: str = "") -> tuple[tuple[str, str], ...]:
    return tuple((_quantile(share, metric, more=more), f"p{share * 100:g}") for share in (0.5, 0.95, 0.99))


LISTS = 'door="api lists"'
# `without` is a word of PromQL, so nothing can be summed by a label of that name.
DEGRADED = (
    f"sum by (part) (label_replace(rate(recommendation_degraded_total{{{HERE}}}[$__rate_interval]), "
    '"part", "$1", "without", "(.*)"))'
)
BOARDS: dict[str, tuple[Panel, ...]] = {
    "Overview": (
        Panel("Requests", "reqps", ((_rate(REQUESTS, "door"), "{{door}}"),)),
        Panel(
            "Errors", "percentunit", ((f"max(recsite:request_errors:share5m{{{HERE}}})", "5xx"),), "Over five minutes."
        ),
        Panel(
            "Duration of lists", "s", _quantiles(DURATION, LISTS), "As the web process sees it, middleware included."
        ),
        Panel("Lists from the cache", "percentunit", ((f"max(recsite:cache_hits:share10m{{{HERE}}})", "hit rate"),)),
        Panel("Processes that answer", "short", ((f'sum by (role) (up{{job=~"recsite.*", {HERE}}})', "{{role}}"),)),
        Panel("Age of the live release", "s", ((_asked("model_age_seconds"), "age"),)),
        Panel("Alerts", "short", ((f'count by (alertname) (ALERTS{{alertstate="firing", {HERE}}})', "{{alertname}}"),)),
        Panel("Active users", "short", ((_asked("active_users"), "in this half hour"),)),
        Panel("Answers by status", "reqps", ((_rate(REQUESTS, "status"), "{{status}}"),)),
    ),
    "Lists": (
        Panel("Requests by operation", "reqps", ((_rate(REQUESTS, "endpoint", LISTS), "{{endpoint}}"),)),
        Panel("p95 by operation", "s", ((_quantile(0.95, DURATION, "endpoint", LISTS), "{{endpoint}}"),)),
        Panel(
            "Making candidates, p95 by algorithm",
            "s",
            ((_quantile(0.95, "recommendation_generation_latency_seconds", "algorithm"), "{{algorithm}}"),),
        ),
        Panel(
            "Candidates",
            "ops",
            ((_rate("redis_cache_hits_total"), "from the cache"), (_rate("redis_cache_misses_total"), "made anew")),
        ),
        Panel(
            "Click rate", "percentunit", ((_asked("recommendation_click_through_rate", "algorithm"), "{{algorithm}}"),)
        ),
        Panel("Made without a part", "ops", ((DEGRADED, "{{part}}"),)),
        Panel("Over a limit", "reqps", ((_rate("rate_limit_refused_total", "by"), "{{by}}"),)),
        Panel(
            "Records that were lost",
            "ops",
            ((_rate("impressions_lost_total"), "lists"), (_rate("series_notes_lost_total"), "notes")),
        ),
    ),
    "Events": (
        Panel("Requests with events", "reqps", ((_rate(REQUESTS, "status", 'door="api events"'), "{{status}}"),)),
        Panel("Duration", "s", _quantiles(DURATION, 'door="api events"')),
        Panel("Kafka: events behind", "short", ((f"sum by (group) (recsite:kafka_lag:sum{{{HERE}}})", "{{group}}"),)),
        Panel("Outbox: events that wait", "short", ((_asked("outbox_waiting"), "waiting"),)),
        Panel("Outbox: age of the oldest", "s", ((_asked("outbox_oldest_age_seconds"), "oldest"),)),
        Panel("Dead letters", "short", ((_asked("dead_letters"), "waiting"),)),
        Panel(
            "Readers of the events' table: rows behind", "short", ((_asked("feed_waiting", "reader"), "{{reader}}"),)
        ),
        Panel("Months ahead", "short", ((f"min by (table) (partition_months_ahead{{{HERE}}})", "{{table}}"),)),
        Panel(
            "What users did in this half hour",
            "short",
            tuple(
                (_asked(f"behaviour_{name}"), name) for name in ("views", "carts", "purchases", "recommendation_clicks")
            ),
        ),
    ),
    "Training": (
        Panel("Age of the live release", "s", ((_asked("model_age_seconds"), "age"),)),
        Panel("Models in the live release", "short", ((_asked("active_models"), "models"),)),
        Panel(
            "Since a training ended",
            "s",
            tuple(
                (f"time() - {_asked(f'training_last_{end}_timestamp_seconds')}", end) for end in ("success", "failure")
            ),
        ),
        Panel(
            "Drift",
            "none",
            ((_asked("data_drift_psi", "distribution"), "{{distribution}}"),),
            "Population stability index.",
        ),
        Panel("Tasks that wait", "short", ((_asked("queue_tasks_waiting", "queue"), "{{queue}}"),)),
        Panel("A worker is there", "short", ((_asked("queue_has_worker", "queue"), "{{queue}}"),)),
        Panel("Tasks that ended", "ops", ((_rate("tasks_total", "state"), "{{state}}"),)),
        Panel("Duration of tasks, p95", "s", ((_quantile(0.95, "task_duration_seconds", "task"), "{{task}}"),)),
        Panel(
            "Since the last backup", "s", ((f"time() - {_asked('backup_last_success_timestamp_seconds')}", "backup"),)
        ),
    ),
    "Infrastructure": (
        Panel(
            "Free connections to PostgreSQL",
            "short",
            ((f"sum by (role, instance) (database_pool_idle_connections{{{HERE}}})", "{{role}} {{instance}}"),),
        ),
        Panel(
            "Open connections to PostgreSQL",
            "short",
            ((f"sum by (role, instance) (database_pool_connections{{{HERE}}})", "{{role}} {{instance}}"),),
        ),
        Panel(
            "Who waits for a connection",
            "short",
            ((f"sum by (role, instance) (database_pool_waiting{{{HERE}}})", "{{role}} {{instance}}"),),
        ),
        Panel("Redis answers", "short", ((_asked("redis_answers"), "Redis"),)),
        Panel(
            "Last scrape",
            "s",
            (
                (
                    f'max by (role, instance) (scrape_duration_seconds{{job=~"recsite.*", {HERE}}})',
                    "{{role}} {{instance}}",
                ),
            ),
        ),
        Panel(
            "Memory of processes",
            "bytes",
            (
                (
                    f'sum by (role, instance) (process_resident_memory_bytes{{job=~"recsite.*", {HERE}}})',
                    "{{role}} {{instance}}",
                ),
            ),
            "Roles of one process alone: the web server's and the worker's are told by the machine.",
        ),
    ),
}


def board(title: str, panels: tuple[Panel, ...]) -> dict[str, Any]:
    """Return a dashboard as Grafana reads it."""
    namespace = {
        "name": "namespace", "type": "query", "datasource": SOURCE, "query": "label_values(up, namespace)",
        "includeAll": True, "allValue": ".*", "current": {"text": "All", "value": "$__all"}, "refresh": 2,
    }  # fmt: skip
    return {
        "uid": f"recsite-{title.lower()}", "title": f"recsite: {title}", "tags": ["recsite"], "timezone": "utc",
        "schemaVersion": 39, "editable": False, "refresh": "30s", "time": {"from": "now-6h", "to": "now"},
        "templating": {"list": [namespace]}, "links": [{"type": "dashboards", "tags": ["recsite"], "title": "recsite"}],
        "panels": list(_panels(panels)),
    }  # fmt: skip


def _panels(panels: tuple[Panel, ...]) -> Iterator[dict[str, Any]]:
    for number, panel in enumerate(panels):
        row, column = divmod(number, ACROSS)
        yield {
            "id": number + 1, "type": "timeseries", "title": panel.title, "description": panel.about,
            "datasource": SOURCE,
            "gridPos": {"x": column * WIDTH, "y": row * HEIGHT, "w": WIDTH, "h": HEIGHT},
            "fieldConfig": {"defaults": {"unit": panel.unit, "min": 0}, "overrides": []},
            "targets": [
                {"refId": chr(ord("A") + at), "datasource": SOURCE, "expr": query, "legendFormat": legend}
                for at, (query, legend) in enumerate(panel.lines)
            ],
        }  # fmt: skip


def files() -> dict[Path, str]:
    """Return what each file of a dashboard should hold."""
    return {
        FOLDER / f"{title.lower()}.json": json.dumps(board(title, panels), indent=1) + "\n"
        for title, panels in BOARDS.items()
    }


if __name__ == "__main__":
    for path, text in files().items():
        path.write_text(text, encoding="utf-8")
