"""Answer probes and Prometheus at METRICS_PORT, in the roles that are no web server: `/ping` and `/metrics`.

A thread of the process does it, so an answer shows that the process lives; whether its loop goes on, `/ping` asks.
"""

import json
import logging
import os
import threading
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

from django.apps import apps
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import ThreadingWSGIServer

from recsite import env
from recsite.platform import exposing, pulse
from recsite.process_roles import METRICS, PING, Role

logger = logging.getLogger(__name__)
STARTING = "It is starting, or waits for a server that is gone."
Answer = tuple[HTTPStatus, str, bytes]


class _Quiet(WSGIRequestHandler):
    """Write no line for each probe."""

    def log_message(self, *_: object) -> None: ...


def begin(role: Role, host: str, port: int, asked: CollectorRegistry | None) -> None:
    """Start the thread; a port that is taken stops the start with a sentence. `asked` is None without metrics."""

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        try:
            status, kind, body = _answer(str(environ.get("PATH_INFO")), role, asked)
        except Exception:
            # A thread ends here, and nobody above would see it; Prometheus itself counts a scrape that failed.
            logger.exception("A scrape can't be answered.")
            status, kind, body = _json(HTTPStatus.INTERNAL_SERVER_ERROR, status="error", message="It is in the log.")
        headers = [("Content-Type", kind), ("Content-Length", str(len(body))), ("Cache-Control", "no-store")]
        start_response(f"{status.value} {status.phrase}", headers)
        return [body]

    try:
        server = make_server(host, port, answer, ThreadingWSGIServer, _Quiet)
    except OSError as fault:
        env.fail(
            f"it can't listen on {host}:{port} ({fault.strerror}). Choose another port, such as METRICS_PORT=9101."
        )
    # A child of a worker that outlives its parent must not keep the port.
    os.register_at_fork(after_in_child=server.socket.close)
    threading.Thread(target=server.serve_forever, daemon=True, name="metrics").start()


def _answer(path: str, role: Role, asked: CollectorRegistry | None) -> Answer:
    if path == METRICS and asked is not None and apps.ready:
        return HTTPStatus.OK, exposing.CONTENT_TYPE, exposing.page(asked)
    if path != PING:
        return _json(HTTPStatus.NOT_FOUND, status="unknown", message=f"There are {PING} and {METRICS} here.")
    silent = pulse.silent_secs()
    if silent is None:
        return _json(HTTPStatus.SERVICE_UNAVAILABLE, status="starting", role=role.name, message=STARTING)
    if silent <= role.silent_secs:
        return _json(HTTPStatus.OK, status="ok", role=role.name)
    sentence = f"Its loop has been silent for {silent:.0f} seconds: it hangs, or a server that it needs is gone."
    return _json(HTTPStatus.SERVICE_UNAVAILABLE, status="silent", role=role.name, message=sentence)


def _json(code: HTTPStatus, **said: str) -> Answer:
    return code, "application/json", json.dumps(said).encode()
