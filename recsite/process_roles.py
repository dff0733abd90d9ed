"""Name the roles in which the one image runs: command, port, probes, and how each stops. The one home of all that.

    deploy/docker/entrypoint ROLE

Only the standard library is needed here: probes and tests of what is deployed read it, too.
"""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
ENTRYPOINT = "deploy/docker/entrypoint"
HEALTHCHECK = "deploy/docker/healthcheck"
WEB, WORKER, BEAT, CONSUMER, RELAY, ANSWERS, MIGRATE = (
    "web",
    "worker",
    "beat",
    "consumer",
    "relay",
    "answers",
    "migrate",
)
USER_ID = 10001
STATE_FOLDER = "/state"
"""Where the image mounts RECSITE_STATE: metrics of processes, copies of models and of the catalogue."""

PING, READY, METRICS = "/ping", "/ready", "/metrics"
WRONG_SETTINGS = 78
"""The exit code for a setting that is missing or wrong, as sysexits.h has it (EX_CONFIG): starting again is no help."""

WRONG_USE = 64
"""The exit code for a role that there isn't (EX_USAGE)."""


@dataclass(frozen=True, slots=True)
class Port:
    """Name the setting that chooses a port, and its default."""

    setting: str
    default: int

    def of(self, environ: Mapping[str, str]) -> int:
        """Return the port that the environment chooses. Raises ValueError with a sentence where it is no number."""
        raw = environ.get(self.setting, "").strip()
        if raw and not (raw.isascii() and raw.isdecimal()):
            raise ValueError(f"{self.setting} is {raw!r}, but a whole number from 1 to 65535 is needed.")
        return int(raw or self.default)


WEB_PORT = Port("PORT", 8000)
METRICS_PORT = Port("METRICS_PORT", 9100)


@dataclass(frozen=True, slots=True)
class Queue:
    """Hold what a worker of one queue starts with, where the environment says nothing else."""

    concurrency: int
    max_memory_mb: int
    """A child that has become larger than this is replaced once its task has ended."""


DEFAULT_QUEUE = "default"
QUEUES = {DEFAULT_QUEUE: Queue(2, 1024), "training": Queue(1, 4096)}
"""The queues that a worker can take, by their names in `recsite.platform.queues`."""


@dataclass(frozen=True, slots=True)
class Role:
    """Describe one role."""

    name: str
    does: str
    arguments: tuple[str, ...]
    """What Python gets; $NAMES are settings, which `command` fills in."""
    port: Port | None = METRICS_PORT
    """Where it answers; the web server has its metrics beside its pages."""
    silent_secs: int = 60
    """How long its loop may be silent before /ping says that it hangs."""
    start_secs: int = 60
    """How long its start may take before somebody should worry: probes of the start wait so long."""
    stop_secs: int = 30
    """How long it may take from SIGTERM to its end; SHUTDOWN_TIMEOUT_SECS, whose default this is, chooses it."""
    most: int | None = None
    """How many may be at work at the same time; None where more of them share the work."""
    needs_kafka: bool = False

    @property
    def liveness(self) -> str:
        """Return the path that says whether to start it anew; empty for what ends by itself."""
        return PING if self.port else ""

    @property
    def readiness(self) -> str:
        """Return the path that says whether it may get traffic."""
        return READY if self.name == WEB else self.liveness

    @property
    def metrics(self) -> str:
        return METRICS if self.port else ""

    def command(self, environ: Mapping[str, str]) -> list[str]:
        """Return the command line, as the environment fills it in."""
        values = _worker_values(environ) if self.name == WORKER else {}
        filled = [values.get(argument, argument) for argument in self.arguments]
        return [sys.executable, *filled]


CELERY = ("-m", "celery", "-A", "recsite.celery", "--quiet")
ROLES = {
    role.name: role
    for role in (
        Role(
            WEB,
            "serves the API, the admin and the storefront",
            ("-m", "gunicorn", "-c", "recsite/gunicorn.py", "recsite.wsgi"),
            port=WEB_PORT,
            start_secs=150,
        ),
        Role(
            WORKER,
            "does what waits in one queue (WORKER_QUEUE): trainings, or all else",
            (
                *CELERY,
                "worker",
                "--queues",
                "$WORKER_QUEUE",
                "--hostname",
                "$WORKER_NAME",
                "--concurrency",
                "$WORKER_CONCURRENCY",
                "--max-memory-per-child",
                "$WORKER_MAX_MEMORY_KB",
            ),
        ),
        Role(BEAT, "puts scheduled tasks into the queues", (*CELERY, "beat", "--pidfile="), most=1),
        Role(
            CONSUMER,
            "stores the events that come on Kafka",
            ("manage.py", "consume_events"),
            needs_kafka=True,
        ),
        Role(
            RELAY,
            "hands on to Kafka what waits in the outbox",
            ("manage.py", "relay_events", "--standby"),
            most=1,
            needs_kafka=True,
        ),
        Role(
            ANSWERS,
            "answers requests that come on Kafka",
            ("manage.py", "answer_requests"),
            start_secs=150,
            needs_kafka=True,
        ),
        Role(
            MIGRATE,
            "brings the database up to this version, and ends",
            ("manage.py", "migrate", "--noinput"),
            port=None,
            most=1,
        ),
    )
}


def of(name: str) -> Role:
    """Return a role. Raises ValueError with a sentence where there is none of that name."""
    if name not in ROLES:
        raise ValueError(f"There is no role {name!r}: one of {', '.join(ROLES)} is needed.")
    return ROLES[name]


def _worker_values(environ: Mapping[str, str]) -> dict[str, str]:
    """Return what fills the worker's command line; `recsite.process_settings` has refused what is wrong."""
    queue = environ.get("WORKER_QUEUE", "").strip() or DEFAULT_QUEUE
    own = QUEUES.get(queue, QUEUES[DEFAULT_QUEUE])
    memory_mb = int(environ.get("WORKER_MAX_MEMORY_MB", "").strip() or own.max_memory_mb)
    return {
        "$WORKER_QUEUE": queue,
        "$WORKER_NAME": f"{queue}@%h",
        "$WORKER_CONCURRENCY": environ.get("WORKER_CONCURRENCY", "").strip() or str(own.concurrency),
        "$WORKER_MAX_MEMORY_KB": str(memory_mb * 1024),
    }
