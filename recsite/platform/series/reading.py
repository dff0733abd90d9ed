"""Read series for charts, tiles and alerts: every step is there, zero where nothing happened."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from django.utils import timezone

from recsite.platform.histogram import summing
from recsite.platform.replica import routing
from recsite.platform.series.kinds import DAY, GRAINS, HOUR, MINUTE, OTHER, TEN_MINUTES, Kind
from recsite.platform.series.points import Period, Point, Reading
from recsite.platform.series.thinning import seam

MOST_STEPS = 2_000
MOST_GROUPS = 20
"""Groups that a reading tells apart, the largest ones; the rest is OTHER."""

PART = "SELECT * FROM platform_seriespoint WHERE kind = ANY(%s) AND grain = %s AND at >= %s AND at < %s"
READ = """
SELECT kind, floor((extract(epoch FROM at) - %s) / %s)::int AS step, {group} AS label,
    sum(count)::bigint, sum(errors)::bigint, sum(hits)::bigint, sum(total), max(highest){buckets}
FROM ({parts}) AS row GROUP BY 1, 2, 3
"""
LATEST = """
SELECT DISTINCT ON (labels) labels, at, total / count FROM platform_seriespoint
WHERE kind = %s AND grain = %s AND at >= %s AND at < %s AND count > 0 ORDER BY labels, at DESC
"""


Row = tuple[str, int, Point]
"""A label, the number of the step, and what is known of it."""


class Part(NamedTuple):
    """Name rows of a grain in a stretch of time."""

    grain: int
    since: datetime
    until: datetime


class Span(NamedTuple):
    """Name a length of time up to now, and the steps in which it is told."""

    length: timedelta
    step: timedelta


SPANS = {
    "1h": Span(timedelta(hours=1), timedelta(seconds=MINUTE)),
    "24h": Span(timedelta(days=1), timedelta(seconds=TEN_MINUTES)),
    "7d": Span(timedelta(days=7), timedelta(seconds=HOUR)),
    "28d": Span(timedelta(days=28), timedelta(seconds=DAY)),
}
"""What pages let people choose, by the name that stands in the address."""


def read_span(kind: Kind, name: str, by: str | None = None, now: datetime | None = None) -> Reading:
    """Read one of SPANS, up to the end of the step in which we are."""
    return read_spans({kind: by}, name, now)[kind]


def read_spans(asked: Mapping[Kind, str | None], name: str, now: datetime | None = None) -> dict[Kind, Reading]:
    """Read one of SPANS of several kinds, each by one of its labels or in all, in one query."""
    now, (length, step) = now or timezone.now(), SPANS[name]
    seconds = int(step.total_seconds())
    until = datetime.fromtimestamp((int(now.timestamp()) // seconds + 1) * seconds, UTC)
    return _read(asked, until - length, until, step, now)


def read(
    kind: Kind, since: datetime, until: datetime, step: timedelta, by: str | None = None, now: datetime | None = None
) -> Reading:
    """Read a kind from `since` to before `until`, and the same time before, by one of its labels or in all.

    Of what is more than a week old there are hours: in finer steps, an hour stands in the first of its steps. A level
    that isn't told by a label is the sum of those of all. Raises ValueError where the time is no whole number of steps,
    or of too many, and where the kind has no such label.
    """
    return _read({kind: by}, since, until, step, now or timezone.now())[kind]


def _read(
    asked: Mapping[Kind, str | None], since: datetime, until: datetime, step: timedelta, now: datetime
) -> dict[Kind, Reading]:
    _steps(since, until, step)
    for kind, by in asked.items():
        if by is not None and by not in kind.labels:
            raise ValueError(f"{kind.name} has no label {by}. It has: {', '.join(kind.labels) or 'none'}.")
    start = since - (until - since)
    rows = _rows(asked, step, start, _parts(_grain(step, start), start, since, until, now))
    return {kind: _reading(kind, by, rows[kind.name], since, until, step) for kind, by in asked.items()}


def _reading(
    kind: Kind, by: str | None, rows: Iterable[Row], since: datetime, until: datetime, step: timedelta
) -> Reading:
    steps, start = _steps(since, until, step), since - (until - since)
    found: dict[str, dict[int, Point]] = {} if by else {"": {}}
    for label, number, point in _pooled(rows) if kind.is_level and not by else rows:
        point.at = start + number * step
        found.setdefault(label, {})[number] = point
    found = _largest(found)
    return Reading(
        since,
        until,
        step,
        {label: _period(points, since, step, range(steps, 2 * steps)) for label, points in found.items()},
        {label: _period(points, start, step, range(steps)) for label, points in found.items()},
    )


def latest(kind: Kind, within: timedelta, now: datetime | None = None) -> dict[tuple[str, ...], tuple[datetime, float]]:
    """Return when each level of a kind was last looked at, and what it was, by its labels; empty where nobody did."""
    now = now or timezone.now()
    with routing.connection().cursor() as cursor:
        cursor.execute(LATEST, [kind.name, MINUTE, now - within, now + timedelta(seconds=MINUTE)])
        return {tuple(labels): (at, value) for labels, at, value in cursor.fetchall()}


def _steps(since: datetime, until: datetime, step: timedelta) -> int:
    """Return how many steps there are. Raises ValueError where they don't fit."""
    steps, rest = divmod(until - since, step) if step >= timedelta(seconds=MINUTE) else (0, step)
    if rest or not 0 < steps <= MOST_STEPS:
        raise ValueError(f"From {since} to {until} there are not 1 to {MOST_STEPS:,} whole steps of {step}.")
    return steps


