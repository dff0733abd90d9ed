"""Read the rows that are added to a table in batches: every reader gets every row once, whatever dies.

A reader's position and what it makes of the rows are one transaction, so a reader that is killed begins again where it
was. Ids are given out before their rows can be seen: a row of a long transaction appears behind rows of later ones.
So a batch only reaches as far as all transactions have ended that may have taken an id of it: the highest id is noted
together with those that write to the table then, and read the next time, once these are over. Whoever takes an id holds
a lock on the table, which everybody can see, until the end.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection, transaction
from django.utils import timezone

from recsite.platform.models import FeedCursor

LAST_ID = "SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM {table}_id_seq"
WRITERS = """
SELECT coalesce(array_agg(virtualtransaction), '{{}}') FROM pg_locks
WHERE database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND relation = '{table}'::regclass AND mode = 'RowExclusiveLock'
"""
BEHIND = """
SELECT one.reader, (SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM {table}_id_seq) - one.position,
    (SELECT {stored} FROM {table} WHERE id > one.position ORDER BY id LIMIT 1)
FROM (SELECT name AS reader, coalesce((SELECT position FROM platform_feedcursor WHERE name = names.name), 0) AS position
    FROM (SELECT %s::text AS name) AS names) AS one
"""
STILL_WRITING = "SELECT EXISTS (SELECT FROM pg_locks WHERE virtualtransaction = ANY(%s::text[]))"


class Batch(NamedTuple):
    """Names the rows with `after` < id <= `until`."""

    after: int
    until: int
    is_last: bool
    """Whether nothing more is settled behind it."""
    is_ours: bool = True
    """Whether nobody else works for the same reader."""

    def __bool__(self) -> bool:
        return self.until > self.after


@contextmanager
def next_batch(reader: str, table: str, most: int) -> Iterator[Batch]:
    """Yield the next ids for a reader, at most so many; the block works with them, in the same transaction.

    Empty where nothing new has settled, or another process works for the same reader.
    """
    FeedCursor.objects.get_or_create(name=reader)
    with transaction.atomic():
        cursor = FeedCursor.objects.select_for_update(skip_locked=True).filter(name=reader).first()
        if cursor is None:
            yield Batch(0, 0, is_last=True, is_ours=False)
            return
        settled = cursor.position if _ask(STILL_WRITING, cursor.writers) else cursor.safe_upto
        until = min(settled, cursor.position + most)
        found = Batch(cursor.position, until, is_last=until == settled)
        yield found
        cursor.position, cursor.read_at = until, timezone.now()
        if cursor.position == cursor.safe_upto:
            # In this order: whoever took an id before the first question is there at the second, or has ended.
            cursor.safe_upto = max(_ask(LAST_ID.format(table=table)), until)
            cursor.writers = _ask(WRITERS.format(table=table))
        # Field by field: the block may have noted when it made its figures anew.
        cursor.save(update_fields=["position", "read_at", "safe_upto", "writers"])


def work_off(reader: str, table: str, most: int, most_batches: int, work: Callable[[Batch], int]) -> int:
    """Hand the rows that have settled to `work`, batch by batch; return the sum of what it returns.

    At most so many batches: a large import must not keep what comes after it waiting for hours.
    """
    done = 0
    for _ in range(most_batches):
        with next_batch(reader, table, most) as batch:
            done += work(batch) if batch else 0
        if batch.is_last:
            break
    return done


def waiting(reader: str, table: str) -> int:
    """Estimate how many rows a reader has yet to read."""
    found = FeedCursor.objects.filter(name=reader).values_list("position", flat=True).first()
    return max(_ask(LAST_ID.format(table=table)) - (found or 0), 0)


class Behind(NamedTuple):
    """Say how far a reader is behind what is stored."""

    reader: str
    rows: int
    """About how many it has yet to read."""
    since: datetime | None
    """When the first of them was stored; None where it has read all."""


def behind(readers: Mapping[str, tuple[str, str]]) -> list[Behind]:
    """Return how far readers are behind, by one query; of each the table, and the column that says when a row came."""
    parts = [BEHIND.format(table=table, stored=stored) for table, stored in readers.values()]
    if not parts:
        return []
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts), list(readers))
        return [Behind(reader, max(rows, 0), since if rows > 0 else None) for reader, rows, since in cursor.fetchall()]


def _ask(question: str, *parameters: Any) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(question, parameters or None)
        return cursor.fetchone()[0]
