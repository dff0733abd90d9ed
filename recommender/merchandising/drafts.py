"""Prepare what a placement is to show next: one draft for each, whose version tells when somebody else has saved."""

from typing import Any

from django.utils import timezone

from recommender.merchandising.placements import AUDITED, locked
from recommender.merchandising.settings import ListSettings
from recommender.models import Placement
from recsite.platform import audit
from recsite.platform.audit import Actor
from recsite.platform.exceptions import Conflict
from recsite.platform.humanize import distance


class StaleDraft(Conflict):
    """Report that the draft is no longer the one that was seen. Nothing is stored."""

    def __init__(self, placement: Placement, seen: int) -> None:
        self.placement = placement
        super().__init__({"version": stale_sentence(placement, seen)})


def stale_sentence(placement: Placement, seen: int) -> str:
    """Say what has become of the draft since version `seen`, and who did it."""
    live = placement.live
    if placement.draft is not None and placement.draft_saved_at:
        who, when = placement.draft_saved_by or "Somebody", distance(placement.draft_saved_at)
        return (
            f"{who} saved this draft {when}: it is version {placement.draft_version} now, and you saw version {seen}. "
            "Look at both, and save again."
        )
    is_later = live is not None and live.draft_version is not None and live.draft_version >= seen
    if live and (is_later or live.reverts_to is not None):
        who, when = live.published_by or "Somebody", distance(live.published_at)
        return f"{who} published revision {live.number} {when}. Look at it, and begin again from there."
    return f"The draft was discarded: it is version {placement.draft_version} now. Begin again from what is live."


def save_draft(placement: Placement, values: Any, seen: int, *, actor: Actor) -> Placement:
    """Store the settings as the placement's draft, where its version is still `seen`; return it as it is then.

    A placement without a draft has a version as well: that of the last one. Raises Invalid, and StaleDraft where
    somebody has saved, published or discarded meanwhile.
    """
    settings = ListSettings.read(placement.kind, values)
    with locked(placement.name) as held:
        if held.draft_version != seen:
            if _is_sent_again(held, settings, seen, actor):
                return held
            raise StaleDraft(held, seen)
        live = held.live.settings if held.live else {}
        before = live if held.draft is None else held.draft
        if held.draft is None:
            held.draft_base = held.live.number if held.live else None
        held.draft, held.draft_version = settings.as_json(), held.draft_version + 1
        held.draft_saved_at, held.draft_saved_by = timezone.now(), actor.name[:150]
        held.save(update_fields=["draft", "draft_version", "draft_base", "draft_saved_at", "draft_saved_by"])
        audit.record_change(
            actor,
            "placement.draft",
            AUDITED,
            held.name,
            before=ListSettings.stored(before).as_json(),
            after=held.draft,
        )
    return held


def _is_sent_again(held: Placement, settings: ListSettings, seen: int, actor: Actor) -> bool:
    """Tell if the same actor has just saved the same draft: a form that was sent twice."""
    is_next = held.draft is not None and held.draft_version == seen + 1
    return is_next and held.draft == settings.as_json() and held.draft_saved_by == actor.name[:150]


def discard_draft(placement: Placement, seen: int, *, actor: Actor) -> Placement:
    """Throw the draft away, where its version is still `seen`. Raises StaleDraft."""
    with locked(placement.name) as held:
        if held.draft is None:
            return held
        if held.draft_version != seen:
            raise StaleDraft(held, seen)
        audit.record(actor, "placement.discard_draft", AUDITED, held.name, before=held.draft)
        clear_draft(held)
        held.draft_version += 1
        held.save(update_fields=[*CLEARED, "draft_version"])
    return held


CLEARED = ("draft", "draft_base", "draft_saved_at", "draft_saved_by")


def clear_draft(held: Placement) -> None:
    """Leave no draft; its version stays, so that whoever still sees it is told."""
    held.draft, held.draft_base, held.draft_saved_at, held.draft_saved_by = None, None, None, ""
