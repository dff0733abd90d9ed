"""Note what happens, off the request's path, and add it to the stored rows: the sums of all processes add up."""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import cache

import orjson
from django.conf import settings
from django.db import connection
from prometheus_client import Counter

from recsite.platform.database import DatabaseDown
from recsite.platform.gathering import Gathering
from recsite.platform.histogram import SIZE, added, adding, bucket_of
from recsite.platform.series.kinds import ANSWERS, EVENTS, GRAINS, HOUR, MINUTE, OTHER, REQUESTS, Kind

MOST_WAITING = 50_000
"""Notes that a process holds while PostgreSQL is away; what waits is summed up by the minute."""

FLUSH_SECS = 5.0
MOST_LABELS = 200
"""Combinations of labels that a process tells apart in an hour, for each kind; the rest is counted as OTHER."""

LONGEST_LABEL = 100
SERVER_ERROR = 500

Labels = tuple[str, ...]
Note = tuple[float, str, Labels, int, int, int, float, float, list[int] | None]
"""Time, kind, labels, count, errors, hits, total, highest, histogram; None where it is to be made of the total."""

Key = tuple[str, int, int, Labels]

ADD = f"""
INSERT INTO platform_seriespoint AS known (kind, grain, at, labels, count, errors, hits, total, highest, buckets)
SELECT kind, grain, to_timestamp(at), labels, count, errors, hits, total, highest, buckets
FROM jsonb_to_recordset(%s) AS row (kind text, grain int, at bigint, labels text[], count bigint, errors bigint,
    hits bigint, total double precision, highest double precision, buckets bigint[])
ORDER BY kind, grain, at, labels
ON CONFLICT (kind, grain, at, labels) DO UPDATE SET
    count = known.count + excluded.count, errors = known.errors + excluded.errors, hits = known.hits + excluded.hits,
    total = known.total + excluded.total, highest = greatest(known.highest, excluded.highest), {adding("buckets")}
"""
"""All rows in one order, in every process, so that none waits for another that waits for it."""

COLUMNS = ("kind", "grain", "at", "labels", "count", "errors", "hits", "total", "highest", "buckets")
lost = Counter("series_notes_lost_total", "Notes for charts and tiles that were dropped, or could not be stored.")


def request(path: str, status: int, seconds: float, at: float | None = None) -> str:
    """Note a request that was answered, and return its door. Static files and what looks after the server have none.

    `at` is when, in seconds, where that isn't now.
    """
    door = _door_of(path)
    if door:
        error = 1 if status >= SERVER_ERROR else 0
        when = time.time() if at is None else at
        _gathering.add((when, REQUESTS.name, (door,), 1, error, 0, seconds, seconds, None))
    return door


def _door_of(path: str) -> str:
    """Return the door that a path belongs to; empty where none is counted."""
    doors, word = _doors(), path[1:].partition("/")[0]
    for prefix, door in doors.get(word) or doors[""]:
        if path.startswith(prefix):
            return door
    return ""


@cache
def _doors() -> dict[str, list[tuple[str, str]]]:
    """Return the doors by the first word of a path, since trying all of them for each request would take longer."""
    found: dict[str, list[tuple[str, str]]] = {"": []}
    for prefix, door in settings.SERIES_DOORS:
        found.setdefault(prefix[1:].partition("/")[0], []).append((prefix, door))
    return {word: [*doors, *(found[""] if word else ())] for word, doors in found.items()}


def answer(placement: str, algorithm: str, is_hit: bool, seconds: float, at: float | None = None) -> None:
    """Note a list that was made for a user. `at` is when, in seconds, where that isn't now."""
    hit = 1 if is_hit else 0
    when = time.time() if at is None else at
    _gathering.add((when, ANSWERS.name, (placement, algorithm), 1, 0, hit, seconds, seconds, None))


def failed_answers(placement: str, algorithm: str, number: int) -> None:
    """Note that so many lists could not be made. Where the request named no algorithm, nobody knows which led them."""
    _gathering.add((time.time(), ANSWERS.name, (placement, algorithm), 0, number, 0, 0.0, 0.0, []))


