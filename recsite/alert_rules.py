"""Write the rules by which Prometheus watches the product: `manage.py alert_rules`.

Limits, and the words of each alert, come from `recsite.platform.thresholds`, as those of the console do: a site that
has other limits writes its own file. A limit of 0 leaves the alert out. What several processes tell of the same thing
(a queue, the live release) is taken once, by `max`; sites that share a Prometheus are told apart by `namespace`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from recsite.platform import outside_thresholds as outside
from recsite.platform import thresholds as limits
from recsite.platform.thresholds import Comparison, Severity, Threshold

RUNBOOK = "docs/TROUBLESHOOTING.md"
FEWEST_REQUESTS = 20
"""Requests in five minutes under which a share or a quantile says nothing."""

SIGNS = {Comparison.ABOVE: ">", Comparison.AT_LEAST: ">=", Comparison.BELOW: "<"}
SEVERITIES = {Severity.DOWN: "critical", Severity.WARNING: "warning"}
REQUESTS, SECONDS = "recommendation_requests_total", "recommendation_request_duration_seconds_bucket"
LISTS, FAILED = '{door="api lists"}', '{status=~"5.."}'


def _rate(series: str, window: str = "5m", by: str = "namespace") -> str:
    return f"sum by ({by}) (rate({series}[{window}]))"


RECORDED = {
    "recsite:requests:rate5m": _rate(REQUESTS, by="namespace, door"),
    # `or`: without a single 5xx there is no such series, and the share would be unknown instead of none.
    "recsite:request_errors:share5m": f"({_rate(REQUESTS + FAILED)} or 0 * {_rate(REQUESTS)}) / {_rate(REQUESTS)}",
    "recsite:lists_duration_seconds:p50_5m": f"histogram_quantile(0.5, {_rate(SECONDS + LISTS, by='namespace, le')})",
    "recsite:lists_duration_seconds:p95_5m": f"histogram_quantile(0.95, {_rate(SECONDS + LISTS, by='namespace, le')})",
    "recsite:lists_duration_seconds:p99_5m": f"histogram_quantile(0.99, {_rate(SECONDS + LISTS, by='namespace, le')})",
    "recsite:cache_hits:share10m": f"{_rate('redis_cache_hits_total', '10m')} / "
    f"({_rate('redis_cache_hits_total', '10m')} + {_rate('redis_cache_misses_total', '10m')})",
    "recsite:kafka_lag:sum": "sum by (namespace, group) "
    "(max by (namespace, group, topic, partition) (kafka_consumer_lag))",
}
"""Expressions that alerts and dashboards read, by the name of what they make."""


@dataclass(frozen=True, slots=True)
class Alert:
    """Describe an alert: what it looks at, and for how long that has to hold."""

    name: str
    of: Threshold
    value: str
    """The expression whose value is compared with the limit, in the unit of `of` times `scale`."""
    hold: str
    scale: float = 1
    condition: str = ""
    """The whole comparison, where it is no limit of a setting."""
    only_if: str = ""
    """What has to be there as well, such as enough requests."""

    @property
    def expression(self) -> str:
        compared = self.condition or f"{self.value} {SIGNS[self.of.comparison]} {self.of.limit * self.scale:.10g}"
        return f"{compared} and on (namespace) {self.only_if}" if self.only_if else compared

    @property
    def anchor(self) -> str:
        """Return the name of the alert's heading in the runbook."""
        return self.of.name.lower().replace(" ", "-")


def _asked(name: str, by: str = "namespace") -> str:
    """Return what each process tells, taken once."""
    return f"max by ({by}) ({name})"


_BUSY = f"sum by (namespace) (increase({REQUESTS}[5m])) >= {FEWEST_REQUESTS}"
_BUSY_LISTS = f"sum by (namespace) (increase({REQUESTS}{LISTS}[5m])) >= {FEWEST_REQUESTS}"
_BUSY_CACHE = (
    "sum by (namespace) (increase(redis_cache_hits_total[10m]) + increase(redis_cache_misses_total[10m])) "
    f">= {FEWEST_REQUESTS}"
)
_WEB, _ANY = 'up{job=~"recsite.*", role="web"}', 'up{job=~"recsite.*", role!="web"}'