def _grain(step: timedelta, start: datetime) -> int:
    """Return the coarsest rows that don't cross the steps' edges."""
    at, seconds = int(start.timestamp()), int(step.total_seconds())
    return next((grain for grain in reversed(GRAINS) if seconds % grain == 0 and at % grain == 0), MINUTE)


def _parts(fine: int, start: datetime, since: datetime, until: datetime, now: datetime) -> list[Part]:
    """Return which rows are read: those of the period before as far as this one has got, and those of this one.

    To an unfinished step, a whole one would not compare: of the day that is cut, hours are read.
    """
    reached = min(until, max(now, since)) - (until - since)
    if fine == DAY:
        cut = datetime.fromtimestamp(int(reached.timestamp()) // DAY * DAY, UTC)
        parts = [Part(DAY, start, cut), Part(HOUR, cut, reached), Part(DAY, since, until)]
    elif fine == HOUR:
        parts = [Part(HOUR, start, reached), Part(HOUR, since, until)]
    else:
        edge = seam(now)
        parts = [
            part
            for begin, end in ((start, reached), (since, until))
            for part in (Part(HOUR, begin, min(end, edge)), Part(fine, max(begin, edge), end))
        ]
    return [part for part in parts if part.since < part.until]


def _rows(
    asked: Mapping[Kind, str | None], step: timedelta, start: datetime, parts: Sequence[Part]
) -> dict[str, list[Row]]:
    """Return the rows of each kind."""
    groups = " ".join(f"WHEN '{kind.name}' THEN {_group(kind, by)}" for kind, by in asked.items())
    buckets = f", {summing('buckets')}" if any(kind.has_times for kind in asked) else ""
    statement = READ.format(
        group=f"CASE kind {groups} END", buckets=buckets, parts=" UNION ALL ".join([PART] * len(parts))
    )
    names = [kind.name for kind in asked]
    values = [value for part in parts for value in (names, *part)]
    found: dict[str, list[Row]] = {name: [] for name in names}
    with routing.connection().cursor() as cursor:
        cursor.execute(statement, [start.timestamp(), step.total_seconds(), *values])
        for name, number, label, count, errors, hits, total, highest, *sums in cursor.fetchall():
            found[name].append((label, number, Point(start, count, errors, hits, total, highest, sums)))
    return found


def _group(kind: Kind, by: str | None) -> str:
    if by:
        return f"labels[{kind.labels.index(by) + 1}]"
    return "labels::text" if kind.is_level else "''"


def _pooled(rows: Iterable[Row]) -> Iterator[Row]:
    """Yield a level's sum over all labels, step by step."""
    found: dict[int, Point] = {}
    for _, number, point in rows:
        known = found.setdefault(number, Point(point.at, 1))
        known.total += point.level or 0.0
        known.highest = max(known.highest or 0.0, point.highest or 0.0)
    for number, point in found.items():
        yield "", number, point


def _largest(found: dict[str, dict[int, Point]]) -> dict[str, dict[int, Point]]:
    """Return the MOST_GROUPS with the most in them, the largest first, and the rest as OTHER."""
    order = sorted(found, key=lambda label: (-sum(point.count for point in found[label].values()), label))
    kept = {label: found[label] for label in order[:MOST_GROUPS]}
    for label in order[MOST_GROUPS:]:
        rest = kept.setdefault(OTHER, {})
        for number, point in found[label].items():
            rest.setdefault(number, Point(point.at)).add(point)
    return kept


def _period(points: dict[int, Point], start: datetime, step: timedelta, steps: range) -> Period:
    """Return every step, and what they come to."""
    every = [points.get(number) or Point(start + at * step) for at, number in enumerate(steps)]
    total = Point(start)
    for point in every:
        total.add(point)
    return Period(every, total)
