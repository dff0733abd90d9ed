"""The monthly partitions of the events: what is there, what is to be done (a plan to print), and doing it.

Months are those of UTC. Rows that came before their month's partition lie in DEFAULT; making the partition takes them
along.
"""

import re
import time
from collections.abc import Iterable, Iterator, Set
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from typing import NamedTuple

from django.conf import settings
from django.db import OperationalError, connection, transaction
from django.db.backends.utils import CursorWrapper
from psycopg.errors import LockNotAvailable

from recsite.platform.exceptions import Busy

TABLE = "interactions_interaction"
DEFAULT = f"{TABLE}_default"
NAME = re.compile(rf"{TABLE}_y(\d{{4}})m(\d{{2}})")
LOCK_TIMEOUT = "3s"
"""Whoever reads all partitions holds us up, and meanwhile we hold up everybody else: rather step back and try again."""
ATTEMPTS, PAUSE_SECS = 6, 5.0

FIND_TABLES = f"""
SELECT relname, inhparent IS NOT NULL
FROM pg_class LEFT JOIN pg_inherits ON inhrelid = oid AND inhparent = '{TABLE}'::regclass
WHERE relkind = 'r' AND relname ~ %s AND pg_table_is_visible(oid)
"""
SIZES = f"""
SELECT relname, inhparent IS NOT NULL, nullif(reltuples, -1)::bigint, pg_total_relation_size(oid)
FROM pg_class LEFT JOIN pg_inherits ON inhrelid = oid AND inhparent = '{TABLE}'::regclass
WHERE relkind = 'r' AND relname ~ %s AND pg_table_is_visible(oid)
ORDER BY relname
"""


class Month(NamedTuple):
    """A month of UTC."""

    year: int
    month: int

    @classmethod
    def of(cls, when: datetime) -> "Month":
        moment = when.astimezone(UTC)
        return cls(moment.year, moment.month)

    def plus(self, months: int) -> "Month":
        years, month = divmod(self.year * 12 + self.month - 1 + months, 12)
        return Month(years, month + 1)

    @property
    def start(self) -> datetime:
        return datetime(self.year, self.month, 1, tzinfo=UTC)

    @property
    def partition(self) -> str:
        """The name of its table."""
        return f"{TABLE}_y{self.year:04d}m{self.month:02d}"

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.month:02d}"


class Size(NamedTuple):
    """What one partition holds. `rows` is PostgreSQL's estimate, None before its first ANALYZE."""

    name: str
    is_attached: bool
    rows: int | None
    size: int
    """Bytes, indexes included."""


@dataclass(frozen=True)
class Found:
    """What there is: months with a partition, months whose partition was detached, months with rows in DEFAULT."""

    attached: frozenset[Month] = frozenset()
    detached: frozenset[Month] = frozenset()
    stray: frozenset[Month] = frozenset()


@dataclass(frozen=True)
class Plan:
    """What is to be done, in this order. `attach` brings a detached month back."""

    create: tuple[Month, ...] = ()
    attach: tuple[Month, ...] = ()
    move: tuple[Month, ...] = ()
    """Those of the months to create or attach that have rows in DEFAULT."""
    detach: tuple[Month, ...] = ()
    drop: tuple[Month, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.create or self.attach or self.detach or self.drop)

    def steps(self) -> Iterator[str]:
        """A line for each step."""
        for month in self.create:
            yield f"create {month.partition}{self._moving(month)}"
        for month in self.attach:
            yield f"attach {month.partition} again{self._moving(month)}"
        for month in self.detach:
            yield f"detach {month.partition}"
        for month in self.drop:
            yield f"drop {month.partition} with its rows"

    def _moving(self, month: Month) -> str:
        return " and move its rows out of DEFAULT" if month in self.move else ""


def plan(found: Found, now: datetime, months_ahead: int, retention_months: int = 0, drop: bool = False) -> Plan:
    """What upkeep has to do.

    The current month and `months_ahead` more get a partition, and so does every month with rows in DEFAULT. Months
    more than `retention_months` before the current one are detached (0: none), and dropped where `drop` says so.
    """
    current = Month.of(now)
    oldest = current.plus(-retention_months) if retention_months else Month(1, 1)
    expired = {month for month in found.attached | found.stray if month < oldest}
    coming = {current.plus(months) for months in range(months_ahead + 1)}
    forgotten = {month for month in found.detached | expired if month < oldest} if drop else set()
    return _plan(found, coming | found.stray, expired, forgotten)


def plan_months(found: Found, months: Iterable[Month]) -> Plan:
    """What makes these months exist."""
    return _plan(found, set(months), set(), set())


