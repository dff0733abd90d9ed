"""Events through a real broker: produced, consumed and stored."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import islice
from typing import Any

import django
import numpy as np

from recsite.local.paths import PROJECT

EVENTS, BLOCK = 1_000_000, 5_000
ALONE = 300_000
"""Events that one consumer stores before others join it."""

PEOPLE, ITEMS = 53_424, 10_000


def measure() -> dict[str, Any]:
    from catalog.models import Item
    from interactions import kafka
    from interactions.consumers import EventConsumer
    from interactions.lag import lag
    from interactions.models import DeadLetter, Interaction
    from interactions.topics import TOPICS

    kafka.create_topics(TOPICS, apply=True)
    Item.objects.bulk_create(
        [Item(item_id=f"bench-{number}", title=f"Item {number}") for number in range(ITEMS)], ignore_conflicts=True
    )
    before = Interaction.objects.count()
    started = time.perf_counter()
    messages = _messages(EVENTS)
    while block := list(islice(messages, BLOCK)):
        if undelivered := kafka.deliver(block):
            raise SystemExit(f"{len(undelivered)} events were not delivered.")
    produced = time.perf_counter() - started
    consumer = EventConsumer()
    started = time.perf_counter()
    outcome = consumer.run(lambda: consumer.totals.total() >= ALONE)
    alone = outcome.total() / (time.perf_counter() - started)
    left = EVENTS - outcome.total()
    started = time.perf_counter()
    with consumers(2):
        while sum(one.events for one in lag()):
            time.sleep(0.2)
        together = left / (time.perf_counter() - started)
    return {
        "events": EVENTS,
        "produced_per_second": EVENTS / produced,
        "alone_per_second": alone,
        "together_per_second": together,
        "stored": Interaction.objects.count() - before,
        "dead": DeadLetter.objects.count(),
    }


@contextmanager
def consumers(number: int) -> Iterator[None]:
    """So many processes of `manage.py consume_events`, ended by SIGTERM."""
    command = [sys.executable, "manage.py", "consume_events"]
    processes = [subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.DEVNULL) for _ in range(number)]
    try:
        yield
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(60)


def _messages(count: int) -> Iterator[Any]:
    from interactions.kafka import Message
    from interactions.schema import Event, new_event_id
    from interactions.topics import topic_of
    from interactions.wire import encode

    rng = np.random.default_rng(42)
    people, items = rng.integers(0, PEOPLE, count).tolist(), rng.integers(0, ITEMS, count).tolist()
    types = rng.choice(["view", "click", "add_to_cart", "purchase", "like"], count, p=[0.6, 0.2, 0.1, 0.05, 0.05])
    for person, item, kind in zip(people, items, types.tolist(), strict=True):
        now = datetime.now(UTC)
        event = Event(new_event_id(), f"bench-{person}", f"bench-{item}", kind, now, context={"session_id": "s"})
        yield Message(topic_of(kind), event.user_id, encode(event))


if __name__ == "__main__":
    django.setup()
    sys.stdout.write(json.dumps(measure()) + "\n")
