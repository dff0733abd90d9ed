"""Say how many connections to PostgreSQL each role may open: the one home of pools' sizes and of their sum.

Settings read it, and tests of what is deployed: it needs no Django.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from recsite import env, process_roles
from recsite.process_roles import ANSWERS, BEAT, CONSUMER, RELAY, WEB, WORKER

BESIDE_REQUESTS = 3
"""Threads of a web process that ask beside its requests, most of the time none: figures, the catalogue, looks."""

OF_A_TASK = 3
"""A task, the storing of figures, and one for what a task asks by a thread of its own."""

LOCKS = 1
"""A lock has a session of its own, outside of the pool."""

FOR_PEOPLE = 10
"""What is left for backups, migrations, monitoring and people."""

WORKERS = {WORKER: process_roles.DEFAULT_QUEUE, "training": "training"}
"""Workers by the name that DEPLOYED_ROLES has for them; those of the training queue are counted apart."""

NAMES = (WEB, *WORKERS, BEAT, CONSUMER, RELAY, ANSWERS)
COMMANDS = {CONSUMER, RELAY, ANSWERS}
"""Roles without a pool: each of their threads has a connection."""

OF_UNKNOWN = 10
"""For processes that were started without a role."""


@dataclass(frozen=True)
class Size:
    """Hold what decides how many connections a container of a role may open."""

    web_processes: int
    web_threads: int
    pool: int = 0
    """The size of every pool, where one is set."""
    concurrency: int | None = None
    """Tasks at once of a worker; its queue's own where it isn't set."""

    def of(self, name: str) -> int:
        """Return the connections of one container of a role."""
        if name in COMMANDS:
            return OF_A_TASK + LOCKS
        pool = self.pool or needed(name, self.web_threads)
        if name == WEB:
            return self.web_processes * pool
        if name in WORKERS:
            concurrency = self.concurrency or process_roles.QUEUES[WORKERS[name]].concurrency
            # The parent, which only hands on, and its children.
            return 1 + concurrency * (pool + LOCKS)
        return pool + LOCKS


def needed(role: str, web_threads: int) -> int:
    """Return the size of a process's pool: nobody waits for a connection, and none is kept for nobody."""
    if not role:
        return OF_UNKNOWN
    return web_threads + BESIDE_REQUESTS if role == WEB else OF_A_TASK


def total(deployed: Mapping[str, int], size: Size) -> int:
    """Return how many connections all containers together may open at most."""
    return sum(count * size.of(name) for name, count in deployed.items())


def read(pairs: Mapping[str, str]) -> dict[str, int]:
    """Read how many containers of each role run at most. Stops the start where it says something else."""
    for name, count in pairs.items():
        if name not in NAMES or not count.isdecimal():
            env.fail(
                f"DEPLOYED_ROLES holds {name}={count}, but numbers of {', '.join(NAMES)} are needed, such as web=3."
            )
    return {name: int(count) for name, count in pairs.items()}
