"""Tell Prometheus of the pool of database connections and the memory, where several processes are one role.

Each process says so every few seconds, and the sums add up.
"""

from contextlib import suppress
from pathlib import Path
from typing import Any, cast

from django.db import connection
from prometheus_client import REGISTRY, CollectorRegistry, Gauge

from recsite.platform.gathering import Repeating

EVERY_SECS = 5.0


def _gauge(name: str, says: str, registry: CollectorRegistry | None = REGISTRY) -> Gauge:
    """Return a gauge of which only processes that live count."""
    return Gauge(name, says, multiprocess_mode="livesum", registry=registry)


largest = _gauge("database_pool_max_connections", "The most connections that the pools may open.")
opened = _gauge("database_pool_connections", "Connections that are open.")
idle = _gauge("database_pool_idle_connections", "Open connections that nobody uses.")
waiting = _gauge("database_pool_waiting", "Who waits for a connection, since all are in use.")
# A process that is alone in its role tells this by itself, under the same name.
memory = _gauge("process_resident_memory_bytes", "Memory of all processes, shared pages counted once.", None)
MEMORY = Path("/proc/self/smaps_rollup")
SHARE = "Pss:"


def note() -> None:
    """Say how this process is; nothing of a pool where it has none, as commands have."""
    with suppress(OSError):
        lines = (line.split() for line in MEMORY.read_text().splitlines())
        memory.set(sum(int(words[1]) * 1024 for words in lines if words[0] == SHARE))
    pool = cast(Any, connection).pool
    if pool:
        about = pool.get_stats()
        largest.set(about["pool_max"])
        opened.set(about["pool_size"])
        idle.set(about["pool_available"])
        waiting.set(about["requests_waiting"])


_thread = Repeating("process figures", EVERY_SECS, note)


def begin() -> None:
    """Begin to say so in this process, after the fork."""
    note()
    _thread.begin()
