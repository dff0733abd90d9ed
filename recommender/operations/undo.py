"""Take back changes of placements and of training plans."""

from recommender.models import Placement, TrainingPlan
from recommender.serving import placements
from recsite.platform import undo
from recsite.platform.audit import Actor
from recsite.platform.models import AuditEntry


def placement(entry: AuditEntry, *, actor: Actor) -> None:
    """Give a placement the settings that it had before."""
    undo.put_back_row(Placement.objects, "name", entry, actor)
    placements.changed()


def training_plan(entry: AuditEntry, *, actor: Actor) -> None:
    """Train an algorithm with the settings of before, or by the schedule as before."""
    undo.put_back_row(TrainingPlan.objects, "pk", entry, actor)
