"""Run Prometheus with the shipped scrape settings and rules, pointed at the processes of the rehearsal."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.parse import quote
from urllib.request import urlopen

import yaml

from deploy.rehearsal.stage import Actor, Failed
from recsite.local.paths import PROJECT
from recsite.local.processes import wait_until
from recsite.local.server import free_port

SHIPPED = PROJECT / "deploy" / "prometheus"
EVERY = "2s"


@dataclass(frozen=True)
class Prometheus:
    """Ask a Prometheus that runs."""

    port: int

    def ask(self, path: str) -> Any:
        with urlopen(f"http://127.0.0.1:{self.port}/api/v1/{path}", timeout=10) as answer:
            return json.load(answer)["data"]

    def up(self) -> dict[str, bool]:
        """Return by instance whether it could be scraped."""
        found = self.ask("query?query=" + quote('up{job="recsite"}'))["result"]
        return {row["metric"]["instance"]: row["value"][1] == "1" for row in found}

    def firing(self) -> set[str]:
        """Return the names of the alerts that fire."""
        return {one["labels"]["alertname"] for one in self.ask("alerts")["alerts"] if one["state"] == "firing"}

    def rules(self) -> tuple[int, list[str]]:
        """Return how many rules are loaded, and what is wrong with those that can't be evaluated."""
        found = [rule for group in self.ask("rules")["groups"] for rule in group["rules"]]
        return len(found), [f"{rule['name']}: {rule['lastError']}" for rule in found if rule.get("lastError")]


def is_installed() -> bool:
    return shutil.which("prometheus") is not None


@contextmanager
def scraping(folder: Path, actors: list[Actor]) -> Iterator[Prometheus]:
    """Scrape these processes for the block."""
    shipped = yaml.safe_load((SHIPPED / "prometheus.yml").read_text(encoding="utf-8"))
    config = {
        "global": {**shipped["global"], "scrape_interval": EVERY, "evaluation_interval": EVERY},
        "rule_files": [str(SHIPPED / pattern) for pattern in shipped["rule_files"]],
        "scrape_configs": [
            {
                "job_name": "recsite",
                "static_configs": [
                    {"targets": [f"127.0.0.1:{one.port}"], "labels": {"role": one.role}} for one in actors
                ],
            }
        ],
    }
    folder.mkdir(exist_ok=True)
    (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
    port = free_port()
    command = ["prometheus", f"--config.file={folder / 'prometheus.yml'}", f"--storage.tsdb.path={folder / 'series'}"]
    with (folder / "prometheus.log").open("wb") as log:
        process = subprocess.Popen(
            [*command, f"--web.listen-address=127.0.0.1:{port}"], stdout=log, stderr=subprocess.STDOUT
        )
    found = Prometheus(port)
    try:
        if not wait_until(lambda: _answers(found), 30):
            raise Failed(f"Prometheus doesn't start: see {folder / 'prometheus.log'}.")
        yield found
    finally:
        process.terminate()
        process.wait(20)


def _answers(found: Prometheus) -> bool:
    try:
        return bool(found.ask("status/buildinfo"))
    except (URLError, OSError):
        return False
