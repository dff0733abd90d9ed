"""What stored events change in what is served: the second consumer of the event log."""

from collections.abc import Sequence

from interactions import types
from interactions.schema import PROFILE_UPDATE
from interactions.store import StoredEvent
from recommender import cache


def on_stored(events: Sequence[StoredEvent]) -> None:
    """The people's next lists know of these events, and don't show again what they have seen.

    Without Redis nothing is lost: see `recommender.cache`. For EVENT_SINKS, after the commit.
    """
    marking = {kind.name for kind in types.marking_seen()}
    relevant = marking | {kind.name for kind in types.telling()} | {PROFILE_UPDATE}
    seen: dict[str, set[int]] = {}
    for event in events:
        if event.type in relevant:
            seen.setdefault(event.user_id, set()).update(
                [event.item_pk] if event.item_pk and event.type in marking else []
            )
    if seen:
        cache.note_events(seen)
