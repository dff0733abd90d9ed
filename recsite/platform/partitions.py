"""Tables that are partitioned by month: what is there, what is to be done (a plan to print), and doing it.

Months are those of UTC. Rows that came before their month's partition lie in DEFAULT; making the partition takes them
along. Each app says which tables of its own are such; `PARTITIONED` in the settings names them all.
"""

import re
import time
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from typing import NamedTuple

from django.conf import settings
from django.db import OperationalError, connection, transaction
from django.db.backends.utils import CursorWrapper
from django.utils import timezone
from django.utils.module_loading import import_string
from psycopg.errors import LockNotAvailable

from recsite.platform import audit
from recsite.platform.audit import Actor
from recsite.platform.exceptions import AlreadyRunning, UserFacingError
from recsite.platform.months import Inventory, Month, Plan, plan, plan_months, plan_of
from recsite.platform.thresholds import MONTHS_AHEAD

LOCK_TIMEOUT = "3s"
"""Whoever reads all partitions holds us up, and meanwhile we hold up everybody else: rather step back and try again."""
ATTEMPTS, PAUSE_SECS = 6, 5.0

FIND_TABLES = """
SELECT relname, inhparent IS NOT NULL
FROM pg_class LEFT JOIN pg_inherits ON inhrelid = oid AND inhparent = '{table}'::regclass
WHERE relkind = 'r' AND relname ~ %s AND pg_table_is_visible(oid)
"""
ATTACHED = """
SELECT inhparent::regclass::text, relname FROM pg_inherits JOIN pg_class ON oid = inhrelid
WHERE inhparent = ANY(%s::text[]::regclass[])
"""
MONTH = r"_y(\d{4})m(\d{2})$"
"""How the name of a month's table ends."""

SIZES = """
SELECT relname, inhparent IS NOT NULL, nullif(reltuples, -1)::bigint, pg_total_relation_size(oid)
FROM pg_class LEFT JOIN pg_inherits ON inhrelid = oid AND inhparent = '{table}'::regclass
WHERE relkind = 'r' AND relname ~ %s AND pg_table_is_visible(oid)
ORDER BY relname
"""


class NotDetached(UserFacingError):
    """Raised for a month that can't be attached again, since it is not detached."""


