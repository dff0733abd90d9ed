"""Count what is stored, and what processes take: memory and time of the processors."""

import os
from contextlib import suppress
from pathlib import Path

from deploy.load.crowd import Crowd
from deploy.load.rig import tree
from recsite.local.processes import wait_until

SETTLE_SECS = 180.0
TICKS = os.sysconf("SC_CLK_TCK")


def memory(pid: int) -> int:
    """Return the bytes of a process and all that it has started; pages that they share count once (Pss)."""
    total = 0
    for one in tree(pid):
        with suppress(OSError):
            for line in Path(f"/proc/{one}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1]) * 1024
    return total


def cpu_seconds(pid: int) -> float:
    """Return the seconds of a processor that they have used, those of children that are no more included."""
    total = 0
    for one in tree(pid):
        with suppress(OSError):
            fields = Path(f"/proc/{one}/stat").read_text().rsplit(")", 1)[1].split()
            total += sum(int(field) for field in fields[11:15])
    return total / TICKS


def stored(name: str) -> tuple[int, int]:
    """Count the stored events whose numbers begin so, and the different ones."""
    from django.db import connection

    connection.close()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), count(DISTINCT context->>'number') FROM interactions_interaction "
            "WHERE context->>'number' LIKE %s",
            [f"{name}-%"],
        )
        total, different = cursor.fetchone()
    return int(total), int(different)


def is_settled() -> bool:
    """Tell if everything that was on its way has arrived."""
    from django.db import InterfaceError, OperationalError, connection

    from interactions.kafka import BrokerDown
    from interactions.lag import lag
    from interactions.models import OutboxMessage

    connection.close()
    try:
        return not OutboxMessage.objects.exists() and not sum(one.events for one in lag())
    except (BrokerDown, OperationalError, InterfaceError):
        return False


def settle(seconds: float = SETTLE_SECS) -> bool:
    """Wait until it has."""
    return wait_until(is_settled, seconds)


def is_sound(crowd: Crowd, total: int, different: int) -> bool:
    """Tell if every accepted event is stored once, and every list was answered.

    Whoever got no answer doesn't know: such an event may have been taken, and is never counted as accepted.
    """
    return (
        total == different
        and crowd.accepted <= total <= crowd.accepted + crowd.refused
        and not crowd.tally.failed("lists")
    )
