"""Make a process what its role asks of it: answers for probes, lines of JSON, an end in time."""

import logging
import os
import signal
import sys
import threading
from importlib import import_module
from pathlib import Path
from typing import Any

from celery.signals import (
    beat_init,
    celeryd_init,
    heartbeat_sent,
    worker_process_init,
    worker_shutting_down,
)
from django.conf import settings

from recsite import answering
from recsite.metrics import of_role
from recsite.platform import exposing, process_figures, pulse, shared_counters, spoken
from recsite.process_roles import METRICS_PORT, ROLES

logger = logging.getLogger("recsite.output")


def begin() -> None:
    """Begin what the role of this process needs, once Django is set up."""
    role = ROLES.get(settings.PROCESS_ROLE)
    if role is None:
        return
    if role.needs_kafka:
        # Until the command has its own way to stop: what has not begun leaves nothing to finish.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    if settings.LOG_FORMAT == "json":
        spoken.log_what_is_printed()
        celeryd_init.connect(_log_last_words)
    if role.port is METRICS_PORT:
        heartbeat_sent.connect(pulse.beat)
        beat_init.connect(_stop_between_looks)
        worker_shutting_down.connect(_hand_back_in_time)
        worker_process_init.connect(_begin_child)
        asked = of_role(role.name) if settings.PROMETHEUS_ENABLED else None
        answering.begin(role, settings.METRICS_HOST, settings.METRICS_PORT, asked)


def _log_last_words(**_: Any) -> None:
    """Log what Celery's worker says when it is told to stop; it would write that beside the log."""
    worker: Any = import_module("celery.apps.worker")
    worker.safe_say = lambda said, *_: logger.info("%s", str(said).strip())


def _stop_between_looks(sender: Any, **_: Any) -> None:
    """Let beat end after what it is sending: Celery's own way asks the database from within the signal."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sender.stop())


def _hand_back_in_time(how: str, **_: Any) -> None:
    """Let tasks end until SHUTDOWN_TIMEOUT_SECS are nearly over; then stop them, and give them back to their queue."""
    if how == "Warm":
        enough = max(settings.SHUTDOWN_TIMEOUT_SECS - SPARE_SECS, 1)
        late = threading.Timer(enough, os.kill, (os.getpid(), signal.SIGQUIT))
        late.daemon = True
        late.start()


SPARE_SECS = 8
"""What giving tasks back may take."""


def _begin_child(**_: Any) -> None:
    """Take over from the child before: its counts go into one file with those of others that are no more."""
    if exposing.SHARED in os.environ:
        shared_counters.fold(Path(os.environ[exposing.SHARED]))
    process_figures.begin()
