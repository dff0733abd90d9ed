"""Tables that are partitioned by month: what is there, what is to be done (a plan to print), and doing it.

Months are those of UTC. Rows that came before their month's partition lie in DEFAULT; making the partition takes them
along. Each app says which tables of its own are such; `PARTITIONED` in the settings names them all.
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
from django.utils.module_loading import import_string
from psycopg.errors import LockNotAvailable

from recsite.platform.exceptions import Busy

LOCK_TIMEOUT = "3s"
"""Whoever reads all partitions holds us up, and meanwhile we hold up everybody else: rather step back and try again."""
ATTEMPTS, PAUSE_SECS = 6, 5.0

FIND_TABLES = """
SELECT relname, inhparent IS NOT NULL
FROM pg_class LEFT JOIN pg_inherits ON inhrelid = oid AND inhparent = '{table}'::regclass
WHERE relkind = 'r' AND relname ~ %s AND pg_table_is_visible(oid)
"""
SIZES = """
SELECT relname, inhparent IS NOT NULL, nullif(reltuples, -1)::bigint, pg_total_relation_size(oid)
FROM pg_class LEFT JOIN pg_inherits ON inhrelid = oid AND inhparent = '{table}'::regclass
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

    def steps(self, table: "Partitioned") -> Iterator[str]:
        """A line for each step on a table."""
        for month in self.create:
            yield f"create {table.partition(month)}{self._moving(month)}"
        for month in self.attach:
            yield f"attach {table.partition(month)} again{self._moving(month)}"
        for month in self.detach:
            yield f"detach {table.partition(month)}"
        for month in self.drop:
            yield f"drop {table.partition(month)} with its rows"

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


@dataclass(frozen=True)
class Partitioned:
    """A table with partitions by month, and one called DEFAULT for rows of other months."""

    table: str
    column: str
    """The time by which rows are sorted into months."""
    holds: str
    """What its rows are, for people: "events"."""
    retention: str
    """The setting that says how many months before the current one are kept; 0 for all."""
    drops: bool = False
    """Whether upkeep drops the months past retention; otherwise it detaches them, and their tables stay."""

    @property
    def default(self) -> str:
        return f"{self.table}_default"

    @property
    def retention_months(self) -> int:
        return int(getattr(settings, self.retention))

    def partition(self, month: Month) -> str:
        """The name of a month's table."""
        return f"{self.table}_y{month.year:04d}m{month.month:02d}"

    def find(self) -> Found:
        """What there is now."""
        with connection.cursor() as cursor:
            return self._find(cursor)

    def sizes(self) -> list[Size]:
        """Every partition by name, DEFAULT and detached ones too."""
        with connection.cursor() as cursor:
            cursor.execute(SIZES.format(table=self.table), [f"^{self.table}_(default|y[0-9]{{4}}m[0-9]{{2}})$"])
            return [Size(*row) for row in cursor.fetchall()]

    def months_ahead(self, now: datetime) -> int:
        """Months after the current one that have a partition, without a gap. Under 2, upkeep has failed for weeks."""
        attached, month = self.find().attached, Month.of(now).plus(1)
        return next(number for number in count() if month.plus(number) not in attached)

    def apply(self, due: Plan) -> Plan:
        """Does what the plan says and returns what of it was still to be done.

        All or nothing, one at a time. Raises Busy where others hold the table for long.
        """
        if not due:
            return due
        for _ in range(ATTEMPTS):
            try:
                with self._only_one() as cursor:
                    wanted = {*due.create, *due.attach}
                    due = _plan(self._find(cursor), wanted, set(due.detach), set(due.drop))
                    self._apply(cursor, due)
                    return due
            except OperationalError as error:
                if not isinstance(error.__cause__, LockNotAvailable):
                    raise
                time.sleep(PAUSE_SECS)
        raise Busy(
            f"The {self.holds} are in long use by others (a training run?), so no partition was changed. "
            "Try again later."
        )

    def keep(self, now: datetime) -> Plan:
        """Does what upkeep has to do by the settings, and returns what that was."""
        ahead = settings.PARTITION_MONTHS_AHEAD
        return self.apply(plan(self.find(), now, ahead, self.retention_months, self.drops))

    def ensure_months(self, months: Iterable[Month]) -> Plan:
        """Makes sure that these months have a partition, and returns what was done for it."""
        return self.apply(plan_months(self.find(), months))

    @contextmanager
    def _only_one(self) -> Iterator[CursorWrapper]:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('partitions', 0))")
            # A row that comes into DEFAULT between looking and making its month would make that fail.
            cursor.execute(f"LOCK TABLE {self.table} IN ACCESS EXCLUSIVE MODE")
            yield cursor

    def _find(self, cursor: CursorWrapper) -> Found:
        name = rf"{self.table}_y(\d{{4}})m(\d{{2}})"
        cursor.execute(FIND_TABLES.format(table=self.table), [f"^{name}$"])
        months = {_month(re.fullmatch(name, found)): is_attached for found, is_attached in cursor.fetchall()}
        cursor.execute(f"SELECT DISTINCT date_trunc('month', {self.column}, 'UTC') FROM {self.default}")
        return Found(
            attached=frozenset(month for month, is_attached in months.items() if is_attached),
            detached=frozenset(month for month, is_attached in months.items() if not is_attached),
            stray=frozenset(Month.of(start) for (start,) in cursor.fetchall()),
        )

    def _apply(self, cursor: CursorWrapper, due: Plan) -> None:
        if due.move:
            self._take_out_of_default(cursor, due.move)
        for month in due.create:
            cursor.execute(f"CREATE TABLE {self.partition(month)} PARTITION OF {self.table} {_bounds(month)}")
        for month in due.attach:
            cursor.execute(f"ALTER TABLE {self.table} ATTACH PARTITION {self.partition(month)} {_bounds(month)}")
        if due.move:
            cursor.execute(f"INSERT INTO {self.table} SELECT * FROM moved_row")
            cursor.execute("DROP TABLE moved_row")
        for month in due.detach:
            cursor.execute(f"ALTER TABLE {self.table} DETACH PARTITION {self.partition(month)}")
        for month in due.drop:
            cursor.execute(f"DROP TABLE {self.partition(month)}")

    def _take_out_of_default(self, cursor: CursorWrapper, months: Iterable[Month]) -> None:
        starts = [month.start for month in months]
        lying_there = f"FROM {self.default} WHERE date_trunc('month', {self.column}, 'UTC') = ANY(%s)"
        cursor.execute(f"CREATE TEMP TABLE moved_row ON COMMIT DROP AS SELECT * {lying_there}", [starts])
        cursor.execute(f"DELETE {lying_there}", [starts])


def tables() -> list[Partitioned]:
    """All such tables, as the settings name them."""
    return [import_string(path) for path in settings.PARTITIONED]


def _month(match: "re.Match[str] | None") -> Month:
    assert match, "this is not the name of a partition"
    return Month(int(match[1]), int(match[2]))


def _bounds(month: Month) -> str:
    return f"FOR VALUES FROM ('{month.start.isoformat()}') TO ('{month.plus(1).start.isoformat()}')"
