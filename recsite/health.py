"""Is it alive (`/ping`), how are its parts (`/health`), may it get traffic (`/ready`)."""

import logging
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import psycopg
from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache

from catalog import snapshot
from interactions import outbox
from interactions.kafka import BrokerDown
from interactions.lag import lag as kafka_lag
from recommender import registry
from recommender.serving import candidates
from recsite.platform import broker, database, draining, partitions, query_timeout, redis, workers
from recsite.platform.inside import may_see_inside
from recsite.platform.replica import lag
from recsite.platform.thresholds import FREE_SHARE, OUTBOX

logger = logging.getLogger(__name__)
Details = dict[str, Any]
TIMEOUT_SECS = 2.0
CACHED_SECS = 1.0


class Trouble(Exception):
    """A part doesn't work; the message is one sentence that may be shown to anybody."""


def ping(request: HttpRequest) -> JsonResponse:  # noqa: ARG001
    return JsonResponse({"status": "ok"})


@never_cache
def ready(request: HttpRequest) -> JsonResponse:  # noqa: ARG001
    """Answer 503 while draining, or without the database. What only degrades answers is no reason to stop traffic."""
    if draining.is_draining():
        return JsonResponse({"status": "draining"}, status=503)
    database = _state(_database)
    return JsonResponse({"status": database["status"]}, status=503 if database["status"] == "down" else 200)


@never_cache
def health(request: HttpRequest) -> JsonResponse:
    """Tell how it is; how each part is, only to those who may see inside."""
    told = dict(_looked.at_all())
    if not may_see_inside(request):
        del told["parts"], told["version"]
    return JsonResponse(told, status=503 if told["status"] == "down" else 200)


class _Looked:
    """Keep what the latest look found: many who ask at once cost one look a second."""

    def __init__(self) -> None:
        self._lock, self._until, self._found = threading.Lock(), 0.0, Details()

    def at_all(self) -> Details:
        """Return how it is, and how each part is."""
        with self._lock:
            if time.monotonic() >= self._until:
                self._found = _look()
                self._until = time.monotonic() + CACHED_SECS
            return self._found


_looked = _Looked()


def _look() -> Details:
    parts = {name: look_at(name) for name in PARTS}
    well = all(part["status"] == "ok" for part in parts.values())
    status = "down" if parts["database"]["status"] == "down" else "ok" if well else "degraded"
    return {"status": status, "version": settings.VERSION, "parts": parts, "timestamp": timezone.now().isoformat()}


def look_at(part: str) -> Details:
    """Return how one of PARTS is: its status, its latency, and a message where it is down."""
    return _state(PARTS[part])


def _state(look: Callable[[], Details]) -> Details:
    """Return what a look at one part found, with its duration in milliseconds."""
    started = time.perf_counter()
    try:
        found = {"status": "ok", **look()}
    except Trouble as trouble:
        found = {"status": "down", "message": str(trouble)}
    return {**found, "latency_ms": round((time.perf_counter() - started) * 1000, 2)}


def _database() -> Details:
    pool = cast(Any, connection).pool
    try:
        with query_timeout.at_most(TIMEOUT_SECS):
            _ask(pool) if pool else connection.cursor().execute("SELECT 1")
    except (psycopg.Error, DatabaseError) as error:
        logger.warning("PostgreSQL doesn't answer: %s", error)
        raise Trouble("PostgreSQL doesn't answer.") from error
    return {}


def _ask(pool: Any) -> None:
    """Ask by a connection of the pool: Django's own way would wait for the pool's longer timeout."""
    pool.open()
    with pool.connection(timeout=TIMEOUT_SECS) as session:
        session.execute("SELECT 1")


def _replica() -> Details:
    """Return whether a replica is in use, and how many seconds it is behind."""
    if not settings.DATABASE_READ_URL:
        return {"in_use": False}
    try:
        behind = lag.looks.lag()
    except lag.ReplicaUnusable as fault:
        raise Trouble(str(fault)) from fault
    if behind > (most := settings.DATABASE_READ_MAX_LAG_SECS):
        raise Trouble(f"The replica is {behind:.0f} seconds behind, more than {most}: all is read from the primary.")
    return {"in_use": True, "lag_secs": round(behind, 2)}


