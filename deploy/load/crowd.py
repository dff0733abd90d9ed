"""Users of a shop, for load: most requests ask for a list, some bring an event, and few users ask for most of it."""

import http.client
import json
import random
import threading
import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from deploy.rehearsal.front import HOST, Front

LISTS, EVENTS, OTHER = "lists", "events", "other"
SHARES = {LISTS: 0.80, EVENTS: 0.15, OTHER: 0.05}
USERS, ITEMS, THREADS = 5_000, 500, 8
TAIL, HEAD = 0.9, 50
"""How heavy the tail is (Pareto), and how many are about as busy as the busiest: a tenth of all make nine tenths."""

ACCEPTED = "202"
PAUSE_SECS = 0.1
"""After a request that failed."""


@dataclass
class Tally:
    """Count answers by what was asked, and how long they took."""

    statuses: dict[str, Counter[str]] = field(default_factory=lambda: {kind: Counter() for kind in SHARES})
    seconds: dict[str, list[float]] = field(default_factory=lambda: {kind: [] for kind in SHARES})
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, kind: str, status: str, seconds: float) -> None:
        with self._lock:
            self.statuses[kind][status] += 1
            self.seconds[kind].append(seconds)

    def answers(self, *kinds: str) -> int:
        return sum(self.statuses[kind].total() for kind in kinds or SHARES)

    def failed(self, kind: str) -> int:
        """Return how many a client would call failed."""
        return sum(number for status, number in self.statuses[kind].items() if not status.startswith("2"))

    def faults(self) -> dict[str, int]:
        """Return by kind and status what failed."""
        return {
            f"{kind} {status}": number
            for kind, counted in self.statuses.items()
            for status, number in counted.items()
            if not status.startswith("2")
        }

    def milliseconds(self, share: float, *kinds: str) -> float:
        """Return within how many milliseconds this share of the requests was answered."""
        found = sorted(one for kind in kinds or SHARES for one in self.seconds[kind])
        return 1000 * found[min(int(share * len(found)), len(found) - 1)] if found else 0.0


class Chooser:
    """Choose what is asked next, and for whom; the same numbers give the same requests."""

    def __init__(self, seed: int, users: int = USERS, items: int = ITEMS) -> None:
        self._random, self._users, self._items = random.Random(seed), users, items
        shares = list(SHARES.values())
        self._bounds = [sum(shares[: end + 1]) for end in range(len(shares))]

    def kind(self) -> str:
        return list(SHARES)[min(bisect_left(self._bounds, self._random.random()), len(SHARES) - 1)]

    def user(self) -> str:
        return f"user-{self._rank(self._users)}"

    def item(self) -> str:
        return f"item-{self._rank(self._items)}"

    def _rank(self, most: int) -> int:
        """Return a rank below `most`: the first ones come often, and the tail is long."""
        while (rank := int((self._random.paretovariate(TAIL) - 1) * HEAD)) >= most:
            pass
        return rank

    def among(self, paths: Sequence[str]) -> str:
        return self._random.choice(paths)


class Crowd:
    """Run users in threads until the block ends. Each keeps its connection, as an application's client does."""

    def __init__(self, front: Front, key: str, name: str, size: int = THREADS) -> None:
        self.front, self.name, self.tally = front, name, Tally()
        self._headers = {"Host": HOST, "Content-Type": "application/json", "Authorization": f"Api-Key {key}"}
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._work, args=[number]) for number in range(size)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    @property
    def accepted(self) -> int:
        return self.tally.statuses[EVENTS][ACCEPTED]

    @property
    def refused(self) -> int:
        """Return how many events were not accepted; of those without an answer some may be stored all the same."""
        return self.tally.answers(EVENTS) - self.accepted

    def _work(self, thread: int) -> None:
        client, chooser, number = self.front.connect(), Chooser(thread), 0
        while not self._over.is_set():
            number += 1
            kind = chooser.kind()
            path, body = self._request(kind, chooser, f"{self.name}-{thread}-{number}")
            began = time.perf_counter()
            try:
                client.request("POST" if body else "GET", path, json.dumps(body) if body else None, self._headers)
                answer = client.getresponse()
                answer.read()
                status = str(answer.status)
            except (OSError, http.client.HTTPException) as fault:
                client.close()
                status = type(fault).__name__
            self.tally.note(kind, status, time.perf_counter() - began)
            if not status.startswith("2"):
                time.sleep(PAUSE_SECS)
        client.close()

    @staticmethod
    def _request(kind: str, chooser: Chooser, number: str) -> tuple[str, dict[str, Any] | None]:
        user, item = chooser.user(), chooser.item()
        if kind == LISTS:
            return f"/api/v1/recommendations/users/{user}?limit=10", None
        if kind == EVENTS:
            context = {"number": number}
            return "/api/v1/interactions", {"user_id": user, "item_id": item, "type": "view", "context": context}
        paths = ("/api/v1/recommendations/popular", f"/api/v1/recommendations/items/{item}/similar")
        return chooser.among([*paths, f"/api/v1/items/{item}"]), None
