"""Break every part of the event log under load, and count rows at the end: accepted must be stored, once.

    make setup && .venv/bin/python -m deploy.load.faults [FAULT ...]

Brings its own PostgreSQL, Redis and Kafka (Java 17 and Maven), a web server, two consumers and a relay, and takes about
five minutes. Exits with 1 where anything was lost, stored twice, or stuck.
"""

import argparse
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from deploy.load.crowd import ITEMS, Load
from recsite.local import reset, servers
from recsite.local.kafka import Kafka, missing
from recsite.local.paths import PROJECT
from recsite.local.postgres import Postgres
from recsite.local.redis import Redis
from recsite.local.server import free_port

STATE = PROJECT / ".local" / "faults"
LOAD_SECS = 20.0
OUTAGE_SECS = 30.0
TWICE, GARBAGE = 100_000, 1_000
VERDICTS = {True: "sound", False: "NOT SOUND"}


class Rig:
    """Hold the servers and processes, and break them."""

    def __init__(self, stack: ExitStack) -> None:
        self.stack = stack
        used = stack.enter_context(servers.ensure(STATE, kinds=(Postgres, Redis, Kafka)))
        self.postgres, self.redis, self.kafka = used.running
        os.environ.update(
            DJANGO_SETTINGS_MODULE="recsite.settings",
            RECSITE_STATE=str(STATE),
            API_AUTH_REQUIRED="false",
            KAFKA_CONSUMER_BATCH="200",
            KAFKA_DELIVERY_TIMEOUT_SECS="2",
            LOG_LEVEL="ERROR",
            DRAIN_SECS="0",
            API_WORKERS="1",
            PORT=str(free_port()),
        )
        self.url = f"http://127.0.0.1:{os.environ['PORT']}"
        self.folder = Path(stack.enter_context(TemporaryDirectory()))
        self._manage("migrate", "--verbosity", "0")
        self._manage("create_topics")
        self.web = self.start("web", "-m", "gunicorn", "-c", "recsite/gunicorn.py", "recsite.wsgi")
        self.consumers = [self.start(f"consumer-{number}", "manage.py", "consume_events") for number in (1, 2)]
        self.relay = self.start("relay", "manage.py", "relay_events")

    def start(self, name: str, *command: str) -> "subprocess.Popen[bytes]":
        with (self.folder / f"{name}.log").open("ab") as log:
            process = subprocess.Popen([sys.executable, *command], cwd=PROJECT, stdout=log, stderr=log)
        self.stack.callback(self.end, process)
        return process

    @staticmethod
    def end(process: "subprocess.Popen[bytes]") -> None:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()

    def _manage(self, *command: str) -> None:
        subprocess.run([sys.executable, "manage.py", *command], cwd=PROJECT, check=True, stdout=subprocess.DEVNULL)


def stored(user: str) -> tuple[int, int]:
    """Count the stored events of users whose ids begin so, and the distinct ones."""
    from django.db import connection

    connection.close()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), count(DISTINCT (user_id, context->>'number')) FROM interactions_interaction "
            "WHERE user_id IN (SELECT id FROM catalog_enduser WHERE user_id LIKE %s)",
            [f"{user}-%"],
        )
        total, different = cursor.fetchone()
    return int(total), int(different)


def is_settled() -> bool:
    """Tell if everything that was on its way has arrived."""
    from django.db import OperationalError, connection

    from interactions.kafka import BrokerDown
    from interactions.lag import lag
    from interactions.models import OutboxMessage

    connection.close()
    try:
        return not OutboxMessage.objects.exists() and not sum(one.events for one in lag())
    except (BrokerDown, OperationalError):
        return False


def settle(seconds: float = 120) -> bool:
    deadline = time.monotonic() + seconds
    while not is_settled():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.5)
    return True


def kill_a_consumer(rig: Rig) -> None:
    for number in range(3):
        time.sleep(2)
        rig.consumers[0].send_signal(signal.SIGKILL)
        rig.consumers[0].wait()
        rig.consumers[0] = rig.start(f"consumer-again-{number}", "manage.py", "consume_events")


def members_come_and_go(rig: Rig) -> None:
    for number in range(3):
        more = rig.start(f"member-{number}", "manage.py", "consume_events")
        time.sleep(4)
        rig.end(more)


