"""A small shop of web pages, on an origin of its own: not the API's."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

from recsite.local.paths import PROJECT

SOURCE = PROJECT / "clients" / "javascript" / "src"
IMPORTS = '<script type="importmap">{"imports": {"recsite-client": "/src/index.js"}}</script>'
PAGE = f"<!doctype html><html><head>{IMPORTS}</head><body><nav id=shelf></nav></body></html>"


@dataclass
class Pages:
    origin: str
    token: Callable[[], str] = str
    """Signs a token for the user of the page."""
    bulks: list[list[dict[str, Any]]] = field(default_factory=list)
    """Events that came to /api/v1/interactions/bulk of the pages' own origin: an API that needs no key."""


@contextmanager
def serve_pages() -> Iterator[Pages]:
    """Serve the page, the client's sources and tokens."""
    pages = Pages("")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/":
                self._say(PAGE, "text/html")
            elif self.path == "/recsite-token":
                self._say(pages.token(), "text/plain")
            elif self.path.startswith("/src/"):
                self._say((SOURCE / Path(self.path).name).read_text(), "text/javascript")
            else:
                self._say("", "text/plain")

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            pages.bulks.append(body["events"])
            self._say(json.dumps({"results": [{"status": "accepted"}] * len(body["events"])}), "application/json")

        def log_message(self, *args: Any) -> None:
            """Say nothing."""

        def _say(self, text: str, kind: str) -> None:
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.end_headers()
            self.wfile.write(text.encode())

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    pages.origin = f"http://127.0.0.1:{server.server_port}"
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield pages
    finally:
        server.shutdown()
        server.server_close()
