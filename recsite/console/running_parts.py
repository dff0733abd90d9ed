"""Collect what Health says of each part: how it is, since when, how quickly it answered, what to do."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Max
from django.template.defaultfilters import filesizeformat

from recsite import health
from recsite.health import Details
from recsite.platform import alerts
from recsite.platform.humanize import duration, pluralize
from recsite.platform.models import AlertEpisode
from recsite.platform.parts import Badge, State
from recsite.platform.units import Unit, write

NAMES = {
    "database": "Database",
    "replica": "Replica",
    "redis": "Redis",
    "broker": "Task broker",
    "worker": "Workers",
    "kafka": "Kafka",
    "outbox": "Outbox",
    "release": "Release",
    "catalogue": "Catalogue",
    "partitions": "Partitions",
    "disk": "Disk",
    "memory": "Memory",
}
TO_DO = {
    "database": "Check that PostgreSQL runs, and that DATABASE_URL leads to it.",
    "replica": "Check that it runs and follows its primary, and that DATABASE_READ_URL leads to it. Nothing is lost.",
    "redis": "Check that Redis runs, and that REDIS_URL leads to it.",
    "broker": "Check that the broker runs, and that CELERY_BROKER_URL leads to it.",
    "worker": "Start a worker; what waits is done then, nothing is lost.",
    "kafka": "Check that the brokers run. Events are kept meanwhile, and sent when they are back.",
    "outbox": "Check that Kafka answers, and that manage.py relay_events runs. Nothing is lost.",
    "release": "Train and promote a release, or roll back to one that can be loaded.",
    "catalogue": "It is read again by itself; if it stays so, look into the log of this server.",
    "partitions": "Run manage.py partitions, and check that the task Maintain partitions is on.",
    "disk": "Free some space, or drop old months: docs/OPERATIONS.md.",
    "memory": "Run fewer processes (API_WORKERS), or give the machine more.",
}
ALERTS = {
    "database": ("database",),
    "redis": ("redis",),
    "broker": ("broker", "redis"),
    "worker": ("worker", "redis"),
    "release": ("release", "loading"),
    "outbox": ("outbox",),
    "partitions": ("months-ahead",),
    "disk": ("space:disk",),
}
"""The alerts that tell since when a part is down, or works again. Others are this process's own, or rarely asked."""


@dataclass(frozen=True, slots=True)
class Part:
    """Hold a line of the page."""

    name: str
    badge: Badge
    since: datetime | None
    latency: str
    sentence: str
    to_do: str


def parts() -> tuple[list[Part], dict[str, Details]]:
    """Look at every part; return their lines, and what was found of each."""
    found = {name: health.look_at(name) for name in health.PARTS}
    down = {alert.key: alert.since for alert in alerts.now()}
    ended = _ended()
    return [_part(name, details, down, ended) for name, details in found.items()], found


def summary(lines: list[Part]) -> str:
    """Say how many parts are down."""
    down = sum(part.badge.state == State.BAD for part in lines)
    return f"{pluralize(down, 'part')} of {len(lines)} down." if down else "Every part works."


def _ended() -> dict[str, datetime]:
    """Return when each kind of trouble ended last, as far as it is remembered."""
    keys = {key for keys in ALERTS.values() for key in keys}
    rows = AlertEpisode.objects.filter(key__in=keys, ended_at__isnull=False).order_by().values_list("key")
    return dict(rows.annotate(Max("ended_at")))


def _part(name: str, found: Details, down: dict[str, datetime], ended: dict[str, datetime]) -> Part:
    is_well = found["status"] == "ok"
    badge = Badge("works", State.GOOD) if is_well else Badge("down", State.BAD)
    moments = ended if is_well else down
    known = [moments[key] for key in ALERTS.get(name, ()) if key in moments]
    since = max(known, default=None) if is_well else min(known, default=None)
    sentence = _words(name, found) if is_well else str(found["message"])
    latency = write(found["latency_ms"], Unit.MILLISECONDS)
    return Part(
        NAMES.get(name, name.capitalize()), badge, since, latency, sentence, "" if is_well else TO_DO.get(name, "")
    )


def _words(name: str, found: dict[str, Any]) -> str:
    """Say what is known of a part that works."""
    if name == "replica":
        return f"{duration(found['lag_secs'])} behind." if found["in_use"] else "Not in use."
    if name == "broker":
        return f"{pluralize(found['waiting'], 'task')} waiting."
    if name == "kafka":
        if not found["in_use"]:
            return "Not in use."
        oldest = f", the oldest for {duration(found['oldest_secs'])}" if found["lag"] else ""
        return f"{pluralize(found['lag'], 'event')} not yet stored{oldest}."
    if name == "outbox":
        waiting = pluralize(found["waiting"], "event")
        return f"{waiting} for Kafka, the oldest for {duration(found['oldest_secs'])}." if found["waiting"] else ""
    if name == "partitions":
        return f"{pluralize(found['months_ahead'], 'month')} ahead."
    if name == "release":
        return f"Release {found['id']}, live for {duration(found['age_secs'])}."
    if found.get("free_bytes") is not None:
        return f"{filesizeformat(found['free_bytes'])} of {filesizeformat(found['total_bytes'])} free."
    return ""
