"""Read the settings of the processes' roles; recsite.settings takes them all over."""

import sys
from pathlib import Path

from recsite import env
from recsite.process_roles import DEFAULT_QUEUE, QUEUES
from recsite.process_roles import METRICS_PORT as _PORT

PROCESS_ROLE = env.text("RECSITE_ROLE")
"""The role that the entry point has started; empty for commands, tests and `make demo`."""

API_WORKER_MAX_REQUESTS = env.integer("API_WORKER_MAX_REQUESTS", 0)
API_PRELOAD = env.flag("API_PRELOAD", False)
"""Whether gunicorn loads the product before it forks its workers."""

# What the web server and the pools of connections go by.
API_WORKERS = env.integer("API_WORKERS", 2, 1, 256)
WORKER_THREADS = env.integer("WORKER_THREADS", 4, 1, 256)
IS_COMMAND = Path(sys.argv[0]).name == "manage.py"
# Commands that run until they are stopped: a machine reads what they say, as it does with the web server.
SERVICES = ("consume_events", "relay_events", "answer_requests")
RUNS_ON = not IS_COMMAND or sys.argv[1:2] in [[name] for name in SERVICES]
IS_SERVICE = bool(PROCESS_ROLE) or RUNS_ON
METRICS_PORT = env.integer("METRICS_PORT", _PORT.default, 1, 65_535)
_host, _, _number = env.text("BIND").rpartition(":")
METRICS_HOST = _host if _number.isdecimal() and _host else "0.0.0.0" if env.is_production() else "127.0.0.1"
"""Where the web server listens, too: every address in production, else this machine alone."""

WORKER_QUEUE = env.choice("WORKER_QUEUE", DEFAULT_QUEUE, tuple(QUEUES))
WORKER_CONCURRENCY = env.integer("WORKER_CONCURRENCY", QUEUES[WORKER_QUEUE].concurrency, 1, 256)
WORKER_MAX_MEMORY_MB = env.integer("WORKER_MAX_MEMORY_MB", QUEUES[WORKER_QUEUE].max_memory_mb, 64, 1_048_576)
INSIDE_NETWORKS = env.networks(
    "INSIDE_NETWORKS", ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "::1/128", "fc00::/7")
)
