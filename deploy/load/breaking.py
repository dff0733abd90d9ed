"""The twenty faults: each part is stopped, killed or made to hang while users are served."""

import os
import signal
import time
from collections.abc import Callable

from deploy.load.rig import CONSUMERS, Rig, tree

Fault = Callable[[Rig], None]
BEFORE_SECS, SHORT_SECS, LONG_SECS = 2.0, 5.0, 30.0
TIMES = 3


def stopped(name: str, seconds: float = SHORT_SECS) -> Fault:
    """Stop a process or a server by its own way, and start it again later."""

    def fault(rig: Rig) -> None:
        server = rig.servers.get(name)
        server.stop() if server else rig.stop(name)
        time.sleep(seconds)
        server.ensure() if server else rig.start(name)

    return fault


def killed(name: str, times: int = 1) -> Fault:
    """Kill a process or a server with all that it has started, and start it again."""

    def fault(rig: Rig) -> None:
        for _ in range(times):
            server = rig.servers.get(name)
            for pid in tree(rig.pid(name)) if server else ():
                os.kill(pid, signal.SIGKILL)
            time.sleep(BEFORE_SECS)
            if server:
                server.ensure()
            else:
                rig.kill(name)
                rig.start(name)

    return fault


def hung(name: str, seconds: float = SHORT_SECS) -> Fault:
    """Have it do nothing for a while, with its connections open."""

    def fault(rig: Rig) -> None:
        with rig.hanging(name):
            time.sleep(seconds)

    return fault


def a_child_killed(name: str) -> Fault:
    """Kill one process that it has started; it makes another."""

    def fault(rig: Rig) -> None:
        os.kill(tree(rig.pid(name))[-1], signal.SIGKILL)

    return fault


def members_come_and_go(rig: Rig) -> None:
    for _ in range(TIMES):
        rig.start("consumer-3")
        time.sleep(SHORT_SECS)
        rig.stop("consumer-3")


def all_consumers_stopped(rig: Rig) -> None:
    for name in CONSUMERS:
        rig.stop(name)
    time.sleep(SHORT_SECS)
    for name in CONSUMERS:
        rig.start(name)


def relay_killed_without_broker(rig: Rig) -> None:
    rig.servers["Kafka"].stop()
    time.sleep(SHORT_SECS)
    rig.kill("relay")
    rig.start("relay")
    rig.servers["Kafka"].ensure()


def redis_emptied(_: Rig) -> None:
    from recsite.platform import redis

    for _number in range(TIMES):
        time.sleep(BEFORE_SECS)
        redis.roundtrip(("FLUSHALL",))


UNDER_LOAD: dict[str, Fault] = {
    "a web process stopped and started": stopped("web-1", 0),
    "kill -9 of a web process": killed("web-1"),
    "kill -9 of a web process's child": a_child_killed("web-2"),
    "a web process that hangs": hung("web-2"),
    "kill -9 of a consumer in mid-batch": killed("consumer-1", TIMES),
    "consumers joining and leaving": members_come_and_go,
    "all consumers stopped": all_consumers_stopped,
    "kill -9 of the relay while the broker is away": relay_killed_without_broker,
    "the worker stopped": stopped("worker"),
    "kill -9 of the worker": killed("worker"),
    "kill -9 of beat": killed("beat"),
    "PostgreSQL restarted": stopped("PostgreSQL", 3),
    "kill -9 of PostgreSQL": killed("PostgreSQL"),
    "PostgreSQL hangs": hung("PostgreSQL"),
    "Redis emptied": redis_emptied,
    "Redis stopped": stopped("Redis"),
    "Redis hangs": hung("Redis"),
    "the broker stopped for 30 s": stopped("Kafka", LONG_SECS),
    "kill -9 of the broker": killed("Kafka"),
}
SENT_TWICE = "100,000 events sent twice, 1 % garbage among them"
NAMES = (*UNDER_LOAD, SENT_TWICE)
