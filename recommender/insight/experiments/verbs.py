"""Make, start, pause, stop and archive experiments. Every process follows within two seconds."""

from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from recommender.insight.experiments import results, sums
from recommender.insight.experiments.definition import Definition
from recommender.insight.experiments.servable import same_as_live, unservable
from recommender.insight.experiments.statements import COUNT_BEFORE
from recommender.insight.experiments.storing import columns, in_record, number_of, store_variants, told
from recommender.merchandising.settings import ListSettings
from recommender.models import EXPERIMENTS_GENERATION, Experiment, Placement
from recsite.platform import audit, generations
from recsite.platform.audit import Actor
from recsite.platform.exceptions import Conflict, Invalid
from recsite.platform.humanize import distance
from recsite.platform.webhooks import outbox

State = Experiment.State
AUDITED = "experiment"
BASELINE = timedelta(days=14)
"""The period before an experiment by which the noise of its users is told from its effect."""

PLANNED = Actor(audit.Kind.SYSTEM, "the planned start", "system")
"""Who starts drafts whose time has come."""

ENDED = Actor(audit.Kind.SYSTEM, "the planned end", "system")
"""Who stops experiments whose end has come."""


def find(key: str) -> Experiment:
    """Return the experiment of this key. Raises Experiment.DoesNotExist with a sentence."""
    found = Experiment.objects.prefetch_related("variants").filter(key=key).first()
    if found is None:
        raise Experiment.DoesNotExist(f"There is no experiment {key[:50]!r}. The list of experiments has all of them.")
    return found


def create(body: Any, *, actor: Actor, at: datetime | None = None) -> Experiment:
    """Store a draft of an experiment; nothing that is shown changes before it is started.

    `at` is when that was, where it isn't now. Raises Invalid, and Conflict where the key is taken.
    """
    definition = Definition.read(body)
    definition.check()
    try:
        with transaction.atomic():
            made = Experiment(created_by=actor.name[:150], created_at=at or timezone.now(), **columns(definition))
            made.placement_number = number_of(definition.placement)
            made.save(force_insert=True)
            store_variants(made, definition)
            audit.record(actor, "experiment.create", AUDITED, made.key, after=in_record(definition), at=at)
    except IntegrityError as error:
        raise Conflict({"key": f"There is an experiment {definition.key!r} already. Choose another key."}) from error
    return find(made.key)


class StaleExperiment(Conflict):
    """Report that the draft is no longer the one that was seen. Nothing is stored."""

    def __init__(self, held: Experiment, seen: int) -> None:
        self.experiment = held
        who, when = held.changed_by or "Somebody", f" {distance(held.changed_at)}" if held.changed_at else ""
        said = f"{who} saved this draft{when}: it is version {held.version} now, and you saw version {seen}."
        super().__init__({"version": f"{said} Look at both first."})


def change(experiment: Experiment, body: Any, *, seen: int | None = None, actor: Actor) -> Experiment:
    """Give a draft another definition; its key stays.

    Raises Invalid, Conflict where it was started, and StaleExperiment where it is not version `seen` any more. Sent
    twice by the same actor it is changed once.
    """
    definition = Definition.read({**body, "key": experiment.key} if isinstance(body, dict) else body)
    definition.check()
    with transaction.atomic():
        held = _locked(experiment)
        _refuse_unless(held, [State.DRAFT], "changed: what was started has to stay what it is")
        before, after = told(held), in_record(definition)
        if seen not in (None, held.version):
            if before == after and held.changed_by == actor.name[:150]:
                return find(held.key)
            raise StaleExperiment(held, seen or 0)
        for name, value in columns(definition).items():
            setattr(held, name, value)
        held.placement_number, held.start_refused = number_of(definition.placement), ""
        held.version, held.changed_at, held.changed_by = held.version + 1, timezone.now(), actor.name[:150]
        held.save()
        held.variants.all().delete()
        store_variants(held, definition)
        audit.record_change(actor, "experiment.change", AUDITED, held.key, before=before, after=after)
    return find(held.key)


