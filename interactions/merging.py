"""Give what one user did to another: events of all months, and reviews. For MERGE_SINKS.

Dead letters, waiting messages and what is on Kafka keep the old id: whoever stores them finds the known user by it.
"""

from catalog.merging import Merge
from interactions.models import Review
from interactions.partitions import EVENTS, WITHOUT_ITEM


def on_merged(merge: Merge) -> int:
    """Move the events, and return how many there were."""
    Review.objects.filter(user=merge.pk).update(user=merge.into_pk)
    return sum(table.reassign("user_id", merge.pk, merge.into_pk) for table in (EVENTS, WITHOUT_ITEM))
