"""Name the periods that pages tell about, and when each begins: one switch for all of them."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from recommender.insight.performance import DAY, HOUR, Span


@dataclass(frozen=True, slots=True)
class Period:
    """Hold a period up to now. Requests are told by the minute, lists by the hour at best."""

    key: str
    """As `platform.series` has it, and the address."""
    label: str
    before: str
    """What the time before is called."""
    lists: timedelta
    """The time of which lists and clicks are told: for one hour two, since they are counted by the hour."""
    drawn: timedelta
    """The time that a chart of them shows."""
    by: str

    @property
    def drawn_label(self) -> str:
        """Return in words the time that a chart of lists shows."""
        return self.label if self.drawn == self.lists else USUAL.label

    def spans(self, now: datetime) -> Span:
        """Return the time of a chart of lists, and as much before it as is compared."""
        end = _end(now, self.by)
        return Span(end - max(self.drawn, 2 * self.lists), end, self.by)

    def of_lists(self, now: datetime) -> tuple[datetime, datetime]:
        """Return when the time of which lists are told begins, and when the one before it does."""
        end = _end(now, self.by)
        return end - self.lists, end - 2 * self.lists


PERIODS = {
    one.key: one
    for one in (
        Period("1h", "1 hour", "the hour before", timedelta(hours=2), timedelta(hours=24), HOUR),
        Period("24h", "24 hours", "the day before", timedelta(hours=24), timedelta(hours=24), HOUR),
        Period("7d", "7 days", "the week before", timedelta(days=7), timedelta(days=7), DAY),
        Period("28d", "28 days", "the four weeks before", timedelta(days=28), timedelta(days=28), DAY),
    )
}
USUAL = PERIODS["24h"]


def chosen(text: str | None) -> Period:
    """Return the period that an address names, the usual one for anything else."""
    return PERIODS.get(text or "", USUAL)


def _end(now: datetime, by: str) -> datetime:
    """Return the end of the hour or day that has begun."""
    if by == HOUR:
        return now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    return now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
