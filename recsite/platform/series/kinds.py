"""Name the kinds of series with their labels, and the grains in which they are stored."""

from dataclasses import dataclass

MINUTE, TEN_MINUTES, HOUR, DAY = GRAINS = (60, 600, 3_600, 86_400)
"""The lengths of rows in seconds; each divides the next."""

OTHER = "other"
"""Takes the place of labels beyond the most that are told apart."""


@dataclass(frozen=True, slots=True)
class Kind:
    """Name a kind of series and its labels."""

    name: str
    labels: tuple[str, ...] = ()
    is_level: bool = False
    """Whether it is looked at once a minute, such as a queue's depth; the others are counted as they happen."""
    has_times: bool = False
    """Whether it tells how long each took."""


REQUESTS = Kind("requests", ("door",), has_times=True)
"""Requests, those with a 5xx as errors, and how long they took."""

ANSWERS = Kind("answers", ("placement", "algorithm"), has_times=True)
"""Lists made for users, those from cached candidates as hits, those that failed as errors, and how long they took."""

EVENTS = Kind("events", ("outcome",))
"""Events by what became of them: STORED, DUPLICATE or DEAD. Imported files are told by their own reports."""

STORED, DUPLICATE, DEAD = "stored", "duplicate", "dead"

QUEUES = Kind("queues", ("queue",), is_level=True)
"""Tasks that wait for a worker."""

LAG = Kind("lag", ("group",), is_level=True)
"""Events on Kafka that a group has not stored yet."""

OUTBOX = Kind("outbox", is_level=True)
"""Accepted events that wait for Kafka."""

FEEDS = Kind("feeds", ("reader",), is_level=True)
"""Rows that a reader of a feed has not read."""

SILENCE = Kind("silence", is_level=True)
"""Seconds since the last event was stored."""

KINDS = {kind.name: kind for kind in (REQUESTS, ANSWERS, EVENTS, QUEUES, LAG, OUTBOX, FEEDS, SILENCE)}
