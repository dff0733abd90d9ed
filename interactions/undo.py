"""Take back changes of the types of events."""

from interactions import letters, registry
from interactions.letter_kinds import Group
from interactions.models import InteractionType
from recsite.platform import undo
from recsite.platform.audit import Actor
from recsite.platform.models import AuditEntry
from recsite.platform.undo import CannotUndo


def interaction_type(entry: AuditEntry, *, actor: Actor) -> None:
    """Give a type the weight and the other settings that it had before."""
    kind = undo.put_back(InteractionType.objects.select_for_update().filter(name=entry.object_id).first(), entry)
    # As a client would: what stored events forbid is refused.
    registry.put(kind.name, {name: getattr(kind, name) for name in registry.FIELDS}, actor=actor)


def ignoring(entry: AuditEntry, *, actor: Actor) -> None:
    """Count the letters of a group again that were ignored by this change, or ignore those that were restored by it."""
    kind, _, named = entry.object_id.partition(" ")
    change = letters.restore if entry.after["ignored"] else letters.ignore
    if not change(Group(kind, named), actor=actor):
        raise CannotUndo("That has been undone since: look at Dead letters.")
