"""Everything that serves a shop, on this machine: two web processes behind nginx, workers, PostgreSQL, Redis, Kafka."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.error import URLError
from urllib.request import urlopen

from deploy.load.crowd import ITEMS, USERS, Chooser
from deploy.rehearsal.front import NGINX, front
from recsite.local import kafka, reset, servers
from recsite.local.kafka import Kafka
from recsite.local.paths import PROJECT, LocalError
from recsite.local.postgres import Postgres
from recsite.local.processes import at_work, wait_until
from recsite.local.redis import Redis
from recsite.local.server import Server, free_port

STATE = PROJECT / ".local" / "faults"
STOP_SECS, START_SECS = 45.0, 180.0
RATINGS = 50_000
CELERY = ("-m", "celery", "-A", "recsite.celery")
WEBS, CONSUMERS = ("web-1", "web-2"), ("consumer-1", "consumer-2")


def lacking() -> str:
    """Say what this machine lacks; empty where it has everything."""
    return kafka.missing() if NGINX else "This needs nginx: install Debian's package of that name."


class Rig:
    """Hold the servers and processes, and break them by name."""

    def __init__(self, stack: ExitStack) -> None:
        used = stack.enter_context(servers.ensure(STATE, kinds=(Postgres, Redis, Kafka)))
        postgres, redis, broker = used.running
        self.servers: dict[str, Server] = {"PostgreSQL": postgres, "Redis": redis, "Kafka": broker}
        self.folder = Path(stack.enter_context(TemporaryDirectory()))
        os.environ.update(
            DJANGO_SETTINGS_MODULE="recsite.settings",
            RECSITE_STATE=str(STATE),
            KAFKA_CONSUMER_BATCH="200",
            KAFKA_DELIVERY_TIMEOUT_SECS="2",
            TRUSTED_PROXY_COUNT="1",
            ALLOWED_HOSTS="shop.test,127.0.0.1",
            UNKNOWN_ITEM_POLICY="placeholder",
            LOG_LEVEL="ERROR",
            DRAIN_SECS="0",
            API_WORKERS="1",
        )
        self._ports = {name: free_port() for name in WEBS}
        self._commands = {
            **dict.fromkeys(WEBS, ("-m", "gunicorn", "-c", "recsite/gunicorn.py", "recsite.wsgi")),
            **dict.fromkeys(CONSUMERS, ("manage.py", "consume_events")),
            "relay": ("manage.py", "relay_events"),
            "worker": (*CELERY, "worker", "-Q", "default", "-n", "default@%h", "--concurrency", "2"),
            "beat": (*CELERY, "beat", "--pidfile=", "--schedule", str(self.folder / "beat")),
        }
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        stack.callback(self._end)
        self._fill()
        for name in self._commands:
            self.start(name)
        self.front = stack.enter_context(front(self.folder / "nginx", *self._ports.values()))
        self.key = self._new_key()

    def start(self, name: str) -> None:
        """Start a process; a web process is waited for, since nginx asks it at once."""
        environ = {**os.environ, **({"PORT": str(self._ports[name])} if name in self._ports else {})}
        # Another one, such as `consumer-3`, does what the first of its kind does.
        command = self._commands.get(name) or self._commands[f"{name.rpartition('-')[0]}-1"]
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [sys.executable, *command], cwd=PROJECT, env=environ, stdout=log, stderr=log
            )
        process = self.processes[name]
        if name in self._ports:
            wait_until(lambda: process.poll() is not None or self._answers(name), START_SECS)
        if name in self._ports and not self._answers(name):
            raise SystemExit(f"{name} doesn't answer: {(self.folder / f'{name}.log').read_text()[-500:]}")

    def stop(self, name: str) -> None:
        """Tell it to stop, and wait; one that goes on is killed."""
        self.processes[name].terminate()
        with suppress(subprocess.TimeoutExpired):
            self.processes[name].wait(STOP_SECS)
        self.kill(name)

    def kill(self, name: str) -> None:
        """Kill it, and all that it has started."""
        for pid in tree(self.processes[name].pid):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.processes[name].wait()

    def pid(self, name: str) -> int:
        server = self.servers.get(name)
        found = at_work(server.workdir, server.pid_file) if server else self.processes[name].pid
        if not found:
            raise SystemExit(f"{name} is not there any more.")
        return found

    @contextmanager
    def hanging(self, name: str) -> Iterator[None]:
        """Have it do nothing for the block, with its connections open."""
        pids = tree(self.pid(name))
        for how in (signal.SIGSTOP, signal.SIGCONT):
            for pid in pids:
                with suppress(ProcessLookupError):
                    os.kill(pid, how)
            if how is signal.SIGSTOP:
                yield

    def _answers(self, name: str) -> bool:
        with suppress(URLError, OSError), urlopen(f"http://127.0.0.1:{self._ports[name]}/ping", timeout=5) as answer:
            return bool(answer.status == 200)
        return False

    def _fill(self) -> None:
        """Make tables, topics, ratings and the models that are trained on them."""
        self._manage("migrate", "--verbosity", "0")
        self._manage("create_topics")
        chooser, path = Chooser(42), self.folder / "ratings.csv"
        began = int(time.time()) - RATINGS
        rows = (f"{chooser.user()},{chooser.item()},{1 + number % 5},{began + number}" for number in range(RATINGS))
        known = (f"user-{number % USERS},item-{number % ITEMS},3,{began}" for number in range(USERS))
        path.write_text("\n".join(["user_id,item_id,value,occurred_at", *known, *rows]) + "\n")
        self._manage("import_data", str(path), "--format", "csv")
        self._manage("train")

    @staticmethod
    def _new_key() -> str:
        import django

        django.setup()
        from recsite.platform.models import ApiKey

        # Its limit is counted with each request, and never reached.
        return str(ApiKey.objects.create_key(name="load", rate_limit=10_000_000)[1])

    @staticmethod
    def _manage(*command: str) -> None:
        subprocess.run([sys.executable, "manage.py", *command], cwd=PROJECT, check=True, stdout=subprocess.DEVNULL)

    def _end(self) -> None:
        for process in self.processes.values():
            process.terminate()
        for name in self.processes:
            self.stop(name)


def tree(pid: int) -> list[int]:
    """Return a process and all that it has started."""
    found = [pid]
    with suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                found += tree(int(child))
    return found


@contextmanager
def rig() -> Iterator[Rig]:
    """Bring everything for the block, and throw it away."""
    try:
        reset.reset(STATE)
    except LocalError as busy:
        raise SystemExit(str(busy)) from busy
    with ExitStack() as stack:
        yield Rig(stack)
    reset.reset(STATE)
