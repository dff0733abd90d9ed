"""Lists and acts, added up once each: the figures that pages show.

An act is *attributed* to the list that it names (`context.recommendation_id`), if the item stands on it; one that names
none, or one that nobody recorded, to the latest list within ATTRIBUTION_WINDOW_HOURS before it that showed the person
the item. Any act in the item's favour is a click; a conversion is one of a type that staff say is one. Each place of a
list is clicked once and converted once, on the day on which the list was shown.
"""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils import timezone

from recommender.cache import SOURCES
from recommender.insight.impressions import statements
from recommender.models import EXPOSURES_EPOCH
from recsite.platform import feed, generations

LISTS_READER, ACTS_READER = "served lists", "attribution"
READERS = {LISTS_READER: "recommender_servedlist", ACTS_READER: "interactions_interaction"}
"""Who reads which table."""

PIECE = 20_000
LATE = timedelta(days=7)
"""Events that come later than so long after they happened are attributed to nothing."""


def add_up() -> tuple[int, int]:
    """Everything that has settled since the last time: the lists, and the places that were clicked or converted."""
    return _lists(), _acts()


def _lists() -> int:
    total = 0
    while True:
        with feed.piece(LISTS_READER, READERS[LISTS_READER], PIECE) as piece, connection.cursor() as cursor:
            if piece:
                ids = {"after": piece.after, "until": piece.until, "exploration": SOURCES.index("exploration")}
                cursor.execute(statements.TAKE_LISTS, ids)
                total += cursor.rowcount
                cursor.execute(statements.COUNT_LISTS)
                cursor.execute(statements.COUNT_PLACES)
                cursor.execute(statements.COUNT_ITEMS)
                cursor.execute(statements.COUNT_DIFFERENT)
                cursor.execute(statements.COUNT_EXPOSURES, ids)
                if cursor.rowcount:
                    generations.bump(EXPOSURES_EPOCH)
        if piece.is_last:
            return total


def _acts() -> int:
    total = 0
    while True:
        with feed.piece(ACTS_READER, READERS[ACTS_READER], PIECE) as piece, connection.cursor() as cursor:
            if piece:
                parameters: dict[str, Any] = {
                    "after": piece.after,
                    "until": piece.until,
                    "since": timezone.now() - LATE,
                    "window": timedelta(hours=settings.ATTRIBUTION_WINDOW_HOURS),
                }
                cursor.execute(statements.MATCH_ACTS, parameters)
                cursor.execute(statements.FIND_NEWS)
                cursor.execute(statements.ATTRIBUTE)
                total += cursor.rowcount
                for statement in statements.COUNT_ACTS:
                    cursor.execute(statement)
        if piece.is_last:
            return total
