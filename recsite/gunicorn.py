"""Configure gunicorn: `gunicorn -c recsite/gunicorn.py recsite.wsgi`."""

import gc
import os
import shutil
import signal
import socket
import sys
import threading
from importlib import import_module
from pathlib import Path
from types import FrameType
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "recsite.settings")
# The products of one request are small: threads of BLAS would wait for each other longer than they work.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# Read in the master, a wrong setting stops the start; read only in the workers, it would restart them for ever.
from recsite import env, production, settings
from recsite.platform import draining

_port = env.integer("PORT", 8000, 1, 65535)
bind = env.text("BIND", f"0.0.0.0:{_port}" if settings.PRODUCTION else f"127.0.0.1:{_port}")
workers = settings.API_WORKERS
worker_class = "recsite.web_worker.DeadlineWorker"
threads = settings.WORKER_THREADS
wsgi_app = "recsite.wsgi"
keepalive = 75
max_requests = settings.API_WORKER_MAX_REQUESTS
# Not all processes at once.
max_requests_jitter = max_requests // 5
# The most that gunicorn allows: what is longer it refuses itself, in HTML.
limit_request_line = 8190
graceful_timeout = settings.SHUTDOWN_TIMEOUT_SECS - settings.DRAIN_SECS
control_socket_disable = True
logconfig_dict = {
    **settings.LOGGING,
    "loggers": {"gunicorn.error": {"level": settings.LOG_LEVEL, "handlers": [], "propagate": True}},
}

_metrics = settings.STATE_DIR / "metrics" / str(_port)
if settings.PROMETHEUS_ENABLED:
    # prometheus_client decides at its first import whether the processes share their counters.
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(_metrics)


def on_starting(server: Any) -> None:
    production.refuse_errors(settings)
    for address in server.cfg.address:
        if isinstance(address, tuple):
            _check_port(*address[:2])
    if settings.PROMETHEUS_ENABLED:
        shutil.rmtree(_metrics, ignore_errors=True)
        _metrics.mkdir(parents=True)
    if settings.API_PRELOAD:
        # Each worker would load the same modules once more; pages that nobody writes to stay shared.
        import_module("recsite.wsgi")
        gc.collect()
        gc.freeze()


def _check_port(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            env.fail(f"it can't listen on {host}:{port} ({error.strerror}). Choose another port, such as PORT=8123.")


def when_ready(server: Any) -> None:
    """Drain on SIGTERM: say so at `/ready`, serve on for DRAIN_SECS, then stop; what runs gets the rest of the time."""

    def drain(signum: int, frame: FrameType | None) -> None:
        if os.getpid() != server.pid or not draining.begin() or not settings.DRAIN_SECS:
            return server.signal(signum, frame)
        later = threading.Timer(settings.DRAIN_SECS, server.signal, (signum, None))
        later.daemon = True
        return later.start()

    signal.signal(signal.SIGTERM, drain)


def post_worker_init(_worker: Any) -> None:
    """Have the worker tell of its pool of connections and its memory, now that the product is loaded."""
    if settings.API_PRELOAD:
        import_module("recsite.wsgi").begin()
    if settings.PROMETHEUS_ENABLED:
        process_figures: Any = import_module("recsite.platform.process_figures")
        process_figures.begin()


def child_exit(_server: Any, _worker: Any) -> None:
    """Drop the gauges of a process that is no more; its counts go into one file with those of others before it."""
    if settings.PROMETHEUS_ENABLED:
        shared_counters: Any = import_module("recsite.platform.shared_counters")
        shared_counters.fold(_metrics)