def _redis() -> Details:
    try:
        redis.call(lambda client: client.ping())
    except redis.RedisDown as error:
        raise Trouble("Redis doesn't answer: answers are computed anew, and take longer.") from error
    return {}


def _broker() -> Details:
    """Return how many tasks wait in the broker, in all and by queue."""
    try:
        waiting = broker.waiting()
    except broker.BrokerAway as error:
        raise Trouble(str(error)) from error
    return {"waiting": sum(waiting.values()), "queues": waiting}


def _worker() -> Details:
    try:
        absent = workers.complaint()
    except redis.RedisDown as error:
        raise Trouble("Without Redis nobody knows whether a worker runs.") from error
    if absent:
        raise Trouble(absent)
    return {}


def _release() -> Details:
    """Return the release that is served, and the seconds since its promotion."""
    try:
        live = database.ask(registry.live_release)
    except database.DatabaseDown as error:
        raise Trouble("Without the database nobody knows what is live.") from error
    if live is None:
        raise Trouble("Nothing is live yet: run 'manage.py train'.")
    if fault := candidates.fault():
        raise Trouble(fault)
    since = live.promoted_at or live.created_at
    return {"id": live.pk, "age_secs": round((timezone.now() - since).total_seconds())}


def _catalogue() -> Details:
    """Return whether this process has the catalogue as it should."""
    if fault := snapshot.fault():
        raise Trouble(fault)
    return {}


def _partitions() -> Details:
    """Return how many months are ready for future events."""
    try:
        alarms, ahead = database.ask(partitions.look)
    except database.DatabaseDown as error:
        raise Trouble("Without the database nobody knows which months are ready.") from error
    if alarms:
        raise Trouble(" ".join(alarms))
    return {"months_ahead": ahead}


def _kafka() -> Details:
    """Return whether Kafka is in use, and how far its consumers are behind."""
    if not settings.KAFKA_BOOTSTRAP_SERVERS:
        return {"in_use": False}
    try:
        behind = kafka_lag()
        oldest = max((one.seconds for one in behind), default=0)
        return {"in_use": True, "lag": sum(one.events for one in behind), "oldest_secs": oldest}
    except BrokerDown as error:
        logger.warning("%s", error)
        raise Trouble("Kafka doesn't answer: events wait in the outbox until it does.") from error


def _outbox() -> Details:
    """Return how many events wait for Kafka, and for how long the oldest has."""
    try:
        waiting, oldest = database.ask(outbox.level)
    except database.DatabaseDown as error:
        raise Trouble("Without the database nobody knows what waits for Kafka.") from error
    if OUTBOX.is_crossed(waiting):
        raise Trouble(
            f"{waiting:,} events wait for Kafka: check that it answers, and that 'manage.py relay_events' runs."
        )
    return {"waiting": waiting, "oldest_secs": round(oldest)}


def _disk() -> Details:
    usage = shutil.disk_usage(settings.STATE_DIR if settings.STATE_DIR.exists() else Path.cwd())
    return _enough("disk", usage.free, usage.total)


def _memory() -> Details:
    lines = Path("/proc/meminfo").read_text().splitlines() if Path("/proc/meminfo").exists() else []
    kilobytes = {name: int(rest.split()[0]) for name, _, rest in (line.partition(":") for line in lines)}
    if "MemAvailable" not in kilobytes:
        return {"free_bytes": None}
    return _enough("memory", kilobytes["MemAvailable"] * 1024, kilobytes["MemTotal"] * 1024)


def _enough(what: str, free: int, total: int) -> Details:
    if FREE_SHARE.is_crossed(free / total):
        raise Trouble(f"Less than {FREE_SHARE.limit:.0%} of the {what} is free ({free:,} bytes).")
    return {"free_bytes": free, "total_bytes": total}


PARTS: dict[str, Callable[[], Details]] = {
    "database": _database,
    "replica": _replica,
    "redis": _redis,
    "broker": _broker,
    "worker": _worker,
    "kafka": _kafka,
    "outbox": _outbox,
    "release": _release,
    "catalogue": _catalogue,
    "partitions": _partitions,
    "disk": _disk,
    "memory": _memory,
}
