"""Take back what a user did, by an event of its own: the act stays stored, is marked, and counts for nothing.

Models leave it out from their next training on, lists at once, and figures where they are added up afterwards.
"""

from collections.abc import Sequence

from django.db import connection

from interactions.marks import Mark
from interactions.models import Interaction
from interactions.schema import UNDO, Event, undone_id

UNKNOWN = "What it takes back is not stored, or is of another user or item. Should that one come, replay this."

# By user as well, whose index every month has; the user of an undo may have been merged since.
TAKE_BACK = f"""
UPDATE interactions_interaction AS event SET mark = {Mark.TAKEN_BACK.value}
FROM unnest(%s::uuid[], %s::bigint[], %s::bigint[]) AS named (event_id, user_id, item_id)
WHERE event.event_id = named.event_id AND event.user_id = named.user_id AND event.item_id = named.item_id
"""


def unknown(batch: Sequence[tuple[int, Event]]) -> list[int]:
    """Return the positions of events that take back what is neither stored nor in the batch."""
    undone = {position: undone_id(event.context) for position, event in batch if event.type == UNDO}
    if not undone:
        return []
    acts = Interaction.objects.filter(event_id__in=[one for one in undone.values() if one]).exclude(type__name=UNDO)
    known = set(acts.values_list("event_id", "user__user_id", "item__item_id"))
    known |= {(event.event_id, event.user_id, event.item_id) for _, event in batch if event.type != UNDO}
    return [
        position
        for position, event in batch
        if position in undone and (undone[position], event.user_id, event.item_id) not in known
    ]


def apply(stored: Sequence[tuple[Event, int, int, int]]) -> None:
    """Mark what events that were just stored take back; each comes with the keys of user, item and event."""
    named = [(undone_id(event.context), user, item) for event, user, item, _ in stored if event.type == UNDO]
    if not named:
        return
    with connection.cursor() as cursor:
        cursor.execute(TAKE_BACK, [list(column) for column in zip(*named, strict=True)])
