"""Cached answers per second beside a bare JsonResponse that reads the same Redis key, under the same gunicorn."""

import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import quote, urlsplit

import django

from recsite.local.paths import PROJECT
from recsite.local.server import free_port
from tests.bench.processes import run

CONNECTIONS, SECONDS, ROUNDS = 16, 3.0, 5
USERS = 200
"""Users whose lists are asked for in turn."""

TICKS = os.sysconf("SC_CLK_TCK")


@contextmanager
def server(folder: Path, **environment: str) -> Iterator[tuple[int, int]]:
    """A gunicorn with one worker, as configured by the product: its port and process id."""
    port = free_port()
    settings = {
        "DJANGO_SETTINGS_MODULE": "tests.bench.bare_settings",
        "PORT": str(port),
        "API_WORKERS": "1",
        "API_AUTH_REQUIRED": "false",
        "DRAIN_SECS": "0",
        "LOG_LEVEL": "INFO",
    }
    with (folder / f"{port}.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "-c", "recsite/gunicorn.py", "recsite.wsgi"],
            cwd=PROJECT,
            env={**os.environ, **settings, **environment},
            stdout=log,
            stderr=log,
        )
    try:
        _wait(port)
        yield port, process.pid
    finally:
        process.terminate()
        process.wait(60)


def _wait(port: int) -> None:
    for _ in range(300):
        with suppress(OSError):
            urllib.request.urlopen(f"http://127.0.0.1:{port}/ping", timeout=2)
            return
        time.sleep(0.1)
    raise SystemExit("The server didn't start.")


def cpu_seconds(pid: int) -> float:
    """What the workers of a gunicorn have used so far."""
    workers = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    fields = (Path(f"/proc/{worker}/stat").read_text().rsplit(")", 1)[1].split() for worker in workers)
    return sum(int(field[11]) + int(field[12]) for field in fields) / TICKS


def burst(port: int, pid: int, paths: Sequence[str], header: str = "") -> dict[str, float]:
    used, asked = cpu_seconds(pid), (str(port), json.dumps(paths), str(CONNECTIONS), str(SECONDS))
    figures = run("-m", "tests.bench.load", *asked, BENCH_HEADER=header).json
    return {**figures, "cpu_ms": 1000 * (cpu_seconds(pid) - used) / figures["requests"]}


def warmed_users() -> dict[str, str]:
    """Users whose lists are in Redis, each with the key of the list."""
    from django_redis import get_redis_connection

    from catalog.models import EndUser
    from recommender import cache
    from recommender.serving.candidates import current_context

    context = current_context()
    assert context.release.number, "Train first."
    found = {}
    for user_id in EndUser.objects.order_by("pk").values_list("user_id", flat=True)[: 2 * USERS]:
        for algorithm in ("svd", "hybrid"):
            key = cache.keys_of(user_id, context.list_digest(algorithm), algorithm).candidates
            if get_redis_connection("default").exists(key):
                found[user_id] = key
    if not found:
        raise SystemExit("Nobody is warmed: run warm_cache first.")
    return dict(list(found.items())[:USERS])


def measure() -> dict[str, Any]:
    users = warmed_users()
    lists = [f"/api/v1/recommendations/users/{quote(user_id, safe='')}" for user_id in users]
    popular = ["/api/v1/recommendations/popular"]
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        product = stack.enter_context(server(Path(folder)))
        _wait_for_catalogue(product[0], lists[0])
        with urllib.request.urlopen(f"http://127.0.0.1:{product[0]}{lists[0]}") as answer:
            body = answer.read().decode()
        assert json.loads(body)["cache_hit"], "The answer came from no cache."
        same = {"BENCH_KEY": next(iter(users.values())), "BENCH_ANSWER": body}
        bare = stack.enter_context(server(Path(folder), BENCH_BARE="yes", **same))
        dressed = stack.enter_context(server(Path(folder), **same))
        unrecorded = stack.enter_context(server(Path(folder), BENCH_UNRECORDED="yes"))
        key = f"Authorization: Api-Key {new_key()}"
        checked = stack.enter_context(server(Path(folder), API_AUTH_REQUIRED="true", RATE_LIMIT_ENABLED="true"))
        unkept = stack.enter_context(
            server(Path(folder), API_AUTH_REQUIRED="true", RATE_LIMIT_ENABLED="true", BENCH_UNKEPT="yes")
        )
        unlimited = stack.enter_context(server(Path(folder), API_AUTH_REQUIRED="true", RATE_LIMIT_ENABLED="false"))
        for port, header in ((unrecorded[0], ""), (checked[0], key), (unkept[0], key), (unlimited[0], key)):
            _wait_for_catalogue(port, lists[0], header)
        similar = [f"/api/v1/recommendations/items/{quote(item, safe='')}/similar" for item in listed(body)]
        asked = {
            "checked": (*checked, lists, key),
            "unkept": (*unkept, lists, key),
            "unlimited": (*unlimited, lists, key),
            "product": (*product, lists, ""),
            "unrecorded": (*unrecorded, lists, ""),
            "popular": (*product, popular, ""),
            "similar": (*product, similar, ""),
            "bare": (*bare, ["/bare"], ""),
            "dressed": (*dressed, ["/bare"], ""),
        }
        rounds: dict[str, list[dict[str, float]]] = {name: [] for name in asked}
        for _ in range(ROUNDS):
            for name, burst_of in asked.items():
                rounds[name].append(burst(*burst_of))
    return {name: {figure: median(r[figure] for r in found) for figure in found[0]} for name, found in rounds.items()}


def measure_gorse() -> dict[str, Any]:
    """Ask GORSE_URL, a server on this machine, for the lists of the same users, which it has to know."""
    url = urlsplit(os.environ["GORSE_URL"])
    if url.hostname not in ("127.0.0.1", "localhost"):
        raise SystemExit("GORSE_URL must name a server on this machine: both are measured on the same processors.")
    paths = [f"/api/recommend/{quote(user_id, safe='')}?n=10" for user_id in warmed_users()]
    asked = str(url.port or 8087), json.dumps(paths), str(CONNECTIONS), str(SECONDS)
    header = f"X-API-Key: {os.environ.get('GORSE_API_KEY', '')}"
    rounds = [run("-m", "tests.bench.load", *asked, BENCH_HEADER=header).json for _ in range(ROUNDS)]
    return {figure: median(found[figure] for found in rounds) for figure in rounds[0]}


def listed(body: str) -> list[str]:
    return [item["item_id"] for item in json.loads(body)["items"]]


def new_key() -> str:
    """A key whose own limit is counted with each request, and never reached."""
    from recsite.platform.models import ApiKey

    _, key = ApiKey.objects.create_key(name="bench", rate_limit=10_000_000)
    return str(key)


def _wait_for_catalogue(port: int, path: str, header: str = "") -> None:
    """Wait until a process that has just started knows the catalogue."""
    name, _, value = header.partition(": ")
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers={name: value} if header else {})
    for _ in range(600):
        with suppress(OSError):
            urllib.request.urlopen(request, timeout=10)
            return
        time.sleep(0.2)
    raise SystemExit("The server doesn't answer.")


if __name__ == "__main__":
    django.setup()
    sys.stdout.write(json.dumps(measure_gorse() if "gorse" in sys.argv else measure()) + "\n")
