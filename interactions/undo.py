"""Take back changes of the types of events."""

from interactions import registry
from interactions.models import InteractionType
from recsite.platform import undo
from recsite.platform.audit import Actor
from recsite.platform.models import AuditEntry


def interaction_type(entry: AuditEntry, *, actor: Actor) -> None:
    """Give a type the weight and the other settings that it had before."""
    kind = undo.put_back(InteractionType.objects.select_for_update().filter(name=entry.object_id).first(), entry)
    # As a client would: what stored events forbid is refused.
    registry.put(kind.name, {name: getattr(kind, name) for name in registry.FIELDS}, actor=actor)
