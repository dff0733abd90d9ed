"""Hold what a step, or a whole period, of a series says."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from recsite.platform.histogram import added, quantile


@dataclass(slots=True)
class Point:
    """Say what happened in one step. Durations are in seconds."""

    at: datetime
    """Its beginning."""
    count: int = 0
    """Of a level, how often it was looked at."""
    errors: int = 0
    hits: int = 0
    total: float = 0.0
    highest: float | None = None
    """The longest duration, or a level's highest value; None where there was none."""
    buckets: list[int] = field(default_factory=list)

    def add(self, other: "Point") -> None:
        """Take in what another point says; of a level too, of the same labels."""
        self.count += other.count
        self.errors += other.errors
        self.hits += other.hits
        self.total += other.total
        if other.highest is not None:
            self.highest = other.highest if self.highest is None else max(self.highest, other.highest)
        self.buckets = added(self.buckets, other.buckets)

    @property
    def level(self) -> float | None:
        """Return the mean of what was looked at; None where nobody looked."""
        return self.total / self.count if self.count else None

    @property
    def mean(self) -> float | None:
        """Return the mean duration; None where nothing took any time."""
        return self.total / self.count if self.count else None

    @property
    def p50(self) -> float | None:
        """Return the seconds within which half of them were done."""
        return quantile(self.buckets, 0.5)

    @property
    def p95(self) -> float | None:
        """Return the seconds within which 95 of 100 were done."""
        return quantile(self.buckets, 0.95)

    @property
    def error_share(self) -> float | None:
        """Return the share of errors; None where nothing was asked."""
        asked = max(self.count, self.errors)
        return self.errors / asked if asked else None

    @property
    def hit_share(self) -> float | None:
        """Return the share of answers from cached candidates; None without answers."""
        return self.hits / self.count if self.count else None


@dataclass(frozen=True, slots=True)
class Period:
    """Hold the points of one series, every step present, and what they come to."""

    points: Sequence[Point]
    total: Point


@dataclass(frozen=True, slots=True)
class Reading:
    """Hold what was read: each group's period, and its period before."""

    since: datetime
    until: datetime
    step: timedelta
    now: dict[str, Period]
    """By the label that was asked for; one group, called "", where none was."""
    before: dict[str, Period]
    """The period of the same length before; it ends where this one has got to, so an unfinished step compares."""

    @property
    def points(self) -> Sequence[Point]:
        """Return the points where no label was asked for."""
        return self.now[""].points

    @property
    def total(self) -> Point:
        """Return what they come to, where no label was asked for."""
        return self.now[""].total

    @property
    def total_before(self) -> Point:
        """Return what the period before came to, where no label was asked for."""
        return self.before[""].total