def start(experiment: Experiment, *, seen: int | None = None, actor: Actor, at: datetime | None = None) -> Experiment:
    """Start a draft, or go on with what was paused. `at` is when that was, where it isn't now.

    Raises Invalid, Conflict where another one is live there, and StaleExperiment where it is not version `seen`.
    """
    with transaction.atomic():
        held = _locked(experiment)
        if held.state == State.RUNNING:
            return held
        _refuse_unless(held, [State.DRAFT, State.PAUSED], "started")
        if seen not in (None, held.version):
            raise StaleExperiment(held, seen or 0)
        # Nobody deletes it meanwhile.
        placement = Placement.objects.select_for_update().filter(name=held.placement).first()
        definition = Definition.of(held)
        definition.check()
        if unseen := [*unservable(definition), *(same_as_live(definition) if held.state == State.DRAFT else ())]:
            raise Invalid({"variants": " ".join(unseen)})
        if placement:
            refuse_another(held, placement)
        other = Experiment.objects.filter(placement=held.placement, state__in=[State.RUNNING, State.PAUSED])
        blocking = other.exclude(pk=held.pk).first()
        if blocking:
            raise _occupied(held, blocking)
        is_first = held.started_at is None
        if is_first:
            held.started_at = at or timezone.now()
            _settle_counting(held)
        held.start_refused = ""
        try:
            with transaction.atomic():
                # Going on can be taken back; a first start can't, since users may have seen it.
                _move(held, State.RUNNING, "experiment.start" if is_first else "experiment.resume", actor, at=at)
        except IntegrityError as error:
            raise _occupied(held, None) from error
    return held


def pause(experiment: Experiment, *, actor: Actor) -> Experiment:
    """Show everybody what is live, until it is started again. Raises Conflict."""
    with transaction.atomic():
        held = _locked(experiment)
        if held.state != State.PAUSED:
            _refuse_unless(held, [State.RUNNING], "paused")
            _move(held, State.PAUSED, "experiment.pause", actor)
    return held


def stop(experiment: Experiment, reason: str = "", *, actor: Actor, at: datetime | None = None) -> Experiment:
    """End it for good, show everybody what is live, and tell webhooks the result. Sent twice it stops once.

    Clicks on what was shown before still count. `at` is when that was, where it isn't now. Raises Conflict.
    """
    with transaction.atomic():
        held = _locked(experiment)
        if held.state in (State.STOPPED, State.ARCHIVED):
            return held
        _refuse_unless(held, [State.RUNNING, State.PAUSED], "stopped")
        held.stopped_at = at or timezone.now()
        _move(held, State.STOPPED, "experiment.stop", actor, reason, at)
        outbox.publish("experiment.completed", results.webhook_payload(held, results.result_of(held)))
    return held


def archive(experiment: Experiment, *, actor: Actor) -> Experiment:
    """Put away a draft or what has ended; its result stays. Raises Conflict."""
    with transaction.atomic():
        held = _locked(experiment)
        if held.state != State.ARCHIVED:
            _refuse_unless(held, [State.DRAFT, State.STOPPED], "archived")
            _move(held, State.ARCHIVED, "experiment.archive", actor)
    return held


def restore(experiment: Experiment, *, actor: Actor) -> Experiment:
    """Bring back what was put away: a draft, or one that has ended. Raises Conflict."""
    with transaction.atomic():
        held = _locked(experiment)
        _refuse_unless(held, [State.ARCHIVED], "brought back")
        _move(held, State.STOPPED if held.started_at else State.DRAFT, "experiment.restore", actor)
    return held


def refuse_another(experiment: Experiment, placement: Placement) -> None:
    """Raise Conflict where the placement only has the name of the one that was there: its revisions are others."""
    if experiment.placement_number not in (None, placement.pk):
        raise Conflict(
            {
                "placement": f"The placement {placement.name!r} that it was made for was deleted; another one has its "
                "name now. A draft that is saved again is for the new one."
            }
        )


def note_shipped(
    experiment: Experiment, variant: str, reason: str, *, actor: Actor, at: datetime | None = None
) -> None:
    """Record which variant was shipped; in the transaction that ships it."""
    Experiment.objects.filter(pk=experiment.pk).update(shipped=variant)
    audit.record(actor, "experiment.ship", AUDITED, experiment.key, after={"shipped": variant}, reason=reason, at=at)


