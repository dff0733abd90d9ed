"""Read everything that tiles and charts of the first page show: once for both, from roll-ups and series alone."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from recommender.insight import performance
from recommender.insight.performance import ALGORITHM, DAY, HOUR, Figures, Span
from recommender.insight.periods import Period
from recommender.serving.candidates import POPULAR
from recsite.platform import series
from recsite.platform.series import Point, Reading

ADMIN = "admin"
"""The door whose requests are the console's own: nobody's traffic."""

NOBODY = datetime(1970, 1, 1, tzinfo=UTC)
"""The time of what nobody has asked."""

WEEK = timedelta(days=7)
STEPS = {HOUR: timedelta(hours=1), DAY: timedelta(days=1)}


@dataclass(frozen=True, slots=True)
class Measured:
    """Hold the lists of a period by step, and requests, answers and events."""

    period: Period
    span: Span
    at: Sequence[datetime]
    """The steps that a chart of lists shows."""
    popular: Mapping[datetime, Figures]
    """Of lists that popularity led, by step."""
    others: Mapping[datetime, Figures]
    now: Figures
    before: Figures
    week_ago: Figures | None
    """The same hours a week ago, since a day has its own course; None where the period is a week or more."""
    requests: Reading
    doors: Sequence[str]
    """The doors whose requests are users' and clients'."""
    answers: Reading
    events: Reading

    @property
    def steps(self) -> Sequence[Point]:
        """Return the requests of all these doors, by step."""
        return [_sum(points) for points in zip(*(self.requests.now[door].points for door in self.doors), strict=True)]

    @property
    def asked(self) -> Point:
        """Return the requests of the period, and `asked_before` those of the period before."""
        return _sum(self.requests.now[door].total for door in self.doors)

    @property
    def asked_before(self) -> Point:
        return _sum(self.requests.before[door].total for door in self.doors if door in self.requests.before)

    @property
    def minutes(self) -> float:
        """Return the length of a step of requests."""
        return self.requests.step / timedelta(minutes=1)


def measure(period: Period, now: datetime) -> Measured:
    """Read what happened in a period up to now."""
    span = period.spans(now)
    found = performance.series(span, ALGORITHM)
    begin, before = period.of_lists(now)
    popular: dict[datetime, Figures] = {}
    others: dict[datetime, Figures] = {}
    for (at, algorithm), figures in found.items():
        into = popular if algorithm == POPULAR else others
        into[at] = into.get(at, Figures()) + figures
    read = series.read_spans({series.REQUESTS: "door", series.ANSWERS: None, series.EVENTS: "outcome"}, period.key, now)
    requests = read[series.REQUESTS]
    return Measured(
        period,
        span,
        _steps(span.end - period.drawn, span),
        popular,
        others,
        _total(found, begin, span.end),
        _total(found, before, begin),
        _week_ago(period, begin, span),
        requests,
        [door for door in requests.now if door != ADMIN],
        read[series.ANSWERS],
        read[series.EVENTS],
    )


def _week_ago(period: Period, begin: datetime, span: Span) -> Figures | None:
    if period.lists >= WEEK:
        return None
    then = Span(begin - WEEK, span.end - WEEK, span.by)
    return _total(performance.series(then, ALGORITHM), then.start, then.end)


def _steps(begin: datetime, span: Span) -> list[datetime]:
    step = STEPS[span.by]
    return [begin + number * step for number in range(round((span.end - begin) / step))]


def _total(found: Mapping[tuple[datetime, str], Figures], begin: datetime, end: datetime) -> Figures:
    total = Figures()
    for (at, _), figures in found.items():
        if begin <= at < end:
            total += figures
    return total


def _sum(points: Iterable[Point]) -> Point:
    every = list(points)
    total = Point(every[0].at if every else NOBODY)
    for point in every:
        total.add(point)
    return total