def events(outcome: str, number: int, at: float | None = None) -> None:
    """Note what became of so many events. `at` is when, in seconds, where that isn't now."""
    if number:
        when = time.time() if at is None else at
        _gathering.add((when, EVENTS.name, (outcome,), number, 0, 0, 0.0, 0.0, []))


def level(kind: Kind, labels: Labels, value: float) -> None:
    """Note what a level is now."""
    _gathering.add((time.time(), kind.name, labels, 1, 0, 0, float(value), float(value), []))


def flush() -> int:
    """Store what this process has noted; return the number of notes. Raises DatabaseDown."""
    return _gathering.flush()


def flush_if_possible() -> None:
    """Store what this process has noted; while the database is away, it waits."""
    with suppress(DatabaseDown):
        flush()


def forget() -> None:
    """Begin with nothing noted, for tests."""
    _gathering.forget()
    _known.forget()


class _Known:
    """Hold the labels that are told apart in this hour, so that invented ones can't make rows without end."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        self._hour, self._labels = 0, dict[str, dict[Labels, Labels]]()

    def told_apart(self, kind: str, labels: Labels) -> Labels:
        """Return the labels as they are stored, or OTHER in their place."""
        hour = int(time.time()) // HOUR
        if hour != self._hour:
            self._hour, self._labels = hour, {}
        known = self._labels.setdefault(kind, {})
        found = known.get(labels)
        if found is None:
            if len(known) >= MOST_LABELS:
                return (OTHER,) * len(labels)
            found = known[labels] = _storable(labels)
        return found


class _Sums:
    """Sum up notes of one row."""

    __slots__ = ("buckets", "count", "errors", "highest", "hits", "total")

    def __init__(self) -> None:
        self.count = self.errors = self.hits = 0
        self.total, self.highest, self.buckets = 0.0, float("-inf"), list[int]()

    def add(self, note: Note) -> None:
        _, _, _, count, errors, hits, total, highest, buckets = note
        self.count += count
        self.errors += errors
        self.hits += hits
        self.total += total
        self.highest = max(self.highest, highest)
        if buckets is None:
            self.buckets = self.buckets or [0] * SIZE
            self.buckets[bucket_of(total)] += 1
        elif buckets:
            self.buckets = added(self.buckets, buckets)

    def row(self, key: Key) -> dict[str, object]:
        rest = (self.count, self.errors, self.hits, self.total, self.highest, self.buckets)
        return dict(zip(COLUMNS, (*key, *rest), strict=True))


def condense(notes: Iterable[Note]) -> list[Note]:
    """Return the notes summed up by minute, kind and labels."""
    return [
        (at, kind, labels, one.count, one.errors, one.hits, one.total, one.highest, one.buckets)
        for (kind, _, at, labels), one in _added_up(notes, (MINUTE,), _known.told_apart)
    ]


def store(notes: Iterable[Note]) -> None:
    """Add notes to the rows of every grain, in one statement. Raises the database's errors."""
    rows = [sums.row(key) for key, sums in _added_up(condense(notes), GRAINS, _same)]
    with connection.cursor() as cursor:
        cursor.execute(ADD, [orjson.dumps(rows).decode()])


def _same(_kind: str, labels: Labels) -> Labels:
    return labels


def _added_up(
    notes: Iterable[Note], grains: Iterable[int], told_apart: Callable[[str, Labels], Labels]
) -> Iterator[tuple[Key, _Sums]]:
    found: dict[Key, _Sums] = {}
    for note in notes:
        at, kind, labels = int(note[0]), note[1], told_apart(note[1], note[2])
        for grain in grains:
            key = (kind, grain, at - at % grain, labels)
            sums = found.get(key)
            if sums is None:
                sums = found[key] = _Sums()
            sums.add(note)
    yield from found.items()


def _storable(labels: Labels) -> Labels:
    """Return the labels as PostgreSQL takes them: short, and without what no text may hold."""
    return tuple(label[:LONGEST_LABEL].replace("\0", "").encode("utf-8", "replace").decode("utf-8") for label in labels)


_known = _Known()
_gathering: Gathering[Note] = Gathering(
    "notes for series", store, lost, most=MOST_WAITING, every_secs=FLUSH_SECS, condense=condense
)
