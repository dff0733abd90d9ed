"""Run many threads that do something at once, until told to stop."""

import json
import threading
import time
import urllib.error
import urllib.request
from typing import Any, Self

ITEMS, THREADS = 50, 4


class Crowd:
    """Run threads, each with a number, until the block ends."""

    def __init__(self, size: int) -> None:
        self._lock, self._over = threading.Lock(), threading.Event()
        self._threads = [threading.Thread(target=self._work, args=[number]) for number in range(size)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _work(self, thread: int) -> None:
        raise NotImplementedError


class Load(Crowd):
    """Post events from several threads, and count what was accepted."""

    def __init__(self, url: str, name: str) -> None:
        super().__init__(THREADS)
        self.url, self.name = url, name
        self.accepted = self.refused = 0

    def _work(self, thread: int) -> None:
        number = 0
        while not self._over.is_set():
            number += 1
            body = {"user_id": f"{self.name}-{thread}", "item_id": f"item-{number % ITEMS}", "type": "view"}
            accepted = self._send({**body, "context": {"number": f"{thread}-{number}"}})
            with self._lock:
                self.accepted, self.refused = self.accepted + accepted, self.refused + (not accepted)
            if not accepted:
                time.sleep(0.1)

    def _send(self, body: dict[str, Any]) -> bool:
        address = f"{self.url}/api/v1/interactions"
        request = urllib.request.Request(address, json.dumps(body).encode(), {"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return bool(answer.status == 202)
        except (urllib.error.URLError, OSError):
            return False
