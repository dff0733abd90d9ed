"""Find the events of a check whose items an import would not find either."""

from django.conf import settings
from django.db import connection, transaction

from interactions.importing.batches import Batch
from interactions.staging import Unknown, in_table

FIND = """
SELECT position, user_id, item_id, type, value, 'unknown item ' || item_id
FROM staged_event
WHERE item_id <> '' AND NOT EXISTS (SELECT FROM catalog_item AS known WHERE known.item_id = staged_event.item_id)
ORDER BY position
"""


class MissingItems:
    """Remember which items the batches so far would have made: their ids alone, so that a large file fits in memory."""

    def __init__(self) -> None:
        self._made: set[str] = set()

    def of(self, batch: Batch) -> list[Unknown]:
        """Return the events, one for each line, that the import of this batch would refuse for want of their item."""
        self._made.update(item.item_id for item in batch.items)
        if not batch.n_events or settings.UNKNOWN_ITEM_POLICY == "placeholder":
            return []
        with transaction.atomic(), connection.cursor() as cursor:
            in_table(cursor, batch.packed)
            cursor.execute(FIND)
            found = list(map(Unknown._make, cursor.fetchall()))
        # Several events may be of one line.
        return list({lost.position: lost for lost in found if lost.item_id not in self._made}.values())
