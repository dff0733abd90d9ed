"""Read who was shown an item lately: from the latest lists alone, since no index says which lists hold an item."""

from dataclasses import dataclass
from datetime import datetime

from django.db import connection

LISTS, USERS = 2_000, 10
FIND = """
SELECT list.user_id, list.placement, list.served_at, list.first_rank + array_position(list.items, %(item)s) - 1
FROM (
    SELECT user_id, placement, served_at, first_rank, items FROM recommender_servedlist ORDER BY id DESC LIMIT %(lists)s
) AS list
WHERE list.items @> ARRAY[%(item)s::bigint] ORDER BY list.served_at DESC
"""


@dataclass(frozen=True, slots=True)
class Shown:
    """Say that a user was shown an item: when last, where, and at which rank; and how often among the latest lists."""

    user_id: str
    placement: str
    served_at: datetime
    rank: int
    times: int


def shown_to(item: int, most: int = USERS) -> list[Shown]:
    """Return users who were shown an item (internal id) by the latest LISTS lists, the last one first."""
    with connection.cursor() as cursor:
        cursor.execute(FIND, {"item": item, "lists": LISTS})
        rows = cursor.fetchall()
    times: dict[str, int] = {}
    latest: dict[str, tuple[str, datetime, int]] = {}
    for user_id, *its in rows:
        if user_id:
            times[user_id] = times.get(user_id, 0) + 1
            latest.setdefault(user_id, (its[0], its[1], its[2]))
    return [Shown(user_id, *its, times[user_id]) for user_id, its in list(latest.items())[:most]]
