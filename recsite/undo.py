"""Take back changes of other projects' rows."""

from django_celery_beat.models import PeriodicTask

from recsite.platform import undo
from recsite.platform.audit import Actor
from recsite.platform.models import AuditEntry


def schedule(entry: AuditEntry, *, actor: Actor) -> None:
    """Switch a scheduled task, or set it, as it was before; beat follows as after any change."""
    undo.put_back_row(PeriodicTask.objects, "name", entry, actor)