def alerts() -> Iterator[Alert]:
    """Yield every alert, those that are switched off, too."""
    yield Alert("SiteDown", outside.SITE, "", "1m", condition=f"sum by (namespace) ({_WEB}) == 0 or absent({_WEB})")
    yield Alert("ProcessDown", outside.PROCESS, "", "2m", condition=f"{_ANY} == 0")
    yield Alert(
        "DatabaseDown", limits.DATABASE, "", "2m",
        condition=f"max by (namespace) ({_WEB}) == 1 unless on (namespace) max by (namespace) (active_models)",
    )  # fmt: skip
    yield Alert("RedisDown", limits.REDIS, "", "1m", condition=f"{_asked('redis_answers')} == 0")
    yield Alert(
        "WorkerMissing", limits.WORKER, "", "2m", condition=f"{_asked('queue_has_worker', 'namespace, queue')} == 0"
    )
    yield Alert("NoRelease", limits.RELEASE, "", "5m", condition=f"{_asked('active_models')} == 0")
    yield Alert("ErrorRate", limits.ERROR_SHARE, "recsite:request_errors:share5m", "5m", only_if=_BUSY)
    yield Alert("SlowLists", limits.P95, "recsite:lists_duration_seconds:p95_5m", "5m", 0.001, only_if=_BUSY_LISTS)
    yield Alert("CacheHitRate", outside.CACHE_HITS, "recsite:cache_hits:share10m", "10m", only_if=_BUSY_CACHE)
    yield Alert(
        "DatabasePoolExhausted", outside.POOL, "", "2m",
        condition="database_pool_idle_connections == 0 and database_pool_connections >= database_pool_max_connections",
    )  # fmt: skip
    silence = f"{limits.SILENCE.limit:.0f}s"
    events = REQUESTS + '{door="api events"}'
    yield Alert(
        "NoEvents", limits.SILENCE, "", "5m",
        condition=f"sum by (namespace) (increase({events}[{silence}])) == 0",
        only_if=f"sum by (namespace) (increase({events}[7d])) > 0",
    )  # fmt: skip
    yield Alert("StaleModel", limits.MODEL_AGE, _asked("model_age_seconds"), "10m", 3600)
    failed, succeeded = (_asked(f"training_last_{end}_timestamp_seconds") for end in ("failure", "success"))
    yield Alert(
        "TrainingFailed", outside.TRAINING, "", "1m",
        condition=f"{failed} > ({succeeded} or on (namespace) 0 * {failed})",
    )  # fmt: skip
    yield Alert("Drift", limits.DRIFT, _asked("data_drift_psi", "namespace, distribution"), "1h")
    yield Alert("KafkaLag", limits.LAG, "recsite:kafka_lag:sum", "5m")
    yield Alert("OutboxWaiting", limits.OUTBOX, _asked("outbox_waiting"), "5m")
    yield Alert("DeadLetters", limits.DEAD_LETTERS, _asked("dead_letters"), "5m")
    yield Alert("QueueDepth", limits.QUEUE_DEPTH, _asked("queue_tasks_waiting", "namespace, queue"), "10m")
    yield Alert("PartitionsMissing", limits.MONTHS_AHEAD, "min by (namespace, table) (partition_months_ahead)", "15m")
    yield Alert("BackupOld", limits.BACKUP, f"time() - {_asked('backup_last_success_timestamp_seconds')}", "10m", 3600)


def rules(runbook: str = RUNBOOK) -> dict[str, Any]:
    """Return the rules as Prometheus reads them; `runbook` is where its readers find that document."""
    recorded = [{"record": name, "expr": expression} for name, expression in RECORDED.items()]
    wanted = [_rule(alert, runbook) for alert in alerts() if not alert.of.setting or alert.of.limit]
    return {"groups": [{"name": "recsite", "rules": recorded}, {"name": "recsite-alerts", "rules": wanted}]}


def _rule(alert: Alert, runbook: str) -> dict[str, Any]:
    return {
        "alert": alert.name,
        "expr": alert.expression,
        "for": alert.hold,
        "labels": {"severity": SEVERITIES[alert.of.severity]},
        "annotations": {
            "summary": alert.of.name,
            "description": f"{alert.of.means} {alert.of.do}",
            "runbook_url": f"{runbook}#{alert.anchor}",
        },
    }
