"""Start PostgreSQL and Redis where there are none, and let the last user stop them.

Every user holds a shared lock on `users.lock`, which the kernel takes back however the user ends; who leaves and finds
nobody else there stops the servers. Starting and stopping happen under `start.lock`, one process at a time.
"""

import atexit
import os
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from recsite.local import environment, locks
from recsite.local.home import find_home
from recsite.local.paths import make_state
from recsite.local.postgres import Postgres
from recsite.local.redis import Redis
from recsite.local.server import Server

KINDS: tuple[type[Server], ...] = (Postgres, Redis)


@dataclass
class Servers:
    """Hold the servers this process uses. Leave with `release()`, at the end of a `with` block, or at exit."""

    state: Path
    running: list[Server] = field(default_factory=list)
    _users: int | None = None
    _owner: int = field(default_factory=os.getpid)

    def start(self, kinds: list[type[Server]], durable: bool) -> None:
        with locks.exclusive(self.state / "start.lock"):
            home = find_home(self.state)
            self._users = locks.take_shared(self.state / "users.lock")
            for kind in kinds:
                server = kind(self.state, home, durable)
                self.running.append(server)
                server.ensure()
                os.environ.update(server.environment)

    def revive(self) -> None:
        """Start again what fell. Raises LocalError where it doesn't come back."""
        fallen = [server for server in self.running if not server.running()]
        if fallen:
            with locks.exclusive(self.state / "start.lock"):
                for server in fallen:
                    server.ensure()

    def release(self) -> None:
        """Leave; the last one stops the servers. A second call, and one in a forked child, does nothing."""
        if self._users is None or self._owner != os.getpid():
            return
        with locks.exclusive(self.state / "start.lock"):
            if locks.became_last(self._users):
                for server in self.running:
                    server.stop()
            os.close(self._users)
        self._users = None
        for server in self.running:
            if os.environ.get(server.variable) == server.url:
                for variable in server.environment:
                    os.environ.pop(variable, None)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


def join(kind: type[Server]) -> None:
    """Use a server of this kind that runs here already; start none."""
    state = environment.state_dir().resolve()
    notes = state / "servers.json"
    if environment.is_set(kind.variable) or not notes.is_file() or kind.name.lower() not in notes.read_text():
        return
    server = kind(state, find_home(state))
    if server.running() and server.answers():
        os.environ.update(server.environment)


def ensure(state: Path | None = None, durable: bool = True, kinds: tuple[type[Server], ...] = KINDS) -> Servers:
    """Bring the servers that neither the environment nor .env names, and set DATABASE_URL and REDIS_URL to them.

    `kinds` are those that are wanted; the variables of others, such as KAFKA_BOOTSTRAP_SERVERS, are set likewise.
    `durable=False` trades safety against a power cut for speed, for tests. Raises LocalError where one doesn't start.
    """
    missing = [kind for kind in kinds if not environment.is_set(kind.variable)]
    servers = Servers((state or environment.state_dir()).resolve())
    if missing:
        make_state(servers.state)
        atexit.register(servers.release)
        try:
            servers.start(missing, durable)
        except BaseException:
            servers.release()
            raise
    return servers
