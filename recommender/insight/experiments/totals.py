"""Count for users of experiments what the roll-up has read: the totals of each user and day, and the sums over them.

These come last in the roll-up's transaction: see `sums.kept`.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.db.backends.utils import CursorWrapper

from recommender.insight.experiments import statements, sums
from recommender.models import Experiment, ShownBy

SKEW = timedelta(days=1)
"""By so much the clock of a client may be slow, before what it tells again counts again."""


def count_lists(cursor: CursorWrapper) -> None:
    """Count the lists in `taken` that belong to a variant."""
    if _any_in(cursor, "taken"):
        with sums.kept(statements.SHOWN_TO, {}):
            cursor.execute(statements.COUNT_LISTS)


def count_acts(cursor: CursorWrapper) -> None:
    """Count the events in `matched`, and the first clicks and conversions in `news`, that belong to a variant."""
    if _any_in(cursor, "matched"):
        with sums.kept(statements.ACTED_BY, {}):
            cursor.execute(statements.COUNT_ACTED)
            cursor.execute(statements.COUNT_ACTS)
        cursor.execute(statements.COUNT_WON)


def count_seen(cursor: CursorWrapper, batch: Mapping[str, Any]) -> None:
    """Count what clients tell that users saw, where that counts instead of answers."""
    if Experiment.objects.filter(shown_by=ShownBy.EVENT, state__in=COUNTING).exists():
        parameters: dict[str, Any] = {**batch, "skew": SKEW}
        cursor.execute(statements.TAKE_SEEN, parameters)
        if cursor.rowcount:
            with sums.kept(statements.SEEN_BY, {}):
                cursor.execute(statements.COUNT_SEEN)


COUNTING = (Experiment.State.RUNNING, Experiment.State.PAUSED, Experiment.State.STOPPED)
"""What was shown before it was stopped may be told afterwards."""


def _any_in(cursor: CursorWrapper, table: str) -> bool:
    cursor.execute(f"SELECT EXISTS (SELECT FROM {table} WHERE variant <> '' AND user_id <> '')")
    row = cursor.fetchone()
    return bool(row and row[0])
