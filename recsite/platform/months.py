"""Months of UTC, and what is to be done so that a table has a partition for each: pure, a plan to print."""

from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple, Protocol


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


class Named(Protocol):
    """A partitioned table that knows how its months are called."""

    def partition(self, month: Month) -> str:
        """Return the name of a month's table."""


@dataclass(frozen=True)
class Inventory:
    """Name the months with a partition, months whose partition was detached, months with rows in DEFAULT."""

    attached: frozenset[Month] = frozenset()
    detached: frozenset[Month] = frozenset()
    stray: frozenset[Month] = frozenset()


@dataclass(frozen=True)
class Plan:
    """Say what is to be done, in this order. `attach` brings a detached month back."""

    create: tuple[Month, ...] = ()
    attach: tuple[Month, ...] = ()
    move: tuple[Month, ...] = ()
    """Those of the months to create or attach that have rows in DEFAULT."""
    detach: tuple[Month, ...] = ()
    drop: tuple[Month, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.create or self.attach or self.detach or self.drop)

    def steps(self, table: Named) -> Iterator[str]:
        """Yield a line for each step on a table."""
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


def plan(found: Inventory, now: datetime, months_ahead: int, retention_months: int = 0, drop: bool = False) -> Plan:
    """Return what upkeep has to do.

    The current month and `months_ahead` more get a partition, and so does every month with rows in DEFAULT. Months
    more than `retention_months` before the current one are detached (0: none), and dropped where `drop` says so.
    """
    current = Month.of(now)
    oldest = current.plus(-retention_months) if retention_months else Month(1, 1)
    expired = {month for month in found.attached | found.stray if month < oldest}
    coming = {current.plus(months) for months in range(months_ahead + 1)}
    forgotten = {month for month in found.detached | expired if month < oldest} if drop else set()
    return plan_of(found, coming | found.stray, expired, forgotten)


def plan_months(found: Inventory, months: Iterable[Month]) -> Plan:
    """Return what makes these months exist."""
    return plan_of(found, set(months), set(), set())


def plan_of(found: Inventory, wanted: Set[Month], detach: Set[Month], drop: Set[Month]) -> Plan:
    """Return the steps to the `wanted` months, and those that detach and drop others, as far as there is need."""
    missing = wanted - found.attached
    return Plan(
        create=tuple(sorted(missing - found.detached)),
        attach=tuple(sorted(missing & found.detached)),
        move=tuple(sorted(missing & found.stray)),
        detach=tuple(sorted(detach & (found.attached | missing))),
        drop=tuple(sorted(drop & (found.attached | found.detached | missing))),
    )
