"""Collect what waits: tasks in queues, and rows that readers have yet to read, each with since when."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from recsite.metrics import FEEDS
from recsite.platform import broker, database, feed
from recsite.platform.broker import BrokerAway
from recsite.platform.database import DatabaseDown
from recsite.platform.feed import Behind
from recsite.platform.units import Unit, write

STORED = {"interactions_interaction": "received_at", "recommender_servedlist": "served_at"}
"""The column of each table that says when a row came."""

WORDS = {
    "behaviour windows": "Behaviour windows",
    "trending": "Trending",
    "sessions": "What goes together",
    "lists": "Lists that stand ready",
    "list impressions": "Lists shown",
    "attribution": "Clicks of lists",
}
"""What each reader makes of the rows."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """Hold a line: what waits, how much, and since when the first of it."""

    name: str
    amount: str
    since: datetime | None


def queues(details: Mapping[str, Any]) -> list[Waiting]:
    """Return the worker's queues, of what was found of the broker; nothing where it is away."""
    depths: Mapping[str, int] = details.get("queues", {})
    try:
        oldest = broker.oldest() if any(depths.values()) else {}
    except BrokerAway:
        oldest = {}
    return [Waiting(name, write(depth, Unit.COUNT), oldest.get(name)) for name, depth in depths.items()]


def readers() -> list[Waiting] | None:
    """Return how far each reader of stored rows is behind; None while the database is away."""
    asked = {reader: (table, STORED[table]) for reader, table in FEEDS.items()}
    try:
        found: list[Behind] = database.ask(lambda: feed.behind(asked))
    except DatabaseDown:
        return None
    return [Waiting(WORDS.get(one.reader, one.reader), write(one.rows, Unit.COUNT), one.since) for one in found]
