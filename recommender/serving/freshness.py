"""Keep lists fresh: tell the cache of stored events. The second consumer of the event log."""

from collections.abc import Sequence

from django.utils import timezone

from interactions import types
from interactions.schema import PROFILE_UPDATE, UNDO
from interactions.store import StoredEvent
from recommender import cache
from recommender.dataset import microseconds_of


def on_stored(events: Sequence[StoredEvent]) -> None:
    """Mark the users' lists as stale, and the items as seen, so that their next lists know of these events.

    Without Redis nothing is lost: see `recommender.cache`. For EVENT_SINKS, after the commit.
    """
    marking = {kind.name for kind in types.marking_seen()}
    telling = {kind.name: kind.id for kind in types.telling()}
    relevant = marking | telling.keys() | {PROFILE_UPDATE}
    seen: dict[str, set[int]] = {}
    did: dict[str, bytes] = {}
    now = microseconds_of(timezone.now())
    for event in events:
        if event.type in relevant:
            seen.setdefault(event.user_id, set()).update(
                [event.item_pk] if event.item_pk and event.type in marking else []
            )
        if event.item_pk and event.type in telling:
            did[event.user_id] = did.get(event.user_id, b"") + cache.record(event, telling[event.type], now)
    if seen:
        cache.note_events(seen, did)
    # Behind what was noted: the act may have come in the same batch.
    if undone := {event.user_id for event in events if event.type == UNDO}:
        cache.on_events_retracted(undone)
