"""Memory of web processes, pages that they share counted once: of one, and of each one more."""

import json
import sys
import tempfile
from pathlib import Path
from urllib.parse import quote

import django

from deploy.load.counting import memory
from tests.bench.processes import run
from tests.bench.serving import USERS, server

FEW, MANY = 1, 4
CONNECTIONS, SECONDS = 16, 3.0


def taken(workers: int, preload: bool, paths: list[str]) -> int:
    """Bytes that a gunicorn and its workers take once each of them has served lists from the model."""
    with (
        tempfile.TemporaryDirectory() as folder,
        server(Path(folder), API_WORKERS=str(workers), API_PRELOAD=str(preload).lower()) as (port, pid),
    ):
        run("-m", "tests.bench.load", str(port), json.dumps(paths), str(CONNECTIONS), str(SECONDS), BENCH_HEADER="")
        return memory(pid)


def measure() -> dict[str, dict[str, int]]:
    from catalog.models import EndUser

    users = EndUser.objects.order_by("pk").values_list("user_id", flat=True)[:USERS]
    paths = [f"/api/v1/recommendations/users/{quote(user_id, safe='')}" for user_id in users]
    return {
        "preloaded" if preload else "alone": {str(workers): taken(workers, preload, paths) for workers in (FEW, MANY)}
        for preload in (False, True)
    }


if __name__ == "__main__":
    django.setup()
    sys.stdout.write(json.dumps(measure()) + "\n")
