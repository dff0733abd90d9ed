"""Take back changes of placements, of experiments and of training plans."""

from recommender import merchandising
from recommender.insight.experiments import storing
from recommender.insight.experiments import verbs as experiments
from recommender.models import Experiment, Placement, Shadow, TrainingPlan
from recommender.operations import shadows
from recsite.platform import undo
from recsite.platform.audit import Actor
from recsite.platform.models import AuditEntry

State = Experiment.State


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
    now = held.live.number if held.live else 0
    if now != live:
        raise undo.CannotUndo(
            f"Revision {now} of {held.name} was published since. Its history returns to any revision, such as {number}."
        )
    merchandising.revert(held, number, live, f"Undo of revision {live}.", actor=actor)


def shadow(entry: AuditEntry, *, actor: Actor) -> None:
    """Stop a shadow."""
    try:
        shadows.stop(shadows.find(int(entry.object_id)), actor=actor)
    except Shadow.DoesNotExist as error:
        raise undo.CannotUndo(str(error)) from error


def experiment(entry: AuditEntry, *, actor: Actor) -> None:
    """Define a draft as before, if nothing of it has changed since."""
    held = _experiment(entry)
    told = storing.told(held)
    if any(told.get(name) != value for name, value in entry.after.items()):
        raise undo.CannotUndo(f"{held.key} has changed since: look at it first.")
    experiments.change(held, told | entry.before, actor=actor)


def experiment_state(entry: AuditEntry, *, actor: Actor) -> None:
    """Pause an experiment that was let go on, let one go on that was paused, put away or bring back a closed one."""
    held = _experiment(entry)
    state = entry.after.get("state")
    if held.state != state:
        raise undo.CannotUndo(f"{held.key} is {held.state} now: what came later stands in the way.")
    if state == State.PAUSED:
        experiments.start(held, actor=actor)
    elif state == State.RUNNING:
        experiments.pause(held, actor=actor)
    elif state == State.ARCHIVED:
        experiments.restore(held, actor=actor)
    else:
        experiments.archive(held, actor=actor)


def _experiment(entry: AuditEntry) -> Experiment:
    try:
        return experiments.find(entry.object_id)
    except Experiment.DoesNotExist as error:
        raise undo.CannotUndo(str(error)) from error


def training_plan(entry: AuditEntry, *, actor: Actor) -> None:
    """Train an algorithm with the settings of before, or by the schedule as before."""
    undo.put_back_row(TrainingPlan.objects, "pk", entry, actor)
