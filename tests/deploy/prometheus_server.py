"""A real Prometheus that scrapes pages which a test has, with the rules that are shipped."""

import json
import shutil
import subprocess
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import yaml

from recsite.local.paths import PROJECT
from recsite.local.server import free_port

RULES = PROJECT / "deploy" / "prometheus" / "rules"


def is_there() -> bool:
    return shutil.which("prometheus") is not None


@contextmanager
def serving(pages: dict[str, bytes]) -> Iterator[str]:
    """Serve a page by its path; yields the address."""

    class Pages(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
            self.end_headers()
            self.wfile.write(pages[self.path])

        def log_message(self, *args: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Pages) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@contextmanager
def running(folder: Path, pages: dict[str, bytes]) -> Iterator[str]:
    """Run a Prometheus that has scraped each page twice at least, so that rates are known; yields its address."""
    port = free_port()
    with serving(pages) as target:
        jobs = [
            {
                "job_name": f"recsite{path.replace('/', '-')}",
                "metrics_path": path,
                "static_configs": [{"targets": [target], "labels": {"role": path.strip("/")}}],
            }
            for path in pages
        ]
        config = {
            "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
            "rule_files": [f"{RULES}/*.yml"],
            "scrape_configs": jobs,
        }
        (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
        address = f"http://127.0.0.1:{port}"
        command = ["prometheus", f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data"]
        command += [f"--web.listen-address=127.0.0.1:{port}", "--log.level=error"]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
            try:
                _wait(process, address, len(pages))
                yield address
            finally:
                process.terminate()


def query(address: str, expression: str) -> dict[str, Any]:
    """Ask for an expression's value now; what Prometheus says of a wrong one is in `error`."""
    url = f"{address}/api/v1/query?{urllib.parse.urlencode({'query': expression})}"
    try:
        with urllib.request.urlopen(url, timeout=20) as answer:
            return dict(json.load(answer))
    except urllib.error.HTTPError as refused:
        return dict(json.load(refused))


def _wait(process: "subprocess.Popen[bytes]", address: str, pages: int) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert process.poll() is None, process.stderr.read() if process.stderr else ""
        try:
            found = query(address, "count(sum_over_time(up[1m]) >= 2)")["data"]["result"]
        except (OSError, KeyError):
            found = []
        if found and int(found[0]["value"][1]) == pages:
            return
        time.sleep(0.2)
    raise AssertionError("Prometheus has scraped nothing within a minute.")