def advance(now: datetime | None = None) -> None:
    """Stop experiments whose planned end has come, start drafts whose time has, and add up the period before of those
    that have begun.

    Sums that another version of the program has kept are made anew.
    """
    now = now or timezone.now()
    for experiment in Experiment.objects.filter(state__in=[State.RUNNING, State.PAUSED], ends_at__lte=now):
        stop(experiment, "Its planned end has come.", actor=ENDED)
    for experiment in Experiment.objects.filter(state=State.DRAFT, starts_at__lte=now):
        _start_as_planned(experiment, now)
    for experiment in Experiment.objects.filter(state=State.RUNNING, baseline_at=None):
        count_before(experiment, now)
    for experiment in Experiment.objects.exclude(started_at=None).exclude(sums_layout=sums.LAYOUT):
        sums.rebuild(experiment)


def count_before(experiment: Experiment, now: datetime | None = None) -> None:
    """Add up what users did in the period before the experiment began, and its sums with that."""
    about: dict[str, Any] = {
        "experiment": experiment.pk,
        "placement": experiment.placement,
        "start": experiment.started_at,
        "period": BASELINE,
    }
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(COUNT_BEFORE, about)
        Experiment.objects.filter(pk=experiment.pk).update(baseline_at=now or timezone.now())
        sums.rebuild(experiment)


def _settle_counting(held: Experiment) -> None:
    """Settle what counts as shown for as long as it runs: what is published meanwhile must not change the counting."""
    placement = Placement.objects.select_related("live").filter(name=held.placement).first()
    live = placement.live.settings if placement and placement.live else {}
    held.shown_by = ListSettings.stored(live).shown_by
    held.sums_layout = sums.LAYOUT


def _start_as_planned(experiment: Experiment, now: datetime) -> None:
    """Start a draft, or note what is in its way; then it is a draft like others, which somebody has to start."""
    with transaction.atomic():
        held = _locked(experiment)
        if held.state != State.DRAFT or held.starts_at is None or held.starts_at > now:
            return
        try:
            with transaction.atomic():
                start(held, actor=PLANNED)
        except Invalid as error:
            told = {"starts_at": held.starts_at.isoformat()}
            held.starts_at, held.start_refused = None, " ".join(error.errors.values())
            held.save(update_fields=["starts_at", "start_refused"])
            after = {"starts_at": None}
            audit.record(
                PLANNED,
                "experiment.start_refused",
                AUDITED,
                held.key,
                before=told,
                after=after,
                reason=held.start_refused,
            )


def _locked(experiment: Experiment) -> Experiment:
    held = Experiment.objects.select_for_update().filter(pk=experiment.pk).first()
    if held is None:
        raise Conflict({"experiment": f"The experiment {experiment.key!r} was deleted meanwhile."})
    return held


def _refuse_unless(held: Experiment, states: Collection[str], verb: str) -> None:
    if held.state not in states:
        raise Conflict({"experiment": f"{held.key} is {held.state}: it can't be {verb}."})


def _occupied(held: Experiment, by: Experiment | None) -> Conflict:
    who = f"{by.key} is {by.state}" if by else "Another experiment was started"
    return Conflict({"placement": f"{who} at {held.placement}: stop it first, one at a time can be read there."})


def _move(held: Experiment, state: str, verb: str, actor: Actor, reason: str = "", at: datetime | None = None) -> None:
    """Store the new state, record it and tell every process."""
    before, held.state = held.state, state
    held.save(update_fields=["state", "started_at", "stopped_at", "start_refused", "shown_by", "sums_layout"])
    audit.record(actor, verb, AUDITED, held.key, before={"state": before}, after={"state": state}, reason=reason, at=at)
    generations.bump(EXPERIMENTS_GENERATION)


VERBS: dict[str, Callable[..., Experiment]] = {"start": start, "pause": pause, "stop": stop, "archive": archive}
"""By the names that doors have for them; `ship` needs more and is in `operations`."""