def _plan(found: Found, wanted: Set[Month], detach: Set[Month], drop: Set[Month]) -> Plan:
    missing = wanted - found.attached
    return Plan(
        create=tuple(sorted(missing - found.detached)),
        attach=tuple(sorted(missing & found.detached)),
        move=tuple(sorted(missing & found.stray)),
        detach=tuple(sorted(detach & (found.attached | missing))),
        drop=tuple(sorted(drop & (found.attached | found.detached | missing))),
    )


def find() -> Found:
    """What there is now."""
    with connection.cursor() as cursor:
        return _find(cursor)


def sizes() -> list[Size]:
    """Every partition by name, DEFAULT and detached ones too."""
    with connection.cursor() as cursor:
        cursor.execute(SIZES, [f"^{TABLE}_(default|y[0-9]{{4}}m[0-9]{{2}})$"])
        return [Size(*row) for row in cursor.fetchall()]


def months_ahead(now: datetime) -> int:
    """How many months after the current one have a partition, without a gap. Under 2, upkeep has failed for weeks."""
    attached, month = find().attached, Month.of(now).plus(1)
    return next(number for number in count() if month.plus(number) not in attached)


def apply(due: Plan) -> Plan:
    """Does what the plan says and returns what of it was still to be done.

    All or nothing, one at a time. Raises Busy where others hold the table for long.
    """
    if not due:
        return due
    for _ in range(ATTEMPTS):
        try:
            with _only_one() as cursor:
                wanted = {*due.create, *due.attach}
                due = _plan(_find(cursor), wanted, set(due.detach), set(due.drop))
                _apply(cursor, due)
                return due
        except OperationalError as error:
            if not isinstance(error.__cause__, LockNotAvailable):
                raise
            time.sleep(PAUSE_SECS)
    raise Busy("The events are in long use by others (a training run?), so no partition was changed. Try again later.")


def keep(now: datetime) -> Plan:
    """Does what upkeep has to do by the settings, and returns what that was."""
    ahead, retention = settings.PARTITION_MONTHS_AHEAD, settings.INTERACTION_RETENTION_MONTHS
    return apply(plan(find(), now, ahead, retention))


def ensure_months(months: Iterable[Month]) -> Plan:
    """Makes sure that these months have a partition, and returns what was done for it."""
    return apply(plan_months(find(), months))


@contextmanager
def _only_one() -> Iterator[CursorWrapper]:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('partitions', 0))")
        # A row that comes into DEFAULT between looking and making its month would make that fail.
        cursor.execute(f"LOCK TABLE {TABLE} IN ACCESS EXCLUSIVE MODE")
        yield cursor


def _find(cursor: CursorWrapper) -> Found:
    cursor.execute(FIND_TABLES, [f"^{NAME.pattern}$"])
    months = {_month(name): is_attached for name, is_attached in cursor.fetchall()}
    cursor.execute(f"SELECT DISTINCT date_trunc('month', occurred_at, 'UTC') FROM {DEFAULT}")
    return Found(
        attached=frozenset(month for month, is_attached in months.items() if is_attached),
        detached=frozenset(month for month, is_attached in months.items() if not is_attached),
        stray=frozenset(Month.of(start) for (start,) in cursor.fetchall()),
    )


def _month(name: str) -> Month:
    match = NAME.fullmatch(name)
    assert match, f"{name} is not the name of a partition"
    return Month(int(match[1]), int(match[2]))


def _apply(cursor: CursorWrapper, due: Plan) -> None:
    if due.move:
        _take_out_of_default(cursor, due.move)
    for month in due.create:
        cursor.execute(f"CREATE TABLE {month.partition} PARTITION OF {TABLE} {_bounds(month)}")
    for month in due.attach:
        cursor.execute(f"ALTER TABLE {TABLE} ATTACH PARTITION {month.partition} {_bounds(month)}")
    if due.move:
        cursor.execute(f"INSERT INTO {TABLE} SELECT * FROM moved_event")
        cursor.execute("DROP TABLE moved_event")
    for month in due.detach:
        cursor.execute(f"ALTER TABLE {TABLE} DETACH PARTITION {month.partition}")
    for month in due.drop:
        cursor.execute(f"DROP TABLE {month.partition}")


def _take_out_of_default(cursor: CursorWrapper, months: Iterable[Month]) -> None:
    starts = [month.start for month in months]
    lying_there = f"FROM {DEFAULT} WHERE date_trunc('month', occurred_at, 'UTC') = ANY(%s)"
    cursor.execute(f"CREATE TEMP TABLE moved_event ON COMMIT DROP AS SELECT * {lying_there}", [starts])
    cursor.execute(f"DELETE {lying_there}", [starts])


def _bounds(month: Month) -> str:
    return f"FOR VALUES FROM ('{month.start.isoformat()}') TO ('{month.plus(1).start.isoformat()}')"