class Size(NamedTuple):
    """Rows and bytes of one partition. `rows` is PostgreSQL's estimate, None before its first ANALYZE."""

    name: str
    is_attached: bool
    rows: int | None
    size: int
    """Bytes, indexes included."""


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

    owner: tuple[str, str] | None = None
    """The column that names whose row it is, and the table that it refers to without a constraint."""

    @property
    def default(self) -> str:
        return f"{self.table}_default"

    @property
    def retention_months(self) -> int:
        return int(getattr(settings, self.retention))

    def partition(self, month: Month) -> str:
        """Return the name of a month's table."""
        return f"{self.table}_y{month.year:04d}m{month.month:02d}"

    def find(self) -> Inventory:
        """Return what there is now."""
        with connection.cursor() as cursor:
            return self._find(cursor)

    def sizes(self) -> list[Size]:
        """Return every partition by name, DEFAULT and detached ones too."""
        with connection.cursor() as cursor:
            cursor.execute(SIZES.format(table=self.table), [f"^{self.table}_(default|y[0-9]{{4}}m[0-9]{{2}})$"])
            return [Size(*row) for row in cursor.fetchall()]

    def months_ahead(self, now: datetime, sizes: Iterable[Size] | None = None) -> int:
        """Count the months after the current one that have a partition, without a gap; `sizes` are what is known."""
        if sizes is None:
            return _without_gap(self.find().attached, now)
        named = (re.search(MONTH, size.name) for size in sizes if size.is_attached)
        return _without_gap({_month(found) for found in named if found}, now)

    def apply(self, due: Plan) -> Plan:
        """Do what the plan says and return what of it was still to be done.

        All or nothing, one at a time. Raises AlreadyRunning where others hold the table for long.
        """
        if not due:
            return due
        for _ in range(ATTEMPTS):
            try:
                with self._only_one() as cursor:
                    wanted = {*due.create, *due.attach}
                    due = plan_of(self._find(cursor), wanted, set(due.detach), set(due.drop))
                    self._apply(cursor, due)
                    return due
            except OperationalError as error:
                if not isinstance(error.__cause__, LockNotAvailable):
                    raise
                time.sleep(PAUSE_SECS)
        raise AlreadyRunning(
            f"The {self.holds} are in long use by others (a training run?), so no partition was changed. "
            "Try again later."
        )

    def keep(self, now: datetime) -> Plan:
        """Do what upkeep has to do by the settings, and return what that was."""
        ahead = settings.PARTITION_MONTHS_AHEAD
        return self.apply(plan(self.find(), now, ahead, self.retention_months, self.drops))

    def ensure_months(self, months: Iterable[Month]) -> Plan:
        """Make sure that these months have a partition, and return what was done for it."""
        return self.apply(plan_months(self.find(), months))

    def delete(self, column: str, values: Collection[object]) -> int:
        """Delete the rows with these values from every month, those of detached months included; return how many."""
        if not values:
            return 0
        with transaction.atomic(), connection.cursor() as cursor:
            # The table first: from then to the commit nobody can detach a month of it, or attach one again.
            deleted = _delete(cursor, self.table, column, values)
            for month in sorted(month for month, is_attached in self._months(cursor).items() if not is_attached):
                deleted += _delete(cursor, self.partition(month), column, values)
            return deleted

    def reassign(self, column: str, old: int | str, new: int | str) -> int:
        """Give the rows of one owner to another in every month, those of detached months included; return how many."""
        with transaction.atomic(), connection.cursor() as cursor:
            # The table first, as in `delete`.
            moved = _reassign(cursor, self.table, column, old, new)
            for month in sorted(month for month, is_attached in self._months(cursor).items() if not is_attached):
                moved += _reassign(cursor, self.partition(month), column, old, new)
            return moved

    def all_tables(self) -> list[str]:
        """Return the names of the table and of its detached months, in which all its rows lie."""
        with connection.cursor() as cursor:
            detached = [month for month, is_attached in self._months(cursor).items() if not is_attached]
        return [self.table, *map(self.partition, sorted(detached))]

    def attach(self, months: Collection[Month]) -> Plan:
        """Attach detached months again, and return what was done. Raises NotDetached for a month that is none."""
        found = self.find()
        if missing := sorted(set(months) - found.detached):
            have = ", ".join(map(str, sorted(found.detached))) or "none"
            raise NotDetached(f"{missing[0]} is no detached month of the {self.holds}. Detached: {have}.")
        return self.apply(plan_months(found, months))

    def is_expired(self, month: Month, now: datetime) -> bool:
        """Tell whether upkeep detaches this month, by the settings."""
        return bool(self.retention_months) and month < Month.of(now).plus(-self.retention_months)

    def alarm(self, now: datetime, ahead: int | None = None) -> str:
        """Say in one sentence that too few months are ahead; empty where all is well. `ahead` is what is known."""
        ahead = self.months_ahead(now) if ahead is None else ahead
        if ahead >= min(MONTHS_AHEAD.limit, settings.PARTITION_MONTHS_AHEAD):
            return ""
        return f"Only {ahead} of the coming months are ready for {self.holds}: run 'manage.py partitions'."

    @contextmanager
    def _only_one(self) -> Iterator[CursorWrapper]:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('partitions', 0))")
            # A row that comes into DEFAULT between looking and making its month would make that fail.
            cursor.execute(f"LOCK TABLE {self.table} IN ACCESS EXCLUSIVE MODE")
            yield cursor

    def _find(self, cursor: CursorWrapper) -> Inventory:
        months = self._months(cursor)
        cursor.execute(f"SELECT DISTINCT date_trunc('month', {self.column}, 'UTC') FROM {self.default}")
        return Inventory(
            attached=frozenset(month for month, is_attached in months.items() if is_attached),
            detached=frozenset(month for month, is_attached in months.items() if not is_attached),
            stray=frozenset(Month.of(start) for (start,) in cursor.fetchall()),
        )

    def _months(self, cursor: CursorWrapper) -> dict[Month, bool]:
        """Return the months that have a table, and whether it is attached."""
        name = rf"{self.table}_y(\d{{4}})m(\d{{2}})"
        cursor.execute(FIND_TABLES.format(table=self.table), [f"^{name}$"])
        return {_month(re.fullmatch(name, found)): is_attached for found, is_attached in cursor.fetchall()}

    def _apply(self, cursor: CursorWrapper, due: Plan) -> None:
        if due.move:
            self._take_out_of_default(cursor, due.move)
        for month in due.create:
            cursor.execute(f"CREATE TABLE {self.partition(month)} PARTITION OF {self.table} {_bounds(month)}")
        for month in due.attach:
            self._delete_orphans(cursor, self.partition(month))
            cursor.execute(f"ALTER TABLE {self.table} ATTACH PARTITION {self.partition(month)} {_bounds(month)}")
        if due.move:
            cursor.execute(f"INSERT INTO {self.table} SELECT * FROM moved_row")
            cursor.execute("DROP TABLE moved_row")
        for month in due.detach:
            cursor.execute(f"ALTER TABLE {self.table} DETACH PARTITION {self.partition(month)}")
        for month in due.drop:
            cursor.execute(f"DROP TABLE {self.partition(month)}")

    def _delete_orphans(self, cursor: CursorWrapper, partition: str) -> None:
        """Delete rows whose owner is gone: a month that was kept elsewhere must not bring them back."""
        if self.owner:
            column, table = self.owner
            gone = f"NOT EXISTS (SELECT FROM {table} WHERE id = {partition}.{column})"
            cursor.execute(f"DELETE FROM {partition} WHERE {gone}")

    def _take_out_of_default(self, cursor: CursorWrapper, months: Iterable[Month]) -> None:
        starts = [month.start for month in months]
        lying_there = f"FROM {self.default} WHERE date_trunc('month', {self.column}, 'UTC') = ANY(%s)"
        cursor.execute(f"CREATE TEMP TABLE moved_row ON COMMIT DROP AS SELECT * {lying_there}", [starts])
        cursor.execute(f"DELETE {lying_there}", [starts])


