"""Tell Prometheus how the pool of database connections is: each process says so every few seconds, and sums add up."""

from typing import Any, cast

from django.db import connection
from prometheus_client import Gauge

from recsite.platform.gathering import Repeating

EVERY_SECS = 5.0


def _gauge(name: str, says: str) -> Gauge:
    """Return a gauge of which only processes that live count."""
    return Gauge(name, says, multiprocess_mode="livesum")


largest = _gauge("database_pool_max_connections", "The most connections that the pools may open.")
opened = _gauge("database_pool_connections", "Connections that are open.")
idle = _gauge("database_pool_idle_connections", "Open connections that nobody uses.")
waiting = _gauge("database_pool_waiting", "Who waits for a connection, since all are in use.")


def note() -> None:
    """Say how this process's pool is; nothing where it has none, as commands have."""
    pool = cast(Any, connection).pool
    if pool:
        about = pool.get_stats()
        largest.set(about["pool_max"])
        opened.set(about["pool_size"])
        idle.set(about["pool_available"])
        waiting.set(about["requests_waiting"])


_thread = Repeating("pool figures", EVERY_SECS, note)


def begin() -> None:
    """Begin to say so in this process, after the fork."""
    note()
    _thread.begin()