def stop_the_broker(rig: Rig) -> None:
    time.sleep(2)
    rig.kafka.stop()
    time.sleep(OUTAGE_SECS)
    rig.kafka.ensure()


def restart_postgresql(rig: Rig) -> None:
    time.sleep(2)
    rig.postgres.stop()
    time.sleep(3)
    rig.postgres.ensure()


def empty_redis(_: Rig) -> None:
    from recsite.platform import redis

    for _number in range(5):
        time.sleep(2)
        redis.roundtrip(("FLUSHALL",))


UNDER_LOAD: dict[str, Callable[[Rig], None]] = {
    "kill -9 of a consumer in mid-batch": kill_a_consumer,
    "consumers joining and leaving": members_come_and_go,
    "the broker stopped for 30 s": stop_the_broker,
    "PostgreSQL restarted": restart_postgresql,
    "Redis emptied": empty_redis,
}
SENT_TWICE = "100,000 events sent twice, 1 % garbage among them"


def under_load(rig: Rig, name: str, fault: Callable[[Rig], None]) -> list[str]:
    user = f"load-{random.randrange(10**9)}"
    with Load(rig.url, user) as load:
        started = time.monotonic()
        fault(rig)
        time.sleep(max(LOAD_SECS - (time.monotonic() - started), 3))
    settled = settle()
    total, different = stored(user)
    # Whoever got no answer doesn't know: such an event may have been taken, and is never counted as accepted.
    sound = settled and total == different and load.accepted <= total <= load.accepted + load.refused
    return [name, f"{load.accepted:,}", f"{load.refused:,}", f"{total:,}", f"{different:,}", VERDICTS[sound]]


def sent_twice() -> list[str]:
    from datetime import UTC, datetime

    from interactions import kafka
    from interactions.kafka import Message
    from interactions.models import DeadLetter
    from interactions.schema import Event, new_event_id
    from interactions.topics import PRODUCT_VIEWS
    from interactions.wire import encode

    user, dead = f"twice-{random.randrange(10**9)}", DeadLetter.objects.count()

    def event(number: int) -> Message:
        name, item = f"{user}-{number % 500}", f"item-{number % ITEMS}"
        made = Event(new_event_id(), name, item, "view", datetime.now(UTC), context={"number": str(number)})
        return Message(PRODUCT_VIEWS, name, encode(made))

    messages = [event(number) for number in range(TWICE)]
    garbage = [Message(PRODUCT_VIEWS, "x", b'{"version": 1, "user_id": ') for _ in range(GARBAGE)]
    for part in _blocks([*messages, *garbage]), _blocks(messages):
        for block in part:
            if kafka.deliver(random.sample(block, len(block))):
                raise SystemExit("Kafka didn't take everything.")
    settled = settle()
    total, different = stored(user)
    lost = DeadLetter.objects.count() - dead
    sound = settled and total == different == TWICE and lost == GARBAGE
    return [SENT_TWICE, f"{TWICE:,}", f"{lost:,} dead", f"{total:,}", f"{different:,}", VERDICTS[sound]]


def _blocks(messages: Sequence[Any]) -> Iterator[Sequence[Any]]:
    mixed = random.sample(messages, len(messages))
    return (mixed[start : start + 5_000] for start in range(0, len(mixed), 5_000))


@contextmanager
def rig() -> Iterator[Rig]:
    reset.reset(STATE)
    with ExitStack() as stack:
        made = Rig(stack)
        import django

        django.setup()
        from catalog.models import Item

        Item.objects.bulk_create([Item(item_id=f"item-{number}", title=f"Item {number}") for number in range(ITEMS)])
        yield made
    reset.reset(STATE)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("faults", nargs="*", metavar="FAULT", help="A part of a fault's name; all without any.")
    chosen = parser.parse_args().faults
    if reason := missing():
        raise SystemExit(reason)
    rows = [["fault", "accepted", "refused", "stored", "different", ""]]
    with rig() as made:
        for name, fault in UNDER_LOAD.items():
            if not chosen or any(part in name for part in chosen):
                rows.append(under_load(made, name, fault))
        if not chosen or any(part in SENT_TWICE for part in chosen):
            rows.append(sent_twice())
    sys.stdout.writelines(" | ".join(row) + "\n" for row in rows)
    return int(any(row[-1] == VERDICTS[False] for row in rows))


if __name__ == "__main__":
    sys.exit(main())
