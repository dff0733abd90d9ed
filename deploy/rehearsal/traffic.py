"""Send lists and events through nginx, and remember every answer."""

import http.client
import json
import random
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol

from deploy.rehearsal.front import Answer

THREADS = 4
PAUSE_SECS = 0.02


class Asked(Protocol):
    """Whatever requests go through, such as `front.Front`."""

    def ask(self, path: str, method: str = "GET", body: bytes | None = None, **headers: str) -> Answer: ...


class Traffic:
    """Four clients, for the block: four of five requests ask for a list, one brings an event."""

    def __init__(self, front: Asked, key: str, users: list[str], items: list[str]) -> None:
        self.front, self.users, self.items = front, users, items
        self.headers = {"Authorization": f"Api-Key {key}"}
        self.statuses: Counter[str] = Counter()
        self.accepted: list[str] = []
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(THREADS)

    def __enter__(self) -> "Traffic":
        self._done = [self._pool.submit(self._run, number) for number in range(THREADS)]
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._pool.shutdown()
        for one in self._done:
            one.result()

    @property
    def failed(self) -> dict[str, int]:
        """Return by status the requests that a client would call failed."""
        return {status: number for status, number in self.statuses.items() if not status.startswith("2")}

    def _run(self, number: int) -> None:
        chosen = random.Random(number)
        while not self._stop.is_set():
            if chosen.random() < 0.8:
                self._note(self._ask(f"/api/v1/recommendations/users/{chosen.choice(self.users)}")[0])
            else:
                self._send(chosen.choice(self.users), chosen.choice(self.items))
            time.sleep(PAUSE_SECS)

    def _send(self, user: str, item: str) -> None:
        status, said = self._ask("/api/v1/interactions", {"user_id": user, "item_id": item, "type": "view"})
        self._note(status)
        if status.startswith("2"):
            with self._lock:
                self.accepted.append(said["event_id"])

    def _ask(self, path: str, content: dict[str, Any] | None = None) -> tuple[str, dict[str, Any]]:
        body = json.dumps(content).encode() if content else None
        headers = {**self.headers, "Content_Type": "application/json"} if content else self.headers
        try:
            answer = self.front.ask(path, "POST" if content else "GET", body, **headers)
            return str(answer.status), json.loads(answer.body)
        except (OSError, http.client.HTTPException, ValueError) as fault:
            return type(fault).__name__, {}

    def _note(self, status: str) -> None:
        with self._lock:
            self.statuses[status] += 1
