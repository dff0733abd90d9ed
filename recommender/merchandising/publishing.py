"""Publish drafts and return to earlier revisions. History only grows: what was live is never changed or taken back."""

from datetime import datetime

from django.utils import timezone

from recommender.merchandising.drafts import CLEARED, StaleDraft, clear_draft
from recommender.merchandising.placements import AUDITED, GENERATION, locked
from recommender.merchandising.settings import ListSettings
from recommender.models import Placement, PlacementRevision
from recsite.platform import audit, generations
from recsite.platform.audit import Actor
from recsite.platform.exceptions import Conflict
from recsite.platform.humanize import distance


class NothingToPublish(Conflict):
    """Refuse to publish where there is no draft, or where it says what is live already."""


class StaleRevision(Conflict):
    """Report that another revision is live than the one that was seen. Nothing is published."""

    def __init__(self, placement: Placement, seen: int | None) -> None:
        self.placement, live = placement, placement.live
        now = f"revision {live.number} is live" if live else "nothing is published"
        by = f", published by {live.published_by or 'somebody'} {distance(live.published_at)}" if live else ""
        saw = f"revision {seen}" if seen else "none"
        super().__init__({"live": f"You saw {saw}; {now} now{by}. Look at it before you go on."})


def publish(
    placement: Placement, seen: int, seen_live: int | None = None, note: str = "", *, actor: Actor
) -> PlacementRevision:
    """Make the draft the live revision, where its version is still `seen`. Every process serves it within two seconds.

    `seen_live` is the number of the revision that was live when it was decided, where that was looked at. Sent again by
    the same actor it publishes once. Raises StaleDraft, StaleRevision and NothingToPublish, where somebody else was
    first or there is nothing to publish.
    """
    with locked(placement.name) as held:
        live = held.live
        if live and live.draft_version == seen and live.published_by == actor.name[:150]:
            return live
        if held.draft is None and held.draft_version == seen and not (live and live.draft_version == seen):
            raise NothingToPublish({"draft": f"{held.name} has no draft. Save one first."})
        if held.draft is None or held.draft_version != seen:
            raise StaleDraft(held, seen)
        if seen_live is not None and (live is None or live.number != seen_live):
            raise StaleRevision(held, seen_live)
        draft = ListSettings.read(held.kind, held.draft)
        if live and ListSettings.stored(live.settings) == draft:
            raise NothingToPublish({"draft": f"The draft says what {live} says already. Change it, or discard it."})
        clear_draft(held)
        made = _go_live(held, draft, note, actor, "placement.publish", draft_version=seen)
        held.save(update_fields=[*CLEARED, "live"])
    return made


def revert(
    placement: Placement, number: int, seen_live: int | None = None, note: str = "", *, actor: Actor
) -> PlacementRevision:
    """Publish the settings of an earlier revision again, as a new one. A draft stays as it is.

    `seen_live` is the number of the revision that was live when it was decided: sent again by the same actor, it
    reverts once. Raises StaleRevision where another is live, and Conflict where the number is unknown or live.
    """
    with locked(placement.name) as held:
        live = held.live
        wanted = held.revisions.filter(number=number).first()
        if wanted is None:
            raise Conflict({"to": f"{held.name} has no revision {number}. Its history names those that there are."})
        if live and seen_live is not None and live.number != seen_live:
            is_again = live.reverts_to == number and live.published_by == actor.name[:150]
            if is_again and live.number == seen_live + 1:
                return live
            raise StaleRevision(held, seen_live)
        if live and live.number == number:
            raise Conflict({"to": f"Revision {number} of {held.name} is live already."})
        settings = ListSettings.stored(wanted.settings)
        made = _go_live(held, settings, note, actor, "placement.revert", reverts_to=number)
        if held.draft is None:
            # Whoever has a form open began from what was live.
            held.draft_version += 1
        held.save(update_fields=["live", "draft_version"])
    return made


def publish_settings(
    placement: Placement, settings: ListSettings, note: str = "", *, actor: Actor, at: datetime | None = None
) -> PlacementRevision:
    """Publish settings that were decided elsewhere, such as an experiment's; a draft stays as it is. Raises Invalid.

    `at` is when that was, where it isn't now.
    """
    with locked(placement.name) as held:
        checked = ListSettings.read(held.kind, settings.as_json())
        made = _go_live(held, checked, note, actor, "placement.publish", at)
        if held.draft is None:
            # Whoever has a form open began from what was live.
            held.draft_version += 1
        held.save(update_fields=["live", "draft_version"])
    return made


def _go_live(
    held: Placement,
    settings: ListSettings,
    note: str,
    actor: Actor,
    verb: str,
    at: datetime | None = None,
    **more: int,
) -> PlacementRevision:
    """Store a revision, point the placement at it, and record the change."""
    before, latest = held.live, held.revisions.order_by("-number").first()
    held.live = PlacementRevision.objects.create(
        placement=held,
        number=latest.number + 1 if latest else 1,
        settings=settings.as_json(),
        note=note.strip()[:500],
        published_by=actor.name[:150],
        published_at=at or timezone.now(),
        **more,
    )
    was = ListSettings.stored(before.settings).as_json() if before else {}
    now = settings.as_json()
    changed = [name for name, value in now.items() if was.get(name) != value]
    audit.record(
        actor,
        verb,
        AUDITED,
        held.name,
        before={"revision": before.number if before else None, **{name: was.get(name) for name in changed}},
        after={"revision": held.live.number, **{name: now[name] for name in changed}},
        reason=note.strip(),
        at=at,
    )
    generations.bump(GENERATION)
    return held.live
