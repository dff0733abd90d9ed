"""CPU of a batch of users beside as many single calls: in one process, without a socket, all candidates cached."""

import io
import json
import os
import sys
import time
from statistics import median
from typing import Any
from urllib.parse import quote

from tests.bench.serving import warmed_users

AT_ONCE, ROUNDS = 100, 9
"""Users of a batch, and alternating rounds."""


def measure() -> dict[str, float]:
    """Return milliseconds of the thread for 100 single calls and for one call for all of them, and their ratio."""
    from recommender.serving import kept_answers
    from recsite.wsgi import application

    # A whole answer that is given again would tell nothing of what making many at once saves.
    kept_answers._may_keep = lambda *_: False
    users = list(warmed_users())[:AT_ONCE]
    body = json.dumps({"user_ids": users}).encode()

    def call(path: str, body: bytes = b"") -> bytes:
        sent: dict[str, Any] = {"CONTENT_TYPE": "application/json", "CONTENT_LENGTH": str(len(body))} if body else {}
        environ = {
            "REQUEST_METHOD": "POST" if body else "GET",
            "PATH_INFO": path,
            "QUERY_STRING": "",
            "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": "8000",
            "REMOTE_ADDR": "127.0.0.1",
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(body),
            **sent,
        }
        return b"".join(application(environ, lambda *_: None))

    def singly() -> None:
        for user in users:
            call(f"/api/v1/recommendations/users/{quote(user, safe='')}")

    def together() -> None:
        call("/api/v1/recommendations/batch", body)

    told = json.loads(call("/api/v1/recommendations/batch", body))["results"]
    assert all(one["cache_hit"] for one in told), "An answer came from no cache."
    rounds = [(_cpu(singly), _cpu(together)) for _ in range(ROUNDS)]
    single, batch = (1000 * median(times) for times in zip(*rounds, strict=True))
    return {"users": len(users), "single_ms": single, "batch_ms": batch, "ratio": single / batch}


def _cpu(work: Any) -> float:
    started = time.thread_time()
    work()
    return time.thread_time() - started


if __name__ == "__main__":
    import django

    os.environ["API_AUTH_REQUIRED"] = "false"
    django.setup()
    sys.stdout.write(json.dumps(measure()) + "\n")
