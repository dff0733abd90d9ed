"""Single events and batches sent to the API, to this product and to a Gorse server where GORSE_URL names one."""

import json
import os
import sys
import tempfile
import urllib.request
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from statistics import median
from typing import Any
from urllib.parse import urlsplit

import django

from tests.bench import cpu
from tests.bench.posting import ITEMS, PEOPLE
from tests.bench.processes import run
from tests.bench.serving import server

MONTHS, STORED = 240, 100_000
"""Partitions that the events are stored into, and the events that are there already."""

ROUNDS, SECONDS, WARM_UP = 3, 5.0, 1.0
SIZES = ((1, 1), (1, 4), (1_000, 1))
"""Events of one request, and connections at once."""


def prepare() -> None:
    """Make the months, users, items and events that a product of some years would have."""
    from catalog.models import EndUser, Item
    from interactions.models import Interaction
    from interactions.partitions import EVENTS, WITHOUT_ITEM
    from interactions.schema import Event, new_event_id
    from interactions.store import store
    from recsite.platform.months import Month

    now, rng = datetime.now(UTC), Random(1)
    for table in (EVENTS, WITHOUT_ITEM):
        table.ensure_months(Month.of(now).plus(-back) for back in range(-2, MONTHS - 2))
    items = (Item(item_id=f"bench-{number}", title=f"Item {number}") for number in range(ITEMS))
    Item.objects.bulk_create(items, ignore_conflicts=True)
    EndUser.objects.bulk_create((EndUser(user_id=f"bench-{number}") for number in range(PEOPLE)), ignore_conflicts=True)
    oldest = (now - Month.of(now).plus(3 - MONTHS).start).total_seconds()
    for _ in range(max(0, STORED - Interaction.objects.count()) // 1_000):
        times = sorted(now - timedelta(seconds=rng.random() * oldest) for _ in range(1_000))
        who = [(f"bench-{rng.randrange(PEOPLE)}", f"bench-{rng.randrange(ITEMS)}") for _ in times]
        store([Event(new_event_id(), *one, "view", at) for one, at in zip(who, times, strict=True)])


def measure() -> dict[str, Any]:
    from recsite.platform.models import ApiKey

    prepare()
    # Its own limit is never reached: what is refused costs less than what is stored.
    _, key = ApiKey.objects.create_key(name="bench", rate_limit=10_000_000)
    with (
        tempfile.TemporaryDirectory() as folder,
        server(
            Path(folder), DJANGO_SETTINGS_MODULE="recsite.settings", API_AUTH_REQUIRED="true", API_WORKERS="2"
        ) as ours,
    ):
        port, pid = ours
        roots = {"gunicorn": pid, **{name: cpu.listener(_port(os.environ[url])) for name, url in stores().items()}}
        target = {"host": "127.0.0.1", "port": port, "form": "ours"}
        heads = {
            size: _head(f"/api/v1/interactions{'/bulk' if size > 1 else ''}", f"Authorization: Api-Key {key}")
            for size, _ in SIZES
        }
        return {f"{size}x{connections}": figures for (size, connections), figures in bursts(target, heads, roots)}


def measure_gorse() -> dict[str, Any]:
    """Measure the same against GORSE_URL, with users and items that are there already.

    GORSE_STORE_PORTS names the ports of its database and cache, whose processor time counts as its own.
    """
    url = urlsplit(os.environ["GORSE_URL"])
    key = f"X-API-Key: {os.environ.get('GORSE_API_KEY', '')}"
    _send(f"{url.geturl()}/api/users", [{"UserId": f"bench-{number}"} for number in range(PEOPLE)], key)
    now = datetime.now(UTC).isoformat()
    items = [{"ItemId": f"bench-{number}", "Timestamp": now} for number in range(ITEMS)]
    _send(f"{url.geturl()}/api/items", items, key)
    ports = [_port(url.geturl()), *map(int, os.environ.get("GORSE_STORE_PORTS", "").split())]
    roots = {str(port): cpu.listener(port) for port in ports}
    target = {"host": url.hostname, "port": ports[0], "form": "gorse"}
    heads = {size: _head("/api/feedback", key) for size, _ in SIZES}
    return {f"{size}x{connections}": figures for (size, connections), figures in bursts(target, heads, roots)}


def stores() -> dict[str, str]:
    """Return the variables that name what a request waits for: with Kafka, the consumers store, and nobody waits."""
    named = {"PostgreSQL": "DATABASE_URL", "Redis": "REDIS_URL"}
    return named | ({"Kafka": "KAFKA_BOOTSTRAP_SERVERS"} if os.environ.get("KAFKA_BOOTSTRAP_SERVERS") else {})


def bursts(
    target: Mapping[str, Any], heads: Mapping[int, str], roots: Mapping[str, int]
) -> Iterator[tuple[tuple[int, int], dict[str, Any]]]:
    """Yield, for each of SIZES, the medians of some rounds, with the milliseconds of processor time of an event."""
    seed = datetime.now(UTC).microsecond * 1_000
    for size, connections in SIZES:
        asked = {**target, "head": heads[size], "size": size, "connections": connections}
        rounds = []
        for _ in range(ROUNDS):
            _post(asked, WARM_UP, seed := seed + 100)
            used = {name: cpu.seconds(pid) for name, pid in roots.items()}
            figures = _post(asked, SECONDS, seed := seed + 100)
            for name, pid in roots.items():
                figures[f"{name} ms"] = 1000 * (cpu.seconds(pid) - used[name]) / figures["events"]
            rounds.append(figures)
        yield (size, connections), {name: median(one[name] for one in rounds) for name in rounds[0]}


def _post(asked: Mapping[str, Any], seconds: float, seed: int) -> dict[str, Any]:
    return run("-m", "tests.bench.posting", json.dumps({**asked, "seconds": seconds, "seed": seed})).json


def _head(path: str, key: str) -> str:
    return (
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nAccept: application/json\r\n"
        f"Content-Type: application/json\r\n{key}\r\n"
    )


def _send(url: str, rows: Any, key: str) -> None:
    name, _, value = key.partition(": ")
    headers = {"Content-Type": "application/json", name: value}
    with urllib.request.urlopen(urllib.request.Request(url, json.dumps(rows).encode(), headers)) as answer:
        answer.read()


def _port(url: str) -> int:
    port = urlsplit(url if "//" in url else f"//{url.split(',')[0]}").port
    assert port, f"{url} has no port."
    return port


if __name__ == "__main__":
    django.setup()
    sys.stdout.write(json.dumps(measure_gorse() if "gorse" in sys.argv else measure()) + "\n")
