"""A large catalogue: how a process comes by it, what it takes of memory, how edits arrive, and answers meanwhile."""

import json
import re
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import django

from recsite.local.paths import PROJECT
from tests.bench.processes import run
from tests.bench.serving import server

SECONDS, EDITS_PER_SECOND, CONNECTIONS, PROBES = 60.0, 50, 4, 10
PATIENCE = 300.0


def start() -> dict[str, Any]:
    """Read the catalogue as a process does that has just started, and say what that took."""
    from catalog import snapshot

    before, started, used = memory(), time.perf_counter(), time.process_time()
    found = snapshot.current()
    seconds, used = time.perf_counter() - started, time.process_time() - used
    found.matching(categories=found.category_names[:1])
    after = memory()
    return {
        "items": found.count,
        "seconds": seconds,
        "cpu_seconds": used,
        "fault": snapshot.fault(),
        **{f"{name}_mb": after[name] - before[name] for name in after},
    }


def memory(process: str | int = "self") -> dict[str, float]:
    """Return the MB of a process that are its own, and those mapped from files, which others share."""
    text = Path(f"/proc/{process}/smaps_rollup").read_text()
    kilobytes = {name: int(amount) for name, amount in re.findall(r"^(\w+): +(\d+) kB", text, re.MULTILINE)}
    files = kilobytes["Rss"] - kilobytes["Anonymous"]
    return {"own": kilobytes["Anonymous"] / 1024, "mapped": files / 1024}


def edits(seconds: str, per_second: str) -> dict[str, Any]:
    """Change items by the product's own verb, so many a second."""
    from catalog import store
    from catalog.models import Item
    from recsite.platform.audit import SYSTEM

    first = Item.objects.order_by("pk").values_list("pk", flat=True)[1000]
    started, done = time.perf_counter(), 0
    while (elapsed := time.perf_counter() - started) < float(seconds):
        item = Item.objects.get(pk=first + done * 7 % 20_000)
        item.title = f"{item.title.partition(' (')[0]} ({done})"
        store.save_item(item, actor=SYSTEM)
        done += 1
        time.sleep(max(0.0, done / int(per_second) - elapsed))
    return {"edits": done, "per_second": done / (time.perf_counter() - started)}


def served() -> dict[str, Any]:
    """Ask a server for cached lists, without edits and with them, and see when an edit is in force."""
    from tests.bench.serving import warmed_users

    paths = [f"/api/v1/recommendations/users/{quote(user_id, safe='')}" for user_id in warmed_users()]
    path = paths[0]
    with tempfile.TemporaryDirectory() as folder, server(Path(folder)) as (port, pid):
        wait_for(port, path)
        worker = int(Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0])
        at_rest = memory(worker)
        load = ("-m", "tests.bench.load", str(port), json.dumps(paths), str(CONNECTIONS))
        quiet = run(*load, str(SECONDS / 4)).json
        filtered_paths = [f"{path}?categories=Department+9" for path in paths]
        one_category = ("-m", "tests.bench.load", str(port), json.dumps(filtered_paths), str(CONNECTIONS))
        filtered = run(*one_category, str(SECONDS / 4)).json
        effects = [effect(port, path) for _ in range(PROBES)]
        with editing() as edited:
            busy = run(*load, str(SECONDS)).json
        with editing():
            meanwhile = [effect(port, path) for _ in range(PROBES)]
        return {
            "quiet": quiet,
            "filtered": filtered,
            "busy": busy,
            "edits": edited,
            "effects": effects,
            "effects_meanwhile": meanwhile,
            "at_rest": at_rest,
            "after": memory(worker),
        }


@contextmanager
def editing() -> Iterator[dict[str, Any]]:
    """Edit for the block, or a minute where that takes longer; what was done stands in the result afterwards."""
    command = [sys.executable, "-m", "tests.bench.catalogue", "edits", str(SECONDS), str(EDITS_PER_SECOND)]
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        found: dict[str, Any] = {}
        time.sleep(3)
        yield found
        found.update(json.loads(process.stdout.read().splitlines()[-1]))


def wait_for(port: int, path: str) -> None:
    """Ask until the server knows the catalogue."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        try:
            if ask(port, path):
                return
        except OSError:
            time.sleep(0.5)
    raise SystemExit("The server never answered with a list.")


def effect(port: int, path: str) -> float:
    """Hide the first item of the list, and return the seconds until it is gone; show it again."""
    from catalog import store
    from catalog.models import Item
    from recsite.platform.audit import SYSTEM

    item_id = ask(port, path)[0]
    seconds = 0.0
    for available in (False, True):
        store.set_available(Item.objects.filter(item_id=item_id), available, actor=SYSTEM)
        started = time.perf_counter()
        while (item_id in ask(port, path)) != available:
            time.sleep(0.01)
        seconds = max(seconds, time.perf_counter() - started)
    return seconds


def ask(port: int, path: str) -> list[str]:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=30) as answer:
        return [item["item_id"] for item in json.load(answer)["items"]]


if __name__ == "__main__":
    django.setup()
    what, *arguments = sys.argv[1:]
    parts: dict[str, Callable[..., dict[str, Any]]] = {"start": start, "edits": edits, "served": served}
    sys.stdout.write(json.dumps(parts[what](*arguments)) + "\n")
