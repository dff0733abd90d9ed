"""What an answer costs gunicorn, PostgreSQL and Redis: from the cache, after an event, and made for the first time."""

import http.client
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import quote, urlsplit

import django

from tests.bench import cpu
from tests.bench.processes import manage
from tests.bench.serving import server

PEOPLE, ROUNDS = 300, 3
SETTLED_SECS = 2.5
JSON = {"Content-Type": "application/json"}


class Client:
    """Asks one request after the other over one connection, on behalf of some people."""

    def __init__(self, port: int, people: list[str], items: list[str]) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port)
        self._people, self._items, self._rng = people, items, Random(42)

    def close(self) -> None:
        self._connection.close()

    def read_lists(self) -> None:
        for user_id in self._people:
            self._ask("GET", f"/api/v1/recommendations/users/{quote(user_id, safe='')}")

    def send_events(self) -> None:
        for user_id in self._people:
            event = {"user_id": user_id, "item_id": self._rng.choice(self._items), "type": "view"}
            self._ask("POST", "/api/v1/interactions", json.dumps(event))

    def _ask(self, method: str, path: str, body: str | None = None) -> None:
        self._connection.request(method, path, body, JSON if body else {})
        answer = self._connection.getresponse()
        content = answer.read()
        if answer.status not in (200, 202):
            sys.exit(f"{method} {path} answered {answer.status}: {content[:300]!r}")


def measure() -> dict[str, Any]:
    from catalog.models import EndUser, Item
    from recommender import cache
    from recsite.platform import generations

    people = list(EndUser.objects.order_by("pk").values_list("user_id", flat=True)[:PEOPLE])
    items = list(Item.objects.order_by("pk").values_list("item_id", flat=True)[:2_000])
    with (
        tempfile.TemporaryDirectory() as folder,
        server(Path(folder)) as (port, pid),
        closing(Client(port, people, items)) as client,
    ):
        roots = {"gunicorn": pid, "postgresql": _root("DATABASE_URL"), "redis": _root("REDIS_URL")}

        def cost(work: Callable[[], None], before: Callable[[], None] = lambda: None) -> dict[str, float]:
            """Return milliseconds of processor time per answer, by process."""
            used = dict.fromkeys(roots, 0.0)
            for _ in range(ROUNDS):
                before()
                start = {name: cpu.seconds(root) for name, root in roots.items()}
                work()
                used = {name: used[name] + cpu.seconds(root) - start[name] for name, root in roots.items()}
            return {name: 1000 * seconds / (ROUNDS * len(people)) for name, seconds in used.items()}

        def forget_lists() -> None:
            generations.bump(cache.LISTS_GENERATION)
            # Every process looks once a second at least.
            time.sleep(SETTLED_SECS)

        client.read_lists()
        found = {"first": cost(client.read_lists, forget_lists)}
        found["warm"] = cost(client.read_lists)
        found["after_event"] = cost(client.read_lists, client.send_events)

        def warmed_and_active() -> None:
            forget_lists()
            manage("warm_cache", "--all")
            client.send_events()

        found["after_first_event"] = cost(client.read_lists, warmed_and_active)
        return {**found, "people": len(people)}


def _root(variable: str) -> int:
    return cpu.listener(int(urlsplit(os.environ[variable]).port or 0))


if __name__ == "__main__":
    django.setup()
    sys.stdout.write(json.dumps(measure()) + "\n")
