"""Posts prepared requests over some connections for some seconds, and says how fast they were answered."""

import json
import socket
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import uuid_utils

KINDS = ("view", "view", "view", "click", "add_to_cart")
PEOPLE, ITEMS = 5_000, 4_000


def bodies(form: str, size: int, seed: int) -> Iterator[bytes]:
    """Yield bodies of so many events each, new ones every time: as this product takes them, or as Gorse does."""
    rng = Random(seed)
    while True:
        events = [_gorse(rng) if form == "gorse" else _ours(rng) for _ in range(size)]
        yield json.dumps(events if form == "gorse" else events[0] if size == 1 else {"events": events}).encode()


def _ours(rng: Random) -> dict[str, Any]:
    return {
        "user_id": f"bench-{rng.randrange(PEOPLE)}",
        "item_id": f"bench-{rng.randrange(ITEMS)}",
        "type": rng.choice(KINDS),
        "event_id": str(uuid_utils.uuid7()),
        "context": {"source": "web", "session_id": f"s{rng.randrange(10_000)}"},
    }


def _gorse(rng: Random) -> dict[str, Any]:
    # Its key is user, item and type: of pairs that were sent before it would update a row.
    when = datetime.now(UTC) - timedelta(microseconds=rng.randrange(10**6))
    return {
        "FeedbackType": rng.choice(KINDS),
        "UserId": f"bench-{rng.randrange(PEOPLE)}",
        "ItemId": f"bench-{rng.randrange(ITEMS)}",
        "Value": 1,
        "Timestamp": when.isoformat(),
    }


class Poster(threading.Thread):
    """Sends one request after the other over a connection of its own."""

    def __init__(self, asked: dict[str, Any], seed: int) -> None:
        super().__init__(daemon=True)
        self._asked, self._bodies = asked, bodies(asked["form"], asked["size"], seed)
        self.times: list[float] = []
        self.refused = ""

    def run(self) -> None:
        asked = self._asked
        with socket.create_connection((asked["host"], asked["port"]), timeout=60) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            answers = connection.makefile("rb")
            until = time.perf_counter() + asked["seconds"]
            while time.perf_counter() < until:
                body = next(self._bodies)
                request = f"{asked['head']}Content-Length: {len(body)}\r\n\r\n".encode() + body
                started = time.perf_counter()
                connection.sendall(request)
                status, answer = _read(answers)
                self.times.append(time.perf_counter() - started)
                if status not in (200, 202) or b'"accepted": 0' in answer:
                    self.refused = f"{asked['head'].splitlines()[0]} answered {status}: {answer[:300]!r}"
                    return


def _read(answers: Any) -> tuple[int, bytes]:
    status, length = int(answers.readline().split()[1]), 0
    while (line := answers.readline().lower()) not in (b"\r\n", b""):
        if line.startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    return status, answers.read(length)


def post(asked: dict[str, Any]) -> dict[str, float]:
    """Keep the connections busy; return requests, events per second and the times of answers.

    Raises SystemExit where a request was refused.
    """
    posters = [Poster(asked, asked["seed"] + number) for number in range(asked["connections"])]
    started = time.perf_counter()
    for poster in posters:
        poster.start()
    for poster in posters:
        poster.join()
    elapsed = time.perf_counter() - started
    # The end of a thread would end nothing else, and what was measured until then is no measurement.
    if refused := [poster.refused for poster in posters if poster.refused]:
        sys.exit(refused[0])
    times = sorted(one for poster in posters for one in poster.times)
    return {
        "events": len(times) * asked["size"],
        "per_second": len(times) * asked["size"] / elapsed,
        "p50_ms": 1000 * times[len(times) // 2],
        "p95_ms": 1000 * times[int(len(times) * 0.95)],
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(post(json.loads(sys.argv[1]))) + "\n")
