"""Take back changes of other projects' rows."""

from django_celery_beat.models import PeriodicTask

from recsite.console import timing
from recsite.platform import audit, undo
from recsite.platform.audit import Actor
from recsite.platform.models import AuditEntry


def schedule(entry: AuditEntry, *, actor: Actor) -> None:
    """Switch a scheduled task, or set it, as it was before; beat follows as after any change."""
    if "when" in entry.after:
        _put_back_times(entry, actor)
    else:
        undo.put_back_row(PeriodicTask.objects, "name", entry, actor)


def _put_back_times(entry: AuditEntry, actor: Actor) -> None:
    """Set when a task runs by the words of the record, if nobody has changed that since."""
    task = PeriodicTask.objects.select_for_update(of=("self",)).filter(name=entry.object_id).first()
    if task is None:
        raise undo.CannotUndo("The scheduled task is gone, so there is nothing to undo it on.")
    was, now = timing.read(str(entry.before.get("when", ""))), str(timing.of(task))
    if now != entry.after["when"]:
        raise undo.CannotUndo(f"It runs {now} since: look at the schedule first.")
    if was is None:
        raise undo.CannotUndo("When it ran before has no plain words, so it can't be set again here.")
    was.set_on(task)
    task.save()
    before, after = {"when": now}, {"when": str(was)}
    audit.record(actor, entry.verb, entry.object_type, entry.object_id, before=before, after=after)
