"""Take back changes of placements and of training plans."""

from recommender import merchandising
from recommender.models import Placement, Shadow, TrainingPlan
from recommender.operations import shadows
from recsite.platform import undo
from recsite.platform.audit import Actor
from recsite.platform.models import AuditEntry


def placement(entry: AuditEntry, *, actor: Actor) -> None:
    """Describe a placement as before."""
    undo.put_back_row(Placement.objects, "name", entry, actor)


def revision(entry: AuditEntry, *, actor: Actor) -> None:
    """Publish again what was live before, if nothing else was published since."""
    try:
        held = merchandising.find(entry.object_id)
    except Placement.DoesNotExist as error:
        raise undo.CannotUndo(str(error)) from error
    number, live = (int(told.get("revision") or 0) for told in (entry.before, entry.after))
    merchandising.revert(held, number, live, actor=actor)


def shadow(entry: AuditEntry, *, actor: Actor) -> None:
    """Stop a shadow."""
    try:
        shadows.stop(shadows.find(int(entry.object_id)), actor=actor)
    except Shadow.DoesNotExist as error:
        raise undo.CannotUndo(str(error)) from error


def training_plan(entry: AuditEntry, *, actor: Actor) -> None:
    """Train an algorithm with the settings of before, or by the schedule as before."""
    undo.put_back_row(TrainingPlan.objects, "pk", entry, actor)
