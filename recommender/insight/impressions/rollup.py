"""Add up impressions and the feedback on them, each once: the totals that pages show.

An event is *attributed* to the list that it names (`context.recommendation_id`), if the item is in that list. An event
that names none, or one that was not recorded, goes to the latest list within ATTRIBUTION_WINDOW_HOURS before it that
showed the user the item. Any event in the item's favour is a click; a conversion is an event of a type that staff mark
as one. Each rank of a list is clicked once and converted once, on the day on which the list was shown.
"""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import connection

from recommender.cache import SOURCES
from recommender.insight.experiments import totals
from recommender.insight.impressions import statements
from recommender.models import EXPOSURES_GENERATION
from recsite.platform import feed, generations

IMPRESSION_READER, FEEDBACK_READER = "list impressions", "attribution"
READERS = {IMPRESSION_READER: "recommender_servedlist", FEEDBACK_READER: "interactions_interaction"}
"""The table that each reader reads."""

BATCH_ROWS = 20_000
LATE = timedelta(days=7)
"""An event that came in later than this after it happened is attributed to nothing."""


def roll_up() -> tuple[int, int]:
    """Add up what has settled since the last call; return the number of lists, and of clicks and conversions."""
    return _impressions(), _feedback()


def _impressions() -> int:
    total = 0
    while True:
        with (
            feed.next_batch(IMPRESSION_READER, READERS[IMPRESSION_READER], BATCH_ROWS) as batch,
            connection.cursor() as cursor,
        ):
            if batch:
                ids = {"after": batch.after, "until": batch.until, "exploration": SOURCES.index("exploration")}
                cursor.execute(statements.TAKE_LISTS, ids)
                total += cursor.rowcount
                cursor.execute(statements.COUNT_LISTS)
                cursor.execute(statements.COUNT_HOURS)
                cursor.execute(statements.COUNT_PLACES)
                cursor.execute(statements.COUNT_ITEMS)
                cursor.execute(statements.COUNT_DIFFERENT)
                cursor.execute(statements.COUNT_EXPOSURES, ids)
                if cursor.rowcount:
                    generations.bump(EXPOSURES_GENERATION)
                totals.count_lists(cursor)
        if batch.is_last:
            return total


def _feedback() -> int:
    total = 0
    while True:
        with (
            feed.next_batch(FEEDBACK_READER, READERS[FEEDBACK_READER], BATCH_ROWS) as batch,
            connection.cursor() as cursor,
        ):
            if batch:
                parameters: dict[str, Any] = {
                    "after": batch.after,
                    "until": batch.until,
                    "late": LATE,
                    "window": timedelta(hours=settings.ATTRIBUTION_WINDOW_HOURS),
                }
                cursor.execute(statements.MATCH_FEEDBACK, parameters)
                cursor.execute(statements.FIND_NEW_FEEDBACK)
                cursor.execute(statements.ATTRIBUTE)
                total += cursor.rowcount
                for statement in statements.COUNT_FEEDBACK:
                    cursor.execute(statement)
                totals.count_acts(cursor)
                totals.count_seen(cursor, parameters)
        if batch.is_last:
            return total