def tables() -> list[Partitioned]:
    """Return all such tables, as the settings name them."""
    return [import_string(path) for path in settings.PARTITIONED]


def record(table: Partitioned, done: Plan, actor: Actor) -> None:
    """Record what was done to a table's months, where anything was; one entry for all of it."""
    if steps := list(done.steps(table)):
        audit.record(actor, "partitions.keep", "table", table.holds, after={"steps": steps})


def alarms() -> list[str]:
    """Return a sentence for each table that has too few months ahead."""
    return look()[0]


def look() -> tuple[list[str], int]:
    """Return the alarms, and the fewest months ahead of any table, by one query for all of them."""
    now, listed = timezone.now(), list(tables())
    with connection.cursor() as cursor:
        cursor.execute(ATTACHED, [[table.table for table in listed]])
        months = defaultdict[str, set[Month]](set)
        for table, name in cursor.fetchall():
            if found := re.search(MONTH, name):
                months[table].add(_month(found))
    ahead = {table.table: _without_gap(months[table.table], now) for table in listed}
    said = [alarm for table in listed if (alarm := table.alarm(now, ahead[table.table]))]
    return said, min(ahead.values(), default=0)


def _without_gap(attached: Collection[Month], now: datetime) -> int:
    month = Month.of(now).plus(1)
    return next(number for number in count() if month.plus(number) not in attached)


def _delete(cursor: CursorWrapper, table: str, column: str, values: Collection[object]) -> int:
    cursor.execute(f"DELETE FROM {table} WHERE {column} = ANY(%s)", [list(values)])
    return cursor.rowcount


def _reassign(cursor: CursorWrapper, table: str, column: str, old: int | str, new: int | str) -> int:
    cursor.execute(f"UPDATE {table} SET {column} = %s WHERE {column} = %s", [new, old])
    return cursor.rowcount


def _month(match: "re.Match[str] | None") -> Month:
    assert match, "this is not the name of a partition"
    return Month(int(match[1]), int(match[2]))


def _bounds(month: Month) -> str:
    return f"FOR VALUES FROM ('{month.start.isoformat()}') TO ('{month.plus(1).start.isoformat()}')"
